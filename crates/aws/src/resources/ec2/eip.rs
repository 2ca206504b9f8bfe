use super::support::{
    FILTER_VALUES, among, by_id, found, from_aws, imported, new_id, owned, specification, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ec2::types::{DomainType, ResourceType as Ec2Type};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::{
    Absent, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// A public address that stays. Terraform: `aws_eip`; AWS: `AllocateAddress`.
pub(crate) struct Eip;

/// A public IPv4 address that stays the same until it is released, for a NAT gateway or a network load balancer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "associate_with_private_ip", "customer_owned_ipv4_pool", "ipam_pool_id", "timeouts", "vpc",
]))]
pub(crate) struct Properties {
    /// Where it can be used; `vpc` is the only value AWS still knows.
    #[schemars(extend("forces_replacement" = true, "enum" = ["vpc"]))]
    domain: Option<String>,
    /// A certain address out of a pool of one's own, or one that was released a short time ago.
    #[schemars(extend("forces_replacement" = true))]
    address: Option<String>,
    /// The pool of one's own that the address comes from; `amazon` stands for Amazon's.
    #[schemars(extend("forces_replacement" = true))]
    public_ipv4_pool: Option<String>,
    /// The group of zones from which the address is announced.
    #[schemars(extend("forces_replacement" = true))]
    network_border_group: Option<String>,
    /// Tags of the address.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on an address.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id of the allocation: `eipalloc-...`.
    id: String,
    /// The id of the allocation again, under AWS's name.
    allocation_id: String,
    /// The address.
    public_ip: String,
    /// The address's public host name.
    public_dns: String,
    /// What the address is associated with: the association's id.
    #[schemars(extend("volatile" = true))]
    association_id: Option<String>,
    /// The network interface that has it.
    #[schemars(extend("volatile" = true))]
    network_interface: Option<String>,
    /// The instance that has it.
    #[schemars(extend("volatile" = true))]
    instance: Option<String>,
    /// The private address it stands for.
    #[schemars(extend("volatile" = true))]
    private_ip: Option<String>,
}

impl ResourceType for Eip {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_eip";
    const IMPORT_ID: &'static str = "ALLOCATION_ID";
    const BATCH: usize = FILTER_VALUES;
    const CREATE_BEFORE_DESTROY: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeAddresses"],
        create: &["ec2:AllocateAddress", "ec2:CreateTags"],
        update: &["ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:ReleaseAddress"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:elastic-ip/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:AllocateAddress"], &["{arn}", "ec2:ipv4pool-ec2/{public_ipv4_pool?}"]),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).only_if("ec2:CreateAction", "AllocateAddress"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        // DescribeAddresses answers in one page, however many there are.
        let request = cloud.ec2().describe_addresses().filters(among("allocation-id", objects));
        let addresses = request.send().await.named("ec2:DescribeAddresses")?.addresses.unwrap_or_default();
        let mut addresses = by_id(addresses, aws_sdk_ec2::types::Address::allocation_id);
        let live = objects.iter().map(|object| {
            let address = addresses.remove(&object.id)?;
            let public_ip = address.public_ip.unwrap_or_default();
            Some(LiveOf {
                properties: Properties {
                    domain: address.domain.map(|domain| domain.as_str().to_owned()),
                    address: asked_for(object, &public_ip),
                    public_ipv4_pool: filled(address.public_ipv4_pool),
                    network_border_group: filled(address.network_border_group),
                    tags: from_aws(address.tags),
                },
                attributes: Attributes {
                    id: object.id.clone(),
                    allocation_id: object.id.clone(),
                    public_dns: public_dns(cloud.region(), &public_ip),
                    public_ip,
                    association_id: filled(address.association_id),
                    network_interface: filled(address.network_interface_id),
                    instance: filled(address.instance_id),
                    private_ip: filled(address.private_ip_address),
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .ec2_once()
            .allocate_address()
            .domain(DomainType::Vpc)
            .set_address(properties.address.clone())
            .set_public_ipv4_pool(properties.public_ipv4_pool.clone())
            .set_network_border_group(properties.network_border_group.clone())
            .tag_specifications(specification(Ec2Type::ElasticIp, &properties.tags));
        let created = request.send().await.named("ec2:AllocateAddress")?;
        new_id(created.allocation_id, "ec2:AllocateAddress")
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        update_tags(cloud, update, &update.live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.ec2().release_address().allocation_id(&object.id);
        match request.send().await.named("ec2:ReleaseAddress").or_absent() {
            // What AWS says while a NAT gateway or a load balancer still has the address.
            Err(error) if error.is_code("AuthFailure") && error.message.contains("permission") => {
                Err(error.of_kind(ErrorKind::InUse))
            }
            other => other.map(drop),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let request = cloud.ec2().describe_addresses().set_filters(Some(owned(wanted)));
        let answer = request.send().await.named("ec2:DescribeAddresses")?;
        Ok(found(wanted, answer.addresses.into_iter().flatten().filter_map(|address| address.allocation_id)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "eipalloc-")
    }
}

/// The address as a property: only where the stack asked for a certain one, and where nobody knows whether it did.
fn asked_for(object: &ObjectOf<Eip>, public_ip: &str) -> Option<String> {
    let asked = object.properties.as_ref().is_none_or(|properties| properties.address.is_some());
    asked.then(|| public_ip.to_owned())
}

/// EC2 says "none" here and there with an empty text.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn public_dns(region: &str, address: &str) -> String {
    let host = format!("ec2-{}", address.replace('.', "-"));
    match region {
        "us-east-1" => format!("{host}.compute-1.amazonaws.com"),
        _ if region.starts_with("cn-") => format!("{host}.{region}.compute.amazonaws.com.cn"),
        _ => format!("{host}.{region}.compute.amazonaws.com"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        assert_eq!(public_dns("eu-central-1", "3.4.5.6"), "ec2-3-4-5-6.eu-central-1.compute.amazonaws.com");
        assert_eq!(public_dns("us-east-1", "3.4.5.6"), "ec2-3-4-5-6.compute-1.amazonaws.com");
    }
}
