//! The pipelines that deploy to a target, as the state knows them.

use crate::target::{Controller, Target, first, text, texts};
use std::collections::{BTreeMap, BTreeSet};
use wharf_core::{Address, Map, Value};
use wharf_state::Snapshot;

/// A pipeline, with where it gets its application from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineTarget {
    /// Its address.
    pub address: Address,
    /// Its name.
    pub name: String,
    /// The repository of CodeCommit that it builds, if it does.
    pub source: Option<Source>,
    /// Its build projects, by their names.
    pub projects: Vec<Project>,
}

/// A branch of a repository of CodeCommit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The repository's name.
    pub repository: String,
    /// The branch.
    pub branch: String,
}

/// A build project of CodeBuild.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// The log group that its builds write to.
    pub log_group: String,
}

/// The pipelines that deploy to a target, by their addresses.
pub fn pipelines(snapshot: &Snapshot, target: &Target) -> Vec<PipelineTarget> {
    let records = || snapshot.resources.iter().filter(|(_, record)| record.id.is_some());
    let of_type = |name: &'static str| records().filter(move |(_, record)| record.resource_type == name);
    let pipelines = of_type("aws_codepipeline").filter_map(|(address, record)| {
        let mut found = pipeline_to(target, address, &record.attributes)?;
        for project in &mut found.projects {
            let mut all = of_type("aws_codebuild_project").map(|(_, record)| &record.attributes);
            let known = all.find(|known| text(known, "name") == Some(project.name.as_str()));
            if let Some(log_group) = known.and_then(log_group) {
                log_group.clone_into(&mut project.log_group);
            }
        }
        Some(found)
    });
    pipelines.collect()
}

fn log_group(project: &Map) -> Option<&str> {
    text(first(first(project, "logs_config")?, "cloudwatch_logs")?, "group_name")
}

/// The pipeline, if one of its actions deploys to a target: `CodeDeployToECS` to a deployment group, `ECS` to a service.
///
/// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECS.html>.
fn pipeline_to(target: &Target, address: &Address, attributes: &Map) -> Option<PipelineTarget> {
    let stages = attributes.get("stage")?.as_list()?;
    let actions: Vec<&Map> = stages
        .iter()
        .filter_map(|stage| stage.as_map()?.get("action")?.as_list())
        .flatten()
        .filter_map(Value::as_map)
        .collect();
    let settings = |action: &Map| -> BTreeMap<String, String> {
        let settings = action.get("configuration").and_then(Value::as_map);
        let pairs = settings.into_iter().flatten();
        pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    };
    let deploys = |action: &&&Map| {
        let settings = settings(action);
        let names = |name: &str, of: &str| settings.get(name).is_some_and(|found| found == of);
        match &target.controller {
            Controller::CodeDeploy { application, group } => {
                names("ApplicationName", application) && names("DeploymentGroupName", group)
            }
            Controller::Ecs => {
                text(action, "provider") == Some("ECS")
                    && names("ClusterName", &target.cluster)
                    && names("ServiceName", &target.service)
            }
        }
    };
    actions.iter().find(deploys)?;
    // Of several, the one that is built: others may have the templates.
    let built: Vec<String> = actions
        .iter()
        .filter(|action| text(action, "category") == Some("Build"))
        .flat_map(|action| texts(action.get("input_artifacts")))
        .collect();
    let sources: Vec<(bool, Source)> = actions
        .iter()
        .filter_map(|action| {
            let mut settings = settings(action);
            let is_source = text(action, "provider") == Some("CodeCommit");
            let repository = settings.remove("RepositoryName").filter(|_| is_source)?;
            let source = Source { repository, branch: settings.remove("BranchName")? };
            let made = texts(action.get("output_artifacts"));
            Some((made.iter().any(|artifact| built.contains(artifact)), source))
        })
        .collect();
    let source = sources.iter().find(|(is_built, _)| *is_built).or(sources.first());
    let source = source.map(|(_, source)| source.clone());
    let builds = actions.iter().filter(|action| text(action, "provider") == Some("CodeBuild"));
    let projects: BTreeSet<Project> = builds
        .filter_map(|action| settings(action).remove("ProjectName"))
        // Where builds write unless the project says otherwise.
        .map(|name| Project { log_group: format!("/aws/codebuild/{name}"), name })
        .collect();
    Some(PipelineTarget {
        address: address.clone(),
        name: text(attributes, "name")?.to_owned(),
        source,
        projects: projects.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::target;
    use serde_json::json;
    use wharf_state::Record;

    #[test]
    fn a_pipeline_deploys_to_the_service_that_it_names() {
        let target = |service: &str| target(Controller::Ecs, service);
        let source = json!({"provider": "CodeCommit",
            "configuration": {"RepositoryName": "app", "BranchName": "main"}});
        let deploy =
            json!({"provider": "ECS", "configuration": {"ClusterName": "shop", "ServiceName": "web"}});
        let stages = json!({"name": "shop", "stage": [{"action": [source]}, {"action": [deploy]}]});
        let stages = Value::from(stages).as_map().cloned().unwrap();
        let found = pipeline_to(&target("web"), &"pipeline".parse().unwrap(), &stages).unwrap();
        assert_eq!(found.source, Some(Source { repository: "app".into(), branch: "main".into() }));
        assert_eq!(pipeline_to(&target("other"), &"pipeline".parse().unwrap(), &stages), None);
    }
    #[test]
    fn builds_write_where_their_project_says() {
        let build = |name: &str| json!({"provider": "CodeBuild", "configuration": {"ProjectName": name}});
        let deploy =
            json!({"provider": "ECS", "configuration": {"ClusterName": "shop", "ServiceName": "web"}});
        let actions = json!([build("plain"), build("own"), deploy]);
        let logs = json!([{"cloudwatch_logs": [{"group_name": "/builds"}]}]);
        let mut snapshot = Snapshot::new("shop");
        for (address, resource_type, attributes) in [
            ("pipeline", "aws_codepipeline", json!({"name": "shop", "stage": [{"action": actions}]})),
            ("own", "aws_codebuild_project", json!({"name": "own", "logs_config": logs})),
            ("plain", "aws_codebuild_project", json!({"name": "plain"})),
        ] {
            let record = Record {
                resource_type: resource_type.into(),
                id: Some("id".into()),
                attributes: Value::from(attributes).as_map().cloned().unwrap(),
                ..Record::default()
            };
            snapshot.resources.insert(address.parse().unwrap(), record);
        }
        let found = pipelines(&snapshot, &target(Controller::Ecs, "web")).remove(0);
        let groups: Vec<&str> = found.projects.iter().map(|project| project.log_group.as_str()).collect();
        assert_eq!(groups, ["/builds", "/aws/codebuild/plain"]);
    }
}
