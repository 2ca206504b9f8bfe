//! What policies say of each plan.

use super::load::{Counted, Purpose, load};
use super::policies::Policies;
use super::results::{Result as RuleResult, excused, results};
use super::run::{Evaluated, run};
use super::trouble::{evaluator, info, trouble};
use super::{locate, policies::Text};
use crate::subject::Subject;
use crate::verdict::{Finding, Level, RuleInfo};
use crate::view::View;

/// What policies add to a verdict.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) rules: Vec<RuleInfo>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) exempted: Vec<Finding>,
}

pub(crate) fn judge(policies: &Policies, subjects: &[Subject], views: &[View]) -> Outcome {
    let mut outcome = Outcome { rules: vec![info()], ..Outcome::default() };
    let loaded = match load(policies) {
        Ok(loaded) => loaded,
        Err(problems) => {
            outcome.findings = problems;
            return outcome;
        }
    };
    outcome.rules.extend(loaded.rules.iter().map(|rule| RuleInfo { id: rule.id(), summary: summary(rule) }));
    for (plan, (subject, view)) in subjects.iter().zip(views).enumerate() {
        let evaluated = run(&loaded, &subject.plan, policies.limit);
        for (rule, evaluated) in loaded.rules.iter().zip(evaluated) {
            let (findings, is_exempt) = of_rule(rule, evaluated, view, &policies.files);
            let findings = findings.into_iter().map(|finding| Finding { plan: Some(plan), ..finding });
            if is_exempt { outcome.exempted.extend(findings) } else { outcome.findings.extend(findings) }
        }
    }
    outcome
}

fn summary(rule: &Counted) -> String {
    let what = match rule.purpose {
        Purpose::Deny => "denies",
        Purpose::Warn => "warns",
        Purpose::Authorize => "has to be true",
    };
    format!("The Rego rule data.{} {what}", rule.id())
}

/// What a rule found, and whether an exception excuses it.
fn of_rule(
    rule: &Counted,
    evaluated: Result<Evaluated, String>,
    view: &View,
    files: &[Text],
) -> (Vec<Finding>, bool) {
    let what = format!("`{}` failed", rule.id());
    let failed = |error: &str| (vec![evaluator(&what, error, files)], false);
    let evaluated = match evaluated {
        Ok(evaluated) => evaluated,
        Err(error) => return failed(&error),
    };
    let value = match evaluated.value {
        Ok(value) => value,
        Err(error) => return failed(&error),
    };
    if rule.purpose == Purpose::Authorize {
        return (authorized(rule, value.as_ref()).into_iter().collect(), false);
    }
    let results = match results(value.as_ref()) {
        Ok(results) => results,
        Err(problem) => return (vec![trouble(format!("`{}` {problem}", rule.id()))], false),
    };
    let is_exempt = match evaluated.exceptions.map(|exceptions| excused(&rule.name, exceptions.as_ref())) {
        Ok(Ok(is_exempt)) => is_exempt,
        Ok(Err(problem)) => {
            return (vec![trouble(format!("`{}.exception` {problem}", rule.namespace))], false);
        }
        Err(error) => {
            let what = format!("`{}.exception` failed", rule.namespace);
            return (vec![evaluator(&what, &error, files)], false);
        }
    };
    (results.into_iter().map(|result| finding(rule, result, view)).collect(), is_exempt)
}

fn finding(rule: &Counted, result: RuleResult, view: &View) -> Finding {
    let located = locate::locate(&result, view);
    Finding {
        plan: None,
        rule: rule.id(),
        level: if rule.purpose == Purpose::Warn { Level::Warn } else { Level::Deny },
        address: located.address,
        property: located.property,
        message: result.message,
        help: result.help,
        place: located.place,
    }
}

fn authorized(rule: &Counted, value: Option<&serde_json::Value>) -> Option<Finding> {
    let id = rule.id();
    let denied = |message: String| {
        Some(Finding {
            plan: None,
            rule: id.clone(),
            level: Level::Deny,
            address: None,
            property: None,
            message,
            help: None,
            place: None,
        })
    };
    match value {
        Some(serde_json::Value::Bool(true)) => None,
        Some(serde_json::Value::Bool(false)) => {
            denied(format!("`{id}` is false: the policy does not allow this plan"))
        }
        None => denied(format!("`{id}` is undefined: the policy does not allow this plan")),
        Some(_) => Some(trouble(format!("`{id}` has to be true or false, and is neither"))),
    }
}
