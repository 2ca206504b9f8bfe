use super::{github, json, junit, markdown, sarif, text};
use crate::args::GateFormat;
use crate::render::style::Palette;
use wharf_gate::Verdict;

/// A verdict in a form.
pub(crate) fn report(format: GateFormat, verdict: &Verdict, palette: Palette) -> String {
    match format {
        GateFormat::Text => text::report(verdict, palette),
        GateFormat::Json => json::report(verdict),
        GateFormat::Markdown => markdown::report(verdict),
        GateFormat::Junit => junit::report(verdict),
        GateFormat::Sarif => sarif::report(verdict),
        GateFormat::Github => github::report(verdict),
    }
}
