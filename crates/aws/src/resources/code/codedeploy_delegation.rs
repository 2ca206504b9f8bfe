//! What CodeDeploy moves in a blue/green deployment of an ECS service, and how that stands.
//!
//! Since the end of 2022 CodeDeploy leaves both target groups behind a listener, with weights: the new one has all of it,
//! the other none. Before, there was one. Both are understood.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html>.

use super::codedeploy_running::RUNNING;
use crate::arn;
use crate::resources::ecs::service_delegation::{BY_DEPLOYMENT, MOVED_WITHIN};
use crate::resources::traffic::{self, fault, first, forward, weights, words};
use wharf_core::{Map, Value};
use wharf_provider::{Delegation, Fault, Standing};

const LISTENER: &str = "aws_lb_listener";
const RULE: &str = "aws_lb_listener_rule";
const SERVICE: &str = "aws_ecs_service";

/// The parts of a deployment group that say what it moves.
struct Group<'a> {
    cluster: &'a str,
    service: &'a str,
    production: Vec<&'a str>,
    test: Vec<&'a str>,
    /// The names of blue and green.
    pair: Vec<&'a str>,
}

impl<'a> Group<'a> {
    /// None for a group that does not deploy to ECS.
    fn of(attributes: &'a Map) -> Option<Self> {
        let service = first(attributes, "ecs_service")?;
        let pair = first(first(attributes, "load_balancer_info")?, "target_group_pair_info")?;
        let arns = |route: &str| {
            let arns = first(pair, route).and_then(|route| route.get("listener_arns"));
            arns.and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_str).collect()
        };
        let groups = pair.get("target_group").and_then(Value::as_list).unwrap_or_default();
        Some(Group {
            cluster: service.get("cluster_name")?.as_str()?,
            service: service.get("service_name")?.as_str()?,
            production: arns("prod_traffic_route"),
            test: arns("test_traffic_route"),
            pair: groups.iter().filter_map(|group| group.as_map()?.get("name")?.as_str()).collect(),
        })
    }
}

/// The listeners' actions, those of their rules that forward to the pair, and what a revision brings to the service.
pub(super) fn delegates(attributes: &Map) -> Vec<Delegation> {
    let Some(group) = Group::of(attributes) else { return Vec::new() };
    let pair = || group.pair.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut delegations = vec![Delegation {
        resource_type: SERVICE,
        known_by: vec![("cluster", group.cluster.to_owned()), ("name", group.service.to_owned())],
        properties: BY_DEPLOYMENT,
        exclusive: true,
        yields: false,
        mentions: Vec::new(),
        moved_within: MOVED_WITHIN,
    }];
    for listener in group.production.iter().chain(&group.test) {
        delegations.push(Delegation {
            resource_type: LISTENER,
            known_by: vec![("arn", (*listener).to_owned())],
            properties: &["default_action"],
            exclusive: false,
            yields: false,
            // Not one that answers itself, or redirects, where rules forward to the pair.
            mentions: pair(),
            moved_within: traffic::MOVED_WITHIN,
        });
        delegations.push(Delegation {
            resource_type: RULE,
            known_by: vec![("listener_arn", (*listener).to_owned())],
            properties: &["action"],
            exclusive: false,
            yields: false,
            mentions: pair(),
            moved_within: traffic::MOVED_WITHIN,
        });
    }
    delegations
}

