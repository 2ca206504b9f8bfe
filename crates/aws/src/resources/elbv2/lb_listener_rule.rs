use super::action::{self, Action};
use super::support::{
    BATCH, arns, by_arn, imported, new_arn, new_tags, tags_of, together_or_alone, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_elasticloadbalancingv2::types as aws;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, BlockSet, Blocks, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions,
    ResourceType, Result, Scope, Set, Tags, UpdateOf, WantedOf,
};

/// A rule of a listener. Terraform: `aws_lb_listener_rule`; AWS: `CreateRule`.
pub(crate) struct LbListenerRule;

/// A rule of a listener: what to do with the requests that meet all its conditions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["transform"]))]
pub(crate) struct Properties {
    /// The listener.
    #[schemars(extend("forces_replacement" = true))]
    listener_arn: String,
    /// Its place among the listener's rules, 1 to 50000; the lowest goes first. Behind all others when not set.
    priority: Option<i32>,
    /// What happens to the requests.
    action: Blocks<Action>,
    /// Which requests; all conditions must be met.
    condition: BlockSet<Condition>,
    /// Tags of the rule.
    #[serde(default)]
    tags: Tags,
}

/// Something about a request; one of them in each `condition` block.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Condition {
    /// The host name is one of these; `*` and `?` stand for anything.
    #[serde(default)]
    host_header: Block<Values>,
    /// A header has one of these values.
    #[serde(default)]
    http_header: Block<HttpHeader>,
    /// The method is one of these.
    #[serde(default)]
    http_request_method: Block<Values>,
    /// The path is one of these; `*` and `?` stand for anything.
    #[serde(default)]
    path_pattern: Block<Values>,
    /// The query has one of these.
    #[serde(default)]
    query_string: BlockSet<Query>,
    /// The client's address is in one of these ranges.
    #[serde(default)]
    source_ip: Block<Values>,
}

/// Values, of which one is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["regex_values"]))]
pub(crate) struct Values {
    /// The values.
    values: Set<String>,
}

/// A header and its values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["regex_values"]))]
pub(crate) struct HttpHeader {
    /// The header's name.
    http_header_name: String,
    /// The values, of which one is enough.
    values: Set<String>,
}

/// Something in a query.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Query {
    /// The key; any when this is not set.
    key: Option<String>,
    /// The value; `*` and `?` stand for anything.
    value: String,
}

/// What AWS sets on a rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN.
    id: String,
    /// The ARN.
    arn: String,
}

/// The highest priority.
const LAST: i32 = 50_000;

impl ResourceType for LbListenerRule {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_lb_listener_rule";
    const NAMED_BY: &'static [&'static str] = &["listener_arn", "priority"];

    const IMPORT_ID: &'static str = "RULE_ARN";
    const BATCH: usize = BATCH;
    const PERMISSIONS: Permissions = Permissions {
        read: &["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"],
        create: &["elasticloadbalancing:CreateRule", "elasticloadbalancing:AddTags"],
        update: &[
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:SetRulePriorities",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteRule"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "{listener_arn:rule}/*"), ("id", "{arn}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["elasticloadbalancing:CreateRule"], &["{listener_arn:listener}"]).owned(),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"])
            .only_if("elasticloadbalancing:CreateAction", "CreateRule"),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"]).owned(),
        Scope::of(&["elasticloadbalancing:SetRulePriorities"], &["{arn}"]),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        together_or_alone(objects, |objects| read(cloud, objects)).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let priority = match properties.priority {
            Some(priority) => priority,
            None => next_priority(&of_listener(cloud, &properties.listener_arn).await?)?,
        };
        let request = cloud
            .elasticloadbalancing_once()
            .create_rule()
            .listener_arn(&properties.listener_arn)
            .priority(priority)
            .set_actions(Some(action::to_aws(&properties.action)))
            .set_conditions(Some(conditions(&properties.condition)))
            .set_tags(new_tags(&properties.tags));
        let created = match request.send().await.named("elasticloadbalancing:CreateRule") {
            // Another rule was faster: the next try takes another place.
            Err(error) if error.is_code("PriorityInUse") && properties.priority.is_none() => {
                return Err(error.of_kind(ErrorKind::NotReady));
            }
            other => other?,
        };
        let arns = created.rules.into_iter().flatten().map(|rule| rule.rule_arn);
        new_arn(arns, "elasticloadbalancing:CreateRule")
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, desired) = (update.id, update.desired);
        if let (true, Some(priority)) = (update.changes(&["priority"]), desired.priority) {
            let pair = aws::RulePriorityPair::builder().rule_arn(id).priority(priority).build();
            let request = cloud.elasticloadbalancing().set_rule_priorities().rule_priorities(pair);
            let moved = request.send().await.named("elasticloadbalancing:SetRulePriorities");
            // The rule that has the place may be about to leave it.
            moved.map_err(|error| {
                if error.is_code("PriorityInUse") { error.of_kind(ErrorKind::NotReady) } else { error }
            })?;
        }
        if update.changes(&["action", "condition"]) {
            let actions = update.changes(&["action"]).then(|| action::to_aws(&desired.action));
            let conditions = update.changes(&["condition"]).then(|| conditions(&desired.condition));
            let request = cloud.elasticloadbalancing().modify_rule().rule_arn(id);
            let request = request.set_actions(actions).set_conditions(conditions);
            request.send().await.named("elasticloadbalancing:ModifyRule")?;
        }
        update_tags(cloud, update, &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.elasticloadbalancing().delete_rule().rule_arn(&object.id);
        request.send().await.named("elasticloadbalancing:DeleteRule").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let rules = of_listener(cloud, &wanted.properties.listener_arn).await.or_absent()?;
        let arns: Vec<String> = rules
            .into_iter()
            .flatten()
            .filter(|rule| match wanted.properties.priority {
                Some(wanted) => priority(rule) == Some(wanted),
                None => priority(rule).is_some(),
            })
            .filter_map(|rule| rule.rule_arn)
            .filter(|arn| !wanted.known.contains(arn))
            .collect();
        let mut tags = tags_of(cloud, &arns.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let mut found = Found::Absent;
        for arn in arns {
            match wanted.by_tags(arn.clone(), &tags.remove(&arn).unwrap_or_default()) {
                // Without a certain priority, other rules are not in the way.
                Found::Foreign(_) if wanted.properties.priority.is_none() => {}
                Found::Foreign(arn) => found = Found::Foreign(arn),
                ours => return Ok(ours),
            }
        }
        Ok(found)
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "listener-rule")
    }

    fn canonical(properties: &mut Map) {
        action::canonical(properties, "action");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = action::mistakes(properties, "action");
        let mut mistake = |about: &str, message: &str| mistakes.push((about.to_owned(), message.to_owned()));
        let number = properties.get("priority").and_then(Value::as_i64);
        if number.is_some_and(|number| !(1..=i64::from(LAST)).contains(&number)) {
            mistake("priority", "takes 1 to 50000");
        }
        let Some(conditions) = properties.get("condition").and_then(Value::as_list) else { return mistakes };
        if conditions.is_empty() {
            mistake("condition", "needs at least one condition");
        }
        for condition in conditions.iter().filter_map(Value::as_map) {
            let given = condition.values().filter(|value| match value {
                Value::Null => false,
                Value::List(items) => !items.is_empty(),
                _ => true,
            });
            if given.count() != 1 {
                mistake("condition", "a `condition` block is about one thing: write one block for each");
            }
        }
        mistakes
    }
}

