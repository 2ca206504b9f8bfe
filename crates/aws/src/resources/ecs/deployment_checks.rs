//! Mistakes in how ECS is to deploy a service, as far as a stack file shows them.

use super::deployment_configuration::shifting;
use crate::resources::traffic::first;
use wharf_core::{Map, Value};

/// The stages at which ECS calls hooks.
const STAGES: [&str; 8] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// Those at which no pause can be.
const BUSY: [&str; 2] = ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];

/// What is wrong with `deployment_configuration` and `load_balancer.advanced_configuration`, each with its property.
pub(super) fn mistakes(properties: &Map) -> Vec<(String, String)> {
    let mut mistakes = Vec::new();
    let strategy = shifting(properties);
    let configuration = first(properties, "deployment_configuration");
    // An unknown strategy may be any.
    let is_known = configuration.is_none_or(|block| block.get("strategy").is_none_or(Value::is_known));
    if let Some(configuration) = configuration {
        for message in of_configuration(configuration, strategy) {
            mistakes.push(("deployment_configuration".to_owned(), message));
        }
    }
    let controller = first(properties, "deployment_controller").and_then(|block| block.get("type")?.as_str());
    if let (Some(strategy), Some(controller @ ("CODE_DEPLOY" | "EXTERNAL"))) = (strategy, controller) {
        let message = format!("ECS deploys by the strategy {strategy}, and here {controller} deploys");
        mistakes.push(("deployment_configuration".to_owned(), message));
    }
    let balancers = properties.get("load_balancer").and_then(Value::as_list).unwrap_or_default();
    for balancer in balancers.iter().filter_map(Value::as_map) {
        let message = match (first(balancer, "advanced_configuration"), strategy) {
            (None, Some(strategy)) if balancer.get("advanced_configuration").is_none_or(Value::is_known) => {
                Some(format!("the strategy {strategy} needs an `advanced_configuration`"))
            }
            (Some(_), None) if is_known => Some(
                "an `advanced_configuration` needs the strategy BLUE_GREEN, LINEAR or CANARY in \
                 `deployment_configuration`"
                    .to_owned(),
            ),
            (Some(advanced), _) => of_pair(balancer, advanced).map(str::to_owned),
            (None, _) => None,
        };
        mistakes.extend(message.map(|message| ("load_balancer".to_owned(), message)));
    }
    mistakes
}

fn of_configuration(configuration: &Map, strategy: Option<&str>) -> Vec<String> {
    let mut messages = Vec::new();
    let minutes = |block: &Map, name: &str| {
        let minutes = block.get(name).and_then(Value::as_i64);
        minutes.filter(|minutes| !(0..=1440).contains(minutes)).map(|_| format!("`{name}` takes 0 to 1440"))
    };
    messages.extend(minutes(configuration, "bake_time_in_minutes"));
    for (block, of, time) in [
        ("linear_configuration", "LINEAR", "step_bake_time_in_minutes"),
        ("canary_configuration", "CANARY", "canary_bake_time_in_minutes"),
    ] {
        match (first(configuration, block), strategy == Some(of)) {
            (Some(steps), true) => messages.extend(minutes(steps, time)),
            (Some(_), false) if strategy.is_some() => {
                messages.push(format!("`{block}` is for the strategy {of}"));
            }
            (None, true) if configuration.get(block).is_none_or(Value::is_known) => {
                messages.push(format!("the strategy {of} needs a `{block}`, if only an empty one"));
            }
            _ => {}
        }
    }
    let hooks = configuration.get("lifecycle_hook").and_then(Value::as_list).unwrap_or_default();
    for hook in hooks.iter().filter_map(Value::as_map) {
        let pauses = hook.get("target_type").and_then(Value::as_str) == Some("PAUSE");
        let given = |name: &str| hook.get(name).is_some_and(|value| !value.is_null());
        for member in ["hook_target_arn", "role_arn"] {
            match (pauses, given(member)) {
                (true, true) => messages.push(format!("a pause has no `{member}`")),
                (false, false) => messages.push(format!("a hook that calls a function needs a `{member}`")),
                _ => {}
            }
        }
        let stages = hook.get("lifecycle_stages").and_then(Value::as_list);
        if stages.is_some_and(<[Value]>::is_empty) {
            messages.push("a hook needs one of the `lifecycle_stages` at least".to_owned());
        }
        for stage in stages.unwrap_or_default().iter().filter_map(Value::as_str) {
            if !STAGES.contains(&stage) {
                messages.push(format!(
                    "`{stage}` is no lifecycle stage with hooks; there are {}",
                    STAGES.join(", ")
                ));
            } else if pauses && BUSY.contains(&stage) {
                messages.push(format!("a pause cannot be at {stage}"));
            }
        }
    }
    messages
}

