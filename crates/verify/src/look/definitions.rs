//! The task definitions that serve, and the stack's own.
//!
//! Source: `ecs:DescribeTaskDefinition`.

use crate::arn;
use crate::facts::{Container, Definition, Log, LogGroup, Look, seen as or_unseen};
use crate::subject::Subject;
use aws_sdk_ecs::types as sdk;
use futures::future::try_join_all;
use std::collections::BTreeMap;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};
use wharf_release::Report;

/// Those of all task sets, and the stack's own.
pub(super) async fn seen(
    clients: &Clients,
    subject: &Subject,
    report: Option<&Report>,
) -> Result<Look<Vec<Definition>>> {
    let own = subject.definition.as_deref().map(|arn| (arn::name(arn).to_owned(), false));
    let sets = report.into_iter().flat_map(|report| &report.task_sets);
    let live = sets.map(|set| (set.task_definition.clone(), true));
    let wanted: BTreeMap<String, bool> = own.into_iter().chain(live).collect();
    or_unseen(try_join_all(wanted.into_iter().map(|(name, live)| described(clients, name, live))).await)
}

async fn described(clients: &Clients, name: String, live: bool) -> Result<Definition> {
    let request = clients.ecs().describe_task_definition().task_definition(&name);
    let found = match request.send().await.named("ecs:DescribeTaskDefinition").or_absent() {
        // What ECS says of one that was deleted.
        Err(error) if error.is_code("ClientException") => None,
        answer => answer?.and_then(|answer| answer.task_definition),
    };
    let Some(found) = found else { return Ok(Definition { name, live, ..Definition::default() }) };
    Ok(Definition {
        name,
        live,
        status: found.status.map(|status| status.as_str().to_owned()),
        network_mode: found.network_mode.map(|mode| mode.as_str().to_owned()),
        execution_role: found.execution_role_arn,
        task_role: found.task_role_arn,
        containers: found
            .container_definitions
            .into_iter()
            .flatten()
            .map(|container| shown(container, clients.region()))
            .collect(),
    })
}

fn shown(container: sdk::ContainerDefinition, region: &str) -> Container {
    let name = container.name.unwrap_or_default();
    let log = container.log_configuration;
    let secret = |secret: sdk::Secret| (secret.name, secret.value_from);
    let mut secrets: Vec<(String, String)> = container.secrets.into_iter().flatten().map(secret).collect();
    let options = log.as_ref().and_then(|log| log.secret_options.clone()).unwrap_or_default();
    secrets.extend(options.into_iter().map(secret));
    let registry = container.repository_credentials.map(|credentials| credentials.credentials_parameter);
    secrets.extend(registry.map(|parameter| ("the registry's credentials".to_owned(), parameter)));
    Container {
        image: container.image.unwrap_or_default(),
        ports: container.port_mappings.into_iter().flatten().filter_map(|port| port.container_port).collect(),
        log: log.and_then(|log| written(&log, &name, region)),
        secrets,
        name,
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>.
fn written(log: &sdk::LogConfiguration, container: &str, region: &str) -> Option<Log> {
    let options = log.options().filter(|_| log.log_driver() == &sdk::LogDriver::Awslogs)?;
    let option = |name: &str| options.get(name).map(String::as_str);
    let prefix = option("awslogs-stream-prefix").map(|prefix| format!("{prefix}/{container}/"));
    Some(Log {
        group: LogGroup {
            region: option("awslogs-region").unwrap_or(region).to_owned(),
            name: option("awslogs-group")?.to_owned(),
        },
        creates: option("awslogs-create-group") == Some("true"),
        // The last part is the task's id.
        stream: format!("{}00000000000000000000000000000000", prefix.unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_tells_where_it_logs_and_what_it_needs() {
        let secret =
            |name: &str, from: &str| sdk::Secret::builder().name(name).value_from(from).build().unwrap();
        let log = sdk::LogConfiguration::builder()
            .log_driver(sdk::LogDriver::Awslogs)
            .options("awslogs-group", "/ecs/shop")
            .options("awslogs-stream-prefix", "httpd")
            .options("awslogs-create-group", "true")
            .secret_options(secret("TOKEN", "/shop/token"))
            .build()
            .unwrap();
        let container = sdk::ContainerDefinition::builder()
            .name("web")
            .image("httpd")
            .port_mappings(sdk::PortMapping::builder().container_port(80).build())
            .secrets(secret("PASSWORD", "/shop/password"))
            .log_configuration(log)
            .build();
        let shown = shown(container, "eu-central-1");
        let log = shown.log.unwrap();
        assert_eq!((log.group.region.as_str(), log.group.name.as_str()), ("eu-central-1", "/ecs/shop"));
        assert!(log.creates && log.stream.starts_with("httpd/web/"));
        let names: Vec<&str> = shown.secrets.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((shown.ports, names), (vec![80], vec!["PASSWORD", "TOKEN"]));
    }
}
