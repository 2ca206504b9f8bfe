//! Why something failed, with the last lines of its log.

use super::words::{cut, told, wrapped};
use crate::render::style::Palette;
use wharf_release::Cause;

/// How many causes are shown, and how many lines of the first one's log and of the others': the screen ends somewhere.
const MOST: usize = 4;
const LINES: [usize; 2] = [10, 3];

/// The causes, the most telling first.
pub(super) fn lines(causes: &[Cause], palette: Palette, width: usize) -> Vec<String> {
    if causes.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![palette.removed(&palette.bold("Why"))];
    for (index, cause) in causes.iter().take(MOST).enumerate() {
        lines.extend(
            wrapped(&told(&cause.what), width.saturating_sub(2)).into_iter().map(|line| format!("  {line}")),
        );
        if let Some(source) = &cause.source {
            let empty = if cause.log.is_empty() { ": no lines" } else { ":" };
            lines.push(format!("    {}{empty}", palette.faint(&told(source))));
        }
        let most = LINES[usize::from(index > 0)];
        // Together, as a secret may have several lines.
        let log = told(&cause.log.join("\n"));
        let log: Vec<&str> = log.lines().collect();
        for line in &log[log.len().saturating_sub(most)..] {
            lines.push(format!("    | {}", cut(line, (2 * width).saturating_sub(6))));
        }
    }
    if causes.len() > MOST {
        lines.push(format!("  and {} more: `--json` has them", causes.len() - MOST));
    }
    lines
}
