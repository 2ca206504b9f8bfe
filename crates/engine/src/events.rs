use crate::Recovered;
use std::time::Duration;
use wharf_core::Address;
use wharf_plan::Kind;
use wharf_provider::Error;

/// What happens, as it happens. The terminal, JSON lines and CI summaries are readers of this.
#[derive(Debug, Clone)]
pub enum Event {
    /// Live objects are being read.
    Refreshing {
        /// How many.
        objects: usize,
    },
    /// They have been read.
    Refreshed {
        /// How long it took.
        elapsed: Duration,
    },
    /// An operation that an earlier run left without a result was looked up.
    Recovered(Recovered),
    /// An object of this stack was there already, under the name of one that was to be created.
    Adopted {
        /// The address.
        address: Address,
        /// The object's id.
        id: String,
    },
    /// An operation begins.
    Started {
        /// The address.
        address: Address,
        /// Terraform's name of its type.
        resource_type: String,
        /// What is done.
        kind: Kind,
    },
    /// An operation did not succeed yet and is tried again.
    Retrying {
        /// The address.
        address: Address,
        /// What AWS said.
        error: Error,
        /// How long until the next attempt.
        delay: Duration,
        /// Since when it is being tried.
        elapsed: Duration,
    },
    /// An operation succeeded.
    Finished {
        /// The address.
        address: Address,
        /// What was done.
        kind: Kind,
        /// The object's id.
        id: Option<String>,
        /// How long it took.
        elapsed: Duration,
    },
    /// An operation failed.
    Failed {
        /// The address.
        address: Address,
        /// What was tried.
        kind: Kind,
        /// Why it failed.
        error: Error,
        /// How long it took.
        elapsed: Duration,
    },
    /// An operation was not tried, because another one it needs failed.
    Skipped {
        /// The address.
        address: Address,
        /// What was to be done.
        kind: Kind,
        /// The one that failed.
        because: Address,
    },
    /// A signal arrived: nothing new is started.
    Stopping {
        /// How many operations are still running.
        running: usize,
    },
    /// The state was written.
    Saved {
        /// Its serial.
        serial: u64,
    },
    /// The state could not be written; it is tried again.
    NotSaved {
        /// Why.
        error: String,
    },
}

/// Reads events. Called from several threads; must not block.
pub trait Reporter: Send + Sync {
    /// Something happened.
    fn event(&self, event: Event);
}

/// Reads nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn event(&self, _: Event) {}
}
