use super::support::{
    FILTER_VALUES, among, block_mistake, boolean, by_id, filter, found, from_aws, imported, new_id, owned,
    specification, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_ec2::types::{HostnameType, ResourceType as Ec2Type, SubnetState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::Map;
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags, UpdateOf,
    WantedOf,
};

/// A subnet of a VPC. Terraform: `aws_subnet`; AWS: `CreateSubnet`.
pub(crate) struct Subnet;

/// A subnet of a VPC.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "assign_ipv6_address_on_creation", "customer_owned_ipv4_pool", "enable_dns64", "enable_lni_at_device_index",
    "ipv6_cidr_block", "ipv6_native", "map_customer_owned_ip_on_launch", "outpost_arn", "timeouts",
]))]
pub(crate) struct Properties {
    /// The VPC it is part of.
    #[schemars(extend("forces_replacement" = true))]
    vpc_id: String,
    /// Its IPv4 addresses, a part of the VPC's.
    #[schemars(extend("forces_replacement" = true))]
    cidr_block: String,
    /// The availability zone; AWS picks one when neither this nor `availability_zone_id` is set.
    #[schemars(extend("forces_replacement" = true))]
    availability_zone: Option<String>,
    /// The availability zone by its id, which is the same in all accounts.
    #[schemars(extend("forces_replacement" = true))]
    availability_zone_id: Option<String>,
    /// Whether network interfaces made here get a public address.
    #[serde(default)]
    map_public_ip_on_launch: bool,
    /// Whether DNS answers for an instance's resource name with an A record.
    #[serde(default)]
    enable_resource_name_dns_a_record_on_launch: bool,
    /// What an instance's private host name is made of.
    #[schemars(extend("enum" = ["ip-name", "resource-name"]))]
    private_dns_hostname_type_on_launch: Option<String>,
    /// Tags of the subnet.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a subnet.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id: `subnet-...`.
    id: String,
    /// The ARN.
    arn: String,
    /// The account that owns it.
    owner_id: String,
}

