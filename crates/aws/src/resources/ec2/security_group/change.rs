//! Brings the rules of a security group to what the group says.

use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::ec2::group_rule::{Rule, authorize, permissions};
use aws_sdk_ec2::types::IpPermission;
use futures::future::try_join_all;
use wharf_provider::{Absent, ErrorKind, Result};

/// Brings the rules of one direction of a group from `live` to `desired`.
pub(super) async fn bring(
    cloud: &Clients,
    group: &str,
    egress: bool,
    live: &[Rule],
    desired: &[Rule],
) -> Result<()> {
    let Steps { remove, add, describe } = Steps::between(live, desired);
    if !remove.is_empty() {
        revoke_rules(cloud, group, egress, &remove).await?;
    }
    if !describe.is_empty() {
        update_descriptions(cloud, group, egress, permissions(group, &describe)).await?;
    }
    if !add.is_empty() {
        add_rules(cloud, group, egress, &add).await?;
    }
    Ok(())
}

/// Adds rules; those that are there already, after an answer that got lost, do not matter.
async fn add_rules(cloud: &Clients, group: &str, egress: bool, rules: &[Rule]) -> Result<()> {
    let add = |rules| async move { authorize(cloud.ec2(), group, egress, rules, None).await };
    let Err(error) = add(rules).await else { return Ok(()) };
    if error.kind != ErrorKind::AlreadyExists {
        return Err(error);
    }
    // AWS added none of them because one is there.
    try_join_all(rules.chunks(1).map(|rule| async move {
        match add(rule).await {
            Err(error) if error.kind != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }))
    .await?;
    Ok(())
}

/// Removes rules; those that are gone already do not matter.
async fn revoke_rules(cloud: &Clients, group: &str, egress: bool, rules: &[Rule]) -> Result<()> {
    let revoke = |rules| async move {
        revoke_permissions(cloud, group, egress, permissions(group, rules)).await.or_absent()
    };
    if revoke(rules).await?.is_none() && rules.len() > 1 {
        // AWS removed none of them because one is gone.
        try_join_all(rules.chunks(1).map(revoke)).await?;
    }
    Ok(())
}

/// What is to be done with which rules.
#[derive(Debug, PartialEq, Eq)]
struct Steps {
    remove: Vec<Rule>,
    add: Vec<Rule>,
    describe: Vec<Rule>,
}

impl Steps {
    fn between(live: &[Rule], desired: &[Rule]) -> Self {
        let among = |rules: &[Rule], rule: &Rule| rules.iter().find(|r| r.key() == rule.key()).cloned();
        let without = |these: &[Rule], others: &[Rule]| {
            these.iter().filter(|rule| among(others, rule).is_none()).cloned().collect()
        };
        let redescribed =
            |rule: &&Rule| among(live, rule).is_some_and(|live| live.description != rule.description);
        Steps {
            remove: without(live, desired),
            add: without(desired, live),
            describe: desired.iter().filter(redescribed).cloned().collect(),
        }
    }
}

async fn revoke_permissions(
    cloud: &Clients,
    group: &str,
    egress: bool,
    permissions: Vec<IpPermission>,
) -> Result<()> {
    if egress {
        let request = cloud.ec2().revoke_security_group_egress().group_id(group);
        let request = request.set_ip_permissions(Some(permissions));
        request.send().await.named("ec2:RevokeSecurityGroupEgress")?;
    } else {
        let request = cloud.ec2().revoke_security_group_ingress().group_id(group);
        let request = request.set_ip_permissions(Some(permissions));
        request.send().await.named("ec2:RevokeSecurityGroupIngress")?;
    }
    Ok(())
}

async fn update_descriptions(
    cloud: &Clients,
    group: &str,
    egress: bool,
    permissions: Vec<IpPermission>,
) -> Result<()> {
    if egress {
        let request = cloud.ec2().update_security_group_rule_descriptions_egress().group_id(group);
        let request = request.set_ip_permissions(Some(permissions));
        request.send().await.named("ec2:UpdateSecurityGroupRuleDescriptionsEgress")?;
    } else {
        let request = cloud.ec2().update_security_group_rule_descriptions_ingress().group_id(group);
        let request = request.set_ip_permissions(Some(permissions));
        request.send().await.named("ec2:UpdateSecurityGroupRuleDescriptionsIngress")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::ec2::group_rule::Source;

    fn rule(port: i32, source: Source, description: &str) -> Rule {
        let protocol = "tcp".to_owned();
        Rule { protocol, from_port: port, to_port: port, source, description: description.to_owned() }
    }

    #[test]
    fn steps() {
        let from = |range: &str| Source::V4(range.to_owned());
        let live = [rule(80, from("10.0.0.0/8"), "old"), rule(80, from("10.1.0.0/16"), "")];
        let desired = [rule(80, from("10.0.0.0/8"), "new"), rule(443, from("10.0.0.0/8"), "")];
        let steps = Steps::between(&live, &desired);
        assert_eq!(steps.remove, live[1..]);
        assert_eq!(steps.add, desired[1..]);
        assert_eq!(steps.describe, desired[..1]);
    }
}
