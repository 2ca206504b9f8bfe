//! The end of a log in CloudWatch.
//!
//! Source: `logs:GetLogEvents`.

use crate::evidence::Tail;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, ErrorKind, Result};

/// How many lines are worth reading.
const LINES: usize = 10;
/// How many events are looked at for them: some of a build's say nothing.
const EVENTS: i32 = 50;

/// Which log, and which of its lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) group: &'a str,
    pub(super) stream: &'a str,
    /// Its region, if it says one.
    pub(super) region: Option<&'a str>,
    /// Whether a line says anything.
    pub(super) says: fn(&str) -> bool,
}

/// The last lines of a stream that say something. None of them where there is no such stream; where it cannot be read, a line says so.
pub(super) async fn tail(clients: &Clients, place: Place<'_>) -> Result<Tail> {
    let Place { group, stream, region, says } = place;
    let source = format!("{group} {stream}");
    if let Some(region) = region.filter(|region| *region != clients.region()) {
        return Ok(Tail { source: format!("{source} ({region})"), lines: Vec::new() });
    }
    let request = clients.logs().get_log_events().log_group_name(group).log_stream_name(stream).limit(EVENTS);
    match request.send().await.named("logs:GetLogEvents").or_absent() {
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            Ok(Tail { source, lines: vec![format!("(it cannot be read: {error})")] })
        }
        Err(error) => Err(error),
        Ok(answer) => {
            let events = answer.and_then(|answer| answer.events).into_iter().flatten();
            let text = events.filter_map(|event| event.message).collect::<Vec<_>>().join("\n");
            Ok(Tail { source, lines: last_lines(&text, says) })
        }
    }
}

/// The last lines that are not empty; an event may have several.
fn last_lines(text: &str, says: fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && says(line))
        .map(str::to_owned)
        .collect();
    lines.drain(..lines.len().saturating_sub(LINES));
    lines
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_last_lines_are_kept() {
        assert_eq!(last_lines("one  \n\ntwo\r\n", |_| true), ["one", "two"]);
        assert_eq!(last_lines("one\ntwo\nthree", |line| line != "two"), ["one", "three"]);
        let many: Vec<String> = (0..25).map(|line| line.to_string()).collect();
        assert_eq!(last_lines(&many.join("\n"), |_| true), many[15..]);
    }
}
