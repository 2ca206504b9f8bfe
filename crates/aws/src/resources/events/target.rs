use super::support::{DEFAULT_BUS, bad_name, bus_name, canonical_bus, default_bus, id_on};
use super::target_parts::{DeadLetters, Ecs, Retry, Sqs, Transformer};
use crate::clients::Clients;
use crate::errors::{Built, Named, failed};
use crate::naming::{generated_name, sought_name};
use crate::resources::exact;
use crate::resources::import::{imported, text};
use aws_sdk_eventbridge::types::Target as AwsTarget;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result,
    Scope, UpdateOf, WantedOf,
};

/// A target of a rule. Terraform: `aws_cloudwatch_event_target`; AWS: `PutTargets`.
pub(crate) struct Target;

/// What a rule of EventBridge starts: a pipeline, a build, a task, a queue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "appsync_target", "batch_target", "http_target", "kinesis_target", "redshift_target", "run_command_targets",
    "sagemaker_pipeline_target",
]))]
pub(crate) struct Properties {
    /// The name of the rule.
    #[schemars(extend("forces_replacement" = true))]
    rule: String,
    /// The event bus of the rule, by name or ARN.
    #[serde(default = "default_bus")]
    #[schemars(extend("forces_replacement" = true))]
    event_bus_name: String,
    /// The target's id, unique in the rule: up to 64 letters, digits and `._-`. Made up when it is not set.
    #[schemars(extend("forces_replacement" = true))]
    target_id: Option<String>,
    /// The ARN of what is started.
    arn: String,
    /// The ARN of the role that starts it; pipelines, builds and tasks need one.
    role_arn: Option<String>,
    /// JSON text that is sent instead of the event; empty for none.
    #[serde(default)]
    input: String,
    /// The part of the event that is sent, as a JSON path: `$.detail`; empty for all of it.
    #[serde(default)]
    input_path: String,
    /// What is sent, made of parts of the event.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    input_transformer: Block<Transformer>,
    /// How tasks are started, when the target is an ECS cluster.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    ecs_target: Block<Ecs>,
    /// How messages are sent, when the target is a FIFO queue.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    sqs_target: Block<Sqs>,
    /// Where events go that could not be delivered.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    dead_letter_config: Block<DeadLetters>,
    /// How long and how often delivery is tried.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    retry_policy: Block<Retry>,
    /// Whether a destroy removes the target although an AWS service made the rule.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    force_destroy: bool,
}

/// What AWS sets on a target.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// `<rule>/<target id>`; `<bus>/<rule>/<target id>` on another bus than the default one.
    id: String,
}

