//! Blue and green side by side, and where they answer.

use super::words::{cell, image, told};
use crate::render::style::Palette;
use wharf_release::{Listener, Report, Role, TargetHealth, TaskSet};

/// A row of the table: its cells, in the order of the headings.
type Row = Vec<String>;

/// The task sets: revision, image, tasks, targets, and what each gets of which listener.
pub(super) fn task_sets(report: &Report, palette: Palette, width: usize) -> Vec<String> {
    if report.task_sets.is_empty() {
        return Vec::new();
    }
    // Rules of one listener have its port.
    let shares_port = |listener: &Listener| {
        report.listeners.iter().any(|other| other.production && other.port == listener.port)
    };
    let ports = report.listeners.iter().map(|listener| {
        let is_other = !listener.production && shares_port(listener);
        format!(":{}{}", listener.port, if is_other { " test" } else { "" })
    });
    let mut headings: Row = ["", "REVISION", "IMAGE", "TASKS", "TARGETS"].map(str::to_owned).to_vec();
    headings.extend(ports);
    headings.push("TARGET GROUP".to_owned());
    let mut rows: Vec<Row> = report.task_sets.iter().map(|set| row(set, report.listeners.len())).collect();
    rows.insert(0, headings);
    // What can be done without goes first where it is too narrow: the target group, the image, the targets.
    for column in [rows[0].len() - 1, 2, 3] {
        if total(&rows) > width {
            for row in &mut rows {
                row.remove(column);
            }
        }
    }
    let widths = widths(&rows);
    let line = |(index, row): (usize, &Row)| {
        let paint = |text: &str| match index {
            0 => palette.faint(text),
            _ => text.to_owned(),
        };
        let cells = row.iter().zip(&widths).map(|(text, width)| cell(text, *width, paint));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    rows.iter().enumerate().map(line).collect()
}

fn row(set: &TaskSet, listeners: usize) -> Row {
    let color = set.color.as_deref().map(str::to_lowercase);
    let primary = (set.role == Role::Primary).then(|| "primary".to_owned());
    let who = [color, primary].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mut row = vec![
        if who.is_empty() { "other".to_owned() } else { who },
        told(&set.task_definition),
        set.image.as_deref().map(|name| told(&image(name))).unwrap_or_default(),
        tasks(set),
        set.health.as_ref().map(targets).unwrap_or_default(),
    ];
    let shares = (0..listeners).map(|index| set.shares.get(index));
    row.extend(shares.map(|share| share.map(|share| format!("{}%", share.percent)).unwrap_or_default()));
    row.push(set.target_group.clone().unwrap_or_default());
    row
}

/// `2/2`, `0/2 (2 pending)`
fn tasks(set: &TaskSet) -> String {
    match set.pending {
        0 => format!("{}/{}", set.running, set.desired),
        pending => format!("{}/{} ({pending} pending)", set.running, set.desired),
    }
}

/// `2 healthy`, `1 healthy, 1 unhealthy`; what is neither is new, draining, or gets no traffic.
fn targets(health: &TargetHealth) -> String {
    let parts = [(health.healthy, "healthy"), (health.unhealthy, "unhealthy"), (health.other, "other")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn widths(rows: &[Row]) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    (0..columns).map(width).collect()
}

fn total(rows: &[Row]) -> usize {
    widths(rows).iter().map(|width| width + 2).sum()
}

/// The listeners' URLs, those for production first.
pub(super) fn listeners(report: &Report, palette: Palette) -> Vec<String> {
    let line = |(production, url): (bool, &str)| {
        let word = if production { "Production" } else { "Test" };
        format!("{}  {}", cell(word, 10, |text| palette.bold(text)), told(url))
    };
    report.listeners.iter().map(|listener| line((listener.production, &listener.url))).collect()
}
