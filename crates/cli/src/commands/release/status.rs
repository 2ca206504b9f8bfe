use super::subject::Subject;
use super::watch::{self, Stay};
use crate::args::ReleaseStatus;
use crate::error::{CommandError, NOT_RELEASED};
use crate::render::release::screen::screen;
use crate::render::style::Palette;
use crate::{error, secret, terminal};
use wharf_release::{Phase, Pipeline, Report};

pub(crate) async fn run(args: &ReleaseStatus) -> Result<u8, CommandError> {
    let subject = Subject::open(&args.target).await?;
    let argument = subject.argument();
    let argument = argument.as_str();
    if !args.watch {
        let report = watch::look(&subject).await?;
        terminal::out(&if args.json { json(&report, true)? } else { text(&report, argument) });
        return Ok(0);
    }
    let mut shown: Option<Report> = None;
    let ended = watch::until(&subject, None, Stay::Never, |report| {
        let same = shown.as_ref().is_some_and(|shown| report.says_the_same(shown));
        let result = show(&report, argument, shown.is_none(), same, args.json);
        shown = Some(report);
        match result {
            Ok(()) => shown.as_ref().filter(|report| report.is_at_rest()).map(|report| Ok(code(report))),
            Err(problem) => Some(Err(problem)),
        }
    });
    tokio::select! {
        // Without a deadline it ends only with a value.
        ended = ended => ended?.unwrap_or(Ok(0)),
        () = terminal::unread() => Ok(0),
    }
}

/// Shows a report that was taken while watching: on a terminal in place of the one before, elsewhere only if it says something else.
fn show(
    report: &Report,
    argument: &str,
    is_first: bool,
    same: bool,
    as_json: bool,
) -> Result<(), CommandError> {
    if as_json {
        if !same {
            terminal::out(&json(report, false)?);
        }
    } else if terminal::is_screen() {
        terminal::screen(&text(report, argument));
    } else if !same {
        let gap = if is_first { "" } else { "\n" };
        terminal::out(&format!("{gap}{}", text(report, argument)));
    }
    Ok(())
}

fn text(report: &Report, argument: &str) -> String {
    screen(report, argument, Palette { color: terminal::stdout_color() }, terminal::width())
}

fn json(report: &Report, pretty: bool) -> Result<String, CommandError> {
    let text = if pretty { serde_json::to_string_pretty(report) } else { serde_json::to_string(report) };
    let text = text.map_err(|problem| error::cloud(&wharf_provider::Error::internal(problem.to_string())))?;
    Ok(secret::hidden(text))
}

/// How it ended.
fn code(report: &Report) -> u8 {
    let deployment = report.deployment.as_ref().is_some_and(|deployment| deployment.phase == Phase::Failed);
    let pipeline = report.pipeline.as_ref().is_some_and(Pipeline::has_failed);
    if deployment || report.goes_back() || (pipeline && !report.pipeline_is_past()) {
        NOT_RELEASED
    } else {
        0
    }
}
