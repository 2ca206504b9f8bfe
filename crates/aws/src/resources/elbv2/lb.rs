mod attributes;
mod zones;

use super::support::{
    BATCH, arns, by_arn, found, imported, is_given, name_mistakes, new_arn, new_tags, tags_of,
    together_or_alone, update_tags,
};
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::generated_name;
use crate::pages::all;
use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType, LoadBalancer, LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wharf_core::{Map, Value};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Block, BlockSet, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType,
    Result, Scope, Set, Tags, UpdateOf, WantedOf,
};
use zones::{Mapping, mappings, some};

/// A load balancer. Terraform: `aws_lb`; AWS: `CreateLoadBalancer`.
pub(crate) struct Lb;

/// An application or network load balancer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "customer_owned_ipv4_pool", "enforce_security_group_inbound_rules_on_private_link_traffic", "ipam_pools",
    "minimum_load_balancer_capacity", "secondary_ips_auto_assigned_per_subnet", "timeouts",
]))]
pub(crate) struct Properties {
    /// The name, unique in account and region; one is made up when neither this nor `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins; 6 characters at most.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// Whether it works on HTTP (`application`) or on connections (`network`).
    #[serde(default = "application")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["application", "network"]))]
    load_balancer_type: String,
    /// Whether it has private addresses only.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true))]
    internal: bool,
    /// The security groups; the VPC's default one when this is not set.
    #[serde(default)]
    security_groups: Set<String>,
    /// The subnets, in two availability zones at least for an application load balancer.
    #[serde(default)]
    subnets: Set<String>,
    /// The subnets with the addresses to use there; instead of `subnets`.
    #[serde(default)]
    subnet_mapping: BlockSet<Mapping>,
    /// What clients can reach it with.
    #[schemars(extend("enum" = ["ipv4", "dualstack", "dualstack-without-public-ipv4"]))]
    ip_address_type: Option<String>,
    /// Whether AWS refuses to delete it.
    #[serde(default)]
    enable_deletion_protection: bool,
    /// Whether a network load balancer sends to targets in other zones. An application load balancer always does.
    #[serde(default)]
    enable_cross_zone_load_balancing: bool,
    /// Whether zonal shift may take a zone out.
    #[serde(default)]
    enable_zonal_shift: bool,
    /// To which zone a network load balancer's name leads clients.
    #[serde(default = "any_zone")]
    #[schemars(extend("enum" = [
        "any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity",
    ]))]
    dns_record_client_routing_policy: String,
    /// After how many seconds an idle connection is closed: 1 to 4000.
    #[serde(default = "idle_timeout")]
    idle_timeout: i32,
    /// How many seconds a client may keep a connection: 60 to 604800.
    #[serde(default = "keep_alive")]
    client_keep_alive: i32,
    /// Whether HTTP/2 is on.
    #[serde(default = "yes")]
    enable_http2: bool,
    /// What to do with requests that could be a smuggling attack.
    #[serde(default = "defensive")]
    #[schemars(extend("enum" = ["monitor", "defensive", "strictest"]))]
    desync_mitigation_mode: String,
    /// Whether headers with invalid names are removed.
    #[serde(default)]
    drop_invalid_header_fields: bool,
    /// Whether targets are told the TLS version and cipher suite.
    #[serde(default)]
    enable_tls_version_and_cipher_suite_headers: bool,
    /// Whether requests pass when AWS WAF does not answer.
    #[serde(default)]
    enable_waf_fail_open: bool,
    /// Whether `X-Forwarded-For` keeps the client's port.
    #[serde(default)]
    enable_xff_client_port: bool,
    /// Whether targets get the `Host` header as the client sent it.
    #[serde(default)]
    preserve_host_header: bool,
    /// What happens to `X-Forwarded-For`.
    #[serde(default = "append")]
    #[schemars(extend("enum" = ["append", "preserve", "remove"]))]
    xff_header_processing_mode: String,
    /// Where requests are logged.
    #[serde(default)]
    access_logs: Block<Logs>,
    /// Where connections are logged.
    #[serde(default)]
    connection_logs: Block<Logs>,
    /// Tags of the load balancer.
    #[serde(default)]
    tags: Tags,
}

