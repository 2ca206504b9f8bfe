use super::support::{DEFAULT_BUS, bad_name, canonical_bus, default_bus, id_on, tags, to_aws};
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::{generated_name, prefix_of, sought_name};
use crate::resources::import::{imported, text};
use aws_sdk_eventbridge::operation::put_rule::builders::PutRuleFluentBuilder;
use aws_sdk_eventbridge::types::{Rule as AwsRule, RuleState};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, ErrorKind, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope,
    Tags, UpdateOf, WantedOf,
};

/// A rule. Terraform: `aws_cloudwatch_event_rule`; AWS: `PutRule`.
pub(crate) struct Rule;

/// A rule of EventBridge: which events, or which times, start its targets.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["is_enabled"]))]
pub(crate) struct Properties {
    /// The name, unique on the bus: up to 64 letters, digits and `._-`. One is made up when neither this nor
    /// `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// The event bus, by name or ARN.
    #[serde(default = "default_bus")]
    #[schemars(extend("forces_replacement" = true))]
    event_bus_name: String,
    /// What the rule is for.
    description: Option<String>,
    /// The pattern that events must match. Once set, it stays until it is changed: a rule can have a schedule besides.
    event_pattern: Option<Json>,
    /// The times: `rate(5 minutes)` or `cron(0 20 * * ? *)`; empty for none. On the default bus only.
    #[serde(default)]
    schedule_expression: String,
    /// Whether the rule works.
    #[serde(default = "enabled")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]))]
    state: String,
    /// The ARN of the role that starts targets which name none themselves.
    role_arn: Option<String>,
    /// Whether a destroy deletes the rule although an AWS service made it.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    force_destroy: bool,
    /// Tags of the rule.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The name; `<bus>/<name>` on another bus than the default one.
    id: String,
    /// The ARN.
    arn: String,
}

fn enabled() -> String {
    "ENABLED".to_owned()
}

