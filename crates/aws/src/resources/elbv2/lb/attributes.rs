//! What AWS keeps as attributes of a load balancer, each a pair of texts.

use super::{
    Logs, Mapping, Properties, any_zone, append, application, defensive, idle_timeout, keep_alive, yes,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::elbv2::support::{Attribute, Settings};
use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerTypeEnum,
};
use wharf_provider::{Block, Result, Set, Tags};

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const ROUTING_POLICY: &str = "dns_record.client_routing_policy";
const IDLE_TIMEOUT: &str = "idle_timeout.timeout_seconds";
const KEEP_ALIVE: &str = "client_keep_alive.seconds";
const HTTP2: &str = "routing.http2.enabled";
const DESYNC: &str = "routing.http.desync_mitigation_mode";
const DROP_INVALID: &str = "routing.http.drop_invalid_header_fields.enabled";
const TLS_HEADERS: &str = "routing.http.x_amzn_tls_version_and_cipher_suite.enabled";
const WAF_FAIL_OPEN: &str = "waf.fail_open.enabled";
const CLIENT_PORT: &str = "routing.http.xff_client_port.enabled";
const HOST_HEADER: &str = "routing.http.preserve_host_header.enabled";
const FORWARDED: &str = "routing.http.xff_header_processing.mode";
const ACCESS_LOGS: [&str; 3] = ["access_logs.s3.enabled", "access_logs.s3.bucket", "access_logs.s3.prefix"];
const CONNECTION_LOGS: [&str; 3] =
    ["connection_logs.s3.enabled", "connection_logs.s3.bucket", "connection_logs.s3.prefix"];

impl Properties {
    /// What AWS keeps as attributes, as far as this kind of load balancer has it.
    pub(super) fn attributes(&self) -> Vec<Attribute> {
        let off = Some("false");
        let mut attributes = vec![
            Attribute::new(
                "enable_deletion_protection",
                "deletion_protection.enabled",
                self.enable_deletion_protection,
                off,
            ),
            Attribute::new("enable_zonal_shift", "zonal_shift.config.enabled", self.enable_zonal_shift, off),
        ];
        if let Some(logs) = self.access_logs.as_ref() {
            attributes.extend(logs.attributes("access_logs", ACCESS_LOGS));
        }
        if self.load_balancer_type == "network" {
            let policy = &self.dns_record_client_routing_policy;
            attributes.extend([
                Attribute::new(
                    "enable_cross_zone_load_balancing",
                    CROSS_ZONE,
                    self.enable_cross_zone_load_balancing,
                    off,
                ),
                Attribute::new(
                    "dns_record_client_routing_policy",
                    ROUTING_POLICY,
                    policy,
                    Some("any_availability_zone"),
                ),
            ]);
            return attributes;
        }
        if let Some(logs) = self.connection_logs.as_ref() {
            attributes.extend(logs.attributes("connection_logs", CONNECTION_LOGS));
        }
        let (desync, forwarded) = (&self.desync_mitigation_mode, &self.xff_header_processing_mode);
        attributes.extend([
            Attribute::new("idle_timeout", IDLE_TIMEOUT, self.idle_timeout, Some("60")),
            Attribute::new("client_keep_alive", KEEP_ALIVE, self.client_keep_alive, Some("3600")),
            Attribute::new("enable_http2", HTTP2, self.enable_http2, Some("true")),
            Attribute::new("desync_mitigation_mode", DESYNC, desync, Some("defensive")),
            Attribute::new("drop_invalid_header_fields", DROP_INVALID, self.drop_invalid_header_fields, off),
            Attribute::new(
                "enable_tls_version_and_cipher_suite_headers",
                TLS_HEADERS,
                self.enable_tls_version_and_cipher_suite_headers,
                off,
            ),
            Attribute::new("enable_waf_fail_open", WAF_FAIL_OPEN, self.enable_waf_fail_open, off),
            Attribute::new("enable_xff_client_port", CLIENT_PORT, self.enable_xff_client_port, off),
            Attribute::new("preserve_host_header", HOST_HEADER, self.preserve_host_header, off),
            Attribute::new("xff_header_processing_mode", FORWARDED, forwarded, Some("append")),
        ]);
        attributes
    }

    /// What turns logs off, if that is what changed.
    pub(super) fn logs_off(&self, changes: impl Fn(&str) -> bool) -> Vec<Attribute> {
        let logs = [
            ("access_logs", &self.access_logs, ACCESS_LOGS),
            ("connection_logs", &self.connection_logs, CONNECTION_LOGS),
        ];
        let off = logs.into_iter().filter(|(property, logs, _)| logs.is_none() && changes(property));
        off.map(|(property, _, [enabled, ..])| Attribute::new(property, enabled, false, None)).collect()
    }

