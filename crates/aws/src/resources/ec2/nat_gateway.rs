use super::support::{
    FILTER_VALUES, among, by_id, filter, found, from_aws, imported, new_id, owned, specification, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_ec2::types::{
    ConnectivityType, NatGateway as Gateway, NatGatewayAddress, NatGatewayState, ResourceType as Ec2Type,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// A NAT gateway. Terraform: `aws_nat_gateway`; AWS: `CreateNatGateway`.
pub(crate) struct NatGateway;

/// The way out of private subnets. Costs about $35 a month, and more with traffic.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "secondary_allocation_ids", "secondary_private_ip_address_count", "secondary_private_ip_addresses", "timeouts",
]))]
pub(crate) struct Properties {
    /// The subnet it stands in: a public one, unless `connectivity_type` is `private`.
    #[schemars(extend("forces_replacement" = true))]
    subnet_id: String,
    /// The address it goes out with: the id of an `aws_eip`. Needed unless `connectivity_type` is `private`.
    #[schemars(extend("forces_replacement" = true))]
    allocation_id: Option<String>,
    /// Whether it leads to the internet (`public`) or to other networks only (`private`).
    #[serde(default = "public")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["public", "private"]))]
    connectivity_type: String,
    /// Its address in the subnet; AWS picks one when this is not set.
    #[schemars(extend("forces_replacement" = true))]
    private_ip: Option<String>,
    /// Tags of the gateway.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a NAT gateway.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id: `nat-...`.
    id: String,
    /// The address it goes out with.
    public_ip: Option<String>,
    /// Its network interface.
    network_interface_id: Option<String>,
    /// The association of its address.
    association_id: Option<String>,
}

fn public() -> String {
    "public".to_owned()
}

