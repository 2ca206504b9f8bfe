//! What IAM's simulator says of the rights that are needed.
//!
//! Source: `iam:SimulatePrincipalPolicy`,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html>.

use super::roles::of_session;
use crate::facts::{Facts, Look, seen as or_unseen};
use crate::needs::roles::{is_here, with_tasks};
use crate::needs::{caller, deployment, execution};
use crate::right::{Answered, Decision, Limit, Principal, Right, Verdict, Who};
use aws_sdk_iam::types as sdk;
use wharf_aws::{Clients, Named};
use wharf_provider::{Error, ErrorKind, Result};

/// The answers for the execution roles, the deployment group's role and the caller.
pub(super) async fn seen(clients: &Clients, facts: &Facts) -> Result<Vec<Answered>> {
    let mut wanted: Vec<(Who, Principal, Vec<Right>)> = Vec::new();
    for role in with_tasks(facts) {
        let rights = execution::rights(facts, &role);
        wanted.push((Who::Execution, Principal::Entity(role), rights));
    }
    if let Some(group) = facts.group.iter().flatten().find(|group| is_here(&group.role, &facts.subject)) {
        wanted.push((Who::Deployment, Principal::Entity(group.role.clone()), deployment::rights(facts)));
    }
    if let Some(role) = facts.subject.infrastructure_role().filter(|arn| is_here(arn, &facts.subject)) {
        wanted.push((Who::Deployment, Principal::Entity(role.to_owned()), deployment::infrastructure(facts)));
    }
    wanted.push((Who::Caller, principal(clients, &facts.subject.caller).await?, caller::rights(facts)));
    // Those of one principal one after the other: the simulator is soon asked too often.
    let each = wanted.into_iter().map(|(who, principal, rights)| answered(clients, who, principal, rights));
    futures::future::try_join_all(each).await
}

/// Whose policies count for a caller.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>.
async fn principal(clients: &Clients, arn: &str) -> Result<Principal> {
    let resource = crate::arn::resource(arn).unwrap_or_default();
    if resource == "root" {
        return Ok(Principal::Root);
    }
    if resource.starts_with("user/") {
        return Ok(Principal::Entity(arn.to_owned()));
    }
    let Some(name) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next()) else {
        return Ok(Principal::Unknown(format!("{arn} is neither a user nor a role")));
    };
    Ok(match of_session(clients, name).await? {
        Ok(Some(arn)) => Principal::Entity(arn),
        Ok(None) => Principal::Unknown(format!("the role {name} is in another account")),
        Err(unseen) => Principal::Unknown(format!("AWS denies the caller `{}`", unseen.action)),
    })
}

async fn answered(clients: &Clients, who: Who, principal: Principal, rights: Vec<Right>) -> Result<Answered> {
    let Principal::Entity(arn) = &principal else {
        return Ok(Answered { who, principal, rights: Vec::new() });
    };
    let mut all: Vec<(Right, Look<Vec<Verdict>>)> = Vec::new();
    for right in rights {
        match simulated(clients, arn, &right).await {
            Err(error) if error.kind == ErrorKind::NotFound => {
                return Ok(Answered { who, principal: Principal::Gone(arn.clone()), rights: Vec::new() });
            }
            answer => {
                let answer = or_unseen(answer)?;
                // Denied once, denied for the rest.
                let is_unseen = answer.is_err();
                all.push((right, answer));
                if is_unseen {
                    break;
                }
            }
        }
    }
    Ok(Answered { who, principal, rights: all })
}

async fn simulated(clients: &Clients, principal: &str, right: &Right) -> Result<Vec<Verdict>> {
    let context = right.context.iter().map(|(key, value)| {
        sdk::ContextEntry::builder()
            .context_key_name(*key)
            .context_key_values(value)
            .context_key_type(sdk::ContextKeyTypeEnum::String)
            .build()
    });
    let context: Vec<sdk::ContextEntry> = context.collect();
    let mut verdicts = Vec::new();
    let mut page = None;
    loop {
        let request = clients
            .iam()
            .simulate_principal_policy()
            .policy_source_arn(principal)
            .set_action_names(Some(right.actions.iter().map(|action| (*action).to_owned()).collect()))
            .set_resource_arns(Some(right.resources.clone()))
            .set_context_entries((!context.is_empty()).then(|| context.clone()))
            .set_marker(page.take());
        let answer = request.send().await.named("iam:SimulatePrincipalPolicy")?;
        for result in answer.evaluation_results.into_iter().flatten() {
            verdicts.extend(of_result(result)?);
        }
        page = answer.marker.filter(|_| answer.is_truncated);
        if page.is_none() {
            return Ok(verdicts);
        }
    }
}

