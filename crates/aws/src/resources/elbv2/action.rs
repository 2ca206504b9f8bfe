//! What listeners and rules do with a request: the `default_action` and `action` blocks.
//!
//! A forward to one target group can be written as `target_group_arn` or as a `forward` block. In canonical form it is
//! always the block, so that there is one place to look at, whether traffic goes to one target group or to two.

use super::support::is_given;
use aws_sdk_elasticloadbalancingv2::types as aws;
use aws_sdk_elasticloadbalancingv2::types::ActionTypeEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{Block, BlockSet};

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["authenticate_cognito", "authenticate_oidc"]))]
pub(crate) struct Action {
    /// `forward` it to target groups, `redirect` it, or answer with a `fixed-response`.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["forward", "redirect", "fixed-response"]))]
    kind: String,
    /// The place among several actions; the lowest goes first.
    order: Option<i32>,
    /// The target group to forward to; for several, use `forward`.
    target_group_arn: Option<String>,
    /// The target groups to forward to.
    #[serde(default)]
    forward: Block<Forward>,
    /// Where to redirect to.
    #[serde(default)]
    redirect: Block<Redirect>,
    /// What to answer.
    #[serde(default)]
    fixed_response: Block<FixedResponse>,
}

/// The target groups to forward to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Forward {
    /// Up to five target groups.
    target_group: BlockSet<Weighted>,
    /// Whether a client stays with its target group.
    #[serde(default)]
    stickiness: Block<Stickiness>,
}

/// A target group and its share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Weighted {
    /// The target group.
    arn: String,
    /// Its share, 0 to 999.
    #[serde(default = "one")]
    weight: i32,
}

/// Whether a client stays with its target group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Stickiness {
    /// Whether it does.
    #[serde(default)]
    enabled: bool,
    /// For how many seconds: 1 to 604800.
    duration: i32,
}

/// Where to redirect to. What is not set stays as in the request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Redirect {
    /// `HTTP_301` (for good) or `HTTP_302` (for now).
    #[schemars(extend("enum" = ["HTTP_301", "HTTP_302"]))]
    status_code: String,
    /// The host.
    #[serde(default = "same_host")]
    host: String,
    /// The path.
    #[serde(default = "same_path")]
    path: String,
    /// The port.
    #[serde(default = "same_port")]
    port: String,
    /// `HTTP` or `HTTPS`.
    #[serde(default = "same_protocol")]
    protocol: String,
    /// The query, without the question mark.
    #[serde(default = "same_query")]
    query: String,
}

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FixedResponse {
    /// What kind of text it is.
    #[schemars(extend("enum" = [
        "text/plain", "text/css", "text/html", "application/javascript", "application/json",
    ]))]
    content_type: String,
    /// The text.
    message_body: Option<String>,
    /// The HTTP status: 2XX, 4XX or 5XX.
    status_code: Option<String>,
}

fn one() -> i32 {
    1
}

fn same_host() -> String {
    "#{host}".to_owned()
}

fn same_path() -> String {
    "/#{path}".to_owned()
}

fn same_port() -> String {
    "#{port}".to_owned()
}

fn same_protocol() -> String {
    "#{protocol}".to_owned()
}

fn same_query() -> String {
    "#{query}".to_owned()
}

impl Action {
    /// The action as AWS gives it, in canonical form.
    fn of(live: &aws::Action) -> Self {
        let kind = live.r#type().map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        let mut action = Action { kind, order: live.order(), ..Action::default() };
        match live.r#type() {
            Some(ActionTypeEnum::Forward) => action.forward = Block(Some(Forward::of(live))),
            Some(ActionTypeEnum::Redirect) => {
                action.redirect = Block(live.redirect_config().map(Redirect::of));
            }
            Some(ActionTypeEnum::FixedResponse) => {
                action.fixed_response = Block(live.fixed_response_config().map(FixedResponse::of));
            }
            _ => {}
        }
        action
    }

    /// The action for a request; what does not belong to its type is not sent.
    fn to_aws(&self, order: Option<i32>) -> aws::Action {
        let kind = ActionTypeEnum::from(self.kind.as_str());
        let action = aws::Action::builder().r#type(kind.clone()).set_order(self.order.or(order));
        match kind {
            ActionTypeEnum::Forward => match &self.forward.0 {
                None => action.set_target_group_arn(self.target_group_arn.clone()),
                Some(forward) => match forward.alone() {
                    Some(arn) => action.target_group_arn(arn),
                    None => action.forward_config(forward.to_aws()),
                },
            },
            ActionTypeEnum::Redirect => {
                action.set_redirect_config(self.redirect.as_ref().map(Redirect::to_aws))
            }
            ActionTypeEnum::FixedResponse => {
                action.set_fixed_response_config(self.fixed_response.as_ref().map(FixedResponse::to_aws))
            }
            _ => action,
        }
        .build()
    }
}

