use serde::{Deserialize, Serialize};
use std::fmt;

/// What a plan does to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: live and desired agree.
    None,
    /// Looked up only.
    Read,
    /// Made new.
    Create,
    /// Changed in place; the id stays.
    Update,
    /// Deleted and made anew (in either order); the id changes.
    Replace,
    /// Removed from AWS.
    Delete,
    /// Dropped from the state, left in AWS (`lifecycle.retain`).
    Forget,
}

impl Action {
    /// The sign in front of an address in a plan, as Terraform draws it.
    pub fn symbol(self) -> &'static str {
        match self {
            Action::None => " ",
            Action::Read => "<=",
            Action::Create => "+",
            Action::Update => "~",
            Action::Replace => "-/+",
            Action::Delete => "-",
            Action::Forget => ".",
        }
    }

    /// Whether an apply has anything to do.
    pub fn changes(self) -> bool {
        !matches!(self, Action::None | Action::Read)
    }

    /// Its name, as states and messages have it.
    pub fn name(self) -> &'static str {
        match self {
            Action::None => "none",
            Action::Read => "read",
            Action::Create => "create",
            Action::Update => "update",
            Action::Replace => "replace",
            Action::Delete => "delete",
            Action::Forget => "forget",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
