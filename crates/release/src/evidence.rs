//! What is looked for only when something goes wrong: tasks that stopped, builds that failed, what the service said.

/// All that may tell why.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evidence {
    /// Tasks that failed, those of one kind together, the newest first.
    pub(crate) tasks: Vec<Stopped>,
    /// What the service said that sounds like trouble, the newest first.
    pub(crate) events: Vec<String>,
    /// Builds that failed.
    pub(crate) builds: Vec<Build>,
}

/// Tasks that stopped for the same reason.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stopped {
    /// The task definition: `family:revision`.
    pub(crate) revision: String,
    /// The id of the newest of them.
    pub(crate) task: String,
    /// How many there are.
    pub(crate) count: usize,
    /// `Essential container in task exited`, `CannotPullContainerError: …`.
    pub(crate) reason: String,
    /// What its containers came to: `web: exit code 1`, `web: OutOfMemoryError: …`.
    pub(crate) containers: Vec<String>,
    /// What the newest wrote last.
    pub(crate) log: Option<Tail>,
}

/// The end of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Group and stream.
    pub(crate) source: String,
    /// The last lines, in their order.
    pub(crate) lines: Vec<String>,
}

/// A build that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Build {
    /// Its id: `project:uuid`.
    pub(crate) id: String,
    /// The phase that failed first: `BUILD`.
    pub(crate) phase: Option<String>,
    /// What that says: `COMMAND_EXECUTION_ERROR: …`.
    pub(crate) reasons: Vec<String>,
    /// What it wrote last.
    pub(crate) log: Option<Tail>,
}
