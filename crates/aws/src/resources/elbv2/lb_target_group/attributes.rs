//! What AWS keeps as attributes of a target group, each a pair of texts.

use super::{HealthCheck, Properties, Stickiness, a_day, deregistration_delay, instance, lb_cookie};
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::elbv2::support::{Attribute, Settings};
use aws_sdk_elasticloadbalancingv2::types::{TargetGroup, TargetGroupAttribute};
use wharf_provider::{Block, Result, Tags};

const DELAY: &str = "deregistration_delay.timeout_seconds";
const SLOW_START: &str = "slow_start.duration_seconds";
const ALGORITHM: &str = "load_balancing.algorithm.type";
const ANOMALY: &str = "load_balancing.algorithm.anomaly_mitigation";
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const TERMINATION: &str = "deregistration_delay.connection_termination.enabled";
const CLIENT_IP: &str = "preserve_client_ip.enabled";
const PROXY_PROTOCOL: &str = "proxy_protocol_v2.enabled";
const STICKY: &str = "stickiness.enabled";
const STICKY_TYPE: &str = "stickiness.type";
const LB_COOKIE_DURATION: &str = "stickiness.lb_cookie.duration_seconds";
const APP_COOKIE_DURATION: &str = "stickiness.app_cookie.duration_seconds";
const APP_COOKIE_NAME: &str = "stickiness.app_cookie.cookie_name";

impl Properties {
    /// What AWS keeps as attributes.
    pub(super) fn attributes(&self) -> Vec<Attribute> {
        let optional = |property, key, value: Option<String>| {
            value.map(|value| Attribute::new(property, key, value, None))
        };
        let text = |flag: Option<bool>| flag.map(|flag| flag.to_string());
        let mut attributes = vec![
            Attribute::new("deregistration_delay", DELAY, self.deregistration_delay, Some("300")),
            Attribute::new("slow_start", SLOW_START, self.slow_start, Some("0")),
            Attribute::new("proxy_protocol_v2", PROXY_PROTOCOL, self.proxy_protocol_v2, Some("false")),
        ];
        let (algorithm, anomaly) =
            (self.load_balancing_algorithm_type.clone(), self.load_balancing_anomaly_mitigation.clone());
        let cross_zone = self.load_balancing_cross_zone_enabled.clone();
        let rest = [
            optional("load_balancing_algorithm_type", ALGORITHM, algorithm),
            optional("load_balancing_anomaly_mitigation", ANOMALY, anomaly),
            optional("load_balancing_cross_zone_enabled", CROSS_ZONE, cross_zone),
            optional("connection_termination", TERMINATION, text(self.connection_termination)),
            optional("preserve_client_ip", CLIENT_IP, text(self.preserve_client_ip)),
        ];
        attributes.extend(rest.into_iter().flatten());
        if let Some(stickiness) = self.stickiness.as_ref() {
            attributes.extend(stickiness.attributes());
        }
        attributes
    }

    /// The properties of a live target group.
    pub(super) fn of(
        group: &TargetGroup,
        settings: &Settings,
        tags: Tags,
        recorded: Option<&Properties>,
    ) -> Self {
        Properties {
            name: group.target_group_name.clone(),
            name_prefix: recorded.and_then(|properties| properties.name_prefix.clone()),
            target_type: group.target_type().map_or_else(instance, |kind| kind.as_str().to_owned()),
            port: group.port,
            protocol: group.protocol().map(|protocol| protocol.as_str().to_owned()),
            protocol_version: group.protocol_version.clone(),
            vpc_id: group.vpc_id.clone(),
            ip_address_type: group.ip_address_type().map(|kind| kind.as_str().to_owned()),
            deregistration_delay: settings.number(DELAY).unwrap_or_else(deregistration_delay),
            slow_start: settings.number(SLOW_START).unwrap_or_default(),
            load_balancing_algorithm_type: settings.text(ALGORITHM),
            load_balancing_anomaly_mitigation: settings.text(ANOMALY),
            load_balancing_cross_zone_enabled: settings.text(CROSS_ZONE),
            connection_termination: settings.flag(TERMINATION),
            preserve_client_ip: settings.flag(CLIENT_IP),
            proxy_protocol_v2: settings.flag(PROXY_PROTOCOL).unwrap_or_default(),
            stickiness: Block(Stickiness::of(settings)),
            health_check: Block(Some(HealthCheck::of(group))),
            tags,
        }
    }
}

