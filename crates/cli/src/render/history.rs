//! The deployments there were, a line each.

use super::style::Palette;
use wharf_release::history::Entry;
use wharf_release::span;

/// Deployments as a table, with what each was for and why it failed below it.
pub(crate) fn table(entries: &[Entry], palette: Palette) -> String {
    let rows: Vec<[String; 6]> = entries.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut lines = Vec::new();
    for (row, entry) in rows.iter().zip(entries) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        lines.push(if entry.serves { palette.bold(line) } else { line.to_owned() });
        let by_itself = entry.rolls_back.as_ref().map(|undone| format!("CodeDeploy's rollback of {undone}"));
        let below = [by_itself.as_ref(), entry.description.as_ref(), entry.error.as_ref()];
        lines.extend(below.into_iter().flatten().map(|text| palette.faint(&format!("    {text}"))));
    }
    lines.join("\n")
}

fn row(entry: &Entry) -> [String; 6] {
    let took = entry.created.zip(entry.completed).map(|(from, to)| span(to.since(from)));
    let status = if entry.serves { format!("{}, serves", entry.status) } else { entry.status.clone() };
    [
        entry.id.clone(),
        status,
        entry.created.map(|time| time.to_string()).unwrap_or_default(),
        took.unwrap_or_default(),
        entry.task_definition.clone().unwrap_or_else(|| "?".to_owned()),
        entry.image.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_release::Time;

    #[test]
    fn one_line_each_and_what_it_was_for_below() {
        let entry = |id: &str, status: &str, serves| Entry {
            id: id.into(),
            status: status.into(),
            created: Some(Time(0)),
            completed: Some(Time(75)),
            task_definition: Some("web:2".into()),
            image: Some("web@sha256:0".into()),
            description: None,
            creator: Some("user".into()),
            rolls_back: None,
            error: None,
            serves,
        };
        let mut failed = entry("d-2", "Failed", false);
        failed.error = Some("no task became healthy".into());
        failed.image = None;
        let mut back = entry("d-3", "Succeeded", false);
        back.rolls_back = Some("d-2".into());
        let text = table(&[back, failed, entry("d-1", "Succeeded", true)], Palette { color: false });
        assert_eq!(
            text,
            "d-3  Succeeded          1970-01-01T00:00:00Z  1 min 15 s  web:2  web@sha256:0\n    CodeDeploy's rollback of d-2\n\
             d-2  Failed             1970-01-01T00:00:00Z  1 min 15 s  web:2\n    no task became healthy\n\
             d-1  Succeeded, serves  1970-01-01T00:00:00Z  1 min 15 s  web:2  web@sha256:0"
        );
    }
}
