use crate::terminal;
use std::fmt::Write as _;
use wharf_aws::Statistics;

/// Prints the number of AWS requests by operation.
pub(crate) fn print(statistics: &Statistics) {
    let counts = statistics.counts();
    let mut text = format!("AWS requests: {}", counts.values().sum::<u64>());
    for (operation, count) in &counts {
        let _ = write!(text, "\n  {count:5} {operation}");
    }
    terminal::note(&text);
}
