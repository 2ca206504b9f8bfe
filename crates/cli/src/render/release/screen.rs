//! One screen: where the release comes from, how far it is, who serves, why it failed, what happens next.

use super::words::{told, with_stack, wrapped};
use super::{causes, deployment, pipeline, serving};
use crate::render::style::Palette;
use wharf_release::Report;

/// A report in about forty lines of at most `width` columns. `argument` names the stack in commands.
pub(crate) fn screen(report: &Report, argument: &str, palette: Palette, width: usize) -> String {
    let who = told(&format!("{}/{}", report.cluster, report.service));
    let title = format!("{}  {} ({})", palette.bold(&who), report.address, report.controller);
    let mut parts = vec![vec![title]];
    parts.extend(report.pipeline.as_ref().map(|found| pipeline::lines(found, report.looked, palette, width)));
    // What goes back, and what it takes back.
    let deployments = [&report.deployment, &report.rolled_back].into_iter().flatten();
    parts.extend(deployments.map(|found| deployment::lines(found, report.looked, palette, width)));
    parts.push(serving::task_sets(report, palette, width));
    parts.push(serving::listeners(report, palette));
    parts.push(listed(&report.missing, "Not seen", palette, width));
    parts.push(causes::lines(&report.causes, palette, width));
    let next: Vec<String> = report.next.iter().map(|line| with_stack(line, argument)).collect();
    parts.push(listed(&next, "Next", palette, width));
    let parts = parts.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"));
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Lines under a word, if there are any.
fn listed(items: &[String], word: &str, palette: Palette, width: usize) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![palette.bold(word)];
    for item in items {
        lines.extend(
            wrapped(&told(item), width.saturating_sub(2)).into_iter().map(|line| format!("  {line}")),
        );
    }
    lines
}