/// One verdict for each resource, if it tells them apart.
fn of_result(result: sdk::EvaluationResult) -> Result<Vec<Verdict>> {
    let action = result.eval_action_name;
    let by_organization = result.organizations_decision_detail.map(|detail| detail.allowed_by_organizations);
    let one =
        |resource: Option<String>, decision, missing: Option<Vec<String>>, by_boundary: Option<bool>| {
            let decision = match decided(decision, missing.unwrap_or_default())? {
                Decision::NotAllowed if by_organization == Some(false) => {
                    Decision::Outside(Limit::ServiceControl)
                }
                Decision::NotAllowed if by_boundary == Some(false) => Decision::Outside(Limit::Boundary),
                decision => decision,
            };
            let resource = resource.unwrap_or_else(|| "*".to_owned());
            Ok(Verdict { action: action.clone(), resource, decision })
        };
    let each = result.resource_specific_results.unwrap_or_default();
    if each.is_empty() {
        return Ok(vec![one(
            result.eval_resource_name,
            result.eval_decision,
            result.missing_context_values,
            boundary(result.permissions_boundary_decision_detail),
        )?]);
    }
    each.into_iter()
        .map(|result| {
            let resource = Some(result.eval_resource_name);
            let by_boundary = boundary(result.permissions_boundary_decision_detail);
            one(resource, result.eval_resource_decision, result.missing_context_values, by_boundary)
        })
        .collect()
}

/// Whether the permissions boundary allows it; none if there is no boundary.
fn boundary(detail: Option<sdk::PermissionsBoundaryDecisionDetail>) -> Option<bool> {
    detail.map(|detail| detail.allowed_by_permissions_boundary)
}

fn decided(decision: sdk::PolicyEvaluationDecisionType, missing: Vec<String>) -> Result<Decision> {
    use sdk::PolicyEvaluationDecisionType as Type;
    match decision {
        Type::Allowed => Ok(Decision::Allowed),
        Type::ExplicitDeny => Ok(Decision::Denied),
        Type::ImplicitDeny if missing.is_empty() => Ok(Decision::NotAllowed),
        Type::ImplicitDeny => Ok(Decision::Depends(missing)),
        other => Err(Error::internal(format!("IAM's simulator decided `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::PolicyEvaluationDecisionType as Type;

    #[test]
    fn a_deny_for_want_of_a_value_is_none() {
        let decided = |decision, missing: &[&str]| {
            decided(decision, missing.iter().map(|key| (*key).to_owned()).collect()).unwrap()
        };
        assert_eq!(decided(Type::Allowed, &["aws:SourceIp"]), Decision::Allowed);
        assert_eq!(decided(Type::ImplicitDeny, &[]), Decision::NotAllowed);
        assert_eq!(
            decided(Type::ImplicitDeny, &["aws:SourceIp"]),
            Decision::Depends(vec!["aws:SourceIp".into()])
        );
        assert_eq!(decided(Type::ExplicitDeny, &["aws:SourceIp"]), Decision::Denied);
    }

    #[test]
    fn what_limits_a_right_is_told_from_what_gives_it() {
        let result = |decision| {
            let boundary = sdk::PermissionsBoundaryDecisionDetail::builder();
            sdk::EvaluationResult::builder()
                .eval_action_name("ecs:CreateTaskSet")
                .eval_decision(decision)
                .permissions_boundary_decision_detail(boundary.allowed_by_permissions_boundary(false).build())
        };
        let decision = |result: sdk::EvaluationResult| of_result(result).unwrap().remove(0).decision;
        let boundary = Decision::Outside(Limit::Boundary);
        assert_eq!(decision(result(Type::ImplicitDeny).build().unwrap()), boundary);
        assert_eq!(decision(result(Type::ExplicitDeny).build().unwrap()), Decision::Denied);
        let organization =
            sdk::OrganizationsDecisionDetail::builder().allowed_by_organizations(false).build();
        let both = result(Type::ImplicitDeny).organizations_decision_detail(organization).build().unwrap();
        assert_eq!(decision(both), Decision::Outside(Limit::ServiceControl));
    }

    #[test]
    fn each_resource_has_its_verdict() {
        let of = |resource: &str, decision| {
            let result = sdk::ResourceSpecificResult::builder().eval_resource_name(resource);
            result.eval_resource_decision(decision).build().unwrap()
        };
        let result = sdk::EvaluationResult::builder()
            .eval_action_name("iam:PassRole")
            .eval_decision(Type::ImplicitDeny);
        let both = result.clone().resource_specific_results(of("a", Type::Allowed));
        let both =
            of_result(both.resource_specific_results(of("b", Type::ImplicitDeny)).build().unwrap()).unwrap();
        let shown: Vec<_> =
            both.iter().map(|verdict| (verdict.resource.as_str(), &verdict.decision)).collect();
        assert_eq!(shown, [("a", &Decision::Allowed), ("b", &Decision::NotAllowed)]);
        let one = of_result(result.eval_resource_name("a").build().unwrap()).unwrap();
        assert_eq!((one.len(), one[0].resource.as_str()), (1, "a"));
    }
}
