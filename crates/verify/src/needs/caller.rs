//! What whoever releases needs.
//!
//! Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>.

use crate::facts::Facts;
use crate::right::Right;
use std::collections::BTreeSet;
use wharf_release::Controller;

const WHY: &str = "wharf cannot tell why a release failed";

const LOOKS: &[&str] = &[
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
];

const DEPLOYS: &[&str] = &[
    "codedeploy:BatchGetDeployments",
    "codedeploy:CreateDeployment",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:ListDeployments",
];

/// What takes no resource.
const MOVES: &[&str] =
    &["codedeploy:BatchGetDeploymentTargets", "codedeploy:ContinueDeployment", "codedeploy:StopDeployment"];

const SERVICE_DEPLOYS: &[&str] =
    &["ecs:ContinueServiceDeployment", "ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment"];

const REVISIONS: &[&str] = &["codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"];

const PIPELINE: &[&str] = &[
    "codepipeline:GetPipelineState",
    "codepipeline:ListActionExecutions",
    "codepipeline:ListPipelineExecutions",
];

const COMMITS: &[&str] = &[
    "codecommit:CreateBranch",
    "codecommit:CreateCommit",
    "codecommit:DeleteBranch",
    "codecommit:GetBranch",
    "codecommit:GetCommit",
    "codecommit:GetFolder",
    "codecommit:GetRepository",
    "codecommit:MergeBranchesByFastForward",
    "codecommit:UpdateDefaultBranch",
];

/// What whoever runs `wharf release` needs.
pub(crate) fn rights(facts: &Facts) -> Vec<Right> {
    let subject = &facts.subject;
    let target = &subject.target;
    let (cluster, service) = (&target.cluster, &target.service);
    let cluster_arn = subject.arn("ecs", &format!("cluster/{cluster}"));
    let mut rights = vec![
        Right::new(LOOKS, ["*".to_owned()], "wharf cannot see who serves"),
        Right::new(
            &["ecs:DescribeServices"],
            [subject.arn("ecs", &format!("service/{cluster}/{service}"))],
            "wharf cannot see who serves",
        ),
        Right::new(&["ecs:ListTasks"], ["*".to_owned()], WHY).with("ecs:cluster", &cluster_arn),
        Right::new(
            &["ecs:DescribeTasks"],
            [subject.arn("ecs", &format!("task/{cluster}/00000000000000000000000000000000"))],
            WHY,
        )
        .with("ecs:cluster", &cluster_arn),
    ];
    let groups: BTreeSet<String> = facts
        .containers()
        .filter_map(|(_, container)| container.log.as_ref())
        .map(|log| subject.arn("logs", &format!("log-group:{}:log-stream:{}", log.group.name, log.stream)))
        .collect();
    if !groups.is_empty() {
        rights.push(Right::new(&["logs:GetLogEvents"], groups, WHY));
    }
    if let Some((application, group)) = subject.group() {
        let group = subject.arn("codedeploy", &format!("deploymentgroup:{application}/{group}"));
        let without = "wharf cannot deploy, promote or roll back";
        rights.push(Right::new(DEPLOYS, [group], without));
        rights.push(Right::new(MOVES, ["*".to_owned()], without));
        let application = subject.arn("codedeploy", &format!("application:{application}"));
        rights.push(Right::new(REVISIONS, [application], "wharf cannot roll back"));
        if let Ok(Some(found)) = &facts.group {
            let configuration =
                subject.arn("codedeploy", &format!("deploymentconfig:{}", found.configuration));
            rights.push(Right::new(
                &["codedeploy:GetDeploymentConfig"],
                [configuration],
                "wharf cannot deploy",
            ));
        }
    }
    if target.controller == Controller::Ecs {
        let without = "wharf cannot deploy, promote or roll back";
        let of_service = |right: Right| right.with("ecs:cluster", &cluster_arn);
        let service_arn = subject.arn("ecs", &format!("service/{cluster}/{service}"));
        let of =
            |kind: &str| subject.arn("ecs", &format!("{kind}/{cluster}/{service}/0000000000000000000000"));
        rights.push(of_service(Right::new(
            &["ecs:ListServiceDeployments", "ecs:UpdateService"],
            [service_arn],
            without,
        )));
        rights.push(of_service(Right::new(SERVICE_DEPLOYS, [of("service-deployment")], without)));
        rights.push(of_service(Right::new(
            &["ecs:DescribeServiceRevisions"],
            [of("service-revision")],
            without,
        )));
    }
    if let Some(pipeline) = &target.pipeline {
        let arn = subject.arn("codepipeline", &pipeline.name);
        rights.push(Right::new(PIPELINE, [arn], "wharf cannot see how the pipeline stands"));
        if let Some(source) = &pipeline.source {
            let arn = subject.arn("codecommit", &source.repository);
            rights.push(Right::new(COMMITS, [arn], "wharf cannot push"));
        }
        let projects: Vec<String> = subject
            .projects
            .iter()
            .map(|name| subject.arn("codebuild", &format!("project/{name}")))
            .collect();
        if !projects.is_empty() {
            rights.push(Right::new(&["codebuild:BatchGetBuilds"], projects, WHY));
        }
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::facts;
    use crate::right::flat;
    use std::path::Path;

    #[test]
    fn what_moves_a_deployment_cannot_be_limited_to_its_group() {
        let all = flat(&rights(&facts()));
        let group = "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/group";
        assert!(all.contains(&"codedeploy:StopDeployment *".to_owned()), "{all:?}");
        assert!(all.contains(&format!("codedeploy:CreateDeployment {group}")), "{all:?}");
    }

    /// What is not in the list although `wharf release` asks for it.
    const UNKNOWN: &[&str] = &[
        // Whose bucket a revision is in is known only when there is one.
        "s3:GetObject",
    ];

    #[test]
    fn whoever_releases_needs_every_action_that_releases_ask_for() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../release/src");
        let mut asked = BTreeSet::new();
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(path).unwrap();
                let named = text.split(".named(\"").skip(1).filter_map(|rest| rest.split_once('"'));
                asked.extend(named.map(|(action, _)| action.to_owned()));
            }
        }
        assert!(asked.contains("codedeploy:CreateDeployment"), "{asked:?}");
        let by_codedeploy = facts();
        let mut by_ecs = facts();
        by_ecs.subject.target.controller = Controller::Ecs;
        let rights = [rights(&by_codedeploy), rights(&by_ecs)].concat();
        let needs: BTreeSet<&str> =
            rights.into_iter().flat_map(|right| right.actions).chain(UNKNOWN.iter().copied()).collect();
        let missing: Vec<&String> = asked.iter().filter(|action| !needs.contains(action.as_str())).collect();
        assert!(missing.is_empty(), "wharf release asks for {missing:?}, and wharf verify does not know");
    }
}
