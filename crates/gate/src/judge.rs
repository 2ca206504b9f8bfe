use crate::rego::{self, Policies};
use crate::rules::{self, blast_radius, protected};
use crate::subject::{NotAPlan, Subject};
use crate::switch::Switch;
use crate::verdict::{Finding, Judged, RuleInfo, Verdict};
use crate::view::View;
use crate::weight::Weight;
use std::collections::BTreeSet;

/// What the built-in rules shall do.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The rules that are switched on.
    pub fail_on: BTreeSet<Switch>,
    /// Addresses and types that may not be deleted, replaced or forgotten; `*` stands for any characters.
    pub protect: Vec<String>,
    /// What the blast radius of all plans together may be.
    pub budget: Option<u64>,
    /// Weights that differ from the defaults; the last one that applies counts.
    pub weights: Vec<Weight>,
}

/// Judges plans. The same plans, rules and policies give the same verdict.
///
/// # Errors
///
/// A subject is no plan.
pub fn judge(
    subjects: &[Subject],
    rules: &Rules,
    policies: Option<&Policies>,
) -> Result<Verdict, (usize, NotAPlan)> {
    let views = subjects
        .iter()
        .enumerate()
        .map(|(index, subject)| View::of(subject).map_err(|problem| (index, problem)))
        .collect::<Result<Vec<View>, _>>()?;
    let mut applied: Vec<RuleInfo> = Vec::new();
    let mut findings: Vec<Finding> = Vec::new();
    let mut exempted: Vec<Finding> = Vec::new();
    for switch in &rules.fail_on {
        applied.push(RuleInfo { id: switch.name().into(), summary: switch.summary().into() });
        for (plan, view) in views.iter().enumerate() {
            let found = rules::find(*switch, view).into_iter();
            findings.extend(found.map(|finding| Finding { plan: Some(plan), ..finding }));
        }
    }
    if !rules.protect.is_empty() {
        applied.push(protected::info());
        for (plan, view) in views.iter().enumerate() {
            let found = protected::find(&rules.protect, view).into_iter();
            findings.extend(found.map(|finding| Finding { plan: Some(plan), ..finding }));
        }
    }
    let blast_radius = blast_radius::measure(&views, rules);
    if rules.budget.is_some() {
        applied.push(blast_radius::info());
        findings.extend(blast_radius::find(&blast_radius));
    }
    if let Some(policies) = policies {
        let outcome = rego::judge(policies, subjects, &views);
        applied.extend(outcome.rules);
        findings.extend(outcome.findings);
        exempted.extend(outcome.exempted);
    }
    let plans = subjects.iter().zip(&views).map(|(subject, view)| Judged {
        name: subject.name.clone(),
        stack: view.stack.clone(),
        file: view.file(),
    });
    let plans = plans.collect();
    let findings = in_order(findings, &applied, &views);
    let exempted = in_order(exempted, &applied, &views);
    Ok(Verdict { plans, rules: applied, findings, exempted, blast_radius })
}

fn in_order(mut findings: Vec<Finding>, rules: &[RuleInfo], views: &[View]) -> Vec<Finding> {
    let key = |finding: &Finding| {
        let view = finding.plan.and_then(|plan| views.get(plan));
        let position = view.and_then(|view| {
            view.changes.iter().position(|change| Some(&change.address) == finding.address.as_ref())
        });
        (
            finding.plan.unwrap_or(usize::MAX),
            finding.level,
            rules.iter().position(|rule| rule.id == finding.rule).unwrap_or(usize::MAX),
            position.unwrap_or(usize::MAX),
            finding.address.clone(),
            finding.property.clone(),
            finding.message.clone(),
        )
    };
    findings.sort_by_cached_key(key);
    findings.dedup();
    findings
}
