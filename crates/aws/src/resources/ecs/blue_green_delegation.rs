//! What ECS moves in a blue/green deployment of its own, and how that stands.
//!
//! The production rule, and the test rule if there is one, forward to both target groups from the first deployment on,
//! with weights. The service itself stays the stack's: a changed task definition is what starts a deployment, and one that was
//! rolled back stays as it is until the stack file names another. While one is under way, nobody else touches the service.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>.

use super::deployment_configuration::shifting;
use crate::arn;
use crate::resources::traffic::{MOVED_WITHIN, fault, first, forward, name, weights, words};
use wharf_core::{Map, Value};
use wharf_provider::{Delegation, Fault, Standing};

const LISTENER: &str = "aws_lb_listener";
const RULE: &str = "aws_lb_listener_rule";
const SERVICE: &str = "aws_ecs_service";

/// A load balancer of a service, and what ECS moves of it.
struct Pair<'a> {
    blue: &'a str,
    green: &'a str,
    production: &'a str,
    test: Option<&'a str>,
}

impl<'a> Pair<'a> {
    fn of(balancer: &'a Map) -> Option<Self> {
        let advanced = first(balancer, "advanced_configuration")?;
        Some(Pair {
            blue: balancer.get("target_group_arn")?.as_str()?,
            green: advanced.get("alternate_target_group_arn")?.as_str()?,
            production: advanced.get("production_listener_rule")?.as_str()?,
            test: advanced.get("test_listener_rule").and_then(Value::as_str),
        })
    }

    fn rules(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        [Some(self.production), self.test].into_iter().flatten()
    }

    /// A forward of everything to one of the two. The other stays attached, or the next deployment could not use it.
    fn forward_to(&self, serving: &str) -> Value {
        let share = |group: &str| if group == serving { 100 } else { 0 };
        forward(&[(self.blue, share(self.blue)), (self.green, share(self.green))])
    }
}

/// None of a service that ECS does not deploy blue/green.
fn pairs(attributes: &Map) -> Vec<Pair<'_>> {
    if shifting(attributes).is_none() {
        return Vec::new();
    }
    let balancers = attributes.get("load_balancer").and_then(Value::as_list).unwrap_or_default();
    balancers.iter().filter_map(|balancer| Pair::of(balancer.as_map()?)).collect()
}

/// Whether ECS deploys the service of these attributes blue/green.
pub(super) fn is_blue_green(attributes: &Map) -> bool {
    !pairs(attributes).is_empty()
}

/// The listener of a rule, by their ARNs; a listener is its own.
fn listener_of(arn: &str) -> String {
    let Some((before, path)) = arn.split_once(":listener-rule/") else { return arn.to_owned() };
    let listener = path.rsplit_once('/').map_or(path, |(listener, _)| listener);
    format!("{before}:listener/{listener}")
}

/// The actions of the rules, and the service as long as a deployment runs.
pub(super) fn delegates(attributes: &Map) -> Vec<Delegation> {
    let pairs = pairs(attributes);
    let mut delegations = Vec::new();
    if !pairs.is_empty()
        && let Some(arn) = attributes.get("arn").and_then(Value::as_str)
    {
        delegations.push(Delegation {
            resource_type: SERVICE,
            known_by: vec![("arn", arn.to_owned())],
            // A change of it is what starts a deployment; what went back since is not brought again unasked.
            properties: &["task_definition"],
            exclusive: false,
            yields: true,
            mentions: Vec::new(),
            moved_within: &[],
        });
    }
    for pair in &pairs {
        for rule in pair.rules() {
            let is_listener = !rule.contains(":listener-rule/");
            delegations.push(Delegation {
                resource_type: RULE,
                known_by: vec![("arn", rule.to_owned())],
                properties: &["action"],
                exclusive: false,
                yields: false,
                mentions: Vec::new(),
                moved_within: MOVED_WITHIN,
            });
            delegations.push(Delegation {
                resource_type: LISTENER,
                known_by: vec![("arn", listener_of(rule))],
                properties: &["default_action"],
                exclusive: false,
                yields: false,
                // Whether a rule is its listener's default one cannot be told from its ARN; but what ECS moves has the
                // other target group in it, and what only stands beside it has not.
                mentions: if is_listener { Vec::new() } else { vec![name(pair.green).to_owned()] },
                moved_within: MOVED_WITHIN,
            });
        }
    }
    delegations
}

