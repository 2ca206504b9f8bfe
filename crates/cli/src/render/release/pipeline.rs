//! A pipeline's newest execution, a line for each action.

use super::words::{cell, cut, state, told};
use crate::render::style::Palette;
use wharf_release::{Pipeline, PipelineAction, PipelineStage, Time, span};

/// What is shown of a commit's id.
const COMMIT: usize = 8;

/// The execution, and how its actions are.
pub(super) fn lines(pipeline: &Pipeline, now: Time, palette: Palette, width: usize) -> Vec<String> {
    let mut lines = vec![cut_last(&heading(pipeline, now, palette), &commit(pipeline), width)];
    let actions: Vec<(&PipelineStage, &PipelineAction)> = pipeline.actions().collect();
    let stages = longest(actions.iter().map(|(stage, _)| stage.name.as_str()));
    let names = longest(actions.iter().map(|(_, action)| action.name.as_str()));
    let states = longest(actions.iter().map(|(_, action)| status(action)));
    let times: Vec<String> = actions.iter().map(|(_, action)| time(action, now)).collect();
    let spans = longest(times.iter().map(String::as_str));
    for ((stage, action), time) in actions.iter().zip(&times) {
        let start = 10 + stages + names + states + spans;
        let what = cut(&told(&started(action)), width.saturating_sub(start).max(20));
        let line = format!(
            "  {}  {}  {}  {}  {}",
            cell(&stage.name, stages, str::to_owned),
            cell(&action.name, names, str::to_owned),
            cell(status(action), states, |text| state(text, palette)),
            cell(time, spans, str::to_owned),
            palette.faint(&what),
        );
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn heading(pipeline: &Pipeline, now: Time, palette: Palette) -> String {
    let name = palette.bold(&format!("Pipeline {}", told(&pipeline.name)));
    let Some(status) = &pipeline.status else { return format!("{name}: nothing has run yet") };
    let since = pipeline.started.map(|started| format!(" since {}", started.of_day(now))).unwrap_or_default();
    let behind = match pipeline.ahead {
        0 => String::new(),
        ahead => format!(", {ahead} before it"),
    };
    format!("{name}: {}{since}{behind}", state(status, palette))
}

/// The commit and its message.
fn commit(pipeline: &Pipeline) -> String {
    let id = pipeline.revision.as_deref().map(|id| id.chars().take(COMMIT).collect::<String>());
    let parts = [id, pipeline.revision_summary.as_deref().map(told)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Two parts in a line, the second one cut if it has to be; the first has colours, so that it is not counted exactly.
fn cut_last(first: &str, last: &str, width: usize) -> String {
    let visible = anstream::adapter::strip_str(first).to_string().chars().count();
    format!("{first}  {}", cut(last, width.saturating_sub(visible + 2).max(20))).trim_end().to_owned()
}

fn status(action: &PipelineAction) -> &str {
    action.status.as_deref().unwrap_or("-")
}

/// Who does it, and what that started: a build, a deployment. What a source has found is the commit.
fn started(action: &PipelineAction) -> String {
    const SOURCES: &[&str] = &["CodeCommit", "CodeStarSourceConnection", "ECR", "GitHub", "S3"];
    let provider = action.provider.as_deref().unwrap_or_default();
    let id = action.external_id.as_deref().filter(|_| !SOURCES.contains(&provider));
    format!("{provider} {}", id.unwrap_or_default()).trim().to_owned()
}

/// How long it took, or takes.
fn time(action: &PipelineAction, now: Time) -> String {
    let Some(started) = action.started else { return String::new() };
    let running = action.status.as_deref() == Some("InProgress");
    let end = if running { Some(now) } else { action.updated };
    end.map(|end| span(end.since(started))).unwrap_or_default()
}

fn longest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}
