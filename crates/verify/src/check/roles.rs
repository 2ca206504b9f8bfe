//! Whether roles exist and can be assumed by who works with them.

use crate::arn;
use crate::facts::Facts;
use crate::finding::{Check, Finding, Problem, not_seen};
use crate::needs::roles::{assumed, is_here};
use crate::subject::Assumed;
use crate::trust::{self, Trust};

pub(super) fn check(facts: &Facts) -> Finding {
    let roles = assumed(facts);
    let mut problems = Vec::new();
    let mut unseen = Vec::new();
    let mut shown = Vec::new();
    for assumed in &roles {
        let name = arn::name(&assumed.arn);
        if !is_here(&assumed.arn, &facts.subject) {
            shown.push(format!("{name} (not checked: in another account)"));
            continue;
        }
        shown.push(name.to_owned());
        match facts.roles.get(&assumed.arn) {
            Some(Ok(Some(document))) => {
                let trust = trust::of(document, assumed.service, &facts.subject.account);
                problems.extend(of_trust(facts, assumed, &trust));
            }
            Some(Ok(None)) => {
                let what = format!("the role {name} of {} is gone", assumed.purpose);
                let hint =
                    facts.subject.mend("aws_iam_role", &assumed.arn, "make it again, or name another one");
                problems.push(Problem::failed(what).hint(hint));
            }
            Some(Err(denied)) => unseen.push(denied),
            None => {}
        }
    }
    problems.extend(facts.definitions.as_ref().err().map(|denied| not_seen([denied])).unwrap_or_default());
    problems.extend(not_seen(unseen));
    shown.dedup();
    Finding::new(Check::Roles, shown.join(", "), problems)
}

fn of_trust(facts: &Facts, assumed: &Assumed, trust: &Trust) -> Option<Problem> {
    let Assumed { arn, service, purpose } = assumed;
    let name = arn::name(arn);
    match trust {
        Trust::Yes => None,
        Trust::No => {
            let what = format!("the role {name} of {purpose} cannot be assumed by {service}");
            let otherwise = format!("its trust policy has to allow `sts:AssumeRole` to {service}");
            Some(Problem::failed(what).hint(facts.subject.mend("aws_iam_role", arn, &otherwise)))
        }
        Trust::Depends(keys) => {
            let keys = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            let what = format!("whether {service} can assume the role {name} of {purpose} depends on {keys}");
            Some(
                Problem::warning(what).hint("wharf understands `aws:SourceAccount` and `aws:SourceArn` only"),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Unseen;
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told};
    use serde_json::{Value, json};

    const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

    fn with(found: Result<Option<Value>, Unseen>) -> Vec<String> {
        let mut facts = facts();
        facts.roles.insert(ROLE.into(), found);
        told(&check(&facts))
    }

    #[test]
    fn each_is_there_and_trusts_its_service() {
        let finding = check(&facts());
        assert_eq!(
            (finding.result, finding.what.as_str()),
            (Outcome::Ok, "execution, task, deploy, pipeline")
        );
        assert_eq!(with(Ok(None)), ["failed: the role deploy of the deployment group is gone"]);
        let statement = |condition: Value| {
            json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "codedeploy.amazonaws.com"},
                "Action": "sts:AssumeRole", "Condition": condition}})
        };
        assert_eq!(
            with(Ok(Some(statement(json!({"StringEquals": {"aws:SourceAccount": "999999999999"}}))))),
            ["failed: the role deploy of the deployment group cannot be assumed by codedeploy.amazonaws.com"]
        );
        assert_eq!(
            with(Ok(Some(statement(json!({"StringEquals": {"sts:ExternalId": "x"}}))))),
            [
                "warning: whether codedeploy.amazonaws.com can assume the role deploy of the deployment group depends on \
              `sts:ExternalId`"
            ]
        );
    }

    #[test]
    fn what_cannot_be_seen_is_no_failure() {
        let unseen = Unseen { action: "iam:GetRole".into(), why: None };
        assert_eq!(with(Err(unseen)), ["warning: AWS denies the caller `iam:GetRole`"]);
        let mut facts = facts();
        let elsewhere = "arn:aws:iam::999999999999:role/pipeline";
        facts.subject.roles[0].arn = elsewhere.into();
        let finding = check(&facts);
        assert_eq!(finding.result, Outcome::Ok);
        assert!(finding.what.ends_with("pipeline (not checked: in another account)"), "{}", finding.what);
    }
}
