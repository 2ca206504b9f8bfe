//! Where listeners send their traffic, and how the targets are.
//!
//! Sources: `elasticloadbalancing:DescribeListeners`, `DescribeRules`, `DescribeLoadBalancers`, `DescribeTargetGroups`,
//! `DescribeTargetHealth`.

use crate::page::{Wanted, wanted};
use crate::report::{Listener, TargetHealth};
use crate::target::Target;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures::future::try_join_all;
use std::collections::BTreeMap;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// What there is of the load balancer.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The listeners, those for production first.
    pub(super) listeners: Vec<Listener>,
    /// How the targets of a target group are, by its name.
    pub(super) health: BTreeMap<String, TargetHealth>,
    /// What is gone.
    pub(super) missing: Vec<String>,
}

/// Listeners and target groups as they are now.
pub(super) async fn seen(clients: &Clients, target: &Target) -> Result<Seen> {
    let ((listeners, mut missing), (health, gone)) =
        futures::try_join!(listeners(clients, target), health(clients, &target.target_groups))?;
    missing.extend(gone);
    Ok(Seen { listeners, health, missing })
}

/// A target group's name, from its ARN.
pub(super) fn group_name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

async fn listeners(clients: &Clients, target: &Target) -> Result<(Vec<Listener>, Vec<String>)> {
    let wanted = target.production.iter().map(|arn| (arn, true));
    let wanted: Vec<(&String, bool)> = wanted.chain(target.test.iter().map(|arn| (arn, false))).collect();
    let mut arns: Vec<String> = wanted.iter().map(|(arn, _)| listener_of(arn)).collect();
    arns.sort();
    arns.dedup();
    if arns.is_empty() {
        return Ok(Default::default());
    }
    let found = match described(clients, arns.clone()).await? {
        Some(found) => found,
        // One that is gone spoils the answer for all.
        None => {
            let each = arns.iter().map(|arn| described(clients, vec![arn.clone()]));
            try_join_all(each).await?.into_iter().flatten().flatten().collect()
        }
    };
    let hosts = hosts(clients, &found).await?;
    let mut shown = Vec::new();
    let mut missing = Vec::new();
    for (arn, production) in wanted {
        let of_rule = listener_of(arn);
        let Some(listener) = found.iter().find(|found| found.listener_arn() == Some(of_rule.as_str())) else {
            missing.push(format!("the listener {} is gone", arn.rsplit(':').next().unwrap_or(arn)));
            continue;
        };
        let host = listener.load_balancer_arn().and_then(|arn| hosts.get(arn)).map(String::as_str);
        let moved = if of_rule == *arn {
            moved(clients, arn, listener.default_actions(), &target.target_groups).await?
        } else {
            let Some(rule) = of_one_rule(clients, arn).await? else {
                missing.push(format!("the rule {} is gone", arn.rsplit(':').next().unwrap_or(arn)));
                continue;
            };
            rule
        };
        let port = listener.port().unwrap_or_default();
        let (scheme, host) = (scheme(listener.protocol()), host.unwrap_or_default());
        shown.push(Listener {
            arn: moved.arn,
            production,
            port,
            url: moved.wanted.clone().unwrap_or_default().shown(scheme, host, port),
            weights: moved.weights,
            page: moved.wanted.and_then(|wanted| wanted.page(scheme, host, port)),
        });
    }
    Ok((shown, missing))
}

/// The listener of a rule, by the ARNs of both; a listener is its own.
fn listener_of(arn: &str) -> String {
    match arn.split_once(":listener-rule/") {
        Some((prefix, rest)) => {
            let listener = rest.rsplit_once('/').map_or(rest, |(listener, _)| listener);
            format!("{prefix}:listener/{listener}")
        }
        None => arn.to_owned(),
    }
}

/// What moves traffic: a listener, or the rule of one.
struct Moved {
    arn: String,
    weights: Vec<(String, i64)>,
    /// What it wants of a request; none where a plain one does not do.
    wanted: Option<Wanted>,
}

impl Moved {
    fn by(rule: sdk::Rule) -> Self {
        let (weights, wanted) = (weights(rule.actions()), wanted(rule.conditions()));
        Moved { arn: rule.rule_arn.unwrap_or_default(), weights, wanted }
    }
}

/// One rule; none if it is gone.
async fn of_one_rule(clients: &Clients, arn: &str) -> Result<Option<Moved>> {
    let request = clients.elasticloadbalancing().describe_rules().rule_arns(arn);
    let answer = request.send().await.named("elasticloadbalancing:DescribeRules").or_absent()?;
    let rule = answer.and_then(|answer| answer.rules?.into_iter().next());
    Ok(rule.map(Moved::by))
}

