use super::release::roll_out::{self, Waiting};
use super::statistics;
use crate::args::{ChangeArgs, RollOutArgs};
use crate::error::{self, CommandError, ERROR, INTERRUPTED};
use crate::lock::locked;
use crate::render::{self, progress, style::Palette};
use crate::session::Session;
use crate::{recovery, saved, secret, signals, terminal};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use wharf_core::{Address, Diagnostic, Diagnostics};
use wharf_engine::{Failed, Options, Outcome, Reporter, apply, prepare};
use wharf_plan::{Mode, Plan, PlanFile, bind};
use wharf_state::{Lock, Snapshot};

/// Plans, asks, and carries out: `apply` and `destroy`. Or carries out a saved plan.
pub(crate) async fn run(
    args: &ChangeArgs,
    mode: Mode,
    release: Option<RollOutArgs>,
) -> Result<u8, CommandError> {
    let release = release.filter(|release| release.release);
    let path = &args.stack.stack;
    let work = match saved::open(path)? {
        None => Work { command: name(mode), mode, targets: args.run.targets.clone(), saved: None },
        Some(plan) => {
            check_saved(args, mode, &plan)?;
            let (mode, targets) = (plan.plan.mode, plan.basis.targets.clone());
            Work { command: "apply", mode, targets, saved: Some((path.clone(), plan)) }
        }
    };
    let stack = match &work.saved {
        None => args.stack.clone(),
        Some((_, plan)) => saved::stack_args(plan, &args.stack.inputs),
    };
    let reporter: Arc<dyn Reporter> =
        if args.options.json { Arc::new(progress::JsonLines) } else { Arc::from(progress::for_people()) };
    let (mut session, stop) = Session::open(&stack, reporter).await?;
    signals::listen(stop);
    session.context.releases = release.is_some();
    if work.mode == Mode::Apply {
        error::warn(&session.context.expanded.exposed(), &session.loaded.sources);
    }
    let (store, timeout) = (&*session.context.store, args.lock.lock_timeout);
    let outcome = locked(store, &session.loaded, work.command, timeout, async |lock| {
        under_lock(args, &work, &session, lock).await
    });
    let (outcome, waiting) = outcome.await?;
    if args.run.stats {
        statistics::print(session.clients.statistics());
        terminal::note(&format!("State writes: {}", outcome.writes));
    }
    if let Some(advice) = store.advice() {
        terminal::note(&format!("warning: {advice}"));
    }
    let code = end(&outcome, &session)?;
    if let (Some(release), Mode::Apply) = (release, work.mode) {
        roll_out::run(session, outcome.snapshot, waiting, release.when_busy).await?;
    }
    Ok(code)
}

/// What is to be done.
struct Work {
    /// The command, for the lock and the journal.
    command: &'static str,
    mode: Mode,
    targets: Vec<Address>,
    /// The plan to hold to, and its file.
    saved: Option<(PathBuf, PlanFile)>,
}

fn name(mode: Mode) -> &'static str {
    match mode {
        Mode::Apply => "apply",
        Mode::Destroy => "destroy",
    }
}

/// What can be said of a saved plan before anybody is asked.
fn check_saved(args: &ChangeArgs, mode: Mode, plan: &PlanFile) -> Result<(), CommandError> {
    let path = args.stack.stack.display();
    if mode == Mode::Destroy {
        return Err(CommandError::new(format!("{path} is a saved plan"))
            .hint(format!("to carry it out: wharf apply {path}")));
    }
    if !args.run.targets.is_empty() {
        return Err(CommandError::new("a saved plan has its targets in it").hint("leave out `--target`"));
    }
    saved::check_stack_file(&args.stack.stack, plan)
}

async fn under_lock(
    args: &ChangeArgs,
    work: &Work,
    session: &Session,
    lock: Arc<dyn Lock>,
) -> Result<(Outcome, Vec<Waiting>), CommandError> {
    let options = &args.options;
    let context = &session.context;
    let mut stored = context.store.read().await.map_err(|problem| error::store(&problem))?;
    if let Some((path, plan)) = &work.saved {
        saved::check(path, plan, session, stored.as_ref())?;
        // A stack that is new gets the lineage that its plan speaks of.
        stored = stored.or_else(|| {
            Some(Snapshot { lineage: plan.plan.lineage.clone(), ..Snapshot::new(&plan.plan.stack) })
        });
    }
    let mut prepared = prepare(context, stored, work.mode, &work.targets)
        .await
        .map_err(|failure| error::failure(failure, &session.loaded))?;
    if let Some((path, plan)) = &work.saved {
        let others = bind(&plan.plan, &mut prepared.plan).map_err(|moved| saved::stale(path, &moved))?;
        saved::tell_left_alone(&others);
    }
    let palette = Palette { color: terminal::stdout_color() };
    if options.json {
        let plan = match &work.saved {
            Some((_, plan)) => plan.representation.clone(),
            None => render::json::plan(&prepared.plan, session),
        };
        terminal::out(&json!({"event": "plan", "plan": plan}).to_string());
    } else {
        terminal::out(&render::plan::plan(&prepared.plan, &*context.provider, palette));
    }
    // A saved plan was looked at when it was made.
    if !prepared.plan.operations.is_empty() && !options.auto_approve && work.saved.is_none() {
        confirm(&prepared.plan, session, work.mode)?;
    }
    let how = Options { parallelism: usize::from(options.parallelism), command: work.command.to_owned() };
    let nothing = prepared.plan.is_empty();
    let waiting = roll_out::waiting(&prepared.plan);
    signals::changing(true);
    let outcome = apply(context, lock, prepared, &how).await;
    signals::changing(false);
    if options.json {
        terminal::out(&outcome_json(&outcome).to_string());
    } else {
        summary(&outcome, work.mode, nothing, palette);
    }
    Ok((outcome, waiting))
}

