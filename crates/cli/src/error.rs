//! From the errors of the crates below to what a person reads: what happened, where, whose fault, what to do next; and
//! to exit codes. All of it is in this file.

use crate::render;
use crate::terminal;
use wharf_core::{Address, Diagnostics, Sources};
use wharf_engine::{Failed, Failure};
use wharf_provider::{Error as CloudError, ErrorKind};
use wharf_state::StoreError;

/// Exit code: an error.
pub(crate) const ERROR: u8 = 1;
/// Exit code: changes, with `--detailed-exitcode`.
pub(crate) const CHANGES: u8 = 2;
/// Exit code: somebody else works on the stack.
pub(crate) const LOCKED: u8 = 4;
/// Exit code: interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// A command that failed.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// What the process exits with.
    pub(crate) code: u8,
    /// One line: what happened.
    pub(crate) message: String,
    /// More of it, and where.
    pub(crate) details: Vec<String>,
    /// What to do next.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        CommandError { code: ERROR, message: message.into(), details: Vec::new(), hints: Vec::new() }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Prints it to stderr.
    pub(crate) fn print(&self) {
        let bold = if terminal::stderr_color() { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        if !self.message.is_empty() {
            terminal::note(&format!("{}error{}: {}", bold.0, bold.1, self.message));
        }
        for detail in &self.details {
            terminal::note(detail);
        }
        for hint in &self.hints {
            terminal::note(&format!("hint: {hint}"));
        }
    }
}

/// Mistakes in what the user wrote, with snippets.
pub(crate) fn mistakes(diagnostics: Diagnostics, sources: &Sources) -> CommandError {
    let diagnostics = diagnostics.sorted();
    let text =
        render::diagnostic::diagnostics(&diagnostics.0, sources, terminal::stderr_color(), terminal::width());
    let count = diagnostics.0.len();
    let message = if count == 1 {
        "1 mistake in the stack".to_owned()
    } else {
        format!("{count} mistakes in the stack")
    };
    CommandError {
        code: ERROR,
        message: String::new(),
        details: vec![format!("{}\n", text.trim_end())],
        hints: Vec::new(),
    }
    .detail(message)
}

/// Anything that keeps a run from a plan.
pub(crate) fn failure(failure: Failure, sources: &Sources) -> CommandError {
    match failure {
        Failure::Stack(diagnostics) => mistakes(diagnostics, sources),
        Failure::Store(error) => store(&error),
        Failure::Refresh(errors) => refresh(&errors),
        Failure::Recover(error) => {
            let mut result = cloud(&error);
            result.message =
                format!("what an earlier run left unfinished could not be looked up: {}", result.message);
            result.hint("nothing is lost: the state still lists it; run the command again")
        }
    }
}

fn refresh(errors: &[(Vec<Address>, CloudError)]) -> CommandError {
    let Some((_, first)) = errors.first() else { return CommandError::new("live objects could not be read") };
    let mut result = cloud(first);
    if errors.len() > 1 && errors.iter().any(|(_, error)| error.kind != first.kind) {
        result.message = format!("{} kinds of live objects could not be read", errors.len());
        result.details.clear();
        for (addresses, error) in errors {
            result.details.push(format!("  {}: {error}", few(addresses)));
        }
    } else if let Some((addresses, _)) = errors.first() {
        result.details.push(format!("  while reading {}", few(addresses)));
    }
    result
}

fn few(addresses: &[Address]) -> String {
    match addresses {
        [] => "nothing".to_owned(),
        [one] => format!("`{one}`"),
        [first, rest @ ..] => format!("`{first}` and {} more", rest.len()),
    }
}

/// A state that cannot be read, written or locked.
pub(crate) fn store(error: &StoreError) -> CommandError {
    let result = CommandError::new(error.to_string());
    match error {
        StoreError::Damaged { backup: Some(backup), .. } => {
            result.detail("  nothing was changed, in AWS or on disk").hint(format!(
                "the state before the last run is in {}; copy it over the damaged file, then run plan",
                backup.display()
            ))
        }
        StoreError::Damaged { .. } => result
            .detail("  nothing was changed, in AWS or on disk")
            .hint("restore it from a backup; do not delete it: wharf would make everything a second time"),
        StoreError::Newer { .. } => {
            result.hint("use the wharf that wrote it, or a newer one; nothing was changed")
        }
        StoreError::Elsewhere { .. } => result
            .detail("  there, all of them would seem to be gone; nothing was changed")
            .hint("use the profile and region of the state; to move a stack, destroy it there first"),
        StoreError::OtherStack { .. } => {
            result.hint("give the stack its old name back, or move the file away")
        }
        StoreError::Locked { holder } => {
            let mut result = CommandError { code: LOCKED, ..result };
            if let Some(holder) = holder {
                result.details.push(format!("  since {}", ago(holder.since)));
            }
            result.hint("wait until it has ended, then run this again; nothing was changed")
        }
        StoreError::Io { source, .. } => match source.kind() {
            std::io::ErrorKind::PermissionDenied => result.hint("check who owns the file and its folder"),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                result.hint("make room on the disk, then run this again")
            }
            _ => result,
        },
    }
}

fn ago(since: u64) -> String {
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    match now.saturating_sub(since) {
        seconds @ 0..120 => format!("{seconds} s ago"),
        seconds @ 120..7200 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}

/// AWS's errors, with whose fault they are.
pub(crate) fn cloud(error: &CloudError) -> CommandError {
    let result = |message: String| CommandError::new(message).detail(format!("  {error}"));
    match error.kind {
        ErrorKind::Credentials => result("no valid AWS credentials".into())
            .hint("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`; wharf finds credentials as the AWS CLI does"),
        ErrorKind::Unreachable => result("AWS cannot be reached".into())
            .hint("check the network, the region, and AWS_ENDPOINT_URL if it is set; nothing was changed by this request"),
        ErrorKind::AccessDenied => result(format!(
            "AWS denies `{}`",
            if error.operation.is_empty() { "the request" } else { &error.operation }
        ))
        .hint("the caller needs that permission; `wharf explain TYPE` lists the actions of a resource type"),
        ErrorKind::Throttled => result("AWS asks to slow down, and kept asking".into())
            .hint("run it again, with a lower --parallelism"),
        ErrorKind::Limit => result("a quota of the AWS account is used up".into())
            .hint("raise it in Service Quotas, or delete what is not needed"),
        ErrorKind::Internal => CommandError::new(format!("wharf's own mistake: {error}"))
            .hint("please report it, with the stack file and this message"),
        ErrorKind::Timeout => CommandError::new(error.message.clone()).hint("look at the object in AWS, then run this again: it goes on where it stopped"),
        _ => CommandError::new(error.to_string()),
    }
}

/// What to say of one operation that failed.
pub(crate) fn operation_hint(failed: &Failed) -> Option<String> {
    let hint = match failed.error.kind {
        ErrorKind::Internal => "wharf's own mistake; please report it".to_owned(),
        ErrorKind::AlreadyExists => {
            "it is there already and not this stack's: give yours another name, or remove the other"
                .to_owned()
        }
        _ => cloud(&failed.error).hints.into_iter().next()?,
    };
    Some(hint)
}
