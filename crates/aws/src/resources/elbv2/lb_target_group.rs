mod attributes;

use super::support::{
    BATCH, arns, by_arn, found, imported, name_mistakes, new_arn, new_tags, tags_of, together_or_alone,
    update_tags,
};
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::generated_name;
use crate::pages::all;
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup, TargetGroupIpAddressTypeEnum, TargetTypeEnum,
};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags, UpdateOf,
    WantedOf,
};

/// A target group. Terraform: `aws_lb_target_group`; AWS: `CreateTargetGroup`.
pub(crate) struct LbTargetGroup;

/// What a load balancer forwards to. A blue/green deployment needs a pair of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "lambda_multi_value_headers_enabled", "target_failover", "target_group_health", "target_health_state",
]))]
pub(crate) struct Properties {
    /// The name, unique in account and region; one is made up when neither this nor `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins; 6 characters at most.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// What a target is: an `instance`, an address (`ip`, which Fargate needs), another load balancer (`alb`), or a
    /// `lambda` function.
    #[serde(default = "instance")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["instance", "ip", "alb", "lambda"]))]
    target_type: String,
    /// The port of targets that are registered without one.
    #[schemars(extend("forces_replacement" = true))]
    port: Option<i32>,
    /// How targets are spoken to.
    #[schemars(extend(
        "forces_replacement" = true,
        "enum" = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"],
    ))]
    protocol: Option<String>,
    /// Which HTTP targets speak.
    #[schemars(extend("forces_replacement" = true, "enum" = ["HTTP1", "HTTP2", "GRPC"]))]
    protocol_version: Option<String>,
    /// The VPC of the targets.
    #[schemars(extend("forces_replacement" = true))]
    vpc_id: Option<String>,
    /// The kind of addresses that targets have.
    #[schemars(extend("forces_replacement" = true, "enum" = ["ipv4", "ipv6"]))]
    ip_address_type: Option<String>,
    /// How many seconds a target that leaves may finish what it is at: 0 to 3600.
    #[serde(default = "deregistration_delay")]
    deregistration_delay: i32,
    /// Over how many seconds a new target gets more and more requests: 30 to 900, or 0 for all of them at once.
    #[serde(default)]
    slow_start: i32,
    /// How targets are picked.
    #[schemars(extend("enum" = ["round_robin", "least_outstanding_requests", "weighted_random"]))]
    load_balancing_algorithm_type: Option<String>,
    /// Whether targets that answer badly get less; needs `weighted_random`.
    #[schemars(extend("enum" = ["on", "off"]))]
    load_balancing_anomaly_mitigation: Option<String>,
    /// Whether targets in other zones are used.
    #[schemars(extend("enum" = ["true", "false", "use_load_balancer_configuration"]))]
    load_balancing_cross_zone_enabled: Option<String>,
    /// Whether connections are cut when a target has left; for network load balancers.
    connection_termination: Option<bool>,
    /// Whether targets see the client's address; for network load balancers.
    preserve_client_ip: Option<bool>,
    /// Whether connections begin with the proxy protocol's header; for network load balancers.
    #[serde(default)]
    proxy_protocol_v2: bool,
    /// Whether a client stays with its target.
    #[serde(default)]
    stickiness: Block<Stickiness>,
    /// How AWS finds out whether targets are well.
    #[serde(default)]
    health_check: Block<HealthCheck>,
    /// Tags of the target group.
    #[serde(default)]
    tags: Tags,
}

/// Whether a client stays with its target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Stickiness {
    /// Whether it does.
    #[serde(default = "yes")]
    enabled: bool,
    /// How a client is known again: by the load balancer's cookie, by the application's, or by its address.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["lb_cookie", "app_cookie", "source_ip"]))]
    kind: String,
    /// How many seconds the cookie lasts: 1 to 604800.
    #[serde(default = "a_day")]
    cookie_duration: i32,
    /// The application's cookie.
    cookie_name: Option<String>,
}