/// Who has the traffic; and rules that point where ECS never does.
pub(super) fn standing(attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
    let pairs = pairs(attributes);
    let text = |name: &str| attributes.get(name).and_then(Value::as_str);
    let state = text("rollout_state");
    let deployment = text("current_service_deployment").map(arn::last);
    let running = (state == Some("IN_PROGRESS")).then(|| deployment.unwrap_or("a deployment").to_owned());
    let serving = attributes.get("serving_target_group_arns").and_then(Value::as_list).unwrap_or_default();
    let mut faults = Vec::new();
    let (mut production, mut test) = (None, None);
    for (object, (kind, live)) in objects.iter().enumerate() {
        let property = match *kind {
            RULE => "action",
            LISTENER => "default_action",
            _ => continue,
        };
        let arn = live.get("arn").and_then(Value::as_str).unwrap_or_default();
        let is = |rule: &str| rule == arn || *kind == LISTENER && listener_of(rule) == arn;
        let Some(pair) = pairs.iter().find(|pair| pair.rules().any(is)) else { continue };
        let is_production = is(pair.production);
        let weights = live.get(property).map(weights).unwrap_or_default();
        let shown = if is_production { &mut production } else { &mut test };
        shown.get_or_insert_with(|| words(&weights));
        let group =
            serving.iter().filter_map(Value::as_str).find(|arn| *arn == pair.blue || *arn == pair.green);
        let group = group.filter(|_| is_production);
        // What it is on its way to is for the deployment to know.
        if running.is_none()
            && let Some(reason) = fault(
                &weights,
                &[name(pair.blue), name(pair.green)],
                group.map(|group| ("the revision that serves", group)),
            )
        {
            let wanted = group.map(|group| pair.forward_to(group));
            faults.push(Fault { object, property, reason, wanted });
        }
    }
    let mut parts = Vec::new();
    parts.extend(production.map(|words| format!("traffic: {words}")));
    parts.extend(test.map(|words| format!("test: {words}")));
    // Without any rule in the stack there is nothing to say, but while somebody has to wait.
    if running.is_none() && !parts.is_empty() {
        parts.extend(text("task_definition").map(|revision| format!("revision {}", arn::last(revision))));
    }
    // What a service has is what a deployment is to bring, as long as it runs.
    let brings = text("task_definition").filter(|_| running.is_some());
    let brings = brings.map(|revision| format!(", brings {}", arn::last(revision))).unwrap_or_default();
    if (!parts.is_empty() || running.is_some())
        && let Some(deployment) = deployment
        && let Some(state) = state.filter(|state| *state != "COMPLETED")
    {
        parts.push(format!("deployment {deployment} ({state}{brings})"));
    }
    let serves = serving.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Standing { summary: parts.join("; "), running, faults, serves }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BLUE: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/blue/0b";
    const GREEN: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/green/0c";
    const OTHER: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/other/0d";
    const PRODUCTION: &str = "arn:aws:elasticloadbalancing:eu:1:listener-rule/app/web/1/2/3";
    const TEST: &str = "arn:aws:elasticloadbalancing:eu:1:listener-rule/app/web/1/2/4";
    const THEIRS: &str = "arn:aws:elasticloadbalancing:eu:1:listener/app/web/1/2";

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    fn service(strategy: &str, state: &str, serving: &str) -> Map {
        let advanced = json!([{
            "alternate_target_group_arn": GREEN,
            "production_listener_rule": PRODUCTION,
            "test_listener_rule": TEST,
        }]);
        map(json!({
            "arn": "arn:aws:ecs:eu:1:service/shop/web",
            "task_definition": "arn:aws:ecs:eu:1:task-definition/web:23",
            "deployment_configuration": [{"strategy": strategy}],
            "load_balancer": [{"target_group_arn": BLUE, "advanced_configuration": advanced}],
            "current_service_deployment": "arn:aws:ecs:eu:1:service-deployment/shop/web/Abc_1",
            "rollout_state": state,
            "serving_target_group_arns": [serving],
        }))
    }

    fn rule(arn: &str, weights: &[(&str, i64)]) -> Map {
        Map::from([("arn".to_owned(), arn.into()), ("action".to_owned(), forward(weights))])
    }

    fn stands(state: &str, production: &Map, serving: &str) -> Standing {
        let (test, service) = (rule(TEST, &[(GREEN, 1)]), service("BLUE_GREEN", state, serving));
        standing(&service, &[(SERVICE, &service), (RULE, production), (RULE, &test)])
    }

    #[test]
    fn weights_within_the_pair_are_fine() {
        for weights in [&[(GREEN, 1)][..], &[(GREEN, 100), (BLUE, 0)], &[(BLUE, 90), (GREEN, 10)]] {
            let standing = stands("COMPLETED", &rule(PRODUCTION, weights), GREEN);
            assert_eq!(standing.faults, []);
            assert_eq!(standing.running, None);
            assert!(standing.summary.ends_with("; test: green 100; revision web:23"), "{}", standing.summary);
        }
        let standing = stands("IN_PROGRESS", &rule(PRODUCTION, &[(BLUE, 100), (GREEN, 0)]), BLUE);
        assert_eq!(standing.running.as_deref(), Some("Abc_1"));
        assert!(standing.summary.starts_with("traffic: blue 100, green 0; "), "{}", standing.summary);
        assert!(
            standing.summary.ends_with("; deployment Abc_1 (IN_PROGRESS, brings web:23)"),
            "{}",
            standing.summary
        );
        // Rules of somebody else's are none of our words.
        let alone = service("BLUE_GREEN", "COMPLETED", BLUE);
        assert_eq!(super::standing(&alone, &[(SERVICE, &alone)]).summary, "");
    }

    #[test]
    fn what_ecs_never_leaves_is_a_fault() {
        for (weights, reason) in [
            (&[(OTHER, 1)][..], "it forwards to other, which is not one of blue and green"),
            (&[(GREEN, 0), (BLUE, 0)], "all its weights are 0"),
            (&[(BLUE, 100), (GREEN, 0)], "the revision that serves is behind green"),
            (&[], "it forwards to no target group"),
        ] {
            let faults = stands("COMPLETED", &rule(PRODUCTION, weights), GREEN).faults;
            assert_eq!(faults.len(), 1, "{reason}");
            assert!(faults[0].reason.contains(reason), "{}", faults[0].reason);
            // Never to where nobody serves; and the other target group stays attached.
            assert_eq!(faults[0].wanted, Some(forward(&[(BLUE, 0), (GREEN, 100)])));
            assert_eq!(stands("IN_PROGRESS", &rule(PRODUCTION, weights), GREEN).faults, []);
        }
    }

    #[test]
    fn rules_are_its_own_and_the_service_is_watched() {
        let service = service("CANARY", "COMPLETED", BLUE);
        let delegations = delegates(&service);
        let about = |kind: &str, attributes: &Map| {
            let mine =
                delegations.iter().filter(|d| d.resource_type == kind && d.is_about(attributes, &Map::new()));
            mine.flat_map(|delegation| delegation.properties).copied().collect::<Vec<_>>()
        };
        assert!(delegations.iter().any(|d| d.resource_type == SERVICE && d.is_about(&service, &Map::new())));
        assert_eq!(about(SERVICE, &service), ["task_definition"]);
        assert_eq!(about(RULE, &rule(PRODUCTION, &[(BLUE, 1)])), ["action"]);
        assert_eq!(about(RULE, &rule(&format!("{PRODUCTION}4"), &[(BLUE, 1)])), [""; 0]);
        // A default action is its own only once it has the other target group in it.
        let listener = |weights: &[(&str, i64)]| {
            Map::from([("arn".to_owned(), THEIRS.into()), ("default_action".to_owned(), forward(weights))])
        };
        assert_eq!(about(LISTENER, &listener(&[(BLUE, 1)])), [""; 0]);
        assert_eq!(about(LISTENER, &listener(&[(BLUE, 0), (GREEN, 100)])), ["default_action"; 2]);
        assert!(delegates(&self::service("ROLLING", "COMPLETED", BLUE)).is_empty());
    }

    #[test]
    fn a_network_load_balancer_has_its_listener_moved() {
        let listener = "arn:aws:elasticloadbalancing:eu:1:listener/net/web/1/2";
        assert_eq!(listener_of(listener), listener);
        assert_eq!(listener_of(PRODUCTION), THEIRS);
    }
}
