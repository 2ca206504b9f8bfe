//! The only place that prints: data to stdout, everything else to stderr.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Whether stdout takes colours.
pub(crate) fn stdout_color() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Whether stderr takes colours.
pub(crate) fn stderr_color() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Whether a person watches stderr.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether a person watches stdout.
pub(crate) fn is_screen() -> bool {
    std::io::stdout().is_terminal()
}

/// Shows a text in place of everything on the screen. Past anstream, which without colours takes out all control sequences.
pub(crate) fn screen(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "\u{1b}[H\u{1b}[2J{text}").and_then(|()| stdout.flush());
}

/// Whether a person can be asked.
pub(crate) fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// The width of the terminal in columns, which `COLUMNS` can say otherwise; 100 where there is none.
pub(crate) fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let seen = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    said.filter(|width| *width >= 20).or_else(seen).map_or(100, |width| width.max(20))
}

/// Comes back when nobody reads stdout any more, as behind `head`; never where that cannot be told.
#[cfg(unix)]
pub(crate) async fn unread() {
    use std::os::fd::AsFd;
    use tokio::io::Interest;
    use tokio::net::unix::pipe::Sender;
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().ok();
    match stdout.and_then(|stdout| Sender::from_owned_fd_unchecked(stdout).ok()) {
        Some(stdout) => drop(stdout.ready(Interest::ERROR).await),
        // A file, which is read later.
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
pub(crate) async fn unread() {
    std::future::pending().await
}

/// Prints data. A reader that has seen enough (`head`) is no error.
pub(crate) fn out(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Prints what is not data.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Asks a question that only `yes` answers with yes.
pub(crate) fn ask(question: &str) -> bool {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{question} ").and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}

/// Prints what clap says, with its exit code: 0 for help and version, 1 for mistakes (2 means "changes").
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

/// Prints an error before anything could be started.
pub(crate) fn fatal(message: &str) -> ExitCode {
    note(&format!("error: {message}"));
    ExitCode::FAILURE
}
