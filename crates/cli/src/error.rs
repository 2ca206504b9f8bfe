//! From the errors of the crates below to what a person reads: what happened, where, whose fault, what to do next; and
//! to exit codes. All of it is in this file.

use crate::render;
use crate::secret;
use crate::session::Loaded;
use crate::terminal;
use wharf_aws::{Denied, Reason};
use wharf_core::{Address, Diagnostic, Diagnostics, Sources};
use wharf_engine::{Failed, Failure, InTheWay};
use wharf_provider::{Error as CloudError, ErrorKind};
use wharf_state::{Holder, StoreError};

/// Exit code: an error.
pub(crate) const ERROR: u8 = 1;
/// Exit code: changes, with `--detailed-exitcode`.
pub(crate) const CHANGES: u8 = 2;
/// Exit code: the gate denies.
pub(crate) const DENIED: u8 = 3;
/// Exit code: somebody else works on the stack, or a deployment is active.
pub(crate) const LOCKED: u8 = 4;
/// Exit code: a saved plan does not hold any more.
pub(crate) const STALE: u8 = 5;
/// Exit code: something was changed outside wharf.
pub(crate) const DRIFT: u8 = 6;
/// Exit code: a deployment has failed, was stopped or rolled back.
pub(crate) const NOT_RELEASED: u8 = 7;
/// Exit code: what was waited for did not come in time.
pub(crate) const TOO_LATE: u8 = 8;
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

    /// Prints it to stderr, without the stack's sensitive values.
    pub(crate) fn print(&self) {
        let bold = if terminal::stderr_color() { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        if !self.message.is_empty() {
            terminal::note(&secret::hidden(format!("{}error{}: {}", bold.0, bold.1, self.message)));
        }
        for detail in &self.details {
            terminal::note(&secret::hidden(detail));
        }
        for hint in &self.hints {
            terminal::note(&secret::hidden(format!("hint: {hint}")));
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

/// Prints warnings to stderr, with snippets in which no value that a warning is about can be read.
pub(crate) fn warn(warnings: &Diagnostics, sources: &Sources) {
    if warnings.0.is_empty() {
        return;
    }
    let mut sources = sources.clone();
    for span in warnings.0.iter().filter_map(|warning| warning.span) {
        let written = sources.text(span.source).and_then(|text| text.get(span.range()));
        if !written.is_some_and(is_reference) {
            sources.mask(&span);
        }
    }
    let text =
        render::diagnostic::diagnostics(&warnings.0, &sources, terminal::stderr_color(), terminal::width());
    terminal::note(&format!("{}\n", text.trim_end()));
}

/// Whether what is written is a plain `${...}`: the name of a value, not one.
fn is_reference(written: &str) -> bool {
    let inner = written.trim_matches(['"', '\'']).strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| inner.chars().all(|c| c.is_ascii_alphanumeric() || "_-.[] ".contains(c)))
}

/// Anything that keeps a run from a plan.
pub(crate) fn failure(failure: Failure, loaded: &Loaded) -> CommandError {
    match failure {
        Failure::Stack(diagnostics) => mistakes(diagnostics, &loaded.sources),
        Failure::Store(error) => store(&error),
        Failure::Refresh(errors) => refresh(&errors),
        Failure::Recover(error) => {
            let mut result = cloud(&error);
            result.message =
                format!("what an earlier run left unfinished could not be looked up: {}", result.message);
            result.hint("nothing is lost: the state still lists it; run the command again")
        }
        Failure::Look(error) => {
            let mut result = cloud(&error);
            result.message =
                format!("whether the names of new resources are taken could not be seen: {}", result.message);
            result
        }
        Failure::InTheWay(found) => {
            let found = found.iter().map(|found| in_the_way(found, loaded)).collect();
            mistakes(Diagnostics(found), &loaded.sources)
        }
    }
}

fn in_the_way(found: &InTheWay, loaded: &Loaded) -> Diagnostic {
    let InTheWay { address, resource_type, id, known_as, span } = found;
    let (message, help) = match known_as {
        Some(old) => (
            format!("the name of `{address}` is that of `{old}`, which the state has"),
            format!(
                "to rename it, write `moved: [{{from: {old}, to: {address}}}]`; else give it another name"
            ),
        ),
        None => (
            format!("AWS has the {resource_type} `{id}` already, and it is not this stack's"),
            format!(
                "take it over with `wharf import '{address}' '{id}'{}`, or give yours another name",
                loaded.argument
            ),
        ),
    };
    let diagnostic = Diagnostic::error(message).maybe_help(Some(help));
    match span {
        Some(span) => diagnostic.at(*span),
        None => diagnostic,
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
        StoreError::Locked(holder) => locked(CommandError { code: LOCKED, ..result }, holder),
        StoreError::LockLost { .. } => CommandError { code: LOCKED, ..result }
            .hint("whoever has it looks up what this run had begun; plan again when that has ended"),
        StoreError::NoSuchLock { holder: Some(_), .. } => result.hint("to break it, name that id"),
        StoreError::NoSuchLock { holder: None, .. } => result.hint("nothing is in the way of the next run"),
        StoreError::HolderLives(holder) => CommandError { code: LOCKED, ..result }
            .hint(format!("wait for it, or end it: kill {}; its lock goes with it", holder.pid)),
        StoreError::Moved { .. } => {
            CommandError { code: LOCKED, ..result }.hint("plan again for what is true now")
        }
        StoreError::NoSuchVersion { .. } => result.hint("`wharf state history` lists what there is"),
        StoreError::Cloud { source, .. } => {
            let mut cloud = cloud(source);
            let message = std::mem::replace(&mut cloud.message, result.message);
            if source.kind != ErrorKind::Internal && !cloud.message.contains(&message) {
                cloud.details.insert(0, format!("  {message}"));
            }
            cloud.details.dedup();
            if source.kind == ErrorKind::AccessDenied && source.operation == "s3:GetObject" {
                cloud.hint("where there is no state yet, S3 says so to whoever may not s3:ListBucket")
            } else if source.is_code("NoSuchBucket") {
                cloud.hint("check `state.s3.bucket`, or create it: wharf state init")
            } else {
                cloud
            }
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

/// Who has the lock, since when, from where, and how to break it.
fn locked(mut result: CommandError, holder: &Holder) -> CommandError {
    let Some(info) = &holder.info else {
        return result.hint("wait until it has ended, then run this again; nothing was changed");
    };
    result.details.push(format!("  since {}", ago(info.since)));
    if let Some(job) = &info.job {
        result.details.push(format!("  in {job}"));
    }
    if let Some(lease) = &holder.lease {
        result
            .details
            .push(format!("  renewed while it lives; it would end in {} s", lease.left.as_secs() + 1));
    }
    result
        .hint("wait until it has ended (`--lock-timeout 10m` does), then run this again; nothing was changed")
}

/// How long ago a time was, in seconds since 1970.
pub(crate) fn ago(since: u64) -> String {
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
        ErrorKind::AccessDenied => denied(error),
        ErrorKind::Throttled => result("AWS asks to slow down, and kept asking".into())
            .hint("run it again in a few minutes; plan, apply and destroy ask more slowly with a lower --parallelism"),
        ErrorKind::Limit => result("a quota of the AWS account is used up".into())
            .hint("raise it in Service Quotas, or delete what is not needed"),
        ErrorKind::LockLost => CommandError { code: LOCKED, ..CommandError::new(error.message.clone()) },
        ErrorKind::Internal => CommandError::new(format!("wharf's own mistake: {error}"))
            .hint("please report it, with the stack file and this message"),
        ErrorKind::Timeout => CommandError::new(error.message.clone()).hint("look at the object in AWS, then run this again: it goes on where it stopped"),
        _ => CommandError::new(error.to_string()),
    }
}

/// What AWS denies, on what, and why.
fn denied(error: &CloudError) -> CommandError {
    let Some(Denied { action, resource, reason }) = Denied::of(error) else {
        return CommandError::new(error.to_string());
    };
    let action = if action.is_empty() { "the request".to_owned() } else { format!("`{action}`") };
    let mut result = CommandError::new(format!("AWS denies {action}")).detail(format!("  {error}"));
    result.details.extend(resource.map(|resource| format!("  on: {resource}")));
    result.details.extend(reason.as_ref().map(|reason| format!("  why: {reason}")));
    match reason {
        Some(Reason::ExplicitDeny(policy)) => result.hint(format!(
            "{action} is denied by a policy ({policy}), so that no other policy helps: ask whoever wrote it"
        )),
        Some(Reason::NotAllowed(policy)) if policy != "identity-based policy" => {
            result.hint(format!("the {policy} has to allow {action}, too: ask whoever wrote it"))
        }
        _ => {
            result.hint(format!("the caller needs {action}: `wharf policy` prints all that the stack needs"))
        }
    }
}

/// What to say of one operation that failed.
pub(crate) fn operation_hint(failed: &Failed) -> Option<String> {
    let hint = match failed.error.kind {
        ErrorKind::Internal => "wharf's own mistake; please report it".to_owned(),
        ErrorKind::AlreadyExists => {
            "it is there already and not this stack's: take it over with `wharf import`, or give yours another name"
                .to_owned()
        }
        _ => cloud(&failed.error).hints.into_iter().next()?,
    };
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn a_name_of_a_value_is_none() {
        for written in ["${var.password}", "'${local.login[0].password}'", "\"${var.a-b}\""] {
            assert!(is_reference(written), "{written}");
        }
        for written in ["hunter2", "${\"hunter2\"}", "postgres://app:hunter2@${db.host}", "${x}${y}hunter2}"]
        {
            assert!(!is_reference(written), "{written}");
        }
    }
}