/// Who has the traffic; and listeners that point where CodeDeploy never does.
pub(super) fn standing(attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
    let Some(group) = Group::of(attributes) else { return Standing::default() };
    let text = |name: &str| attributes.get(name).and_then(Value::as_str);
    let deployment = text("last_deployment_id");
    let running = deployment.filter(|_| text("last_deployment_status").is_some_and(|s| RUNNING.contains(&s)));
    let service = objects.iter().find(|(kind, _)| *kind == SERVICE).map(|(_, service)| *service);
    let primary = service.and_then(primary);
    let mut faults = Vec::new();
    let mut production: Option<(&str, String)> = None;
    let mut test: Option<(&str, String)> = None;
    for (object, (kind, live)) in objects.iter().enumerate() {
        let (property, listener) = match *kind {
            LISTENER => ("default_action", "arn"),
            RULE => ("action", "listener_arn"),
            _ => continue,
        };
        let arn = live.get(listener).and_then(Value::as_str).unwrap_or_default();
        let is_production = group.production.contains(&arn);
        let weights = live.get(property).map(weights).unwrap_or_default();
        let shown = if is_production { &mut production } else { &mut test };
        match shown {
            // A default action says more than a rule.
            Some((told, _)) if *told == LISTENER || *kind == RULE => {}
            _ => *shown = Some((*kind, words(&weights))),
        }
        let serving = primary.filter(|_| is_production).map(|group| ("the primary task set", group));
        // What it is on its way to is for the deployment to know.
        if running.is_none()
            && let Some(reason) = fault(&weights, &group.pair, serving)
        {
            let wanted = serving.map(|(_, group)| forward(&[(group, 1)]));
            faults.push(Fault { object, property, reason, wanted });
        }
    }
    let mut parts = Vec::new();
    parts.extend(production.map(|(_, words)| format!("traffic: {words}")));
    parts.extend(test.map(|(_, words)| format!("test: {words}")));
    let revision = service.and_then(|service| service.get("task_definition")?.as_str()).map(arn::last);
    parts.extend(revision.map(|revision| format!("revision {revision}")));
    parts.extend(deployment.map(|id| match text("last_deployment_status") {
        Some(status) => format!("deployment {id} ({status})"),
        None => format!("deployment {id}"),
    }));
    Standing {
        summary: parts.join("; "),
        running: running.map(str::to_owned),
        faults,
        serves: primary.map(str::to_owned).into_iter().collect(),
    }
}

