use super::subject::Subject;
use crate::args::ReleaseHistory;
use crate::error::CommandError;
use crate::render::history;
use crate::render::style::Palette;
use crate::{secret, terminal};
use serde_json::json;
use wharf_release::Controller;

pub(crate) async fn run(args: &ReleaseHistory) -> Result<u8, CommandError> {
    let subject = Subject::open(&args.target).await?;
    let entries = wharf_release::history::history(&subject.session.clients, &subject.target, args.limit);
    let entries = entries.await.map_err(|problem| subject.cloud(&problem))?;
    if args.json {
        let json =
            json!({"stack": subject.target.stack, "address": subject.target.address, "deployments": entries});
        terminal::out(&secret::hidden(format!("{json:#}")));
    } else if entries.is_empty() {
        terminal::out(match subject.target.controller {
            Controller::CodeDeploy { .. } => "There was no deployment yet.",
            Controller::Ecs => "There was no deployment in the last 90 days, which is as far as ECS tells.",
        });
    } else {
        let palette = Palette { color: terminal::stdout_color() };
        terminal::out(&secret::hidden(history::table(&entries, palette)));
    }
    Ok(0)
}