    /// The properties of a live load balancer.
    pub(super) fn of(
        lb: &LoadBalancer,
        settings: &Settings,
        tags: Tags,
        recorded: Option<&Properties>,
    ) -> Self {
        let flag = |key| settings.flag(key).unwrap_or_default();
        let zones = lb.availability_zones();
        let network = lb.r#type() == Some(&LoadBalancerTypeEnum::Network);
        Properties {
            name: lb.load_balancer_name.clone(),
            name_prefix: recorded.and_then(|properties| properties.name_prefix.clone()),
            load_balancer_type: lb.r#type().map_or_else(application, |kind| kind.as_str().to_owned()),
            internal: lb.scheme() == Some(&LoadBalancerSchemeEnum::Internal),
            security_groups: Set(lb.security_groups().to_vec()),
            subnets: zones.iter().filter_map(|zone| zone.subnet_id().map(str::to_owned)).collect(),
            subnet_mapping: zones.iter().filter_map(Mapping::of).collect(),
            ip_address_type: lb.ip_address_type().map(|kind| kind.as_str().to_owned()),
            enable_deletion_protection: flag("deletion_protection.enabled"),
            enable_cross_zone_load_balancing: network && flag(CROSS_ZONE),
            enable_zonal_shift: flag("zonal_shift.config.enabled"),
            dns_record_client_routing_policy: settings.text(ROUTING_POLICY).unwrap_or_else(any_zone),
            idle_timeout: settings.number(IDLE_TIMEOUT).unwrap_or_else(idle_timeout),
            client_keep_alive: settings.number(KEEP_ALIVE).unwrap_or_else(keep_alive),
            enable_http2: settings.flag(HTTP2).unwrap_or_else(yes),
            desync_mitigation_mode: settings.text(DESYNC).unwrap_or_else(defensive),
            drop_invalid_header_fields: flag(DROP_INVALID),
            enable_tls_version_and_cipher_suite_headers: flag(TLS_HEADERS),
            enable_waf_fail_open: flag(WAF_FAIL_OPEN),
            enable_xff_client_port: flag(CLIENT_PORT),
            preserve_host_header: flag(HOST_HEADER),
            xff_header_processing_mode: settings.text(FORWARDED).unwrap_or_else(append),
            access_logs: Block(Logs::of(settings, ACCESS_LOGS)),
            connection_logs: Block(Logs::of(settings, CONNECTION_LOGS)),
            tags,
        }
    }
}

impl Logs {
    /// `keys` are AWS's names of `enabled`, `bucket` and `prefix`.
    fn of(settings: &Settings, keys: [&str; 3]) -> Option<Self> {
        let bucket = settings.text(keys[1])?;
        let enabled = settings.flag(keys[0]).unwrap_or_default();
        Some(Logs { bucket, prefix: settings.text(keys[2]), enabled })
    }

    fn attributes(&self, property: &'static str, keys: [&'static str; 3]) -> Vec<Attribute> {
        let [enabled, bucket, prefix] = keys;
        let attribute = |key, value, default| Attribute::new(property, key, value, default);
        vec![
            attribute(enabled, self.enabled.to_string(), Some("false")),
            attribute(bucket, self.bucket.clone(), Some("")),
            attribute(prefix, self.prefix.clone().unwrap_or_default(), Some("")),
        ]
    }
}

/// The attributes of a live load balancer.
pub(super) async fn settings(cloud: &Clients, id: &str) -> Result<Settings> {
    let request = cloud.elasticloadbalancing().describe_load_balancer_attributes().load_balancer_arn(id);
    let answer = request.send().await.named("elasticloadbalancing:DescribeLoadBalancerAttributes")?;
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
        .map(|attribute| LoadBalancerAttribute::builder().key(attribute.key).value(attribute.value).build());
    let request = cloud.elasticloadbalancing().modify_load_balancer_attributes().load_balancer_arn(id);
    let request = request.set_attributes(Some(attributes.collect()));
    request.send().await.named("elasticloadbalancing:ModifyLoadBalancerAttributes")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(json: serde_json::Value) -> Vec<&'static str> {
        let properties: Result<Properties, _> = serde_json::from_value(json);
        let attributes = properties.map(|properties| properties.attributes()).unwrap_or_default();
        attributes.into_iter().filter(|a| !a.is_default()).map(|a| a.key).collect()
    }

    #[test]
    fn logs_are_turned_off_when_that_is_asked_for() {
        let properties = |json| serde_json::from_value::<Properties>(json).ok();
        let off =
            |json| properties(json).map(|p| p.logs_off(|name| name == "access_logs")).unwrap_or_default();
        assert_eq!(
            off(json!({"access_logs": []})),
            [Attribute::new("access_logs", ACCESS_LOGS[0], false, None)]
        );
        assert_eq!(off(json!({"access_logs": [{"bucket": "logs", "enabled": true}]})), []);
    }

    #[test]
    fn a_plain_load_balancer_needs_no_attributes() {
        assert_eq!(changed(json!({"name": "web"})), Vec::<&str>::new());
        assert_eq!(changed(json!({"load_balancer_type": "network", "idle_timeout": 5})), Vec::<&str>::new());
        assert_eq!(changed(json!({"idle_timeout": 5, "enable_http2": false})), [IDLE_TIMEOUT, HTTP2]);
        let logs = json!({"access_logs": [{"bucket": "logs", "enabled": true}]});
        assert_eq!(changed(logs), [ACCESS_LOGS[0], ACCESS_LOGS[1]]);
    }
}