/// The target group of the tasks that serve.
fn primary(service: &Map) -> Option<&str> {
    first(service, "load_balancer")?.get("target_group_arn")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BLUE: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/blue/0b";
    const GREEN: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/green/0c";
    const OTHER: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/other/0d";

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    fn group(status: Option<&str>) -> Map {
        let mut group = json!({
            "ecs_service": [{"cluster_name": "shop", "service_name": "web"}],
            "load_balancer_info": [{"target_group_pair_info": [{
                "prod_traffic_route": [{"listener_arns": ["prod"]}],
                "test_traffic_route": [{"listener_arns": ["test"]}],
                "target_group": [{"name": "blue"}, {"name": "green"}],
            }]}],
        });
        if let Some(status) = status {
            group["last_deployment_id"] = json!("d-1");
            group["last_deployment_status"] = json!(status);
        }
        map(group)
    }

    fn listener(arn: &str, weights: &[(&str, i64)]) -> Map {
        let groups: Vec<_> =
            weights.iter().map(|(arn, weight)| json!({"arn": arn, "weight": weight})).collect();
        map(
            json!({"arn": arn, "default_action": [{"type": "forward", "forward": [{"target_group": groups}]}]}),
        )
    }

    fn service(target_group: &str) -> Map {
        map(json!({
            "task_definition": "arn:aws:ecs:eu:1:task-definition/web:23",
            "load_balancer": [{"target_group_arn": target_group}],
        }))
    }

    fn stands(status: Option<&str>, production: &Map, primary: &str) -> Standing {
        let (test, service) = (listener("test", &[(GREEN, 1)]), service(primary));
        standing(&group(status), &[(LISTENER, production), (LISTENER, &test), (SERVICE, &service)])
    }

    #[test]
    fn both_forms_of_a_reroute_are_fine() {
        for weights in [&[(GREEN, 1)][..], &[(GREEN, 100), (BLUE, 0)], &[(BLUE, 0), (GREEN, 100)]] {
            let standing = stands(Some("Succeeded"), &listener("prod", weights), GREEN);
            assert_eq!(standing.faults, []);
            assert!(standing.summary.starts_with("traffic: green 100"), "{}", standing.summary);
            assert!(standing.summary.ends_with("revision web:23; deployment d-1 (Succeeded)"));
        }
        let plain =
            map(json!({"arn": "prod", "default_action": [{"type": "forward", "target_group_arn": BLUE}]}));
        assert_eq!(stands(None, &plain, BLUE).faults, []);
        // A canary gives a part of it away.
        assert_eq!(stands(None, &listener("prod", &[(BLUE, 90), (GREEN, 10)]), BLUE).faults, []);
    }

    #[test]
    fn what_codedeploy_never_leaves_is_a_fault() {
        let redirect = map(json!({"arn": "prod", "default_action": [{"type": "redirect"}]}));
        for (production, reason) in [
            (listener("prod", &[(OTHER, 1)]), "it forwards to other, which is not one of blue and green"),
            (listener("prod", &[(GREEN, 0), (BLUE, 0)]), "all its weights are 0"),
            (listener("prod", &[(BLUE, 100), (GREEN, 0)]), "the primary task set is behind green"),
            (redirect, "it forwards to no target group"),
        ] {
            let faults = stands(Some("Succeeded"), &production, GREEN).faults;
            assert_eq!(faults.len(), 1, "{reason}");
            assert!(faults[0].reason.contains(reason), "{}", faults[0].reason);
            // Never to where nobody serves.
            assert_eq!(faults[0].wanted, Some(forward(&[(GREEN, 1)])));
            // While a deployment runs, that is its business.
            assert_eq!(stands(Some("InProgress"), &production, GREEN).faults, []);
        }
    }

    #[test]
    fn where_rules_forward_to_the_pair_the_default_action_is_the_stacks() {
        let redirect = || map(json!({"arn": "prod", "default_action": [{"type": "redirect"}]}));
        let rule = |weights: &[(&str, i64)]| {
            let mut rule = listener("rule", weights);
            let action = rule.remove("default_action").unwrap_or_default();
            rule.extend([("listener_arn".to_owned(), "prod".into()), ("action".to_owned(), action)]);
            rule
        };
        let is_moved = |kind: &str, live: &Map, asked: &Map| {
            delegates(&group(None)).iter().any(|d| d.resource_type == kind && d.is_about(live, asked))
        };
        assert!(!is_moved(LISTENER, &redirect(), &redirect()));
        assert!(is_moved(LISTENER, &redirect(), &listener("prod", &[(BLUE, 1)])));
        assert!(is_moved(RULE, &rule(&[(GREEN, 100), (BLUE, 0)]), &rule(&[(BLUE, 1)])));
        assert!(is_moved(RULE, &rule(&[(OTHER, 1)]), &rule(&[(BLUE, 1)])));
        assert!(!is_moved(RULE, &rule(&[(OTHER, 1)]), &rule(&[(OTHER, 1)])));
        let (rule, service) = (rule(&[(GREEN, 100), (BLUE, 0)]), service(GREEN));
        let standing = standing(&group(None), &[(RULE, &rule), (SERVICE, &service)]);
        assert!(standing.summary.starts_with("traffic: green 100, blue 0; "), "{}", standing.summary);
        assert_eq!(standing.faults, []);
    }

    #[test]
    fn the_pair_and_the_service_are_what_it_owns() {
        let of: Vec<_> =
            delegates(&group(None)).into_iter().map(|d| (d.resource_type, d.properties)).collect();
        assert_eq!(of[0], (SERVICE, BY_DEPLOYMENT));
        assert_eq!(of.iter().filter(|(kind, _)| *kind == LISTENER).count(), 2);
        assert!(delegates(&map(json!({"deployment_group_name": "on servers"}))).is_empty());
    }
}