fn of_pair(balancer: &Map, advanced: &Map) -> Option<&'static str> {
    let same = |one: Option<&Value>, other: Option<&Value>| {
        one.and_then(Value::as_str).is_some_and(|one| Some(one) == other.and_then(Value::as_str))
    };
    if same(balancer.get("target_group_arn"), advanced.get("alternate_target_group_arn")) {
        return Some("blue and green are two different target groups");
    }
    let (production, test) = (advanced.get("production_listener_rule"), advanced.get("test_listener_rule"));
    if same(production, test) {
        return Some("production and test traffic have two different rules");
    }
    // AWS takes the listener itself only where it has no rules.
    let is_listener =
        |rule: Option<&Value>| rule.and_then(Value::as_str).is_some_and(|arn| arn.contains(":listener/app/"));
    (is_listener(production) || is_listener(test)).then_some(
        "for an application load balancer ECS wants the ARN of a rule, a listener's default one perhaps, not the \
         listener's own",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(json: serde_json::Value) -> usize {
        mistakes(&Value::from(json).as_map().cloned().unwrap_or_default()).len()
    }

    fn balancer(advanced: &serde_json::Value) -> serde_json::Value {
        json!([{"target_group_arn": "blue", "advanced_configuration": advanced}])
    }

    #[test]
    fn strategies_and_load_balancers_fit() {
        let advanced = json!([{"alternate_target_group_arn": "green", "production_listener_rule": "p"}]);
        let blue_green = json!([{"strategy": "BLUE_GREEN", "bake_time_in_minutes": 5}]);
        let fine = |advanced: &serde_json::Value| {
            count(json!({"deployment_configuration": blue_green, "load_balancer": balancer(advanced)}))
        };
        assert_eq!(fine(&advanced), 0);
        assert_eq!(fine(&json!([])), 1);
        assert_eq!(fine(&json!([{"alternate_target_group_arn": "blue"}])), 1);
        let listener = "arn:aws:elasticloadbalancing:eu:1:listener/app/web/1/2";
        assert_eq!(fine(&json!([{"production_listener_rule": listener}])), 1);
        assert_eq!(fine(&json!([{"production_listener_rule": "p", "test_listener_rule": "p"}])), 1);
        assert_eq!(count(json!({"load_balancer": balancer(&advanced)})), 1);
        let code_deploy = json!([{"type": "CODE_DEPLOY"}]);
        let both = json!({"deployment_configuration": blue_green, "deployment_controller": code_deploy});
        assert_eq!(count(both), 1);
        assert_eq!(count(json!({"load_balancer": balancer(&json!([]))})), 0);
    }

    #[test]
    fn steps_and_hooks_are_checked() {
        let of =
            |configuration: serde_json::Value| count(json!({"deployment_configuration": [configuration]}));
        assert_eq!(of(json!({"strategy": "LINEAR"})), 1);
        assert_eq!(of(json!({"strategy": "LINEAR", "linear_configuration": [{"step_percent": 20}]})), 0);
        assert_eq!(of(json!({"strategy": "BLUE_GREEN", "canary_configuration": [{}]})), 1);
        assert_eq!(of(json!({"strategy": "BLUE_GREEN", "bake_time_in_minutes": 2000})), 1);
        let hook = |hook: serde_json::Value| of(json!({"strategy": "BLUE_GREEN", "lifecycle_hook": [hook]}));
        assert_eq!(
            hook(json!({"hook_target_arn": "f", "role_arn": "r", "lifecycle_stages": ["PRE_SCALE_UP"]})),
            0
        );
        assert_eq!(hook(json!({"lifecycle_stages": ["PRE_SCALE_UP"]})), 2);
        assert_eq!(
            hook(json!({"hook_target_arn": "f", "role_arn": "r", "lifecycle_stages": ["SCALE_UP"]})),
            1
        );
        let pause = |stage: &str| hook(json!({"target_type": "PAUSE", "lifecycle_stages": [stage]}));
        assert_eq!(pause("POST_TEST_TRAFFIC_SHIFT"), 0);
        assert_eq!(pause("PRODUCTION_TRAFFIC_SHIFT"), 1);
    }
}