impl ResourceType for Target {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_cloudwatch_event_target";
    const NAMED_BY: &'static [&'static str] = &["event_bus_name", "rule", "target_id"];
    const IMPORT_ID: &'static str = "RULE/TARGET_ID or EVENT_BUS/RULE/TARGET_ID";
    const PERMISSIONS: Permissions = Permissions {
        read: &["events:ListTargetsByRule"],
        create: &["events:PutTargets", "iam:PassRole"],
        update: &["events:ListTargetsByRule", "events:PutTargets", "iam:PassRole"],
        delete: &["events:RemoveTargets"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[
        Scope::pass_role(&["{role_arn?:role}"], "events.amazonaws.com"),
        Scope::rest(&["events:rule/{event_bus_name|default:bus}{rule}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let rules: BTreeSet<(&str, &str)> = objects.iter().filter_map(|o| rule_of(&o.id)).collect();
        let lists = rules
            .into_iter()
            .map(|(bus, rule)| async move { Ok::<_, Error>(((bus, rule), list(cloud, bus, rule).await?)) });
        let targets: HashMap<_, _> = try_join_all(lists).await?.into_iter().collect();
        let live = objects.iter().map(|object| {
            let (bus, rule, target_id) = parts(&object.id)?;
            let target = targets.get(&(bus, rule))?.get(target_id)?;
            let force = object.properties.as_ref().is_some_and(|properties| properties.force_destroy);
            Some(LiveOf {
                properties: from_aws(bus, rule, target, force),
                attributes: Attributes { id: object.id.clone() },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let target_id = target_id(new.properties, new.token);
        put(cloud.events_once(), new.properties, to_aws(new.properties, &target_id)?).await?;
        Ok(id(new.properties, &target_id))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let Some((bus, rule, target_id)) = parts(update.id) else {
            return Err(Error::internal(format!("`{}` is no id of a target", update.id)));
        };
        let mut target = to_aws(update.desired, target_id)?;
        if !update.changes(&["arn"])
            && let Some(there) = list(cloud, bus, rule).await?.remove(target_id)
        {
            keep_the_rest(&mut target, there);
        }
        put(cloud.events(), update.desired, target).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let Some((bus, rule, target_id)) = parts(&object.id) else { return Ok(()) };
        let force = object.properties.as_ref().is_some_and(|properties| properties.force_destroy);
        let request = cloud.events().remove_targets().event_bus_name(bus).rule(rule).ids(target_id);
        let answer = request.force(force).send().await.named("events:RemoveTargets").or_absent()?;
        let refused = answer.and_then(|answer| answer.failed_entries.into_iter().flatten().next());
        match refused.map(|entry| failed("events:RemoveTargets", entry.error_code, entry.error_message)) {
            Some(error) if error.kind != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let properties = wanted.properties;
        let Some(target_id) = sought_name(properties.target_id.as_deref(), None, wanted.token) else {
            return Ok(Found::Absent);
        };
        let targets = list(cloud, &properties.event_bus_name, &properties.rule).await?;
        let Some(target) = targets.get(&target_id) else { return Ok(Found::Absent) };
        let bus = bus_name(&properties.event_bus_name);
        let live = from_aws(bus, &properties.rule, target, properties.force_destroy);
        Ok(exact::found(wanted, id(properties, &target_id), &live))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        let ours = parts(id)
            .filter(|(bus, rule, target)| {
                !bus.is_empty() && [rule, target].iter().all(|n| bad_name(n).is_none())
            })
            .map(|(bus, rule, target)| id_on(bus, &format!("{rule}/{target}")));
        imported::<Self>(id, ours)
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        // Terraform's own id has hyphens between its parts, which each of them may have as well.
        let bus = text(attributes, "event_bus_name").unwrap_or(DEFAULT_BUS);
        Some(id_on(bus, &format!("{}/{}", text(attributes, "rule")?, text(attributes, "target_id")?)))
    }

    fn canonical(properties: &mut Map) {
        canonical_bus(properties);
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let mut mistakes: Vec<_> = ["rule", "target_id"]
            .into_iter()
            .filter_map(|property| Some((property.to_owned(), bad_name(text(property)?)?)))
            .collect();
        let set = |name: &&str| {
            let value = properties.get(*name).unwrap_or(&Value::Null);
            !value.is_null() && value.as_str() != Some("") && value.as_list().is_none_or(|l| !l.is_empty())
        };
        let inputs: Vec<_> = ["input", "input_path", "input_transformer"].into_iter().filter(set).collect();
        if let [_, second, ..] = inputs.as_slice() {
            let message = format!("`{}` exclude each other", inputs.join("` and `"));
            mistakes.push(((*second).to_owned(), message));
        }
        mistakes
    }
}

/// The targets of a rule by id; none if there is no such rule.
async fn list(cloud: &Clients, bus: &str, rule: &str) -> Result<HashMap<String, AwsTarget>> {
    let mut targets = HashMap::new();
    let mut token = None;
    loop {
        let request = cloud.events().list_targets_by_rule().event_bus_name(bus).rule(rule);
        let answer = request.set_next_token(token).send().await.named("events:ListTargetsByRule");
        let Some(page) = answer.or_absent()? else { return Ok(targets) };
        targets.extend(page.targets.into_iter().flatten().map(|target| (target.id.clone(), target)));
        token = page.next_token;
        if token.is_none() {
            return Ok(targets);
        }
    }
}

/// Makes a target, or writes over it whole.
async fn put(client: &aws_sdk_eventbridge::Client, properties: &Properties, target: AwsTarget) -> Result<()> {
    let request = client
        .put_targets()
        .rule(&properties.rule)
        .event_bus_name(&properties.event_bus_name)
        .targets(target);
    let answer = request.send().await.named("events:PutTargets")?;
    match answer.failed_entries.into_iter().flatten().next() {
        Some(entry) => Err(failed("events:PutTargets", entry.error_code, entry.error_message)),
        None => Ok(()),
    }
}

/// Gives a target what AWS has of it and this type does not know: a target is written whole.
fn keep_the_rest(target: &mut AwsTarget, there: AwsTarget) {
    target.kinesis_parameters = there.kinesis_parameters;
    target.run_command_parameters = there.run_command_parameters;
    target.batch_parameters = there.batch_parameters;
    target.http_parameters = there.http_parameters;
    target.redshift_data_parameters = there.redshift_data_parameters;
    target.sage_maker_pipeline_parameters = there.sage_maker_pipeline_parameters;
    target.app_sync_parameters = there.app_sync_parameters;
    if let (Some(ecs), Some(there)) = (&mut target.ecs_parameters, there.ecs_parameters) {
        ecs.placement_constraints = there.placement_constraints;
        ecs.placement_strategy = there.placement_strategy;
        ecs.reference_id = there.reference_id;
    }
}

fn to_aws(properties: &Properties, target_id: &str) -> Result<AwsTarget> {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let transformer = properties.input_transformer.as_ref().map(Transformer::to_aws);
    AwsTarget::builder()
        .id(target_id)
        .arn(&properties.arn)
        .set_role_arn(properties.role_arn.clone())
        .set_input(text(&properties.input))
        .set_input_path(text(&properties.input_path))
        .set_input_transformer(transformer.transpose()?)
        .set_ecs_parameters(properties.ecs_target.as_ref().map(Ecs::to_aws).transpose()?)
        .set_sqs_parameters(properties.sqs_target.as_ref().map(Sqs::to_aws))
        .set_dead_letter_config(properties.dead_letter_config.as_ref().map(DeadLetters::to_aws))
        .set_retry_policy(properties.retry_policy.as_ref().map(Retry::to_aws))
        .build()
        .built()
}

fn from_aws(bus: &str, rule: &str, target: &AwsTarget, force_destroy: bool) -> Properties {
    let target = target.clone();
    Properties {
        rule: rule.to_owned(),
        event_bus_name: bus.to_owned(),
        target_id: Some(target.id),
        arn: target.arn,
        role_arn: target.role_arn,
        input: target.input.unwrap_or_default(),
        input_path: target.input_path.unwrap_or_default(),
        input_transformer: Block(target.input_transformer.map(Transformer::from_aws)),
        ecs_target: Block(target.ecs_parameters.map(Ecs::from_aws)),
        sqs_target: Block(target.sqs_parameters.map(Sqs::from_aws)),
        dead_letter_config: Block(target.dead_letter_config.map(DeadLetters::from_aws)),
        retry_policy: Block(target.retry_policy.map(Retry::from_aws)),
        force_destroy,
    }
}

/// The id of a target within its rule: the one that is set, or one that is the same on every attempt.
fn target_id(properties: &Properties, token: &str) -> String {
    properties.target_id.clone().unwrap_or_else(|| generated_name(None, token))
}

fn id(properties: &Properties, target_id: &str) -> String {
    id_on(&properties.event_bus_name, &format!("{}/{target_id}", properties.rule))
}

/// Bus, rule and target of an id. Only the name of a bus can have slashes in it.
fn parts(id: &str) -> Option<(&str, &str, &str)> {
    let (head, target_id) = id.rsplit_once('/')?;
    let (bus, rule) = head.rsplit_once('/').unwrap_or((DEFAULT_BUS, head));
    Some((bus, rule, target_id))
}

fn rule_of(id: &str) -> Option<(&str, &str)> {
    parts(id).map(|(bus, rule, _)| (bus, rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::import::tests::in_terraform;
    use serde_json::json;

    #[test]
    fn ids() {
        assert_eq!(parts("rule/pipeline"), Some(("default", "rule", "pipeline")));
        assert_eq!(parts("aws.partner/x/rule/t"), Some(("aws.partner/x", "rule", "t")));
        assert_eq!(parts("rule"), None);
        let attributes = json!({"id": "a-b-c", "event_bus_name": "default", "rule": "a-b", "target_id": "c"});
        assert_eq!(in_terraform::<Target>(attributes), Some("a-b/c".to_owned()));
    }

    #[test]
    fn there_and_back() {
        let json = json!({
            "rule": "nightly", "event_bus_name": "default", "target_id": "task", "arn": "arn:cluster",
            "role_arn": "arn:role", "input": "{}", "input_path": "", "input_transformer": [],
            "sqs_target": [], "dead_letter_config": [{"arn": "arn:queue"}],
            "retry_policy": [{"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 2}],
            "force_destroy": false,
            "ecs_target": [{
                "task_definition_arn": "arn:task", "task_count": 2, "launch_type": "FARGATE",
                "platform_version": null, "group": null, "propagate_tags": null,
                "enable_ecs_managed_tags": true, "enable_execute_command": false,
                "capacity_provider_strategy": [], "tags": null,
                "network_configuration": [{
                    "subnets": ["subnet-1"], "security_groups": [], "assign_public_ip": true,
                }],
            }],
        });
        let there_and_back = || -> Option<serde_json::Value> {
            let properties: Properties = serde_json::from_value(json.clone()).ok()?;
            let target = to_aws(&properties, "task").ok()?;
            serde_json::to_value(from_aws("default", "nightly", &target, false)).ok()
        };
        assert_eq!(there_and_back(), Some(json.clone()));
    }

    #[test]
    fn what_is_not_known_of_a_target_stays() {
        let target = |text: &str| AwsTarget::builder().id("api").arn("arn:api").input(text).build();
        let mut there = target("old").expect("a target");
        let header =
            aws_sdk_eventbridge::types::HttpParameters::builder().header_parameters("x-from", "rule");
        there.http_parameters = Some(header.build());
        let mut new = target("new").expect("a target");
        keep_the_rest(&mut new, there.clone());
        assert_eq!((new.http_parameters, new.input.as_deref()), (there.http_parameters, Some("new")));
    }

    #[test]
    fn one_input_only() {
        let check = |json| {
            let Value::Map(map) = Value::from(json) else { return 0 };
            Target::check(&map).len()
        };
        assert_eq!(check(json!({"input": "{}", "input_path": "", "input_transformer": []})), 0);
        assert_eq!(check(json!({"input": "{}", "input_path": "$.detail"})), 1);
    }
}