impl Condition {
    fn of(live: &aws::RuleCondition) -> Self {
        // AWS shows the values of some conditions in two places.
        let values = |config: Option<&[String]>| {
            let values = config.filter(|values| !values.is_empty()).unwrap_or(live.values());
            Block(Some(Values { values: Set(values.to_vec()) }))
        };
        let mut condition = Condition::default();
        match live.field().unwrap_or_default() {
            "host-header" => {
                condition.host_header =
                    values(live.host_header_config().map(aws::HostHeaderConditionConfig::values));
            }
            "path-pattern" => {
                condition.path_pattern =
                    values(live.path_pattern_config().map(aws::PathPatternConditionConfig::values));
            }
            "http-request-method" => {
                let config = live.http_request_method_config();
                condition.http_request_method =
                    values(config.map(aws::HttpRequestMethodConditionConfig::values));
            }
            "source-ip" => {
                condition.source_ip =
                    values(live.source_ip_config().map(aws::SourceIpConditionConfig::values));
            }
            "http-header" => {
                condition.http_header = Block(live.http_header_config().map(|config| HttpHeader {
                    http_header_name: config.http_header_name().unwrap_or_default().to_owned(),
                    values: Set(config.values().to_vec()),
                }));
            }
            "query-string" => {
                let values = live
                    .query_string_config()
                    .map(aws::QueryStringConditionConfig::values)
                    .unwrap_or_default();
                condition.query_string = values
                    .iter()
                    .map(|pair| Query {
                        key: pair.key().filter(|key| !key.is_empty()).map(str::to_owned),
                        value: pair.value().unwrap_or_default().to_owned(),
                    })
                    .collect();
            }
            _ => {}
        }
        condition
    }

    fn to_aws(&self) -> aws::RuleCondition {
        let condition = aws::RuleCondition::builder();
        let values = |block: &Values| Some(block.values.0.clone());
        if let Some(block) = self.host_header.as_ref() {
            let config = aws::HostHeaderConditionConfig::builder().set_values(values(block)).build();
            return condition.field("host-header").host_header_config(config).build();
        }
        if let Some(block) = self.path_pattern.as_ref() {
            let config = aws::PathPatternConditionConfig::builder().set_values(values(block)).build();
            return condition.field("path-pattern").path_pattern_config(config).build();
        }
        if let Some(block) = self.http_request_method.as_ref() {
            let config = aws::HttpRequestMethodConditionConfig::builder().set_values(values(block)).build();
            return condition.field("http-request-method").http_request_method_config(config).build();
        }
        if let Some(block) = self.source_ip.as_ref() {
            let config = aws::SourceIpConditionConfig::builder().set_values(values(block)).build();
            return condition.field("source-ip").source_ip_config(config).build();
        }
        if let Some(header) = self.http_header.as_ref() {
            let config = aws::HttpHeaderConditionConfig::builder()
                .http_header_name(&header.http_header_name)
                .set_values(Some(header.values.0.clone()))
                .build();
            return condition.field("http-header").http_header_config(config).build();
        }
        let pairs = self.query_string.iter().map(|query| {
            aws::QueryStringKeyValuePair::builder().set_key(query.key.clone()).value(&query.value).build()
        });
        let config = aws::QueryStringConditionConfig::builder().set_values(Some(pairs.collect())).build();
        condition.field("query-string").query_string_config(config).build()
    }
}

