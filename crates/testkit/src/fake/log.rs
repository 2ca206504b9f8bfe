use super::Call;
use std::fmt;
use tokio::time::Instant;
use wharf_provider::ErrorKind;

/// One call, as the cloud saw it.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// What was asked for.
    pub call: Call,
    /// The type.
    pub kind: String,
    /// The address, as [`wharf_core::Address::to_tag`] writes it; the number of objects, for a read.
    pub subject: String,
    /// When it arrived.
    pub started: Instant,
    /// When it was answered, and with which error.
    pub ended: Option<(Instant, Option<ErrorKind>)>,
}

/// What the cloud was asked, in order.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Every call, by its sequence number.
    pub entries: Vec<LogEntry>,
    /// The most calls with an effect that were under way at once.
    pub peak: usize,
    /// How many are under way.
    pub(super) running: usize,
}

impl Log {
    /// How many calls of this sort arrived.
    pub fn count(&self, call: Call) -> usize {
        self.entries.iter().filter(|entry| entry.call == call).count()
    }

    /// The sequence number of the last call of this sort for an address.
    pub fn position(&self, call: Call, subject: &str) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.call == call && entry.subject == subject)
    }

    /// The last call of this sort for an address.
    pub fn entry(&self, call: Call, subject: &str) -> Option<&LogEntry> {
        self.position(call, subject).and_then(|at| self.entries.get(at))
    }

    /// Those that may have an effect: creates, finishes, updates and deletes.
    pub fn effects(&self) -> impl Iterator<Item = &LogEntry> {
        self.entries.iter().filter(|entry| entry.call.has_effect())
    }
}

impl Call {
    /// Whether it may change something.
    pub fn has_effect(self) -> bool {
        matches!(self, Call::Create | Call::Finish | Call::Update | Call::Delete)
    }
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {}", self.call, self.kind, self.subject)?;
        match &self.ended {
            None => f.write_str(": no answer"),
            Some((_, Some(kind))) => write!(f, ": {kind:?}"),
            Some((_, None)) => Ok(()),
        }
    }
}