impl Forward {
    fn of(live: &aws::Action) -> Self {
        let config = live.forward_config();
        let groups = config.map(aws::ForwardActionConfig::target_groups).unwrap_or_default();
        let mut target_group: BlockSet<Weighted> = groups
            .iter()
            .map(|group| Weighted {
                arn: group.target_group_arn().unwrap_or_default().to_owned(),
                weight: group.weight().unwrap_or_else(one),
            })
            .collect();
        if let (true, Some(arn)) = (target_group.is_empty(), live.target_group_arn()) {
            target_group.push(Weighted { arn: arn.to_owned(), weight: one() });
        }
        let sticky = config.and_then(aws::ForwardActionConfig::target_group_stickiness_config);
        let stickiness = Stickiness {
            enabled: sticky.and_then(aws::TargetGroupStickinessConfig::enabled).unwrap_or_default(),
            duration: sticky.and_then(aws::TargetGroupStickinessConfig::duration_seconds).unwrap_or_default(),
        };
        Forward { target_group, stickiness: Block(Some(stickiness)) }
    }

    fn sticky(&self) -> bool {
        self.stickiness.as_ref().is_some_and(|stickiness| stickiness.enabled)
    }

    /// The target group, if there is nothing to say but which it is.
    fn alone(&self) -> Option<&str> {
        match self.target_group.as_slice() {
            [Weighted { arn, weight: 1 }] if !self.sticky() => Some(arn),
            _ => None,
        }
    }

    fn to_aws(&self) -> aws::ForwardActionConfig {
        let groups = self.target_group.iter().map(|group| {
            aws::TargetGroupTuple::builder().target_group_arn(&group.arn).weight(group.weight).build()
        });
        let stickiness = self.stickiness.as_ref().map(|stickiness| {
            let duration = stickiness.enabled.then_some(stickiness.duration);
            aws::TargetGroupStickinessConfig::builder()
                .enabled(stickiness.enabled)
                .set_duration_seconds(duration)
                .build()
        });
        aws::ForwardActionConfig::builder()
            .set_target_groups(Some(groups.collect()))
            .set_target_group_stickiness_config(stickiness)
            .build()
    }
}

impl Redirect {
    fn of(live: &aws::RedirectActionConfig) -> Self {
        let text = |text: Option<&str>, default: fn() -> String| text.map_or_else(default, str::to_owned);
        Redirect {
            status_code: live.status_code().map(|code| code.as_str().to_owned()).unwrap_or_default(),
            host: text(live.host(), same_host),
            path: text(live.path(), same_path),
            port: text(live.port(), same_port),
            protocol: text(live.protocol(), same_protocol),
            query: text(live.query(), same_query),
        }
    }

    fn to_aws(&self) -> aws::RedirectActionConfig {
        aws::RedirectActionConfig::builder()
            .status_code(aws::RedirectActionStatusCodeEnum::from(self.status_code.as_str()))
            .host(&self.host)
            .path(&self.path)
            .port(&self.port)
            .protocol(&self.protocol)
            .query(&self.query)
            .build()
    }
}

impl FixedResponse {
    fn of(live: &aws::FixedResponseActionConfig) -> Self {
        FixedResponse {
            content_type: live.content_type().unwrap_or_default().to_owned(),
            message_body: live.message_body().map(str::to_owned),
            status_code: live.status_code().map(str::to_owned),
        }
    }