/// How AWS finds out whether targets are well.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct HealthCheck {
    /// Whether it does.
    #[serde(default = "yes")]
    enabled: bool,
    /// How targets are asked.
    #[serde(default = "http")]
    #[schemars(extend("enum" = ["HTTP", "HTTPS", "TCP"]))]
    protocol: String,
    /// The port, or `traffic-port` for the one that requests go to.
    #[serde(default = "traffic_port")]
    port: String,
    /// The path that is asked for.
    path: Option<String>,
    /// The answers that are well: `200`, `200-299`, `200,301`; with gRPC, its own codes.
    matcher: Option<String>,
    /// How many seconds lie between two looks: 5 to 300.
    #[serde(default = "thirty")]
    interval: i32,
    /// How many seconds an answer may take: 2 to 120.
    timeout: Option<i32>,
    /// How many good answers make a target well: 2 to 10.
    #[serde(default = "three")]
    healthy_threshold: i32,
    /// How many bad answers make it unwell: 2 to 10.
    #[serde(default = "three")]
    unhealthy_threshold: i32,
}

/// What AWS sets on a target group.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN.
    id: String,
    /// The ARN.
    arn: String,
    /// The ARN's end, as metrics have it: `targetgroup/<name>/...`.
    arn_suffix: String,
    /// The load balancers that forward to it.
    #[schemars(extend("volatile" = true))]
    load_balancer_arns: Vec<String>,
}

fn instance() -> String {
    "instance".to_owned()
}

fn deregistration_delay() -> i32 {
    300
}

fn yes() -> bool {
    true
}

fn lb_cookie() -> String {
    "lb_cookie".to_owned()
}

fn a_day() -> i32 {
    86400
}

fn http() -> String {
    "HTTP".to_owned()
}

fn traffic_port() -> String {
    "traffic-port".to_owned()
}

fn thirty() -> i32 {
    30
}

fn three() -> i32 {
    3
}

/// A request to make or to change a target group, with its health check. The check of a Lambda function has neither
/// port nor protocol.
macro_rules! with_check {
    ($request:expr, $check:expr, $properties:expr) => {{
        let (check, other) = ($check, $properties.target_type != "lambda");
        $request
            .health_check_enabled(check.enabled)
            .health_check_interval_seconds(check.interval)
            .set_health_check_timeout_seconds(check.timeout)
            .healthy_threshold_count(check.healthy_threshold)
            .unhealthy_threshold_count(check.unhealthy_threshold)
            .set_health_check_path(check.path())
            .set_matcher(check.matcher($properties.protocol_version.as_deref()))
            .set_health_check_port(other.then(|| check.port.clone()))
            .set_health_check_protocol(other.then(|| ProtocolEnum::from(check.protocol.as_str())))
    }};
}

