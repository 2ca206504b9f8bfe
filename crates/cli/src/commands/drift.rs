use super::statistics;
use crate::args::Drift;
use crate::error::{self, CommandError, DRIFT};
use crate::render::{self, progress, style::Palette};
use crate::session::Session;
use crate::{signals, terminal};
use std::sync::Arc;
use wharf_engine::look_for_drift;
use wharf_state::Snapshot;

/// Compares what was recorded with what AWS has. Takes no lock and changes nothing.
pub(crate) async fn run(args: &Drift) -> Result<u8, CommandError> {
    let (session, stop) = Session::open(&args.stack, Arc::from(progress::for_people())).await?;
    signals::listen(stop);
    let store = &session.context.store;
    let stored = store.read().await.map_err(|problem| error::store(&problem))?;
    let mut snapshot = stored.unwrap_or_else(|| Snapshot::new(&session.loaded.stack.name));
    let drift = look_for_drift(&session.context, &mut snapshot)
        .await
        .map_err(|failure| error::failure(failure, &session.loaded))?;
    if let Some(journal) = &snapshot.journal {
        terminal::note(&format!(
            "warning: {} of {} did not end: what it did last may show as drift; the next apply looks it up",
            journal.command,
            error::ago(journal.started)
        ));
    }
    if store.has_moved().await.map_err(|problem| error::store(&problem))? {
        terminal::note(
            "warning: the state was written by another run meanwhile; what that did may show as drift",
        );
    }
    let provider = &*session.context.provider;
    if args.json {
        terminal::out(&render::drift::json(&snapshot.stack, &drift, provider).to_string());
    } else {
        let palette = Palette { color: terminal::stdout_color() };
        terminal::out(&render::drift::text(&drift, snapshot.resources.len(), provider, palette));
    }
    if args.stats {
        statistics::print(session.clients.statistics());
    }
    if drift.is_empty() {
        return Ok(0);
    }
    terminal::note(&format!("`wharf plan{}` shows what an apply would do about it", session.loaded.argument));
    Ok(DRIFT)
}