    fn to_aws(&self) -> aws::FixedResponseActionConfig {
        aws::FixedResponseActionConfig::builder()
            .content_type(&self.content_type)
            .set_message_body(self.message_body.clone())
            .set_status_code(self.status_code.clone())
            .build()
    }
}

/// Actions as AWS gives them, in their order.
pub(crate) fn from_aws(live: &[aws::Action]) -> Vec<Action> {
    let mut actions: Vec<Action> = live.iter().map(Action::of).collect();
    actions.sort_by_key(|action| action.order.unwrap_or_default());
    actions
}

/// Actions for a request. Of several, AWS wants to know the order.
pub(crate) fn to_aws(actions: &[Action]) -> Vec<aws::Action> {
    let several = actions.len() > 1;
    let place = (1..).map(|place| several.then_some(place));
    actions.iter().zip(place).map(|(action, place)| action.to_aws(place)).collect()
}

/// Brings the actions in a property to canonical form.
pub(crate) fn canonical(properties: &mut Map, name: &str) {
    let Some(Value::List(actions)) = properties.get_mut(name) else { return };
    for action in actions {
        let Value::Map(action) = action else { continue };
        if !is_given(action, "target_group_arn") {
            action.remove("target_group_arn");
        } else if let Some(arn) = action.remove("target_group_arn")
            && !is_given(action, "forward")
        {
            let group = Map::from([("arn".to_owned(), arn), ("weight".to_owned(), 1.into())]);
            let groups = Value::List(vec![Value::Map(group)]);
            let forward = Map::from([("target_group".to_owned(), groups)]);
            action.insert("forward".to_owned(), Value::List(vec![Value::Map(forward)]));
        }
        let Some(Value::List(forward)) = action.get_mut("forward") else { continue };
        for forward in forward {
            let Value::Map(forward) = forward else { continue };
            let Some(Value::List(stickiness)) = forward.get_mut("stickiness") else { continue };
            for stickiness in stickiness {
                let Value::Map(stickiness) = stickiness else { continue };
                // The duration means nothing then, and AWS may forget it.
                if matches!(stickiness.get("enabled"), None | Some(Value::Null | Value::Bool(false))) {
                    stickiness.insert("enabled".to_owned(), false.into());
                    stickiness.insert("duration".to_owned(), 0.into());
                }
            }
        }
    }
}

