//! Saved plans: the file, and what it is bound to.

use crate::args::{InputArgs, StackArgs};
use crate::error::{CommandError, STALE};
use crate::files::sha256;
use crate::session::{Session, locate};
use crate::terminal;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use wharf_core::{Address, Value};
use wharf_plan::{Basis, NoPlan, PlanFile, Variable};
use wharf_stack::Files;
use wharf_state::{Snapshot, private_file};

/// How much of a file is read to see what it is.
const BEGINNING: u64 = 64;

/// The plan in a file, if the path is one of a saved plan; stack files and folders are none.
pub(crate) fn open(path: &Path) -> Result<Option<PlanFile>, CommandError> {
    let cannot =
        |problem: io::Error| CommandError::new(format!("cannot read the plan {}: {problem}", path.display()));
    // What is not there, or no file, is for whoever looks for a stack to say.
    let Ok(mut file) = File::open(path) else { return Ok(None) };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(BEGINNING).read_to_end(&mut bytes).map_err(cannot)?;
    if !PlanFile::is_one(&bytes) {
        return Ok(None);
    }
    file.read_to_end(&mut bytes).map_err(cannot)?;
    PlanFile::from_bytes(&bytes).map(Some).map_err(|problem| {
        let error = CommandError::new(format!("cannot use the plan {}: {problem}", path.display()));
        match problem {
            NoPlan::Newer { .. } => error.hint("use the wharf that made it, or a newer one"),
            _ => error.hint("make it anew: wharf plan --out FILE"),
        }
    })
}

/// Writes a plan for its owner alone, whole or not at all.
pub(crate) fn write(path: &Path, plan: &PlanFile) -> Result<(), CommandError> {
    let part = {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        path.with_file_name(name)
    };
    let written = private_file(&part, true).and_then(|mut file| {
        file.write_all(&plan.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    });
    written.map_err(|problem| {
        let _ = std::fs::remove_file(&part);
        let error = CommandError::new(format!("cannot write the plan {}: {problem}", path.display()));
        match problem.kind() {
            io::ErrorKind::NotFound => error.hint("make its folder first"),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => error.hint("make room on the disk"),
            _ => error,
        }
    })
}

/// Whether the stack file is still the one the plan was made of: before it is read for what is in it.
pub(crate) fn check_stack_file(path: &Path, plan: &PlanFile) -> Result<(), CommandError> {
    let file = locate(Path::new(&plan.basis.stack_argument))?;
    let bytes = std::fs::read(&file).map_err(|problem| {
        CommandError::new(format!("cannot read {}, of which the plan was made: {problem}", file.display()))
            .hint("run this in the folder in which the plan was made")
    })?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let digest = salted(&sha256(&bytes), &plan.plan.lineage);
    match plan.basis.files.get(&name) {
        Some(then) if *then == digest => Ok(()),
        _ => Err(stale(path, &[format!("the stack file {} has changed", file.display())])),
    }
}

/// Whether everything that the plan is bound to is as it was.
pub(crate) fn check(
    path: &Path,
    plan: &PlanFile,
    session: &Session,
    state: Option<&Snapshot>,
) -> Result<(), CommandError> {
    let seen = session.loaded.files.seen();
    let unseen = |file: &&String| !seen.contains_key(*file) && **file != session.loaded.file_name();
    for file in plan.basis.files.keys().filter(unseen) {
        // Noted if it is there; what is not there any more is one of the things that moved.
        let _ = session.loaded.files.read(file);
    }
    let argument = Path::new(&plan.basis.stack_argument);
    let now = basis(session, argument, &plan.basis.targets, &plan.plan.lineage);
    let moved = plan.moved(&now, state);
    if moved.is_empty() { Ok(()) } else { Err(stale(path, &moved)) }
}

/// What moved in AWS since, and is not the plan's business.
pub(crate) fn tell_left_alone(others: &[Address]) {
    let names: Vec<String> = others.iter().take(5).map(|address| format!("`{address}`")).collect();
    let more = others.len().saturating_sub(names.len());
    if !names.is_empty() {
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = names.join(", ");
        terminal::note(&format!(
            "note: {names}{more} moved in AWS since the plan was made; that is left alone, plan again to see it"
        ));
    }
}

fn salted(digest: &str, lineage: &str) -> String {
    sha256(format!("{lineage}\0{digest}").as_bytes())
}

/// What a plan that is made now is bound to.
pub(crate) fn basis(session: &Session, argument: &Path, targets: &[Address], lineage: &str) -> Basis {
    let expanded = &session.context.expanded;
    let mut files: BTreeMap<String, String> = session
        .loaded
        .files
        .seen()
        .into_iter()
        .map(|(path, digest)| (path, salted(&digest, lineage)))
        .collect();
    files.insert(session.loaded.file_name(), salted(&sha256(session.loaded.text().as_bytes()), lineage));
    let variables = expanded.variables().map(|(name, value)| (name.to_owned(), Variable::of(value, lineage)));
    Basis {
        stack_argument: argument.display().to_string(),
        targets: targets.to_vec(),
        home: session.context.home.clone(),
        files,
        variables: variables.collect(),
    }
}

/// The stack a saved plan was made of, with the inputs it was made with; those given now come before them.
pub(crate) fn stack_args(plan: &PlanFile, inputs: &InputArgs) -> StackArgs {
    let kept = plan.basis.variables.iter().filter_map(|(name, variable)| match variable {
        Variable::Value(value) => Some((name.clone(), Value::from(value.clone()))),
        Variable::Sensitive(_) => None,
    });
    let inputs = InputArgs { kept: kept.collect(), ..inputs.clone() };
    StackArgs { stack: PathBuf::from(&plan.basis.stack_argument), inputs }
}

/// A plan that does not hold any more.
pub(crate) fn stale(path: &Path, moved: &[String]) -> CommandError {
    let message = format!("the plan {} does not hold any more; nothing was changed", path.display());
    let error = CommandError { code: STALE, ..CommandError::new(message) };
    moved
        .iter()
        .fold(error, |error, moved| error.detail(format!("  {moved}")))
        .hint("look at what moved, then plan again: wharf plan --out FILE")
}