async fn described(clients: &Clients, arns: Vec<String>) -> Result<Option<Vec<sdk::Listener>>> {
    let request = clients.elasticloadbalancing().describe_listeners().set_listener_arns(Some(arns));
    let answer = request.send().await.named("elasticloadbalancing:DescribeListeners").or_absent()?;
    Ok(answer.map(|answer| answer.listeners.unwrap_or_default()))
}

/// The host names of the load balancers of listeners, by ARN.
async fn hosts(clients: &Clients, listeners: &[sdk::Listener]) -> Result<BTreeMap<String, String>> {
    let mut arns: Vec<String> =
        listeners.iter().filter_map(|listener| listener.load_balancer_arn.clone()).collect();
    arns.sort();
    arns.dedup();
    if arns.is_empty() {
        return Ok(BTreeMap::new());
    }
    let request = clients.elasticloadbalancing().describe_load_balancers().set_load_balancer_arns(Some(arns));
    let answer = request.send().await.named("elasticloadbalancing:DescribeLoadBalancers").or_absent()?;
    let balancers = answer.and_then(|answer| answer.load_balancers).into_iter().flatten();
    Ok(balancers.filter_map(|balancer| Some((balancer.load_balancer_arn?, balancer.dns_name?))).collect())
}

/// What of a listener moves traffic between the target groups: its default action, or else the first of its rules that forwards
/// to one of them.
async fn moved(
    clients: &Clients,
    listener: &str,
    actions: &[sdk::Action],
    groups: &[String],
) -> Result<Moved> {
    let ours = |weights: &[(String, i64)]| weights.iter().any(|(name, _)| groups.contains(name));
    let default =
        Moved { arn: listener.to_owned(), weights: weights(actions), wanted: Some(Wanted::default()) };
    if ours(&default.weights) {
        return Ok(default);
    }
    let pages = clients.elasticloadbalancing().describe_rules().listener_arn(listener).into_paginator();
    let rules = pages.items().send().collect::<std::result::Result<Vec<_>, _>>().await;
    let rules = rules.named("elasticloadbalancing:DescribeRules").or_absent()?;
    let mut rules = rules.into_iter().flatten().map(Moved::by);
    Ok(rules.find(|rule| ours(&rule.weights)).unwrap_or(default))
}

/// The names of the target groups that actions forward to, each with its weight.
fn weights(actions: &[sdk::Action]) -> Vec<(String, i64)> {
    let mut found = Vec::new();
    for action in actions {
        let groups = action.forward_config().map(sdk::ForwardActionConfig::target_groups).unwrap_or_default();
        let weighted: Vec<(String, i64)> = groups
            .iter()
            .filter_map(|group| {
                Some((group_name(group.target_group_arn()?).to_owned(), group.weight().unwrap_or(1).into()))
            })
            .collect();
        match (weighted.is_empty(), action.target_group_arn()) {
            (true, Some(arn)) => found.push((group_name(arn).to_owned(), 1)),
            _ => found.extend(weighted),
        }
    }
    found
}

/// What a listener speaks, as a URL begins.
fn scheme(protocol: Option<&sdk::ProtocolEnum>) -> &'static str {
    use sdk::ProtocolEnum as Protocol;
    match protocol {
        Some(Protocol::Https) => "https",
        Some(Protocol::Tls) => "tls",
        Some(Protocol::Udp) => "udp",
        Some(Protocol::Tcp | Protocol::TcpUdp) => "tcp",
        _ => "http",
    }
}

async fn health(
    clients: &Clients,
    names: &[String],
) -> Result<(BTreeMap<String, TargetHealth>, Vec<String>)> {
    if names.is_empty() {
        return Ok(Default::default());
    }
    let found = match groups(clients, names.to_vec()).await? {
        Some(found) => found,
        None => {
            let each = names.iter().map(|name| groups(clients, vec![name.clone()]));
            try_join_all(each).await?.into_iter().flatten().flatten().collect()
        }
    };
    let missing = names.iter().filter(|name| found.iter().all(|(found, _)| found != *name));
    let missing = missing.map(|name| format!("the target group {name} is gone")).collect();
    let health = try_join_all(found.into_iter().map(|(name, arn)| async move {
        let request = clients.elasticloadbalancing().describe_target_health().target_group_arn(arn);
        let answer = request.send().await.named("elasticloadbalancing:DescribeTargetHealth").or_absent()?;
        let targets = answer.and_then(|answer| answer.target_health_descriptions).unwrap_or_default();
        Ok((name, counted(&targets)))
    }))
    .await?;
    Ok((health.into_iter().collect(), missing))
}

