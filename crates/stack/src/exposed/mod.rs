//! What looks like a secret and is not hidden: warnings, never errors, because looks deceive.

mod find;
mod looks;
