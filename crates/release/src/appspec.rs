//! The AppSpec of a deployment to ECS: what CodeDeploy is asked to bring up.
//!
//! Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html>.

use serde_json::{Map, Value, json};

/// What a deployment brings up. What is not set stays as the service has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSpec {
    /// The task definition's ARN, with its revision.
    pub task_definition: String,
    /// The container behind the load balancer.
    pub container: String,
    /// That container's port.
    pub port: i32,
    /// Of Fargate: `LATEST`, `1.4.0`.
    pub platform_version: Option<String>,
    /// Where the tasks' network interfaces are.
    pub network_configuration: Option<NetworkConfiguration>,
    /// On what the tasks run, instead of a launch type.
    pub capacity_provider_strategy: Vec<CapacityProvider>,
    /// The Lambda functions that are called on the way, each with its lifecycle event.
    pub hooks: Vec<(String, String)>,
}

/// Where the network interfaces of tasks are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkConfiguration {
    /// Their subnets, by id.
    pub subnets: Vec<String>,
    /// Their security groups, by id.
    pub security_groups: Vec<String>,
    /// Whether they get a public address.
    pub assign_public_ip: bool,
}

/// How many of the tasks run on a capacity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityProvider {
    /// Its name: `FARGATE_SPOT`.
    pub name: String,
    /// How many run on it at least.
    pub base: i64,
    /// Its share of the others.
    pub weight: i64,
}

impl AppSpec {
    /// An AppSpec that says no more than it has to.
    pub fn new(task_definition: impl Into<String>, container: impl Into<String>, port: i32) -> Self {
        AppSpec {
            task_definition: task_definition.into(),
            container: container.into(),
            port,
            platform_version: None,
            network_configuration: None,
            capacity_provider_strategy: Vec::new(),
            hooks: Vec::new(),
        }
    }

    /// Its JSON: the same bytes for the same content.
    pub fn to_json(&self) -> String {
        let mut properties = Map::new();
        properties.insert("TaskDefinition".into(), json!(self.task_definition));
        let balancer = json!({"ContainerName": self.container, "ContainerPort": self.port});
        properties.insert("LoadBalancerInfo".into(), balancer);
        if let Some(version) = &self.platform_version {
            properties.insert("PlatformVersion".into(), json!(version));
        }
        if let Some(network) = &self.network_configuration {
            let inner = json!({
                "Subnets": network.subnets,
                "SecurityGroups": network.security_groups,
                "AssignPublicIp": if network.assign_public_ip { "ENABLED" } else { "DISABLED" },
            });
            properties.insert("NetworkConfiguration".into(), json!({"AwsvpcConfiguration": inner}));
        }
        if !self.capacity_provider_strategy.is_empty() {
            let provider = |provider: &CapacityProvider| json!({"CapacityProvider": provider.name, "Base": provider.base, "Weight": provider.weight});
            let strategy: Vec<Value> = self.capacity_provider_strategy.iter().map(provider).collect();
            properties.insert("CapacityProviderStrategy".into(), Value::Array(strategy));
        }
        let service = json!({"Type": "AWS::ECS::Service", "Properties": properties});
        let mut spec = json!({"version": 0.0, "Resources": [{"TargetService": service}]});
        if !self.hooks.is_empty() {
            let hooks: Vec<Value> =
                self.hooks.iter().map(|(event, function)| json!({event: function})).collect();
            spec["Hooks"] = Value::Array(hooks);
        }
        spec.to_string()
    }