impl Stickiness {
    fn of(settings: &Settings) -> Option<Self> {
        let enabled = settings.flag(STICKY)?;
        let kind = settings.text(STICKY_TYPE).unwrap_or_else(lb_cookie);
        let app = kind == "app_cookie";
        let duration = settings.number(if app { APP_COOKIE_DURATION } else { LB_COOKIE_DURATION });
        Some(Stickiness {
            enabled,
            cookie_duration: duration.unwrap_or_else(a_day),
            cookie_name: settings.text(APP_COOKIE_NAME).filter(|_| app),
            kind,
        })
    }

    fn attributes(&self) -> Vec<Attribute> {
        let attribute = |key, value: String, default| Attribute::new("stickiness", key, value, default);
        let mut attributes = vec![attribute(STICKY, self.enabled.to_string(), Some("false"))];
        if !self.enabled {
            return attributes;
        }
        attributes.push(attribute(STICKY_TYPE, self.kind.clone(), None));
        let duration = self.cookie_duration.to_string();
        match self.kind.as_str() {
            "lb_cookie" => attributes.push(attribute(LB_COOKIE_DURATION, duration, None)),
            "app_cookie" => {
                attributes.push(attribute(APP_COOKIE_DURATION, duration, None));
                attributes.push(attribute(
                    APP_COOKIE_NAME,
                    self.cookie_name.clone().unwrap_or_default(),
                    None,
                ));
            }
            _ => {}
        }
        attributes
    }
}

/// The attributes of a live target group.
pub(super) async fn settings(cloud: &Clients, id: &str) -> Result<Settings> {
    let request = cloud.elasticloadbalancing().describe_target_group_attributes().target_group_arn(id);
    let answer = request.send().await.named("elasticloadbalancing:DescribeTargetGroupAttributes")?;
    Ok(Settings::of(
        answer.attributes.into_iter().flatten().map(|attribute| (attribute.key, attribute.value)),
    ))
}

/// Sends attributes, if there are any.
pub(super) async fn modify(cloud: &Clients, id: &str, attributes: Vec<Attribute>) -> Result<()> {
    if attributes.is_empty() {
        return Ok(());
    }
    let attributes = attributes
        .into_iter()
        .map(|attribute| TargetGroupAttribute::builder().key(attribute.key).value(attribute.value).build());
    let request = cloud.elasticloadbalancing().modify_target_group_attributes().target_group_arn(id);
    let request = request.set_attributes(Some(attributes.collect()));
    request.send().await.named("elasticloadbalancing:ModifyTargetGroupAttributes")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::LbTargetGroup;
    use super::*;
    use serde_json::json;
    use std::collections::HashMap;
    use wharf_core::{Map, Value};
    use wharf_provider::ResourceType;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    fn changed(json: serde_json::Value) -> Vec<&'static str> {
        let properties: Result<Properties, _> = serde_json::from_value(json);
        let attributes = properties.map(|properties| properties.attributes()).unwrap_or_default();
        attributes.into_iter().filter(|a| !a.is_default()).map(|a| a.key).collect()
    }

    #[test]
    fn only_what_is_unusual_is_sent() {
        assert_eq!(changed(json!({"name": "blue"})), Vec::<&str>::new());
        assert_eq!(changed(json!({"deregistration_delay": 30})), [DELAY]);
        assert_eq!(
            changed(json!({"stickiness": [{"type": "lb_cookie"}]})),
            [STICKY, STICKY_TYPE, LB_COOKIE_DURATION]
        );
        assert_eq!(
            changed(json!({"stickiness": [{"type": "app_cookie", "enabled": false}]})),
            Vec::<&str>::new()
        );
    }

    #[test]
    fn stickiness_that_is_off_has_one_form() {
        let mut written =
            map(json!({"stickiness": [{"enabled": false, "type": "app_cookie", "cookie_name": "x"}]}));
        LbTargetGroup::canonical(&mut written);
        let live = Settings(HashMap::from([(STICKY.to_owned(), "false".to_owned())]));
        let live = serde_json::to_value(Stickiness::of(&live).into_iter().collect::<Vec<_>>());
        let mut live = map(json!({"stickiness": live.unwrap_or_default()}));
        LbTargetGroup::canonical(&mut live);
        assert_eq!(live, written);
    }
}
