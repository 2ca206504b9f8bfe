//! Whether roles and caller may do what a release needs.

use crate::arn;
use crate::facts::Facts;
use crate::finding::{Check, Finding, Problem, not_seen};
use crate::right::{Answered, Decision, Limit, Principal, Right, Verdict, Who};
use std::collections::BTreeSet;

/// A finding for each who needs rights; one for all those of whom the caller may not ask.
pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let (unseen, seen): (Vec<&Answered>, Vec<&Answered>) =
        facts.rights.iter().partition(|answered| answered.is_unseen());
    let [_, _, ..] = unseen.as_slice() else { return facts.rights.iter().map(of_one).collect() };
    let names: BTreeSet<&str> = unseen.iter().map(|answered| of_who(answered.who).name()).collect();
    let what = format!("not checked: {}", names.into_iter().collect::<Vec<_>>().join(", "));
    let denied =
        unseen.iter().flat_map(|answered| &answered.rights).filter_map(|(_, answer)| answer.as_ref().err());
    let one = Finding::new(Check::Rights, what, not_seen(denied).into_iter().collect());
    seen.into_iter().map(of_one).chain([one]).collect()
}

fn of_who(who: Who) -> Check {
    match who {
        Who::Execution => Check::ExecutionRole,
        Who::Deployment => Check::DeploymentRole,
        Who::Caller => Check::Caller,
    }
}

fn of_one(answered: &Answered) -> Finding {
    let check = of_who(answered.who);
    let name = match &answered.principal {
        Principal::Root => {
            return Finding::new(check, "the account's root user, who may do everything", Vec::new());
        }
        Principal::Unknown(why) => {
            let problem = Problem::warning(format!("what the caller may do is not known: {why}"));
            return Finding::new(check, "not checked", vec![problem]);
        }
        // That is said of the roles.
        Principal::Gone(arn) => {
            let problem =
                Problem::warning(format!("what {} may do is not known: it is gone", arn::name(arn)));
            return Finding::new(check, arn::name(arn), vec![problem]);
        }
        Principal::Entity(arn) => arn::name(arn),
    };
    let mut problems = Vec::new();
    for (right, answer) in &answered.rights {
        if let Ok(verdicts) = answer {
            problems.extend(of_right(answered.who, name, right, verdicts));
        }
    }
    problems.extend(not_seen(answered.rights.iter().filter_map(|(_, answer)| answer.as_ref().err())));
    let actions: BTreeSet<&str> =
        answered.rights.iter().flat_map(|(right, _)| right.actions.iter().copied()).collect();
    let what = match actions.len() {
        0 => format!("{name}: needs no right"),
        1 => format!("{name}: 1 action"),
        count => format!("{name}: {count} actions"),
    };
    Finding::new(check, what, problems)
}

/// What is wrong with a right: at most one problem for each kind of decision.
fn of_right(who: Who, name: &str, right: &Right, verdicts: &[Verdict]) -> Vec<Problem> {
    let of = |is: fn(&Decision) -> bool| {
        verdicts.iter().filter(|verdict| is(&verdict.decision)).collect::<Vec<_>>()
    };
    let without = &right.without;
    let mut problems = Vec::new();
    let denied = of(|decision| *decision == Decision::Denied);
    if !denied.is_empty() {
        let what = format!("{name} is denied {}: {without}", listed(&denied));
        problems.push(
            Problem::failed(what).hint("a policy denies it explicitly, so that allowing it does not help"),
        );
    }
    let missing = of(|decision| *decision == Decision::NotAllowed);
    if !missing.is_empty() {
        let what = format!("no policy allows {name} {}: {without}", listed(&missing));
        problems.push(match who {
            _ if right.elsewhere => Problem::warning(what)
                .hint("unless a policy of the resource allows it, which the simulator does not see"),
            Who::Caller => Problem::failed(what)
                .hint(format!("`wharf policy --for release` prints all that {name} needs for releases")),
            Who::Execution | Who::Deployment => {
                Problem::failed(what).hint(format!("allow it in a policy of {name}"))
            }
        });
    }
    let limits = [
        (Limit::Boundary, "its permissions boundary does"),
        (Limit::ServiceControl, "the service control policies do"),
    ];
    for (limit, does) in limits {
        let is_outside = |verdict: &&Verdict| verdict.decision == Decision::Outside(limit);
        let outside: Vec<&Verdict> = verdicts.iter().filter(is_outside).collect();
        if !outside.is_empty() {
            let what = format!("{name} may not {}, as {does} not allow it: {without}", listed(&outside));
            let hint = format!("a policy of {name} cannot allow it beyond that: allow it there");
            problems.push(Problem::failed(what).hint(hint));
        }
    }
    let depends = of(|decision| matches!(decision, Decision::Depends(_)));
    if !depends.is_empty() {
        let keys: BTreeSet<&str> = depends
            .iter()
            .flat_map(|verdict| match &verdict.decision {
                Decision::Depends(keys) => keys.iter().map(String::as_str).collect::<Vec<_>>(),
                _ => Vec::new(),
            })
            .collect();
        let keys = keys.into_iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let what = format!("whether {name} may {} depends on {keys}", listed(&depends));
        problems.push(Problem::warning(what).hint("IAM's simulator does not know their values"));
    }
    problems
}