/// Where logs go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Logs {
    /// The bucket, whose policy has to allow it.
    bucket: String,
    /// How the names of the objects begin.
    prefix: Option<String>,
    /// Whether logs are written.
    #[serde(default)]
    enabled: bool,
}

/// What AWS sets on a load balancer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN.
    id: String,
    /// The ARN.
    arn: String,
    /// The ARN's end, as metrics have it: `app/<name>/...`.
    arn_suffix: String,
    /// Its host name.
    dns_name: String,
    /// The Route 53 zone of its host name, for alias records.
    zone_id: String,
    /// The VPC of its subnets.
    vpc_id: String,
}

fn application() -> String {
    "application".to_owned()
}

fn any_zone() -> String {
    "any_availability_zone".to_owned()
}

fn idle_timeout() -> i32 {
    60
}

fn keep_alive() -> i32 {
    3600
}

fn yes() -> bool {
    true
}

fn defensive() -> String {
    "defensive".to_owned()
}

fn append() -> String {
    "append".to_owned()
}

impl ResourceType for Lb {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_lb";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "LOAD_BALANCER_ARN";
    const BATCH: usize = BATCH;
    const PERMISSIONS: Permissions = Permissions {
        read: &[
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeTags",
        ],
        create: &[
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "iam:CreateServiceLinkedRole",
        ],
        update: &[
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteLoadBalancer"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[
        ("arn", "elasticloadbalancing:loadbalancer/{load_balancer_type|application:kind}/{name|wharf-*}/*"),
        ("id", "{arn}"),
    ];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["elasticloadbalancing:CreateLoadBalancer"], &["{arn}"]),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"]).only_if("elasticloadbalancing:CreateAction", "CreateLoadBalancer"),
        Scope::of(&["elasticloadbalancing:AddTags"], &["{arn}"]).owned(),
        Scope::of(&["iam:CreateServiceLinkedRole"], &["iam:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"]).only_if("iam:AWSServiceName", "elasticloadbalancing.amazonaws.com"),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        together_or_alone(objects, |objects| read(cloud, objects)).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let scheme = if properties.internal {
            LoadBalancerSchemeEnum::Internal
        } else {
            LoadBalancerSchemeEnum::InternetFacing
        };
        let request = cloud
            .elasticloadbalancing_once()
            .create_load_balancer()
            .name(properties.name(new.token))
            .r#type(LoadBalancerTypeEnum::from(properties.load_balancer_type.as_str()))
            .scheme(scheme)
            .set_security_groups(some(&properties.security_groups))
            .set_subnets(some(&properties.subnets))
            .set_subnet_mappings(mappings(&properties.subnet_mapping))
            .set_ip_address_type(properties.ip_address_type.as_deref().map(IpAddressType::from))
            .set_tags(new_tags(&properties.tags));
        let created = request.send().await.named("elasticloadbalancing:CreateLoadBalancer")?;
        let arns = created.load_balancers.into_iter().flatten().map(|lb| lb.load_balancer_arn);
        new_arn(arns, "elasticloadbalancing:CreateLoadBalancer")
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let wait = Wait::minutes("the load balancer to become active", 10);
        wait.until(|| async move {
            let Some(lb) = describe(cloud, id).await? else { return Ok(None) };
            let state = lb.state();
            match state.and_then(|state| state.code()) {
                Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => Ok(Some(())),
                Some(LoadBalancerStateEnum::Failed) => {
                    let reason = state.and_then(|state| state.reason()).unwrap_or("AWS does not say why");
                    let message = format!("the load balancer failed: {reason}");
                    Err(Error::new(ErrorKind::Invalid, message))
                }
                _ => Ok(None),
            }
        })
        .await?;
        let mut wanted = properties.attributes();
        wanted.retain(|attribute| !attribute.is_default());
        if wanted.is_empty() {
            return Ok(());
        }
        attributes::modify(cloud, id, attributes::settings(cloud, id).await?.missing(wanted)).await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, desired) = (update.id, update.desired);
        if update.changes(&["security_groups"]) {
            let request = cloud.elasticloadbalancing().set_security_groups().load_balancer_arn(id);
            let request = request.set_security_groups(Some(desired.security_groups.0.clone()));
            request.send().await.named("elasticloadbalancing:SetSecurityGroups")?;
        }
        if update.changes(&["subnets", "subnet_mapping"]) {
            let request = cloud.elasticloadbalancing().set_subnets().load_balancer_arn(id);
            let request = if update.changes(&["subnets"]) {
                request.set_subnets(some(&desired.subnets))
            } else {
                request.set_subnet_mappings(mappings(&desired.subnet_mapping))
            };
            request.send().await.named("elasticloadbalancing:SetSubnets")?;
        }
        if let (true, Some(kind)) = (update.changes(&["ip_address_type"]), &desired.ip_address_type) {
            let request = cloud.elasticloadbalancing().set_ip_address_type().load_balancer_arn(id);
            let request = request.ip_address_type(IpAddressType::from(kind.as_str()));
            request.send().await.named("elasticloadbalancing:SetIpAddressType")?;
        }
        let mut attributes = desired.attributes();
        attributes.retain(|attribute| update.changes(&[attribute.property]));
        attributes.extend(desired.logs_off(|property| update.changes(&[property])));
        attributes::modify(cloud, id, attributes).await?;
        update_tags(cloud, update, &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.elasticloadbalancing().delete_load_balancer().load_balancer_arn(&object.id);
        let deleted = request.send().await.named("elasticloadbalancing:DeleteLoadBalancer");
        let deleted = deleted.or_absent().map_err(|error| {
            if !(error.is_code("OperationNotPermitted") && error.message.contains("deletion protection")) {
                return error;
            }
            let message = "the load balancer is protected from deletion; set `enable_deletion_protection: false` and \
                           apply before the destroy";
            Error { message: message.to_owned(), ..error }
        })?;
        if deleted.is_none() {
            return Ok(());
        }
        // Its network interfaces go later still; what they hold (subnets, groups, the gateway) is tried again.
        let wait = Wait::minutes("the load balancer to be deleted", 10);
        wait.until(|| async move { Ok(describe(cloud, &object.id).await?.is_none().then_some(())) }).await
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        if wanted.properties.name.is_none() && wanted.token.is_empty() {
            // A made-up name is made of the token.
            return Ok(Found::Absent);
        }
        let name = wanted.properties.name(wanted.token);
        let request = cloud.elasticloadbalancing().describe_load_balancers().names(name);
        let answer = request.send().await.named("elasticloadbalancing:DescribeLoadBalancers").or_absent()?;
        let mut lbs = answer.into_iter().flat_map(|answer| answer.load_balancers.unwrap_or_default());
        found(cloud, wanted, lbs.find_map(|lb| lb.load_balancer_arn)).await
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "loadbalancer")
    }

    fn canonical(properties: &mut Map) {
        // Always on for an application load balancer, whatever the stack file says; Terraform ignores it as well.
        let kind = properties.get("load_balancer_type");
        if kind.is_none_or(Value::is_null) || kind.and_then(Value::as_str) == Some("application") {
            properties.insert("enable_cross_zone_load_balancing".to_owned(), false.into());
        }
        for logs in ["access_logs", "connection_logs"] {
            // Where logs would go that are off means nothing.
            if let Some(Value::List(blocks)) = properties.get_mut(logs) {
                let enabled = |block: &Value| Some(block.as_map()?.get("enabled")?.as_bool() != Some(false));
                blocks.retain(|block| enabled(block).unwrap_or(!block.is_known()));
            }
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = name_mistakes(properties);
        let mut mistake = |about: &str, message: String| mistakes.push((about.to_owned(), message));
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        if text("name").is_some_and(|name| name.starts_with("internal-")) {
            mistake("name", "may not begin with `internal-`".to_owned());
        }
        if is_given(properties, "subnets") == is_given(properties, "subnet_mapping") {
            mistake("subnets", "set one of `subnets` and `subnet_mapping`".to_owned());
        }
        let application = matches!(text("load_balancer_type"), Some("application"))
            || properties.get("load_balancer_type").is_none_or(Value::is_null);
        let known = |name: &str| properties.get(name).and_then(Value::as_list).map(<[Value]>::len);
        if application && known("subnets") == Some(1) {
            let message = "an application load balancer needs subnets in two availability zones at least";
            mistake("subnets", message.to_owned());
        }
        for (name, least, most) in [("idle_timeout", 1, 4000), ("client_keep_alive", 60, 604_800)] {
            let number = properties.get(name).and_then(Value::as_i64);
            if number.is_some_and(|number| !(least..=most).contains(&number)) {
                mistake(name, format!("takes {least} to {most} seconds"));
            }
        }
        mistakes
    }

    fn replaces(live: &Map, desired: &Map, changed: &BTreeSet<String>) -> bool {
        zones::replaces(live, desired, changed)
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

async fn read(cloud: &Clients, objects: &[ObjectOf<Lb>]) -> Result<Vec<Option<LiveOf<Lb>>>> {
    let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
    let lbs = async {
        let request = cloud.elasticloadbalancing().describe_load_balancers();
        all!(
            request.set_load_balancer_arns(Some(arns(objects))),
            "elasticloadbalancing:DescribeLoadBalancers"
        )
    };
    let settings = try_join_all(ids.iter().map(|id| attributes::settings(cloud, id)));
    let (lbs, settings, mut tags) = futures::try_join!(lbs, settings, tags_of(cloud, &ids))?;
    let lbs = by_arn(&lbs, LoadBalancer::load_balancer_arn);
    let live = objects.iter().zip(settings).map(|(object, settings)| {
        let id = object.id.as_str();
        let lb = lbs.get(id)?;
        let tags = tags.remove(id).unwrap_or_default();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Some(LiveOf {
            properties: Properties::of(lb, &settings, tags, object.properties.as_ref()),
            attributes: Attributes {
                id: id.to_owned(),
                arn: id.to_owned(),
                arn_suffix: arn::resource(id).trim_start_matches("loadbalancer/").to_owned(),
                dns_name: text(lb.dns_name()),
                zone_id: text(lb.canonical_hosted_zone_id()),
                vpc_id: text(lb.vpc_id()),
            },
        })
    });
    Ok(live.collect())
}

async fn describe(cloud: &Clients, id: &str) -> Result<Option<LoadBalancer>> {
    let request = cloud.elasticloadbalancing().describe_load_balancers().load_balancer_arns(id);
    let answer = request.send().await.named("elasticloadbalancing:DescribeLoadBalancers").or_absent()?;
    Ok(answer.into_iter().flat_map(|answer| answer.load_balancers.unwrap_or_default()).next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn cross_zone_of_an_application_load_balancer_is_no_setting() {
        let mut written = map(json!({"enable_cross_zone_load_balancing": true}));
        Lb::canonical(&mut written);
        assert_eq!(written["enable_cross_zone_load_balancing"], false.into());
        let mut written =
            map(json!({"load_balancer_type": "network", "enable_cross_zone_load_balancing": true}));
        Lb::canonical(&mut written);
        assert_eq!(written["enable_cross_zone_load_balancing"], true.into());
    }

    #[test]
    fn logs_that_are_off_are_none() {
        let of = |json| {
            let mut written = map(json!({"access_logs": json}));
            Lb::canonical(&mut written);
            written["access_logs"].as_list().map(<[Value]>::len)
        };
        assert_eq!(of(json!([{"bucket": "", "enabled": false}])), Some(0));
        assert_eq!(of(json!([{"bucket": "logs"}])), Some(0));
        assert_eq!(of(json!([{"bucket": "logs", "enabled": true}])), Some(1));
        let mut unknown = map(json!({"access_logs": [{"bucket": "logs"}]}));
        if let Some(Value::List(blocks)) = unknown.get_mut("access_logs")
            && let Some(Value::Map(block)) = blocks.first_mut()
        {
            block.insert("enabled".to_owned(), Value::unknown("var.logged"));
        }
        Lb::canonical(&mut unknown);
        assert_eq!(unknown["access_logs"].as_list().map(<[Value]>::len), Some(1));
    }

    #[test]
    fn mistakes() {
        let check = |json| Lb::check(&map(json)).len();
        assert_eq!(check(json!({"name": "web", "subnets": ["a", "b"]})), 0);
        assert_eq!(check(json!({"name": "internal-web", "subnets": ["a", "b"]})), 1);
        assert_eq!(check(json!({"subnets": ["a"]})), 1);
        assert_eq!(check(json!({"subnets": ["a"], "load_balancer_type": "network"})), 0);
        assert_eq!(check(json!({"subnets": ["a", "b"], "idle_timeout": 0})), 1);
        assert_eq!(check(json!({})), 1);
    }
}
