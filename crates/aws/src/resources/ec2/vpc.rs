use super::support::{
    FILTER_VALUES, among, arn, block_mistake, boolean, by_id, filter, found, from_aws, imported, new_id,
    owned, specification, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType as Ec2Type, Tenancy, VpcAttributeName, VpcState, VpcTenancy,
};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use wharf_core::{Map, Value};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags, UpdateOf,
    WantedOf,
};

/// A virtual private cloud. Terraform: `aws_vpc`; AWS: `CreateVpc`.
pub(crate) struct Vpc;

/// A virtual private cloud.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "assign_generated_ipv6_cidr_block", "ipv4_ipam_pool_id", "ipv4_netmask_length", "ipv6_cidr_block",
    "ipv6_cidr_block_network_border_group", "ipv6_ipam_pool_id", "ipv6_netmask_length",
]))]
pub(crate) struct Properties {
    /// The IPv4 addresses of the VPC, between /16 and /28.
    #[schemars(extend("forces_replacement" = true))]
    cidr_block: String,
    /// Whether instances run on shared hardware (`default`) or on hardware of their own (`dedicated`, about $2 an
    /// hour). Only a change from `dedicated` to `default` is made in place.
    #[serde(default = "default_tenancy")]
    #[schemars(extend("enum" = ["default", "dedicated"]))]
    instance_tenancy: String,
    /// Whether Amazon's DNS server answers in the VPC.
    #[serde(default = "yes")]
    enable_dns_support: bool,
    /// Whether instances with public addresses get public DNS names.
    #[serde(default)]
    enable_dns_hostnames: bool,
    /// Whether network address usage metrics are on.
    enable_network_address_usage_metrics: Option<bool>,
    /// Tags of the VPC.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a VPC.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id: `vpc-...`.
    id: String,
    /// The ARN.
    arn: String,
    /// The account that owns it.
    owner_id: String,
    /// The set of DHCP options it uses.
    dhcp_options_id: Option<String>,
    /// The route table that counts for subnets without one.
    main_route_table_id: Option<String>,
    /// The route table made with the VPC; the same as the main one until that is changed.
    default_route_table_id: Option<String>,
    /// The security group made with the VPC.
    default_security_group_id: Option<String>,
    /// The network ACL made with the VPC.
    default_network_acl_id: Option<String>,
}

fn yes() -> bool {
    true
}

fn default_tenancy() -> String {
    "default".to_owned()
}