/// `ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on arn:…`
fn listed(verdicts: &[&Verdict]) -> String {
    let actions: BTreeSet<&str> = verdicts.iter().map(|verdict| verdict.action.as_str()).collect();
    let resources: BTreeSet<&str> = verdicts.iter().map(|verdict| verdict.resource.as_str()).collect();
    let list = |items: BTreeSet<&str>| items.into_iter().collect::<Vec<_>>().join(", ");
    format!("{} on {}", list(actions), list(resources))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Look, Unseen};
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told};

    const ROLE: &str = "arn:aws:iam::123456789012:role/execution";

    fn with(right: Right, decision: Decision) -> Finding {
        let verdict = |action: &&str| Verdict {
            action: (*action).into(),
            resource: "*".into(),
            decision: decision.clone(),
        };
        let verdicts = right.actions.iter().map(verdict).collect();
        of_one(&answered(Who::Execution, Principal::Entity(ROLE.into()), vec![(right, Ok(verdicts))]))
    }

    fn answered(who: Who, principal: Principal, rights: Vec<(Right, Look<Vec<Verdict>>)>) -> Answered {
        Answered { who, principal, rights }
    }

    fn right() -> Right {
        Right::new(
            &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            ["*".to_owned()],
            "images cannot be pulled",
        )
    }

    #[test]
    fn what_is_not_allowed_fails() {
        let fine = with(right(), Decision::Allowed);
        assert_eq!((fine.result, fine.what.as_str()), (Outcome::Ok, "execution: 2 actions"));
        let actions = "ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on *";
        for (decision, words) in [
            (
                Decision::NotAllowed,
                format!("failed: no policy allows execution {actions}: images cannot be pulled"),
            ),
            (Decision::Denied, format!("failed: execution is denied {actions}: images cannot be pulled")),
            (
                Decision::Outside(Limit::Boundary),
                format!(
                    "failed: execution may not {actions}, as its permissions boundary does not allow it: images cannot be \
                     pulled"
                ),
            ),
            (
                Decision::Depends(vec!["aws:SourceIp".into()]),
                format!("warning: whether execution may {actions} depends on `aws:SourceIp`"),
            ),
        ] {
            assert_eq!(told(&with(right(), decision)), [words]);
        }
    }

    #[test]
    fn a_policy_of_the_resource_may_allow_it() {
        assert_eq!(with(right().or_elsewhere(), Decision::NotAllowed).result, Outcome::Warning);
        assert_eq!(with(right().or_elsewhere(), Decision::Denied).result, Outcome::Failed);
    }

    #[test]
    fn whoever_may_not_ask_is_warned_once() {
        let unseen = || Err(Unseen { action: "iam:SimulatePrincipalPolicy".into(), why: None });
        let mut facts = facts();
        let role = || Principal::Entity(ROLE.into());
        facts.rights = vec![
            answered(Who::Execution, role(), vec![(right(), unseen())]),
            answered(Who::Caller, role(), vec![(right(), unseen())]),
        ];
        let findings = check(&facts);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].check, findings[0].what.as_str()),
            (Check::Rights, "not checked: caller, execution role")
        );
        assert_eq!(told(&findings[0]), ["warning: AWS denies the caller `iam:SimulatePrincipalPolicy`"]);
        facts.rights[1].rights = vec![(right(), Ok(Vec::new()))];
        let findings = check(&facts);
        let results: Vec<_> = findings.iter().map(|finding| (finding.check, finding.result)).collect();
        assert_eq!(results, [(Check::ExecutionRole, Outcome::Warning), (Check::Caller, Outcome::Ok)]);
    }

    #[test]
    fn root_may_do_everything_and_others_are_unknown() {
        assert_eq!(of_one(&answered(Who::Caller, Principal::Root, vec![])).result, Outcome::Ok);
        let unknown = of_one(&answered(Who::Caller, Principal::Unknown("no".into()), vec![]));
        assert_eq!(unknown.result, Outcome::Warning);
    }
}