    /// Reads what somebody else has written, in JSON or YAML; None if that is not the AppSpec of one service.
    pub fn parse(text: &str) -> Option<Self> {
        let document: Value = serde_yaml::from_str(text).ok()?;
        let [resource] = member(&document, "Resources")?.as_array()?.as_slice() else { return None };
        let service = resource.as_object()?.values().next()?;
        if member(service, "Type")?.as_str()? != "AWS::ECS::Service" {
            return None;
        }
        let properties = member(service, "Properties")?;
        let balancer = member(properties, "LoadBalancerInfo")?;
        let hooks = member(&document, "Hooks").and_then(Value::as_array).into_iter().flatten();
        let hooks = hooks.filter_map(Value::as_object).flatten();
        let strategy = member(properties, "CapacityProviderStrategy").and_then(Value::as_array);
        Some(AppSpec {
            task_definition: text_of(properties, "TaskDefinition")?,
            container: text_of(balancer, "ContainerName")?,
            port: i32::try_from(number(balancer, "ContainerPort")?).ok()?,
            platform_version: text_of(properties, "PlatformVersion"),
            network_configuration: member(properties, "NetworkConfiguration")
                .and_then(|network| member(network, "AwsvpcConfiguration"))
                .map(|network| NetworkConfiguration {
                    subnets: texts(network, "Subnets"),
                    security_groups: texts(network, "SecurityGroups"),
                    assign_public_ip: text_of(network, "AssignPublicIp").as_deref() == Some("ENABLED"),
                }),
            capacity_provider_strategy: strategy
                .into_iter()
                .flatten()
                .filter_map(|provider| {
                    Some(CapacityProvider {
                        name: text_of(provider, "CapacityProvider")?,
                        base: number(provider, "Base").unwrap_or(0),
                        weight: number(provider, "Weight").unwrap_or(0),
                    })
                })
                .collect(),
            hooks: hooks
                .filter_map(|(event, function)| Some((event.clone(), function.as_str()?.to_owned())))
                .collect(),
        })
    }
}

/// A member, whose first letter is small in some of AWS's own examples.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let small = || {
        let mut letters = name.chars();
        let first = letters.next()?.to_ascii_lowercase();
        value.get(format!("{first}{}", letters.as_str()))
    };
    value.get(name).or_else(small).filter(|value| !value.is_null())
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    match member(value, name)? {
        Value::String(text) => Some(text.clone()),
        // An unquoted `1.4` in YAML.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let list = member(value, name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// A number, which templates like to put into quotes.
fn number(value: &Value, name: &str) -> Option<i64> {
    match member(value, name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut spec = AppSpec::new("arn:aws:ecs:eu:1:task-definition/web:3", "web", 80);
        assert_eq!(AppSpec::parse(&spec.to_json()), Some(spec.clone()));
        spec.platform_version = Some("1.4.0".into());
        spec.network_configuration = Some(NetworkConfiguration {
            subnets: vec!["subnet-a".into(), "subnet-b".into()],
            security_groups: vec!["sg-a".into()],
            assign_public_ip: true,
        });
        spec.capacity_provider_strategy =
            vec![CapacityProvider { name: "FARGATE_SPOT".into(), base: 1, weight: 4 }];
        spec.hooks = vec![("AfterAllowTestTraffic".into(), "check".into())];
        assert_eq!(AppSpec::parse(&spec.to_json()), Some(spec));
    }

    #[test]
    fn yaml_with_small_letters_and_quotes_is_understood() {
        let text = "version: 0.0\nresources:\n  - web:\n      type: AWS::ECS::Service\n      properties:\n        \
                    taskDefinition: web:3\n        loadBalancerInfo: {containerName: web, containerPort: '8080'}\n";
        assert_eq!(AppSpec::parse(text), Some(AppSpec::new("web:3", "web", 8080)));
    }

    #[test]
    fn what_is_no_service_is_none() {
        for text in [
            "",
            "{",
            "[]",
            "version: 0.0\nResources: []",
            "version: 0.0\nResources: [{f: {Type: 'AWS::Lambda::Function', Properties: {}}}]",
            "version: 0.0\nResources: [{s: {Type: 'AWS::ECS::Service', Properties: {TaskDefinition: web:3}}}]",
        ] {
            assert_eq!(AppSpec::parse(text), None, "{text}");
        }
    }
}