fn conditions(conditions: &[Condition]) -> Vec<aws::RuleCondition> {
    conditions.iter().map(Condition::to_aws).collect()
}

/// A rule's priority; the default rule, which comes with the listener, has none.
fn priority(rule: &aws::Rule) -> Option<i32> {
    rule.priority()?.parse().ok()
}

/// The place behind all these rules.
fn next_priority(rules: &[aws::Rule]) -> Result<i32> {
    let highest = rules.iter().filter_map(priority).max().unwrap_or(0);
    if highest >= LAST {
        let message = format!("another rule of the listener has the last place, {LAST}: set `priority`");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(highest + 1)
}

/// The ARN of a rule's listener.
fn listener_of(rule: &str) -> String {
    let listener = rule.replacen(":listener-rule/", ":listener/", 1);
    listener.rsplit_once('/').map_or(listener.clone(), |(listener, _)| listener.to_owned())
}

async fn of_listener(cloud: &Clients, listener: &str) -> Result<Vec<aws::Rule>> {
    let request = cloud.elasticloadbalancing().describe_rules().listener_arn(listener);
    all!(request, "elasticloadbalancing:DescribeRules")
}

async fn read(
    cloud: &Clients,
    objects: &[ObjectOf<LbListenerRule>],
) -> Result<Vec<Option<LiveOf<LbListenerRule>>>> {
    let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
    let rules = async {
        let request = cloud.elasticloadbalancing().describe_rules().set_rule_arns(Some(arns(objects)));
        all!(request, "elasticloadbalancing:DescribeRules")
    };
    let (rules, mut tags) = futures::try_join!(rules, tags_of(cloud, &ids))?;
    let rules = by_arn(&rules, aws::Rule::rule_arn);
    let live = objects.iter().map(|object| {
        let rule = rules.get(object.id.as_str())?;
        Some(LiveOf {
            properties: Properties {
                listener_arn: listener_of(&object.id),
                priority: priority(rule),
                action: Blocks(action::from_aws(rule.actions())),
                condition: rule.conditions().iter().map(Condition::of).collect(),
                tags: tags.remove(&object.id).unwrap_or_default(),
            },
            attributes: Attributes { id: object.id.clone(), arn: object.id.clone() },
        })
    });
    Ok(live.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_and_back() {
        let written = json!([
            {"host_header": [{"values": ["*.example.com"]}]},
            {"path_pattern": [{"values": ["/a/*", "/b"]}]},
            {"http_request_method": [{"values": ["GET"]}]},
            {"source_ip": [{"values": ["10.0.0.0/8"]}]},
            {"http_header": [{"http_header_name": "X-Version", "values": ["2"]}]},
            {"query_string": [{"key": "version", "value": "2"}, {"value": "beta"}]},
        ]);
        let written: Vec<Condition> = serde_json::from_value(written).unwrap_or_default();
        assert_eq!(written.len(), 6);
        assert_eq!(conditions(&written).iter().map(Condition::of).collect::<Vec<_>>(), written);
    }

    #[test]
    fn the_listener_is_in_the_arn() {
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener-rule/app/web/1/2/3";
        assert_eq!(
            listener_of(arn),
            "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/web/1/2"
        );
    }

    #[test]
    fn a_rule_without_priority_goes_last() {
        let rule = |priority: &str| aws::Rule::builder().priority(priority).build();
        let next = |rules: &[aws::Rule]| next_priority(rules).ok();
        assert_eq!(next(&[rule("default")]), Some(1));
        assert_eq!(next(&[rule("7"), rule("default"), rule("3")]), Some(8));
        assert_eq!(next(&[rule("50000")]), None);
    }

    #[test]
    fn mistakes() {
        let check = |json| {
            let map = Value::from(json).as_map().cloned().unwrap_or_default();
            LbListenerRule::check(&map).len()
        };
        let action = json!([{"type": "forward", "target_group_arn": "blue"}]);
        let host = json!({"host_header": [{"values": ["a"]}]});
        assert_eq!(check(json!({"action": action, "condition": [host]})), 0);
        assert_eq!(check(json!({"action": action, "condition": []})), 1);
        assert_eq!(check(json!({"action": action, "condition": [{}], "priority": 0})), 2);
    }
}