impl ResourceType for Subnet {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_subnet";
    const IMPORT_ID: &'static str = "SUBNET_ID";
    const BATCH: usize = FILTER_VALUES;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeSubnets"],
        create: &["ec2:CreateSubnet", "ec2:CreateTags", "ec2:ModifySubnetAttribute"],
        update: &["ec2:ModifySubnetAttribute", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteSubnet"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:subnet/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:CreateSubnet"], &["{arn}"]),
        Scope::of(&["ec2:CreateSubnet"], &["ec2:vpc/{vpc_id}"]).owned(),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).only_if("ec2:CreateAction", "CreateSubnet"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let request = cloud.ec2().describe_subnets().filters(among("subnet-id", objects));
        let subnets = all!(request, "ec2:DescribeSubnets")?;
        let mut subnets = by_id(subnets, aws_sdk_ec2::types::Subnet::subnet_id);
        let live = objects.iter().map(|object| {
            let subnet = subnets.remove(&object.id)?;
            let dns = subnet.private_dns_name_options_on_launch.as_ref();
            Some(LiveOf {
                properties: Properties {
                    map_public_ip_on_launch: subnet.map_public_ip_on_launch.unwrap_or_default(),
                    enable_resource_name_dns_a_record_on_launch: dns
                        .and_then(|dns| dns.enable_resource_name_dns_a_record)
                        .unwrap_or_default(),
                    private_dns_hostname_type_on_launch: dns
                        .and_then(|dns| dns.hostname_type.as_ref())
                        .map(|kind| kind.as_str().to_owned()),
                    vpc_id: subnet.vpc_id.unwrap_or_default(),
                    cidr_block: subnet.cidr_block.unwrap_or_default(),
                    availability_zone: subnet.availability_zone,
                    availability_zone_id: subnet.availability_zone_id,
                    tags: from_aws(subnet.tags),
                },
                attributes: Attributes {
                    id: object.id.clone(),
                    arn: subnet.subnet_arn.unwrap_or_default(),
                    owner_id: subnet.owner_id.unwrap_or_default(),
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .ec2_once()
            .create_subnet()
            .vpc_id(&properties.vpc_id)
            .cidr_block(&properties.cidr_block)
            .set_availability_zone(properties.availability_zone.clone())
            .set_availability_zone_id(properties.availability_zone_id.clone())
            .tag_specifications(specification(Ec2Type::Subnet, &properties.tags));
        let created = request.send().await.named("ec2:CreateSubnet")?;
        new_id(created.subnet.and_then(|subnet| subnet.subnet_id), "ec2:CreateSubnet")
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let wait = Wait::minutes("the subnet to become available", 10);
        wait.until(|| async {
            let request = cloud.ec2().describe_subnets().filters(filter("subnet-id", [id]));
            let answer = request.send().await.named("ec2:DescribeSubnets")?;
            let state = answer.subnets.into_iter().flatten().find_map(|subnet| subnet.state);
            Ok((state == Some(SubnetState::Available)).then_some(()))
        })
        .await?;
        if properties.map_public_ip_on_launch {
            modify(cloud, id, |request| request.map_public_ip_on_launch(boolean(true))).await?;
        }
        if properties.enable_resource_name_dns_a_record_on_launch {
            modify(cloud, id, |request| request.enable_resource_name_dns_a_record_on_launch(boolean(true)))
                .await?;
        }
        if let Some(kind) =
            properties.private_dns_hostname_type_on_launch.as_deref().filter(|k| *k != "ip-name")
        {
            let kind = HostnameType::from(kind);
            modify(cloud, id, |request| request.private_dns_hostname_type_on_launch(kind)).await?;
        }
        Ok(())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, desired) = (update.id, update.desired);
        // ModifySubnetAttribute takes one attribute a request.
        if update.changes(&["map_public_ip_on_launch"]) {
            let value = boolean(desired.map_public_ip_on_launch);
            modify(cloud, id, |request| request.map_public_ip_on_launch(value)).await?;
        }
        if update.changes(&["enable_resource_name_dns_a_record_on_launch"]) {
            let value = boolean(desired.enable_resource_name_dns_a_record_on_launch);
            modify(cloud, id, |request| request.enable_resource_name_dns_a_record_on_launch(value)).await?;
        }
        if let (true, Some(kind)) = (
            update.changes(&["private_dns_hostname_type_on_launch"]),
            desired.private_dns_hostname_type_on_launch.as_deref(),
        ) {
            let kind = HostnameType::from(kind);
            modify(cloud, id, |request| request.private_dns_hostname_type_on_launch(kind)).await?;
        }
        update_tags(cloud, update, &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        cloud
            .ec2()
            .delete_subnet()
            .subnet_id(&object.id)
            .send()
            .await
            .named("ec2:DeleteSubnet")
            .or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let request = cloud.ec2().describe_subnets().set_filters(Some(owned(wanted)));
        let answer = request.send().await.named("ec2:DescribeSubnets")?;
        Ok(found(wanted, answer.subnets.into_iter().flatten().filter_map(|subnet| subnet.subnet_id)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "subnet-")
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes: Vec<_> = block_mistake(properties).into_iter().collect();
        let set = |name: &str| properties.get(name).is_some_and(|value| !value.is_null());
        if set("availability_zone") && set("availability_zone_id") {
            let message = "set one of `availability_zone` and `availability_zone_id`";
            mistakes.push(("availability_zone_id".to_owned(), message.to_owned()));
        }
        mistakes
    }
}

type Modify = aws_sdk_ec2::operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder;

async fn modify(cloud: &Clients, id: &str, set: impl FnOnce(Modify) -> Modify) -> Result<()> {
    set(cloud.ec2().modify_subnet_attribute().subnet_id(id))
        .send()
        .await
        .named("ec2:ModifySubnetAttribute")?;
    Ok(())
}
