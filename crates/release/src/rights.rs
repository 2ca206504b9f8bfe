//! What releases ask of AWS: which actions, and on what. No I/O.
//!
//! Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>.

use crate::pipeline::PipelineTarget;
use crate::target::{Controller, Target};
use std::collections::BTreeSet;
use wharf_aws::policy::Place;

/// Actions that whoever releases needs on resources: all of these on all of those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The actions.
    pub actions: &'static [&'static str],
    /// ARNs, with `*` for ids that AWS makes; only `*` where AWS knows no resource.
    pub resources: Vec<String>,
    /// The ARN of the cluster, where requests name one: what the condition key `ecs:cluster` has.
    pub cluster: Option<String>,
    /// What happens without: `wharf cannot push`.
    pub without: &'static str,
    /// Whether it only reads.
    pub reads: bool,
}

/// What is known beside a target.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// Where it is.
    pub place: &'a Place,
    /// The name of the group's deployment configuration.
    pub configuration: Option<&'a str>,
    /// Where tasks write logs: groups with streams, which may be patterns.
    pub logs: BTreeSet<(String, String)>,
}

const WHY: &str = "wharf cannot tell why a release failed";
const WHO: &str = "wharf cannot see who serves";
const MOVE: &str = "wharf cannot deploy, promote or roll back";

const LOOKS: &[&str] = &[
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
];

const DEPLOYMENTS: &[&str] = &[
    "codedeploy:BatchGetDeployments",
    "codedeploy:GetDeployment",
    "codedeploy:GetDeploymentGroup",
    "codedeploy:ListDeployments",
];

const TARGETS: &[&str] = &["codedeploy:BatchGetDeploymentTargets"];

const MOVES: &[&str] = &["codedeploy:ContinueDeployment", "codedeploy:StopDeployment"];

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

/// What whoever runs `wharf release` on a target needs. Where a deployment is whose revision is in S3, `s3:GetObject` of that
/// is needed, too: it says which.
pub fn rights(target: &Target, known: &Known<'_>) -> Vec<Right> {
    let arn = |service: &str, resource: &str| known.place.arn(service, resource);
    let (cluster, service) = (&target.cluster, &target.service);
    let in_cluster =
        |right: Right| Right { cluster: Some(arn("ecs", &format!("cluster/{cluster}"))), ..right };
    let mut rights = vec![
        Right::reading(LOOKS, "*".to_owned(), WHO),
        Right::reading(&["ecs:DescribeServices"], arn("ecs", &format!("service/{cluster}/{service}")), WHO),
        in_cluster(Right::reading(&["ecs:ListTasks"], "*".to_owned(), WHY)),
        in_cluster(Right::reading(&["ecs:DescribeTasks"], arn("ecs", &format!("task/{cluster}/*")), WHY)),
    ];
    let builds = target.pipeline.iter().flat_map(|pipeline| &pipeline.projects);
    let built = builds.map(|project| (project.log_group.clone(), "*".to_owned()));
    let logs: BTreeSet<(String, String)> = known.logs.iter().cloned().chain(built).collect();
    if !logs.is_empty() {
        let stream = |(group, stream): &(String, String)| {
            arn("logs", &format!("log-group:{group}:log-stream:{stream}"))
        };
        let resources = logs.iter().map(stream).collect();
        rights.push(Right { resources, ..Right::reading(&["logs:GetLogEvents"], String::new(), WHY) });
    }
    match &target.controller {
        Controller::CodeDeploy { application, group } => {
            rights.extend(by_codedeploy(application, group, known));
        }
        Controller::Ecs => rights.extend(by_ecs(cluster, service, known).map(in_cluster)),
    }
    rights.extend(target.pipeline.iter().flat_map(|pipeline| of_pipeline(pipeline, known.place)));
    rights
}

fn by_codedeploy(application: &str, group: &str, known: &Known<'_>) -> Vec<Right> {
    let arn = |resource: String| known.place.arn("codedeploy", &resource);
    let group = arn(format!("deploymentgroup:{application}/{group}"));
    let application = arn(format!("application:{application}"));
    let mut rights = vec![
        Right::reading(DEPLOYMENTS, group.clone(), MOVE),
        Right::reading(TARGETS, "*".to_owned(), MOVE),
        Right::reading(&["codedeploy:GetApplicationRevision"], application.clone(), "wharf cannot roll back"),
        Right::changing(&["codedeploy:CreateDeployment"], group, MOVE),
        Right::changing(&["codedeploy:RegisterApplicationRevision"], application, "wharf cannot roll back"),
        Right::changing(MOVES, "*".to_owned(), MOVE),
    ];
    if let Some(configuration) = known.configuration {
        let configuration = arn(format!("deploymentconfig:{configuration}"));
        rights.push(Right::reading(
            &["codedeploy:GetDeploymentConfig"],
            configuration,
            "wharf cannot deploy",
        ));
    }
    rights
}