impl ResourceType for LbTargetGroup {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_lb_target_group";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "TARGET_GROUP_ARN";
    const BATCH: usize = BATCH;
    const PERMISSIONS: Permissions = Permissions {
        read: &[
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTags",
        ],
        create: &[
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
        ],
        update: &[
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteTargetGroup"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "elasticloadbalancing:targetgroup/{name|wharf-*}/*"), ("id", "{arn}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["elasticloadbalancing:CreateTargetGroup"], &["{arn}"]),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"])
            .only_if("elasticloadbalancing:CreateAction", "CreateTargetGroup"),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        together_or_alone(objects, |objects| read(cloud, objects)).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let mut request = cloud
            .elasticloadbalancing_once()
            .create_target_group()
            .name(properties.name(new.token))
            .target_type(TargetTypeEnum::from(properties.target_type.as_str()))
            .set_port(properties.port)
            .set_protocol(properties.protocol.as_deref().map(ProtocolEnum::from))
            .set_protocol_version(properties.protocol_version.clone())
            .set_vpc_id(properties.vpc_id.clone())
            .set_ip_address_type(
                properties.ip_address_type.as_deref().map(TargetGroupIpAddressTypeEnum::from),
            )
            .set_tags(new_tags(&properties.tags));
        if let Some(check) = properties.health_check.as_ref() {
            request = with_check!(request, check, properties);
        }
        let created = request.send().await.named("elasticloadbalancing:CreateTargetGroup")?;
        let arns = created.target_groups.into_iter().flatten().map(|group| group.target_group_arn);
        new_arn(arns, "elasticloadbalancing:CreateTargetGroup")
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let mut wanted = properties.attributes();
        wanted.retain(|attribute| !attribute.is_default());
        if wanted.is_empty() {
            return Ok(());
        }
        attributes::modify(cloud, id, attributes::settings(cloud, id).await?.missing(wanted)).await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, desired) = (update.id, update.desired);
        if let (true, Some(check)) = (update.changes(&["health_check"]), desired.health_check.as_ref()) {
            let request = cloud.elasticloadbalancing().modify_target_group().target_group_arn(id);
            let request = with_check!(request, check, desired);
            request.send().await.named("elasticloadbalancing:ModifyTargetGroup")?;
        }
        let mut attributes = desired.attributes();
        attributes.retain(|attribute| update.changes(&[attribute.property]));
        attributes::modify(cloud, id, attributes).await?;
        update_tags(cloud, update, &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.elasticloadbalancing().delete_target_group().target_group_arn(&object.id);
        request.send().await.named("elasticloadbalancing:DeleteTargetGroup").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        if wanted.properties.name.is_none() && wanted.token.is_empty() {
            // A made-up name is made of the token.
            return Ok(Found::Absent);
        }
        let name = wanted.properties.name(wanted.token);
        let request = cloud.elasticloadbalancing().describe_target_groups().names(name);
        let answer = request.send().await.named("elasticloadbalancing:DescribeTargetGroups").or_absent()?;
        let mut groups = answer.into_iter().flat_map(|answer| answer.target_groups.unwrap_or_default());
        found(cloud, wanted, groups.find_map(|group| group.target_group_arn)).await
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "targetgroup")
    }

    fn canonical(properties: &mut Map) {
        if let Some(Value::List(blocks)) = properties.get_mut("stickiness") {
            for block in blocks {
                let Value::Map(block) = block else { continue };
                // The rest means nothing then, and some target groups do not take it.
                if block.get("enabled") == Some(&Value::Bool(false)) {
                    block.insert("type".to_owned(), lb_cookie().into());
                    block.insert("cookie_duration".to_owned(), i64::from(a_day()).into());
                    block.remove("cookie_name");
                }
            }
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = name_mistakes(properties);
        let mut mistake = |about: &str, message: String| mistakes.push((about.to_owned(), message));
        let set = |name: &str| properties.get(name).is_some_and(|value| !value.is_null());
        let kind = properties.get("target_type").filter(|kind| !kind.is_null());
        let lambda = match kind {
            Some(Value::Unknown(_)) => None,
            kind => Some(kind.and_then(Value::as_str) == Some("lambda")),
        };
        for name in ["port", "protocol", "vpc_id"] {
            match lambda {
                Some(true) if set(name) => mistake(name, "a lambda function has none".to_owned()),
                Some(false) if !set(name) => mistake(name, "needed with this `target_type`".to_owned()),
                _ => {}
            }
        }
        let number = |name: &str| properties.get(name).and_then(Value::as_i64);
        if number("deregistration_delay").is_some_and(|delay| !(0..=3600).contains(&delay)) {
            mistake("deregistration_delay", "takes 0 to 3600 seconds".to_owned());
        }
        if number("slow_start").is_some_and(|start| start != 0 && !(30..=900).contains(&start)) {
            mistake("slow_start", "takes 30 to 900 seconds, or 0".to_owned());
        }
        let blocks = properties.get("health_check").and_then(Value::as_list).unwrap_or_default();
        for block in blocks.iter().filter_map(Value::as_map) {
            for (name, least, most) in [
                ("interval", 5, 300),
                ("timeout", 2, 120),
                ("healthy_threshold", 2, 10),
                ("unhealthy_threshold", 2, 10),
            ] {
                let number = block.get(name).and_then(Value::as_i64);
                if number.is_some_and(|number| !(least..=most).contains(&number)) {
                    mistake("health_check", format!("`{name}` takes {least} to {most}"));
                }
            }
            let tcp = block.get("protocol").and_then(Value::as_str) == Some("TCP");
            for name in ["path", "matcher"] {
                if tcp && block.get(name).is_some_and(|value| !value.is_null()) {
                    mistake("health_check", format!("`{name}` means nothing with the protocol TCP"));
                }
            }
        }
        mistakes
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

impl HealthCheck {
    fn of(group: &TargetGroup) -> Self {
        let matcher = group.matcher();
        HealthCheck {
            enabled: group.health_check_enabled().unwrap_or(true),
            protocol: group
                .health_check_protocol()
                .map_or_else(http, |protocol| protocol.as_str().to_owned()),
            port: group.health_check_port().map_or_else(traffic_port, str::to_owned),
            path: group.health_check_path().map(str::to_owned),
            matcher: matcher.and_then(|m| m.http_code().or(m.grpc_code())).map(str::to_owned),
            interval: group.health_check_interval_seconds().unwrap_or_else(thirty),
            timeout: group.health_check_timeout_seconds(),
            healthy_threshold: group.healthy_threshold_count().unwrap_or_else(three),
            unhealthy_threshold: group.unhealthy_threshold_count().unwrap_or_else(three),
        }
    }

    fn path(&self) -> Option<String> {
        self.path.clone().filter(|_| self.protocol != "TCP")
    }

    fn matcher(&self, protocol_version: Option<&str>) -> Option<Matcher> {
        let code = self.matcher.as_ref().filter(|_| self.protocol != "TCP")?;
        let matcher = Matcher::builder();
        Some(
            if protocol_version == Some("GRPC") { matcher.grpc_code(code) } else { matcher.http_code(code) }
                .build(),
        )
    }
}

async fn read(
    cloud: &Clients,
    objects: &[ObjectOf<LbTargetGroup>],
) -> Result<Vec<Option<LiveOf<LbTargetGroup>>>> {
    let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
    let groups = async {
        let request = cloud.elasticloadbalancing().describe_target_groups();
        all!(request.set_target_group_arns(Some(arns(objects))), "elasticloadbalancing:DescribeTargetGroups")
    };
    let settings = try_join_all(ids.iter().map(|id| attributes::settings(cloud, id)));
    let (groups, settings, mut tags) = futures::try_join!(groups, settings, tags_of(cloud, &ids))?;
    let groups = by_arn(&groups, TargetGroup::target_group_arn);
    let live = objects.iter().zip(settings).map(|(object, settings)| {
        let id = object.id.as_str();
        let group = groups.get(id)?;
        let tags = tags.remove(id).unwrap_or_default();
        Some(LiveOf {
            properties: Properties::of(group, &settings, tags, object.properties.as_ref()),
            attributes: Attributes {
                id: id.to_owned(),
                arn: id.to_owned(),
                arn_suffix: arn::resource(id).to_owned(),
                load_balancer_arns: group.load_balancer_arns().to_vec(),
            },
        })
    });
    Ok(live.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn grpc_has_codes_of_its_own() {
        let check = HealthCheck { matcher: Some("0".to_owned()), ..HealthCheck::default() };
        assert_eq!(check.matcher(Some("GRPC")).and_then(|m| m.grpc_code), Some("0".to_owned()));
        assert_eq!(check.matcher(None).and_then(|m| m.http_code), Some("0".to_owned()));
    }

    #[test]
    fn mistakes() {
        let check = |json| LbTargetGroup::check(&map(json)).len();
        assert_eq!(check(json!({"port": 80, "protocol": "HTTP", "vpc_id": "vpc-1"})), 0);
        assert_eq!(check(json!({"target_type": "lambda"})), 0);
        assert_eq!(check(json!({"target_type": "lambda", "port": 80})), 1);
        assert_eq!(check(json!({"target_type": "ip"})), 3);
        let tcp = json!({"target_type": "lambda", "health_check": [{"protocol": "TCP", "path": "/", "interval": 1}]});
        assert_eq!(check(tcp), 2);
    }
}
