//! For programs.

use super::summary::decision;
use serde_json::{Value as Json, json};
use wharf_gate::{Finding, Verdict};

/// The version of this form. Members may be added; the first number counts up when one changes or goes.
const FORMAT_VERSION: &str = "1.0";

pub(crate) fn report(verdict: &Verdict) -> String {
    let name = |plan: usize| verdict.plans.get(plan).map(|judged| judged.name.as_str());
    let finding = |finding: &Finding| {
        let mut json = json!(finding);
        if let Some(plan) = finding.plan.and_then(name) {
            json["plan"] = plan.into();
        }
        json
    };
    let mut blast_radius = json!(verdict.blast_radius);
    for (change, json) in
        verdict.blast_radius.changes.iter().zip(blast_radius["changes"].as_array_mut().into_iter().flatten())
    {
        json["plan"] = name(change.plan).into();
    }
    let report = json!({
        "format_version": FORMAT_VERSION,
        "decision": decision(verdict),
        "denials": verdict.denials(),
        "warnings": verdict.warnings(),
        "plans": verdict.plans,
        "rules": verdict.rules,
        "findings": verdict.findings.iter().map(finding).collect::<Vec<Json>>(),
        "exempted": verdict.exempted.iter().map(finding).collect::<Vec<Json>>(),
        "blast_radius": blast_radius,
    });
    format!("{report:#}")
}
