use super::release::Subject;
use crate::args::Verify;
use crate::error::{self, CommandError};
use crate::render::{self, style::Palette};
use crate::{secret, terminal};
use serde_json::json;
use wharf_verify::{Outcome, findings, look, worst};

/// Checks what must be true before anyone releases. Changes nothing.
pub(crate) async fn run(args: &Verify) -> Result<u8, CommandError> {
    let Subject { session, target, snapshot, .. } = Subject::open(&args.target).await?;
    let (identity, clients) = (&session.identity, &session.clients);
    let subject = wharf_verify::Subject::of(target.clone(), &snapshot, identity, clients.region());
    let facts = look::facts(clients, subject).await.map_err(|problem| error::cloud(&problem))?;
    let findings = findings(&facts);
    let result = worst(&findings);
    if args.json {
        let document = json!({
            "stack": target.stack,
            "address": target.address,
            "result": result,
            "findings": findings,
        });
        terminal::out(&secret::hidden(format!("{document:#}")));
    } else {
        let palette = Palette { color: terminal::stdout_color() };
        terminal::out(&secret::hidden(render::verify::text(&target, &findings, palette)));
    }
    Ok(u8::from(result == Outcome::Failed))
}