/// The target groups of these names, with their ARNs.
async fn groups(clients: &Clients, names: Vec<String>) -> Result<Option<Vec<(String, String)>>> {
    let request = clients.elasticloadbalancing().describe_target_groups().set_names(Some(names));
    let answer = request.send().await.named("elasticloadbalancing:DescribeTargetGroups").or_absent()?;
    let named = |group: sdk::TargetGroup| Some((group.target_group_name?, group.target_group_arn?));
    Ok(answer.map(|answer| answer.target_groups.into_iter().flatten().filter_map(named).collect()))
}

/// How many targets are how, and why those fail that do.
fn counted(targets: &[sdk::TargetHealthDescription]) -> TargetHealth {
    use sdk::TargetHealthStateEnum as State;
    let mut health = TargetHealth::default();
    for target in targets.iter().filter_map(sdk::TargetHealthDescription::target_health) {
        match target.state() {
            Some(State::Healthy) => health.healthy += 1,
            Some(State::Unhealthy | State::UnhealthyDraining | State::Unavailable) => {
                health.unhealthy += 1;
                let code = target.reason().map(|reason| reason.as_str().to_owned());
                let parts = [code, target.description().map(str::to_owned)];
                let reason = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
                if !reason.is_empty() && !health.reasons.contains(&reason) {
                    health.reasons.push(reason);
                }
            }
            _ => health.other += 1,
        }
    }
    health.reasons.sort();
    health
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLUE: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/blue/0b";
    const GREEN: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/green/0c";

    #[test]
    fn both_forms_of_a_forward_have_weights() {
        let tuple = |arn: &str, weight| {
            sdk::TargetGroupTuple::builder().target_group_arn(arn).set_weight(weight).build()
        };
        let forward =
            |action: sdk::builders::ActionBuilder| action.r#type(sdk::ActionTypeEnum::Forward).build();
        let plain = forward(sdk::Action::builder().target_group_arn(BLUE));
        assert_eq!(weights(&[plain]), [("blue".to_owned(), 1)]);
        let both = sdk::ForwardActionConfig::builder()
            .target_groups(tuple(GREEN, Some(100)))
            .target_groups(tuple(BLUE, Some(0)))
            .build();
        // AWS shows the ARN beside, where there is only one.
        let weighted = forward(sdk::Action::builder().target_group_arn(GREEN).forward_config(both));
        assert_eq!(weights(&[weighted]), [("green".to_owned(), 100), ("blue".to_owned(), 0)]);
    }

    #[test]
    fn urls_leave_out_what_goes_without_saying() {
        let url = |protocol, port| Wanted::default().shown(scheme(Some(&protocol)), "a.elb", port);
        assert_eq!(url(sdk::ProtocolEnum::Https, 443), "https://a.elb/");
        assert_eq!(url(sdk::ProtocolEnum::Http, 80), "http://a.elb/");
        assert_eq!(url(sdk::ProtocolEnum::Http, 8080), "http://a.elb:8080/");
        assert_eq!(url(sdk::ProtocolEnum::Https, 8443), "https://a.elb:8443/");
        assert_eq!(url(sdk::ProtocolEnum::Tcp, 80), "tcp://a.elb:80");
    }

    #[test]
    fn a_rule_is_part_of_its_listener() {
        let prefix = "arn:aws:elasticloadbalancing:eu:1";
        let listener = format!("{prefix}:listener/app/web/0a/0b");
        assert_eq!(listener_of(&format!("{prefix}:listener-rule/app/web/0a/0b/0c")), listener);
        assert_eq!(listener_of(&listener), listener);
    }

    #[test]
    fn reasons_are_told_once() {
        let target = |state: &str, reason: Option<&str>, description: Option<&str>| {
            let health = sdk::TargetHealth::builder()
                .state(state.into())
                .set_reason(reason.map(Into::into))
                .set_description(description.map(str::to_owned))
                .build();
            sdk::TargetHealthDescription::builder().target_health(health).build()
        };
        let (code, words) = ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]");
        let health = counted(&[
            target("healthy", None, None),
            target("unhealthy", Some(code), Some(words)),
            target("unhealthy", Some(code), Some(words)),
            target("initial", Some("Elb.RegistrationInProgress"), None),
        ]);
        assert_eq!((health.healthy, health.unhealthy, health.other), (1, 2, 1));
        assert_eq!(health.reasons, [format!("{code}: {words}")]);
    }
}
