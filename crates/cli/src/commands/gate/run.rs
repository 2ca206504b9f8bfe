use super::{asked, subject};
use crate::args::Gate;
use crate::error::{CommandError, DENIED};
use crate::render::{gate, style::Palette};
use crate::{secret, terminal};
use std::path::Path;
use wharf_gate::{Subject, judge};

/// Judges plans by what was asked for. Reads files, and nothing of AWS.
pub(crate) fn run(args: &Gate) -> Result<u8, CommandError> {
    let asked = asked::read(args)?;
    let subjects = args.plans.iter().map(|path| subject::read(path)).collect::<Result<Vec<_>, _>>()?;
    // Terraform's plans have sensitive values in them, and a policy may say whatever it finds.
    secret::know(subjects.iter().flat_map(Subject::sensitive).collect());
    let verdict = judge(&subjects, &asked.rules, asked.policies.as_ref()).map_err(|(index, problem)| {
        subject::no_plan(args.plans.get(index).map_or(Path::new("?"), |path| path), &problem.to_string())
    })?;
    let verdict = verdict.reworded(|text| secret::hidden(text));
    let report = gate::report(args.format, &verdict, Palette { color: false });
    match &args.out {
        Some(path) => {
            std::fs::write(path, report + "\n").map_err(|problem| {
                CommandError::new(format!("cannot write {}: {problem}", path.display()))
            })?;
            terminal::out(&gate::text::report(&verdict, Palette { color: terminal::stdout_color() }));
        }
        None if args.format == crate::args::GateFormat::Text => {
            terminal::out(&gate::text::report(&verdict, Palette { color: terminal::stdout_color() }));
        }
        None => terminal::out(&report),
    }
    Ok(if verdict.is_denied() { DENIED } else { 0 })
}