fn confirm(plan: &Plan, session: &Session, mode: Mode) -> Result<(), CommandError> {
    if !terminal::can_ask() {
        return Err(CommandError::new("nobody can be asked here: the input is no terminal")
            .hint("review the plan, then run this with --auto-approve; nothing was changed"));
    }
    let verb = if mode == Mode::Destroy { "Destroy" } else { "Apply" };
    let question = format!(
        "\n{verb} this plan of `{}` in account {}, {}? Only `yes` goes on:",
        plan.stack,
        session.identity.account_id,
        session.clients.region()
    );
    if terminal::ask(&question) {
        Ok(())
    } else {
        Err(CommandError::new("not confirmed; nothing was changed"))
    }
}

fn summary(outcome: &Outcome, mode: Mode, nothing: bool, palette: Palette) {
    let done = &outcome.done;
    if !nothing {
        let verb = if outcome.is_complete() { "complete" } else { "incomplete" };
        let name = if mode == Mode::Destroy { "Destroy" } else { "Apply" };
        let mut line = format!(
            "{name} {verb}: {} added, {} changed, {} replaced, {} destroyed",
            done.create, done.update, done.replace, done.delete
        );
        if done.forget > 0 {
            line.push_str(&format!(", {} forgotten", done.forget));
        }
        if !outcome.is_complete() {
            line.push_str(&format!(
                "; {} failed, {} not tried",
                outcome.failed.len(),
                outcome.skipped.len() + outcome.not_started
            ));
        }
        terminal::out(&format!("\n{}", palette.bold(&format!("{line}."))));
    }
    if mode == Mode::Apply && !outcome.outputs.is_empty() {
        terminal::out(&format!("\nOutputs:\n\n{}", super::output::lines(&outcome.outputs)));
    }
}

fn outcome_json(outcome: &Outcome) -> serde_json::Value {
    json!({
        "event": if outcome.is_complete() { "complete" } else { "incomplete" },
        "added": outcome.done.create,
        "changed": outcome.done.update,
        "replaced": outcome.done.replace,
        "destroyed": outcome.done.delete,
        "failed": outcome.failed.iter().map(failed_json).collect::<Vec<_>>(),
        "not_tried": outcome.skipped.len() + outcome.not_started,
        "state_writes": outcome.writes,
        "outputs": super::output::json(&outcome.outputs),
    })
}

fn failed_json(failed: &Failed) -> serde_json::Value {
    json!({"address": failed.address, "error": secret::hidden(failed.error.to_string())})
}

/// The error report comes last.
fn end(outcome: &Outcome, session: &Session) -> Result<u8, CommandError> {
    let mut report = CommandError::new(match outcome.failed.len() {
        0 => String::new(),
        1 => "1 operation failed".to_owned(),
        count => format!("{count} operations failed"),
    });
    let mut errors = Diagnostics::default();
    for failed in &outcome.failed {
        let mut diagnostic =
            Diagnostic::error(secret::hidden(format!("`{}`: {}", failed.address, failed.error)));
        if let Some(span) = failed.span {
            diagnostic = diagnostic.at(span);
        }
        errors.push(diagnostic.maybe_help(error::operation_hint(failed)));
    }
    if !outcome.failed.is_empty() {
        let text = render::diagnostic::diagnostics(
            &errors.0,
            &session.loaded.sources,
            terminal::stderr_color(),
            terminal::width(),
        );
        report.details.push(format!("{}\n", text.trim_end()));
        report = report.hint("what was done is recorded; run the command again to go on with the rest");
    }
    if let Some(problem) = &outcome.not_saved {
        if !report.message.is_empty() {
            report.print();
        }
        return Err(recovery::rescue(problem, &outcome.snapshot, &session.loaded));
    }
    if let Some(problem) = &outcome.lock_lost {
        if !report.message.is_empty() {
            report.print();
        }
        return Err(error::store(problem).hint(format!(
            "{} operations were not started; what was done is recorded",
            outcome.not_started
        )));
    }
    if session.context.stop.requested() && outcome.not_started > 0 {
        if !report.message.is_empty() {
            report.print();
        }
        let message = format!("interrupted: {} operations were not started", outcome.not_started);
        return Err(CommandError { code: INTERRUPTED, ..CommandError::new(message) }
            .hint("everything that was done is recorded; run the command again to go on"));
    }
    if report.message.is_empty() { Ok(0) } else { Err(CommandError { code: ERROR, ..report }) }
}
