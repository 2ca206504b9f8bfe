//! Committing a folder to the branch that a pipeline builds, without a clone of the repository.
//!
//! Contents are compared by the ids that git gives them, so nothing is downloaded and only what changed is sent. What one
//! request cannot hold is committed in parts beside the branch, which is moved once all of them are there: no pipeline ever
//! starts with a part of a change.

mod batch;
mod commit;
mod execution;
mod remote;
mod scan;
mod tree;

pub use batch::Summary;
pub use commit::{Author, Compared, Pushed, compare, push};
pub use execution::{Execution, latest, newest, of_commit};
pub use scan::{Folder, scan};

use wharf_provider::Error as CloudError;

/// Why a folder was not pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The folder, or something in it, cannot be read.
    #[error("{path} cannot be read: {problem}")]
    Unreadable {
        /// What.
        path: String,
        /// The operating system's words.
        problem: String,
    },
    /// What was named is no folder.
    #[error("{path} is a file, and no folder")]
    NoFolder {
        /// What was named.
        path: String,
    },
    /// There is nothing in the folder: the branch would lose all it has.
    #[error("there are no files in {path}")]
    Empty {
        /// The folder.
        path: String,
    },
    /// CodeCommit takes no file of this size.
    #[error("{path} has {} MB: CodeCommit takes files of up to 6 MB this way", size.div_ceil(1024 * 1024))]
    TooLarge {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// CodeCommit takes paths of UTF-8.
    #[error("{path} has a name that is not UTF-8")]
    Name {
        /// The file, as far as it can be shown.
        path: String,
    },
    /// A file was changed between reading it and sending it.
    #[error("{path} has changed while it was being pushed")]
    Changed {
        /// The file.
        path: String,
    },
    /// Somebody else has committed to the branch meanwhile.
    #[error("somebody else has committed to {branch} meanwhile")]
    Outdated {
        /// The branch.
        branch: String,
    },
    /// AWS's.
    #[error(transparent)]
    Cloud(#[from] CloudError),
}