impl ResourceType for Vpc {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_vpc";
    const IMPORT_ID: &'static str = "VPC_ID";
    const BATCH: usize = FILTER_VALUES;
    const CREATE_BEFORE_DESTROY: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        read: &[
            "ec2:DescribeVpcs",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeNetworkAcls",
        ],
        create: &["ec2:CreateVpc", "ec2:CreateTags", "ec2:ModifyVpcAttribute"],
        update: &["ec2:ModifyVpcAttribute", "ec2:ModifyVpcTenancy", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteVpc"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:vpc/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:CreateVpc"], &["{arn}"]),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).only_if("ec2:CreateAction", "CreateVpc"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
        let pages = cloud.ec2().describe_vpcs().filters(among("vpc-id", objects));
        let vpcs = async { all!(pages, "ec2:DescribeVpcs") };
        let flags = try_join_all(objects.iter().map(|object| Flags::read(cloud, object)));
        let (vpcs, flags, made) = futures::try_join!(vpcs, flags, Companions::read(cloud, &ids))?;
        let mut vpcs = by_id(vpcs, aws_sdk_ec2::types::Vpc::vpc_id);
        let live = objects.iter().zip(flags).map(|(object, flags)| {
            let (vpc, flags) = (vpcs.remove(&object.id)?, flags?);
            let owner_id = vpc.owner_id.unwrap_or_default();
            Some(LiveOf {
                properties: Properties {
                    cidr_block: vpc.cidr_block.unwrap_or_default(),
                    instance_tenancy: vpc
                        .instance_tenancy
                        .map_or_else(default_tenancy, |t| t.as_str().to_owned()),
                    enable_dns_support: flags.dns_support,
                    enable_dns_hostnames: flags.dns_hostnames,
                    enable_network_address_usage_metrics: flags.usage_metrics,
                    tags: from_aws(vpc.tags),
                },
                attributes: Attributes {
                    arn: arn(cloud, &owner_id, &format!("vpc/{}", object.id)),
                    owner_id,
                    dhcp_options_id: vpc.dhcp_options_id,
                    main_route_table_id: made.main_route_table.get(&object.id).cloned(),
                    default_route_table_id: made.main_route_table.get(&object.id).cloned(),
                    default_security_group_id: made.security_group.get(&object.id).cloned(),
                    default_network_acl_id: made.network_acl.get(&object.id).cloned(),
                    id: object.id.clone(),
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let request = cloud
            .ec2_once()
            .create_vpc()
            .cidr_block(&new.properties.cidr_block)
            .instance_tenancy(Tenancy::from(new.properties.instance_tenancy.as_str()))
            .tag_specifications(specification(Ec2Type::Vpc, &new.properties.tags));
        let created = request.send().await.named("ec2:CreateVpc")?;
        new_id(created.vpc.and_then(|vpc| vpc.vpc_id), "ec2:CreateVpc")
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let wait = Wait::minutes("the VPC to become available", 10);
        wait.until(|| async {
            let request = cloud.ec2().describe_vpcs().filters(filter("vpc-id", [id]));
            let answer = request.send().await.named("ec2:DescribeVpcs")?;
            let state = answer.vpcs.into_iter().flatten().find_map(|vpc| vpc.state);
            Ok((state == Some(VpcState::Available)).then_some(()))
        })
        .await?;
        // AWS's own defaults need no request.
        if !properties.enable_dns_support {
            modify(cloud, id, |request| request.enable_dns_support(boolean(false))).await?;
        }
        if properties.enable_dns_hostnames {
            modify(cloud, id, |request| request.enable_dns_hostnames(boolean(true))).await?;
        }
        if properties.enable_network_address_usage_metrics == Some(true) {
            modify(cloud, id, |request| request.enable_network_address_usage_metrics(boolean(true))).await?;
        }
        Ok(())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, desired) = (update.id, update.desired);
        // ModifyVpcAttribute takes one attribute a request. Host names need DNS support, so support goes first when
        // it is switched on and last when it is switched off.
        if update.changes(&["enable_dns_support"]) && desired.enable_dns_support {
            modify(cloud, id, |request| request.enable_dns_support(boolean(true))).await?;
        }
        if update.changes(&["enable_dns_hostnames"]) {
            let value = boolean(desired.enable_dns_hostnames);
            modify(cloud, id, |request| request.enable_dns_hostnames(value)).await?;
        }
        if update.changes(&["enable_dns_support"]) && !desired.enable_dns_support {
            modify(cloud, id, |request| request.enable_dns_support(boolean(false))).await?;
        }
        if update.changes(&["enable_network_address_usage_metrics"]) {
            let value = boolean(desired.enable_network_address_usage_metrics.unwrap_or_default());
            modify(cloud, id, |request| request.enable_network_address_usage_metrics(value)).await?;
        }
        if update.changes(&["instance_tenancy"]) {
            let request = cloud.ec2().modify_vpc_tenancy().vpc_id(id).instance_tenancy(VpcTenancy::Default);
            request.send().await.named("ec2:ModifyVpcTenancy")?;
        }
        update_tags(cloud, update, &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        cloud.ec2().delete_vpc().vpc_id(&object.id).send().await.named("ec2:DeleteVpc").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let request = cloud.ec2().describe_vpcs().set_filters(Some(owned(wanted)));
        let answer = request.send().await.named("ec2:DescribeVpcs")?;
        Ok(found(wanted, answer.vpcs.into_iter().flatten().filter_map(|vpc| vpc.vpc_id)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "vpc-")
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        block_mistake(properties).into_iter().collect()
    }

    fn replaces(_: &Map, desired: &Map, changed: &BTreeSet<String>) -> bool {
        let default = Value::from("default");
        changed.contains("instance_tenancy") && desired.get("instance_tenancy") != Some(&default)
    }
}

/// The attributes of a VPC that only `DescribeVpcAttribute` tells, one a request.
struct Flags {
    dns_support: bool,
    dns_hostnames: bool,
    usage_metrics: Option<bool>,
}

impl Flags {
    async fn read(cloud: &Clients, object: &ObjectOf<Vpc>) -> Result<Option<Self>> {
        let describe = |attribute: VpcAttributeName| async {
            let request = cloud.ec2().describe_vpc_attribute().vpc_id(&object.id).attribute(attribute);
            request.send().await.named("ec2:DescribeVpcAttribute").or_absent()
        };
        let metrics = async {
            // Rarely used, so asked for only where the stack sets it, and of what the state does not know yet.
            let used =
                object.properties.as_ref().is_none_or(|p| p.enable_network_address_usage_metrics.is_some());
            if used { describe(VpcAttributeName::EnableNetworkAddressUsageMetrics).await } else { Ok(None) }
        };
        let (support, hostnames, metrics) = futures::try_join!(
            describe(VpcAttributeName::EnableDnsSupport),
            describe(VpcAttributeName::EnableDnsHostnames),
            metrics,
        )?;
        let (Some(support), Some(hostnames)) = (support, hostnames) else { return Ok(None) };
        let value = |attribute: Option<AttributeBooleanValue>| attribute.and_then(|a| a.value);
        Ok(Some(Flags {
            dns_support: value(support.enable_dns_support).unwrap_or_default(),
            dns_hostnames: value(hostnames.enable_dns_hostnames).unwrap_or_default(),
            usage_metrics: metrics.and_then(|answer| value(answer.enable_network_address_usage_metrics)),
        }))
    }
}

/// What AWS makes together with a VPC, by the VPC's id.
struct Companions {
    main_route_table: HashMap<String, String>,
    security_group: HashMap<String, String>,
    network_acl: HashMap<String, String>,
}

impl Companions {
    async fn read(cloud: &Clients, vpcs: &[&str]) -> Result<Self> {
        let of_vpcs = || filter("vpc-id", vpcs.iter().copied());
        let tables = async {
            let request = cloud.ec2().describe_route_tables().filters(of_vpcs());
            let request = request.filters(filter("association.main", ["true"]));
            all!(request, "ec2:DescribeRouteTables")
        };
        let groups = async {
            let request = cloud.ec2().describe_security_groups().filters(of_vpcs());
            let request = request.filters(filter("group-name", ["default"]));
            all!(request, "ec2:DescribeSecurityGroups")
        };
        let acls = async {
            let request = cloud.ec2().describe_network_acls().filters(of_vpcs());
            let request = request.filters(filter("default", ["true"]));
            all!(request, "ec2:DescribeNetworkAcls")
        };
        let (tables, groups, acls) = futures::try_join!(tables, groups, acls)?;
        Ok(Companions {
            main_route_table: tables
                .into_iter()
                .filter_map(|t| Some((t.vpc_id?, t.route_table_id?)))
                .collect(),
            security_group: groups.into_iter().filter_map(|g| Some((g.vpc_id?, g.group_id?))).collect(),
            network_acl: acls.into_iter().filter_map(|a| Some((a.vpc_id?, a.network_acl_id?))).collect(),
        })
    }
}

type Modify = aws_sdk_ec2::operation::modify_vpc_attribute::builders::ModifyVpcAttributeFluentBuilder;

async fn modify(cloud: &Clients, id: &str, set: impl FnOnce(Modify) -> Modify) -> Result<()> {
    set(cloud.ec2().modify_vpc_attribute().vpc_id(id)).send().await.named("ec2:ModifyVpcAttribute")?;
    Ok(())
}