impl ResourceType for NatGateway {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_nat_gateway";
    const IMPORT_ID: &'static str = "NAT_GATEWAY_ID";
    const BATCH: usize = FILTER_VALUES;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeNatGateways"],
        create: &["ec2:CreateNatGateway", "ec2:CreateTags"],
        update: &["ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteNatGateway"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:natgateway/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:CreateNatGateway"], &["{arn}"]),
        Scope::of(&["ec2:CreateNatGateway"], &["ec2:subnet/{subnet_id}", "ec2:elastic-ip/{allocation_id?}"])
            .owned(),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).only_if("ec2:CreateAction", "CreateNatGateway"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let request = cloud.ec2().describe_nat_gateways().filter(among("nat-gateway-id", objects));
        let gateways = all!(request, "ec2:DescribeNatGateways")?;
        let mut gateways = by_id(gateways, aws_sdk_ec2::types::NatGateway::nat_gateway_id);
        let live = objects.iter().map(|object| {
            let gateway = gateways.remove(&object.id).filter(exists)?;
            let address = primary(&gateway).cloned();
            let (mut allocation_id, mut private_ip) = (None, None);
            let (mut public_ip, mut network_interface_id, mut association_id) = (None, None, None);
            if let Some(address) = address {
                (allocation_id, private_ip) = (address.allocation_id, address.private_ip);
                (public_ip, association_id) = (address.public_ip, address.association_id);
                network_interface_id = address.network_interface_id;
            }
            Some(LiveOf {
                properties: Properties {
                    subnet_id: gateway.subnet_id.unwrap_or_default(),
                    allocation_id,
                    connectivity_type: gateway
                        .connectivity_type
                        .map_or_else(public, |kind| kind.as_str().to_owned()),
                    private_ip,
                    tags: from_aws(gateway.tags),
                },
                attributes: Attributes {
                    id: object.id.clone(),
                    public_ip,
                    network_interface_id,
                    association_id,
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .ec2_once()
            .create_nat_gateway()
            .subnet_id(&properties.subnet_id)
            .set_allocation_id(properties.allocation_id.clone())
            .connectivity_type(ConnectivityType::from(properties.connectivity_type.as_str()))
            .set_private_ip_address(properties.private_ip.clone())
            .tag_specifications(specification(Ec2Type::Natgateway, &properties.tags))
            .client_token(new.token);
        let created = match request.send().await.named("ec2:CreateNatGateway") {
            Err(error) if error.is_code("Resource.AlreadyAssociated") => {
                return Err(about_to_be_free(cloud, properties.allocation_id.as_deref(), error).await);
            }
            other => other?,
        };
        new_id(created.nat_gateway.and_then(|gateway| gateway.nat_gateway_id), "ec2:CreateNatGateway")
    }

    async fn finish(cloud: &Clients, id: &str, _: &Properties) -> Result<()> {
        let wait = Wait::minutes("the NAT gateway to become available", 10);
        wait.until(|| async move {
            let Some(gateway) = describe(cloud, id).await? else { return Ok(None) };
            match gateway.state() {
                Some(NatGatewayState::Available) => Ok(Some(())),
                Some(NatGatewayState::Failed) => Err(failed(&gateway)),
                Some(NatGatewayState::Deleting | NatGatewayState::Deleted) => Err(Error::new(
                    ErrorKind::NotFound,
                    "somebody deleted the NAT gateway before it was available",
                )),
                _ => Ok(None),
            }
        })
        .await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        update_tags(cloud, update, &update.live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.ec2().delete_nat_gateway().nat_gateway_id(&object.id);
        if request.send().await.named("ec2:DeleteNatGateway").or_absent()?.is_none() {
            return Ok(());
        }
        let wait = Wait::minutes("the NAT gateway to be deleted", 30);
        wait.until(|| async move {
            let gateway = describe(cloud, &object.id).await?;
            let gone = gateway.is_none_or(|g| g.state() == Some(&NatGatewayState::Deleted));
            Ok(gone.then_some(()))
        })
        .await
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let request = cloud.ec2().describe_nat_gateways().set_filter(Some(owned(wanted)));
        let answer = request.send().await.named("ec2:DescribeNatGateways")?;
        let gateways = answer.nat_gateways.into_iter().flatten().filter(exists);
        let ours = gateways.filter(|gateway| {
            let tags = from_aws(gateway.tags.clone());
            matches!(wanted.by_tags("", &tags), Found::Ours(_))
        });
        Ok(found(wanted, ours.filter_map(|gateway| gateway.nat_gateway_id)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "nat-")
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let set = |name: &str| properties.get(name).is_some_and(|value| !value.is_null());
        let private = match properties.get("connectivity_type") {
            Some(Value::Unknown(_)) => return Vec::new(),
            value => value.and_then(Value::as_str) == Some("private"),
        };
        match (private, set("allocation_id")) {
            (false, false) => {
                let message = "a public NAT gateway needs the id of an `aws_eip`";
                vec![("allocation_id".to_owned(), message.to_owned())]
            }
            (true, true) => {
                let message = "a private NAT gateway has no public address";
                vec![("allocation_id".to_owned(), message.to_owned())]
            }
            _ => Vec::new(),
        }
    }
}

/// AWS shows a gateway for about an hour after it is gone or has failed.
fn exists(gateway: &Gateway) -> bool {
    matches!(gateway.state(), Some(NatGatewayState::Available | NatGatewayState::Pending))
}

fn primary(gateway: &Gateway) -> Option<&NatGatewayAddress> {
    let addresses = gateway.nat_gateway_addresses();
    addresses.iter().find(|address| address.is_primary() == Some(true)).or(addresses.first())
}

async fn describe(cloud: &Clients, id: &str) -> Result<Option<Gateway>> {
    let request = cloud.ec2().describe_nat_gateways().filter(filter("nat-gateway-id", [id]));
    let answer = request.send().await.named("ec2:DescribeNatGateways")?;
    Ok(answer.nat_gateways.into_iter().flatten().next())
}

/// An address that a NAT gateway on its way out still has will be free in a moment.
async fn about_to_be_free(cloud: &Clients, allocation: Option<&str>, error: Error) -> Error {
    let request = cloud.ec2().describe_nat_gateways().filter(filter("state", ["deleting"]));
    let leaving = all!(request, "ec2:DescribeNatGateways");
    let has = |gateway: &Gateway| {
        gateway.nat_gateway_addresses().iter().any(|address| address.allocation_id() == allocation)
    };
    if leaving.is_ok_and(|leaving| leaving.iter().any(has)) {
        return error.of_kind(ErrorKind::NotReady);
    }
    error
}

fn failed(gateway: &Gateway) -> Error {
    let message = gateway.failure_message().unwrap_or("the NAT gateway failed, and AWS does not say why");
    let code = gateway.failure_code().map(str::to_owned);
    Error { operation: "ec2:CreateNatGateway".to_owned(), code, ..Error::new(ErrorKind::Invalid, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_goes_with_connectivity() {
        let check = |pairs: &[(&str, Value)]| {
            let map = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            NatGateway::check(&map).len()
        };
        let (eip, private) =
            (("allocation_id", Value::unknown("eip.id")), ("connectivity_type", "private".into()));
        assert_eq!(check(&[]), 1);
        assert_eq!(check(std::slice::from_ref(&eip)), 0);
        assert_eq!(check(std::slice::from_ref(&private)), 0);
        assert_eq!(check(&[eip, private]), 1);
        assert_eq!(check(&[("connectivity_type", Value::unknown("var.kind"))]), 0);
    }
}
