//! What the role needs with which ECS starts tasks.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html>.

use crate::facts::{Facts, Kept};
use crate::image::{Image, Place};
use crate::right::Right;
use crate::secret::{self, Source};
use crate::subject::Subject;
use std::collections::BTreeSet;

/// What an execution role needs to start the tasks of its task definitions.
pub(crate) fn rights(facts: &Facts, role: &str) -> Vec<Right> {
    let subject = &facts.subject;
    let of_role = facts.containers().filter(|(found, _)| found.execution_role.as_deref() == Some(role));
    let containers: Vec<_> = of_role.map(|(_, container)| container).collect();
    let pulled = containers.iter().filter_map(|container| match Image::parse(&container.image).place {
        Place::Ecr(repository) => Some(repository),
        Place::Elsewhere(_) => None,
    });
    let repositories =
        pulled.chain(subject.pushed.iter().cloned()).map(|found| found.arn(&subject.partition));
    let repositories: BTreeSet<String> = repositories.collect();
    let logs = containers.iter().filter_map(|container| container.log.as_ref());
    let streams: BTreeSet<String> = logs
        .map(|log| {
            let (region, group, stream) = (&log.group.region, &log.group.name, &log.stream);
            format!(
                "arn:{}:logs:{region}:{}:log-group:{group}:log-stream:{stream}",
                subject.partition, subject.account
            )
        })
        .collect();
    let creates = containers.iter().filter_map(|container| container.log.as_ref()).any(|log| log.creates);
    let mut rights = Vec::new();
    if !repositories.is_empty() {
        let without = "images cannot be pulled";
        rights.push(Right::new(&["ecr:GetAuthorizationToken"], ["*".to_owned()], without));
        let layers = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
        rights.push(Right::new(&layers, repositories, without));
    }
    if !streams.is_empty() {
        let mut actions = vec!["logs:CreateLogStream", "logs:PutLogEvents"];
        actions.extend(creates.then_some("logs:CreateLogGroup"));
        rights.push(Right::new(&actions, streams, "tasks cannot write their logs, and do not start"));
    }
    let sources: BTreeSet<Source> = containers
        .iter()
        .flat_map(|container| &container.secrets)
        .map(|(_, from)| secret::parse(from))
        .collect();
    rights.extend(secrets(facts, &sources));
    rights
}

fn secrets(facts: &Facts, sources: &BTreeSet<Source>) -> Vec<Right> {
    let subject = &facts.subject;
    let without = "containers do not get their secrets, and do not start";
    let arns = |is_secret: bool| -> Vec<String> {
        let of_kind = sources.iter().filter(|source| matches!(source, Source::Secret { .. }) == is_secret);
        of_kind.map(|source| source.arn(&subject.partition, &subject.region, &subject.account)).collect()
    };
    let keys = sources.iter().filter_map(|source| match facts.secrets.get(source) {
        Some(Ok(Kept::There { key: Some(key) })) => key_arn(key, subject),
        _ => None,
    });
    let keys: BTreeSet<String> = keys.collect();
    let of = |action: &'static str, resources: Vec<String>| {
        (!resources.is_empty()).then(|| Right::new(&[action], resources, without))
    };
    [
        of("secretsmanager:GetSecretValue", arns(true)).map(Right::or_elsewhere),
        of("ssm:GetParameters", arns(false)),
        of("kms:Decrypt", keys.into_iter().collect()).map(Right::or_elsewhere),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The ARN of a key of the customer's; AWS's own need no right, and an alias does not tell its key.
fn key_arn(key: &str, subject: &Subject) -> Option<String> {
    match key {
        arn if arn.contains(":key/") => Some(arn.to_owned()),
        alias if alias.contains("alias/") => None,
        id => Some(subject.arn("kms", &format!("key/{id}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Container, Definition, Log, LogGroup};
    use crate::fixtures::facts;
    use crate::right::flat;

    #[test]
    fn an_execution_role_needs_what_its_containers_need() {
        let role = "arn:aws:iam::123456789012:role/execution";
        let secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf";
        let container = Container {
            image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:1".into(),
            log: Some(Log {
                group: LogGroup { region: "eu-central-1".into(), name: "/ecs/web".into() },
                creates: false,
                stream: "httpd/web/0".into(),
            }),
            secrets: vec![
                ("PASSWORD".into(), format!("{secret}:password::")),
                ("TOKEN".into(), "/web/token".into()),
            ],
            ..Container::default()
        };
        let definition = Definition {
            execution_role: Some(role.into()),
            containers: vec![container],
            ..Definition::default()
        };
        let mut facts = facts();
        facts.definitions = Ok(vec![definition]);
        let key = "arn:aws:kms:eu-central-1:123456789012:key/0a".to_owned();
        facts.secrets.insert(secret::parse(secret), Ok(Kept::There { key: Some(key.clone()) }));
        let repository = "arn:aws:ecr:eu-central-1:123456789012:repository/web";
        let stream = "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/web:log-stream:httpd/web/0";
        assert_eq!(
            flat(&rights(&facts, role)),
            [
                "ecr:GetAuthorizationToken *".to_owned(),
                format!("ecr:BatchCheckLayerAvailability {repository}"),
                format!("ecr:BatchGetImage {repository}"),
                format!("ecr:GetDownloadUrlForLayer {repository}"),
                format!("logs:CreateLogStream {stream}"),
                format!("logs:PutLogEvents {stream}"),
                format!("secretsmanager:GetSecretValue {secret}"),
                "ssm:GetParameters arn:aws:ssm:eu-central-1:123456789012:parameter/web/token".to_owned(),
                format!("kms:Decrypt {key}"),
            ]
        );
        assert!(rights(&facts, "arn:aws:iam::123456789012:role/other").is_empty());
    }

    #[test]
    fn nothing_is_asked_for_what_needs_no_right() {
        let mut facts = facts();
        let container = Container { image: "httpd".into(), ..Container::default() };
        let definition = Definition {
            execution_role: Some("role".into()),
            containers: vec![container],
            ..Definition::default()
        };
        facts.definitions = Ok(vec![definition]);
        assert!(rights(&facts, "role").is_empty());
        assert_eq!(key_arn("alias/aws/ssm", &facts.subject), None);
    }
}
