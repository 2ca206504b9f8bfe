//! What a check came to.

use crate::facts::Unseen;
use serde::Serialize;
use std::collections::BTreeSet;

/// How a check went. The worse, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Not known, or in the way of some releases only.
    Warning,
    /// A release will fail.
    Failed,
}

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Service, deployment group and pipeline are there, and tasks serve.
    Service,
    /// No deployment is under way, and none left something half done.
    Deployment,
    /// The task definitions can be started behind the load balancer.
    TaskDefinition,
    /// The images exist.
    Images,
    /// The containers' log groups exist.
    LogGroups,
    /// The containers' secrets exist.
    Secrets,
    /// Both target groups can take the tasks.
    TargetGroups,
    /// The listeners agree with the primary task set.
    Listeners,
    /// The roles exist, and can be assumed.
    Roles,
    /// The execution role may pull, log and read secrets.
    ExecutionRole,
    /// The deployment group's role may deploy.
    DeploymentRole,
    /// The caller may release.
    Caller,
    /// What roles and caller may do could not be found out.
    Rights,
}

impl Check {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Check::Service => "service",
            Check::Deployment => "deployment",
            Check::TaskDefinition => "task definition",
            Check::Images => "images",
            Check::LogGroups => "log groups",
            Check::Secrets => "secrets",
            Check::TargetGroups => "target groups",
            Check::Listeners => "listeners",
            Check::Roles => "roles",
            Check::ExecutionRole => "execution role",
            Check::DeploymentRole => "deployment role",
            Check::Caller => "caller",
            Check::Rights => "rights",
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which.
    pub check: Check,
    /// The worst of its problems.
    pub result: Outcome,
    /// What was looked at.
    pub what: String,
    /// What is wrong, or not known.
    pub problems: Vec<Problem>,
}

/// Something that is wrong, or not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub result: Outcome,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// As bad as the worst of its problems.
    pub(crate) fn new(check: Check, what: impl Into<String>, problems: Vec<Problem>) -> Self {
        let result = problems.iter().map(|problem| problem.result).max().unwrap_or(Outcome::Ok);
        Finding { check, result, what: what.into(), problems }
    }

    /// A check that could not be made.
    pub(crate) fn unseen(check: Check, unseen: &Unseen) -> Self {
        Finding::new(check, "not checked", not_seen([unseen]).into_iter().collect())
    }
}

impl Problem {
    /// A release will fail of it.
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Problem { result: Outcome::Failed, what: what.into(), hint: None }
    }

    /// It may matter.
    pub(crate) fn warning(what: impl Into<String>) -> Self {
        Problem { result: Outcome::Warning, what: what.into(), hint: None }
    }

    /// With what to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Problem { hint: Some(hint.into()), ..self }
    }
}

/// The worst result there is.
pub fn worst(findings: &[Finding]) -> Outcome {
    findings.iter().map(|finding| finding.result).max().unwrap_or(Outcome::Ok)
}

/// One warning for all that the caller may not see, if there is something.
pub(crate) fn not_seen<'a>(unseen: impl IntoIterator<Item = &'a Unseen>) -> Option<Problem> {
    let all: Vec<&Unseen> = unseen.into_iter().collect();
    let first = all.first()?;
    let actions: BTreeSet<String> = all.iter().map(|unseen| format!("`{}`", unseen.action)).collect();
    let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
    let why = first.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let problem = Problem::warning(format!("AWS denies the caller {actions}{why}"));
    Some(problem.hint("allow it to the caller, or ask somebody who may"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_as_bad_as_its_worst_problem() {
        let finding = |problems| Finding::new(Check::Images, "web:1", problems);
        assert_eq!(finding(vec![]).result, Outcome::Ok);
        assert_eq!(finding(vec![Problem::failed("a"), Problem::warning("b")]).result, Outcome::Failed);
        let findings = [finding(vec![]), finding(vec![Problem::warning("b")])];
        assert_eq!(worst(&findings), Outcome::Warning);
        assert_eq!(worst(&[]), Outcome::Ok);
    }

    #[test]
    fn what_cannot_be_seen_is_told_once() {
        let unseen = |action: &str| Unseen { action: action.into(), why: Some("no policy allows it".into()) };
        let all = [unseen("iam:GetRole"), unseen("iam:GetRole"), unseen("ecr:DescribeImages")];
        let problem = not_seen(&all).unwrap();
        assert_eq!(problem.result, Outcome::Warning);
        assert_eq!(
            problem.what,
            "AWS denies the caller `ecr:DescribeImages`, `iam:GetRole`: no policy allows it"
        );
        assert_eq!(not_seen([]), None);
    }
}
