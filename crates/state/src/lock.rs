use serde::{Deserialize, Serialize};
use std::fmt;

/// Who holds a lock, for those who have to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockInfo {
    /// A random id.
    pub id: String,
    /// The user.
    pub who: String,
    /// The host name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// What it runs: `apply`.
    pub command: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

impl fmt::Display for LockInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`wharf {}` of {} on {} (process {})", self.command, self.who, self.host, self.pid)
    }
}