/// What is wrong with the actions in a property.
pub(crate) fn mistakes(properties: &Map, name: &str) -> Vec<(String, String)> {
    let Some(actions) = properties.get(name).and_then(Value::as_list) else { return Vec::new() };
    let mut mistakes = Vec::new();
    let mut mistake = |message: String| mistakes.push((name.to_owned(), message));
    if actions.is_empty() {
        mistake("needs at least one action".to_owned());
    }
    for action in actions.iter().filter_map(Value::as_map) {
        let given = |name: &str| is_given(action, name);
        match action.get("type").and_then(Value::as_str) {
            Some("forward") if !given("target_group_arn") && !given("forward") => {
                mistake("a `forward` needs a `target_group_arn` or a `forward` block".to_owned());
            }
            Some("forward") if given("target_group_arn") && given("forward") => {
                mistake("set one of `target_group_arn` and `forward`".to_owned());
            }
            Some("redirect") if !given("redirect") => {
                mistake("a `redirect` needs a `redirect` block".to_owned());
            }
            Some("fixed-response") if !given("fixed_response") => {
                mistake("a `fixed-response` needs a `fixed_response` block".to_owned());
            }
            _ => {}
        }
        let forward = action.get("forward").and_then(Value::as_list).unwrap_or_default();
        for forward in forward.iter().filter_map(Value::as_map) {
            let Some(groups) = forward.get("target_group").and_then(Value::as_list) else { continue };
            if !(1..=5).contains(&groups.len()) {
                mistake(format!("a `forward` takes 1 to 5 target groups, not {}", groups.len()));
            }
            let weights = groups.iter().filter_map(|group| group.as_map()?.get("weight")?.as_i64());
            if let Some(weight) = weights.into_iter().find(|weight| !(0..=999).contains(weight)) {
                mistake(format!("the weight of a target group is 0 to 999, not {weight}"));
            }
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn canonical_of(json: serde_json::Value) -> Value {
        let mut map = Map::from([("action".to_owned(), Value::from(json))]);
        canonical(&mut map, "action");
        map.remove("action").unwrap_or_default()
    }

    fn value(actions: &[Action]) -> Value {
        let mut map = Map::from([(
            "action".to_owned(),
            Value::from(serde_json::to_value(actions).unwrap_or_default()),
        )]);
        canonical(&mut map, "action");
        map.remove("action").unwrap_or_default()
    }

    #[test]
    fn one_target_group_has_one_form() {
        let short = canonical_of(json!([{"type": "forward", "target_group_arn": "blue"}]));
        let long = canonical_of(json!([
            {"type": "forward", "forward": [{"target_group": [{"arn": "blue", "weight": 1}]}]}
        ]));
        assert_eq!(short, long);
        let unknown = Map::from([
            ("type".to_owned(), "forward".into()),
            ("target_group_arn".to_owned(), Value::unknown("blue.arn")),
        ]);
        let mut map = Map::from([("action".to_owned(), Value::List(vec![Value::Map(unknown)]))]);
        canonical(&mut map, "action");
        assert!(map["action"].first_unknown().is_some_and(|unknown| unknown.of == "blue.arn"));
    }

    #[test]
    fn what_codedeploy_leaves_reads_as_a_pair() {
        let pair = |blue: i32, green: i32| {
            let group = |arn: &str, weight| {
                aws::TargetGroupTuple::builder().target_group_arn(arn).weight(weight).build()
            };
            let config = aws::ForwardActionConfig::builder()
                .target_groups(group("blue", blue))
                .target_groups(group("green", green))
                .build();
            aws::Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build()
        };
        let live = from_aws(&[pair(0, 100)]);
        let written = canonical_of(json!([{"type": "forward", "forward": [{
            "target_group": [{"arn": "blue", "weight": 0}, {"arn": "green", "weight": 100}],
            "stickiness": [{"enabled": false, "duration": 600}],
        }]}]));
        let mut read = value(&live);
        if let Value::List(actions) = &mut read
            && let Some(Value::Map(action)) = actions.first_mut()
        {
            action.retain(|key, _| key == "type" || key == "forward");
        }
        assert_eq!(read, written);
        let sent = to_aws(&live);
        assert_eq!(sent[0].forward_config().map(|config| config.target_groups().len()), Some(2));
    }

    #[test]
    fn a_single_target_group_is_sent_plainly() {
        let written = json!([{"type": "forward", "forward": [{"target_group": [{"arn": "blue"}]}]}]);
        let actions: Vec<Action> = serde_json::from_value(written).unwrap_or_default();
        let sent = to_aws(&actions);
        assert_eq!(sent[0].target_group_arn(), Some("blue"));
        assert_eq!((sent[0].forward_config(), sent[0].order()), (None, None));
        assert_eq!(value(&from_aws(&sent)), value(&from_aws(&to_aws(&actions))));
    }

    #[test]
    fn defaults_of_a_redirect() {
        let written = json!([{"type": "redirect", "redirect": [{"status_code": "HTTP_301", "port": "443"}]}]);
        let actions: Vec<Action> = serde_json::from_value(written).unwrap_or_default();
        let redirect = to_aws(&actions)[0].redirect_config().map(Redirect::of).unwrap_or_default();
        assert_eq!((redirect.port.as_str(), redirect.path.as_str()), ("443", "/#{path}"));
    }

    #[test]
    fn mistakes_in_actions() {
        let check = |json| mistakes(&Map::from([("action".to_owned(), Value::from(json))]), "action").len();
        assert_eq!(check(json!([{"type": "forward", "target_group_arn": "blue"}])), 0);
        assert_eq!(check(json!([])), 1);
        assert_eq!(check(json!([{"type": "forward"}])), 1);
        assert_eq!(check(json!([{"type": "redirect"}])), 1);
        assert_eq!(
            check(json!([{"type": "forward", "target_group_arn": "a", "forward": [{"target_group": [{}]}]}])),
            1
        );
        assert_eq!(check(json!([{"type": "forward", "forward": [{"target_group": [{"weight": 1000}]}]}])), 1);
    }
}
