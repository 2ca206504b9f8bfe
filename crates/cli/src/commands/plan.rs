use super::statistics;
use crate::args::{Plan, PlanFormat};
use crate::error::{self, CHANGES, CommandError};
use crate::render::{self, progress, style::Palette};
use crate::session::Session;
use crate::{saved, signals, terminal};
use std::sync::Arc;
use wharf_engine::prepare;
use wharf_plan::{Mode, PlanFile};

/// Shows what apply would do. Takes no lock and changes nothing.
pub(crate) async fn run(args: &Plan) -> Result<u8, CommandError> {
    let (mut session, stop) = Session::open(&args.stack, Arc::from(progress::for_people())).await?;
    signals::listen(stop);
    session.context.releases = args.release;
    let mode = if args.destroy { Mode::Destroy } else { Mode::Apply };
    if mode == Mode::Apply {
        error::warn(&session.context.expanded.exposed(), &session.loaded.sources);
    }
    let store = &session.context.store;
    let stored = store.read().await.map_err(|problem| error::store(&problem))?;
    let prepared = prepare(&session.context, stored, mode, &args.run.targets)
        .await
        .map_err(|failure| error::failure(failure, &session.loaded))?;
    if store.has_moved().await.map_err(|problem| error::store(&problem))? {
        terminal::note(
            "warning: the state was written by another run meanwhile; plan again for what is true now",
        );
    }
    let (plan, provider) = (&prepared.plan, &*session.context.provider);
    let format = if args.json { PlanFormat::Json } else { args.format };
    let mut printed = None;
    if let Some(path) = &args.out {
        let basis = saved::basis(&session, &args.stack.stack, &args.run.targets, &plan.lineage);
        let file = PlanFile { basis, plan: plan.clone(), representation: render::json::plan(plan, &session) };
        saved::write(path, &file)?;
        printed = Some(file.representation);
    }
    match format {
        PlanFormat::Json => {
            let json = printed.unwrap_or_else(|| render::json::plan(plan, &session));
            terminal::out(&json.to_string());
        }
        PlanFormat::Markdown => terminal::out(&render::markdown::plan(plan, provider)),
        PlanFormat::Text => {
            let palette = Palette { color: terminal::stdout_color() };
            if args.waves {
                terminal::out(&render::plan::waves(plan, palette));
            }
            terminal::out(&render::plan::plan(plan, provider, palette));
        }
    }
    if let Some(path) = &args.out {
        terminal::note(&format!("saved; to carry out exactly this: wharf apply {}", path.display()));
    }
    if args.run.stats {
        statistics::print(session.clients.statistics());
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() { CHANGES } else { 0 })
}