impl ResourceType for Rule {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_cloudwatch_event_rule";
    const NAMED_BY: &'static [&'static str] = &["event_bus_name", "name"];
    const IMPORT_ID: &'static str = "NAME or EVENT_BUS/NAME";
    const PERMISSIONS: Permissions = Permissions {
        read: &["events:ListRules", "events:ListTagsForResource"],
        create: &["events:PutRule", "events:TagResource", "iam:PassRole"],
        update: &["events:PutRule", "events:TagResource", "events:UntagResource", "iam:PassRole"],
        delete: &["events:DeleteRule"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "events:rule/{event_bus_name|default:bus}{name|wharf-*}")];
    const SCOPES: &'static [Scope] =
        &[Scope::pass_role(&["{role_arn?:role}"], "events.amazonaws.com"), Scope::rest(&["{arn}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let mut by_bus: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (bus, name) in objects.iter().map(|object| parts(&object.id)) {
            by_bus.entry(bus).or_default().push(name);
        }
        let lists = by_bus.iter().map(|(bus, names)| async move {
            let rules = list(cloud, bus, common_prefix(names)).await?;
            Ok::<_, Error>((*bus, rules))
        });
        let rules: HashMap<&str, HashMap<String, AwsRule>> = try_join_all(lists).await?.into_iter().collect();
        try_join_all(objects.iter().map(|object| {
            let (bus, name) = parts(&object.id);
            let rule = rules.get(bus).and_then(|rules| rules.get(name)).cloned();
            async move {
                let Some(rule) = rule else { return Ok(None) };
                live(cloud, object, rule).await
            }
        }))
        .await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let (properties, name) = (new.properties, new.properties.name(new.token));
        // PutRule writes over a rule that is there, and leaves its tags as they are.
        if rule(cloud, &properties.event_bus_name, &name).await?.is_some() {
            let message = format!("there is a rule `{name}` on the bus `{}`", properties.event_bus_name);
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        let request = put(cloud.events_once(), properties, &name).set_tags(Some(to_aws(&properties.tags.0)?));
        request.send().await.named("events:PutRule")?;
        Ok(id_on(&properties.event_bus_name, &name))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (desired, (bus, name)) = (update.desired, parts(update.id));
        let mut arn = None;
        if update.changed.iter().any(|property| property != "tags" && property != "force_destroy") {
            // What this request leaves out is taken away.
            arn = put(cloud.events(), desired, name).send().await.named("events:PutRule")?.rule_arn;
        }
        if update.changes(&["tags"]) {
            if arn.is_none() {
                arn = rule(cloud, bus, name).await?.and_then(|rule| rule.arn);
            }
            let gone = || Error::new(ErrorKind::NotFound, format!("the rule `{name}` is not there"));
            let arn = arn.ok_or_else(gone)?;
            let (set, removed) = desired.tags.difference(&update.live.tags);
            if !removed.is_empty() {
                let request = cloud.events().untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
                request.send().await.named("events:UntagResource")?;
            }
            if !set.is_empty() {
                let request = cloud.events().tag_resource().resource_arn(&arn);
                request.set_tags(Some(to_aws(&set)?)).send().await.named("events:TagResource")?;
            }
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let (bus, name) = parts(&object.id);
        let force = object.properties.as_ref().is_some_and(|properties| properties.force_destroy);
        let request = cloud.events().delete_rule().name(name).event_bus_name(bus).force(force);
        match request.send().await.named("events:DeleteRule").or_absent() {
            Err(error) if error.message.contains("has targets") => Err(error.of_kind(ErrorKind::InUse)),
            other => other.map(drop),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { name, name_prefix, event_bus_name: bus, .. } = wanted.properties;
        let Some(name) = sought_name(name.as_deref(), name_prefix.as_deref(), wanted.token) else {
            return Ok(Found::Absent);
        };
        let rule = rule(cloud, bus, &name).await?;
        let Some(arn) = rule.and_then(|rule| rule.arn) else { return Ok(Found::Absent) };
        let tags = tags(cloud, &arn).await?;
        Ok(tags.map_or(Found::Absent, |tags| wanted.by_tags(id_on(bus, &name), &tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        let (bus, name) = parts(id);
        let fine = !bus.is_empty() && bad_name(name).is_none();
        imported::<Self>(id, fine.then(|| id_on(bus, name)))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        let bus = text(attributes, "event_bus_name").unwrap_or(DEFAULT_BUS);
        Some(id_on(bus, text(attributes, "name")?))
    }

    fn canonical(properties: &mut Map) {
        canonical_bus(properties);
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = Vec::new();
        let set = |name: &str| properties.get(name).filter(|value| !value.is_null());
        if let Some(message) = set("name").and_then(Value::as_str).and_then(bad_name) {
            mistakes.push(("name".to_owned(), message));
        }
        if let Some(prefix) = set("name_prefix").and_then(Value::as_str).filter(|prefix| prefix.len() > 38) {
            let message =
                format!("`{prefix}` is too long: 38 characters leave room for the rest of the name");
            mistakes.push(("name_prefix".to_owned(), message));
        }
        if set("name").is_some() && set("name_prefix").is_some() {
            mistakes.push(("name_prefix".to_owned(), "set one of `name` and `name_prefix`".to_owned()));
        }
        let pattern = properties.get("event_pattern").is_some_and(|pattern| !pattern.is_null());
        let schedule = properties.get("schedule_expression");
        let schedule = schedule.filter(|schedule| !schedule.is_null() && schedule.as_str() != Some(""));
        if !pattern && schedule.is_none() {
            let message = "set `event_pattern` or `schedule_expression`".to_owned();
            mistakes.push(("event_pattern".to_owned(), message));
        }
        let times =
            |text: &&str| (text.starts_with("rate(") || text.starts_with("cron(")) && text.ends_with(')');
        if let Some(text) = schedule.and_then(Value::as_str).filter(|text| !times(text)) {
            let message = format!("`{text}` is no schedule: `rate(5 minutes)` or `cron(0 20 * * ? *)`");
            mistakes.push(("schedule_expression".to_owned(), message));
        }
        mistakes
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

async fn live(cloud: &Clients, object: &ObjectOf<Rule>, rule: AwsRule) -> Result<Option<LiveOf<Rule>>> {
    let arn = rule.arn.unwrap_or_default();
    let Some(tags) = tags(cloud, &arn).await? else { return Ok(None) };
    let ((bus, name), recorded) = (parts(&object.id), object.properties.as_ref());
    Ok(Some(LiveOf {
        properties: Properties {
            name: Some(name.to_owned()),
            name_prefix: match recorded {
                Some(properties) => properties.name_prefix.clone(),
                None => prefix_of(name),
            },
            event_bus_name: bus.to_owned(),
            description: rule.description,
            event_pattern: rule.event_pattern.as_deref().map(Json::parse),
            schedule_expression: rule.schedule_expression.unwrap_or_default(),
            state: rule.state.map_or_else(enabled, |state| state.as_str().to_owned()),
            role_arn: rule.role_arn,
            force_destroy: recorded.is_some_and(|properties| properties.force_destroy),
            tags,
        },
        attributes: Attributes { id: object.id.clone(), arn },
    }))
}

/// The rules of a bus whose names begin so, by name. The answer has all of a rule but its tags and targets.
async fn list(cloud: &Clients, bus: &str, prefix: &str) -> Result<HashMap<String, AwsRule>> {
    let mut rules = HashMap::new();
    let mut token = None;
    loop {
        let request = cloud.events().list_rules().event_bus_name(bus).set_next_token(token);
        let request = request.set_name_prefix(Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()));
        let Some(page) = request.send().await.named("events:ListRules").or_absent()? else {
            return Ok(rules);
        };
        let named = |rule: AwsRule| Some((rule.name.clone()?, rule));
        rules.extend(page.rules.into_iter().flatten().filter_map(named));
        token = page.next_token;
        if token.is_none() {
            return Ok(rules);
        }
    }
}

async fn rule(cloud: &Clients, bus: &str, name: &str) -> Result<Option<AwsRule>> {
    Ok(list(cloud, bus, name).await?.remove(name))
}

fn put(client: &aws_sdk_eventbridge::Client, properties: &Properties, name: &str) -> PutRuleFluentBuilder {
    let schedule = Some(properties.schedule_expression.clone()).filter(|text| !text.is_empty());
    client
        .put_rule()
        .name(name)
        .event_bus_name(&properties.event_bus_name)
        .set_description(properties.description.clone())
        .set_event_pattern(properties.event_pattern.as_ref().map(Json::text))
        .set_schedule_expression(schedule)
        .state(RuleState::from(properties.state.as_str()))
        .set_role_arn(properties.role_arn.clone())
}

/// The bus and the rule's name of an id. A rule's name has no slash in it; that of a partner's bus has.
fn parts(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or((DEFAULT_BUS, id))
}

/// What all names begin with.
fn common_prefix<'a>(names: &[&'a str]) -> &'a str {
    let Some((first, others)) = names.split_first() else { return "" };
    let length = others.iter().fold(first.len(), |length, other| {
        first.bytes().zip(other.bytes()).take(length).take_while(|(a, b)| a == b).count()
    });
    first.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::import::tests::in_terraform;
    use serde_json::json;

    #[test]
    fn ids() {
        assert_eq!(parts("start-pipeline"), ("default", "start-pipeline"));
        assert_eq!(parts("aws.partner/example.com/1/rule"), ("aws.partner/example.com/1", "rule"));
        let bus = "arn:aws:events:eu-central-1:123456789012:event-bus/app";
        let of = |attributes| in_terraform::<Rule>(attributes);
        assert_eq!(of(json!({"name": "stop", "event_bus_name": bus})), Some("app/stop".to_owned()));
        assert_eq!(of(json!({"name": "stop", "event_bus_name": "default"})), Some("stop".to_owned()));
    }

    #[test]
    fn prefixes() {
        assert_eq!(common_prefix(&["app-start", "app-stop", "app-s"]), "app-s");
        assert_eq!(common_prefix(&["app"]), "app");
        assert_eq!(common_prefix(&["a", "b"]), "");
    }

    #[test]
    fn mistakes() {
        let mistakes = |pairs: &[(&str, Value)]| {
            let map = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            Rule::check(&map).into_iter().map(|(property, _)| property).collect::<Vec<_>>()
        };
        assert_eq!(mistakes(&[("name", "a b".into())]), ["name", "event_pattern"]);
        assert_eq!(mistakes(&[("schedule_expression", "rate(5 minutes)".into())]), [""; 0]);
        assert_eq!(mistakes(&[("schedule_expression", "daily".into())]), ["schedule_expression"]);
        assert_eq!(mistakes(&[("event_pattern", Value::unknown("x.y"))]), [""; 0]);
    }
}
