//! From a path to a plan that can be judged.

use crate::error::CommandError;
use crate::saved;
use std::io::Read;
use std::path::{Path, PathBuf};
use wharf_gate::Subject;

/// Reads a saved plan, or a plan as JSON.
pub(crate) fn read(path: &Path) -> Result<Subject, CommandError> {
    if let Some(saved) = saved::open(path)? {
        let base = folder(Path::new(&saved.basis.stack_argument));
        return Ok(Subject { name: path.display().to_string(), plan: saved.representation, base });
    }
    let (name, text) = if path == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        ("stdin".to_owned(), read.map(|_| text))
    } else {
        (path.display().to_string(), std::fs::read_to_string(path))
    };
    let text = text.map_err(|problem| {
        CommandError::new(format!("cannot read the plan {name}: {problem}"))
            .hint("make it with `wharf plan --out FILE`, or `wharf plan --json > FILE`")
    })?;
    let plan = serde_json::from_str(&text)
        .map_err(|problem| no_plan(path, &format!("it is no JSON ({problem})")))?;
    Ok(Subject { name, plan, base: None })
}

/// A file that is no plan.
pub(crate) fn no_plan(path: &Path, problem: &str) -> CommandError {
    CommandError::new(format!("cannot judge {}: {problem}", path.display())).hint(
        "it takes what `wharf plan --out FILE`, `wharf plan --json` or `terraform show -json PLAN` writes",
    )
}

/// The stack's folder, by how the stack was named when the plan was made; it need not be there any more.
fn folder(stack: &Path) -> Option<PathBuf> {
    let is_file = stack.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if is_file && !stack.is_dir() { stack.parent().map(Path::to_owned) } else { Some(stack.to_owned()) }
}