fn by_ecs(cluster: &str, service: &str, known: &Known<'_>) -> impl Iterator<Item = Right> {
    let of = |kind: &str| known.place.arn("ecs", &format!("{kind}/{cluster}/{service}"));
    // AWS asks for the service as well.
    let with_service = |right: Right, kind: &str| {
        let resources = vec![of("service"), format!("{}/*", of(kind))];
        Right { resources, ..right }
    };
    let reading = |actions| Right::reading(actions, of("service"), MOVE);
    let changing = |actions| Right::changing(actions, of("service"), MOVE);
    let rights = [
        reading(&["ecs:ListServiceDeployments"]),
        with_service(reading(&["ecs:DescribeServiceDeployments"]), "service-deployment"),
        with_service(reading(&["ecs:DescribeServiceRevisions"]), "service-revision"),
        changing(&["ecs:UpdateService"]),
        with_service(
            changing(&["ecs:ContinueServiceDeployment", "ecs:StopServiceDeployment"]),
            "service-deployment",
        ),
    ];
    rights.into_iter()
}

fn of_pipeline(pipeline: &PipelineTarget, place: &Place) -> Vec<Right> {
    let mut rights = vec![Right::reading(
        PIPELINE,
        place.arn("codepipeline", &pipeline.name),
        "wharf cannot see how the pipeline stands",
    )];
    if let Some(source) = &pipeline.source {
        rights.push(Right::changing(
            COMMITS,
            place.arn("codecommit", &source.repository),
            "wharf cannot push",
        ));
    }
    if !pipeline.projects.is_empty() {
        let projects = pipeline.projects.iter();
        let resources =
            projects.map(|project| place.arn("codebuild", &format!("project/{}", project.name))).collect();
        rights.push(Right { resources, ..Right::reading(&["codebuild:BatchGetBuilds"], String::new(), WHY) });
    }
    rights
}

impl Right {
    fn reading(actions: &'static [&'static str], resource: String, without: &'static str) -> Self {
        Right { actions, resources: vec![resource], cluster: None, without, reads: true }
    }

    fn changing(actions: &'static [&'static str], resource: String, without: &'static str) -> Self {
        Right { reads: false, ..Right::reading(actions, resource, without) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::target;
    use crate::pipeline::{Project, Source};
    use std::path::Path;

    fn of(controller: Controller) -> Vec<Right> {
        let place = Place { partition: "aws".into(), region: "eu-central-1".into(), account: "1".into() };
        let logs = BTreeSet::from([("/ecs/web".to_owned(), "*".to_owned())]);
        let known = Known { place: &place, configuration: Some("CodeDeployDefault.ECSAllAtOnce"), logs };
        let pipeline = PipelineTarget {
            address: "pipeline".parse().unwrap(),
            name: "shop".into(),
            source: Some(Source { repository: "shop".into(), branch: "main".into() }),
            projects: vec![Project { name: "build".into(), log_group: "builds".into() }],
        };
        rights(&Target { pipeline: Some(pipeline), ..target(controller, "web") }, &known)
    }

    fn codedeploy() -> Controller {
        Controller::CodeDeploy { application: "shop".into(), group: "web".into() }
    }

    /// What is not in the list although `wharf release` asks for it.
    const UNKNOWN: &[&str] = &[
        // Whose bucket a revision is in is known only when there is one.
        "s3:GetObject",
    ];

    #[test]
    fn every_action_that_releases_ask_for_is_there() {
        let mut asked = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(path).unwrap();
                let named = text.split(".named(\"").skip(1).filter_map(|rest| rest.split_once('"'));
                asked
                    .extend(named.map(|(action, _)| action.to_owned()).filter(|action| action.contains(':')));
            }
        }
        assert!(asked.contains("codedeploy:CreateDeployment"), "{asked:?}");
        let rights = [of(codedeploy()), of(Controller::Ecs)].concat();
        let listed = rights.into_iter().flat_map(|right| right.actions).copied();
        let needs: BTreeSet<&str> = listed.chain(UNKNOWN.iter().copied()).collect();
        let missing: Vec<&String> = asked.iter().filter(|action| !needs.contains(action.as_str())).collect();
        assert!(missing.is_empty(), "wharf release asks for {missing:?}");
    }

    #[test]
    fn who_only_looks_changes_nothing() {
        for controller in [codedeploy(), Controller::Ecs] {
            for right in of(controller) {
                for action in right.actions {
                    let (_, name) = action.split_once(':').unwrap();
                    let looks =
                        ["Describe", "Get", "List", "BatchGet"].iter().any(|verb| name.starts_with(verb));
                    // What is read only to push is of no use to anybody else.
                    let is_read = looks && !action.starts_with("codecommit:");
                    assert_eq!(right.reads, is_read, "{action}");
                }
            }
        }
    }

    #[test]
    fn logs_of_builds_are_read_as_well() {
        let all = of(codedeploy());
        let logs = all.iter().find(|right| right.actions == ["logs:GetLogEvents"]).unwrap();
        let of_group = |name: &str| format!("arn:aws:logs:eu-central-1:1:log-group:{name}:log-stream:*");
        assert_eq!(logs.resources, [of_group("/ecs/web"), of_group("builds")]);
    }
}
