use super::support::{FILTER_VALUES, filter};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_ec2::types::{RouteTableAssociation as Association, RouteTableAssociationStateCode as State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::Map;
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope,
    UpdateOf, WantedOf,
};

/// The route table of a subnet. Terraform: `aws_route_table_association`; AWS: `AssociateRouteTable`.
pub(crate) struct RouteTableAssociation;

/// Which route table counts for a subnet, or for what comes in through a gateway.
///
/// Its id is the id of the subnet or gateway: there is one association for each, and AWS gives it another id whenever
/// the table changes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["timeouts"]))]
#[expect(clippy::struct_field_names, reason = "Terraform's names")]
pub(crate) struct Properties {
    /// The subnet; either this or `gateway_id`.
    #[schemars(extend("forces_replacement" = true))]
    subnet_id: Option<String>,
    /// The internet gateway or virtual private gateway.
    #[schemars(extend("forces_replacement" = true))]
    gateway_id: Option<String>,
    /// The route table.
    route_table_id: String,
}

/// What AWS sets on an association.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id of the subnet or gateway.
    id: String,
    /// AWS's id of it: `rtbassoc-...`; another one after each change of the table.
    #[schemars(extend("volatile" = true))]
    association_id: String,
}

impl ResourceType for RouteTableAssociation {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_route_table_association";
    const NAMED_BY: &'static [&'static str] = &["subnet_id", "gateway_id"];
    const IMPORT_ID: &'static str = "SUBNET_ID/ROUTE_TABLE_ID or GATEWAY_ID/ROUTE_TABLE_ID";
    const BATCH: usize = FILTER_VALUES;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeRouteTables"],
        create: &["ec2:AssociateRouteTable"],
        update: &["ec2:ReplaceRouteTableAssociation"],
        delete: &["ec2:DisassociateRouteTable"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[Scope::rest(&[
        "ec2:route-table/{route_table_id}",
        "ec2:subnet/{subnet_id?}",
        "ec2:internet-gateway/{gateway_id?}",
    ])
    .owned()];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let members: Vec<&str> = objects.iter().map(|object| member(&object.id)).collect();
        let mut associations = associations(cloud, &members).await?;
        let live = members.iter().zip(objects).map(|(member, object)| {
            let association = associations.remove(*member)?;
            Some(LiveOf {
                properties: Properties {
                    subnet_id: association.subnet_id,
                    gateway_id: association.gateway_id,
                    route_table_id: association.route_table_id.unwrap_or_default(),
                },
                attributes: Attributes {
                    id: object.id.clone(),
                    association_id: association.route_table_association_id.unwrap_or_default(),
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let Properties { subnet_id, gateway_id, route_table_id } = new.properties;
        let request = cloud
            .ec2_once()
            .associate_route_table()
            .route_table_id(route_table_id)
            .set_subnet_id(subnet_id.clone())
            .set_gateway_id(gateway_id.clone());
        request.send().await.named("ec2:AssociateRouteTable")?;
        new.properties.member().map(str::to_owned)
    }

    async fn finish(cloud: &Clients, id: &str, _: &Properties) -> Result<()> {
        let wait = Wait::minutes("the route table to be associated", 5);
        wait.until(|| async move {
            let Some(association) = associations(cloud, &[member(id)]).await?.remove(member(id)) else {
                return Ok(None);
            };
            let state = association.association_state();
            match state.and_then(|state| state.state()) {
                None | Some(State::Associated) => Ok(Some(())),
                Some(State::Failed) => {
                    let message = state.and_then(|state| state.status_message()).unwrap_or("it failed");
                    Err(Error::new(ErrorKind::Invalid, format!("ec2:AssociateRouteTable: {message}")))
                }
                Some(_) => Ok(None),
            }
        })
        .await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        if update.changes(&["route_table_id"]) {
            let member = member(update.id);
            let Some(association) = associations(cloud, &[member]).await?.remove(member) else {
                let message = format!("`{member}` has no route table any more");
                return Err(Error::new(ErrorKind::NotFound, message));
            };
            let request = cloud
                .ec2()
                .replace_route_table_association()
                .set_association_id(association.route_table_association_id)
                .route_table_id(&update.desired.route_table_id);
            request.send().await.named("ec2:ReplaceRouteTableAssociation")?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let member = member(&object.id);
        if let Some(association) = associations(cloud, &[member]).await?.remove(member) {
            let request = cloud.ec2().disassociate_route_table();
            let request = request.set_association_id(association.route_table_association_id);
            request.send().await.named("ec2:DisassociateRouteTable").or_absent()?;
        }
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let member = wanted.properties.member()?;
        let association = associations(cloud, &[member]).await?.remove(member);
        Ok(match association.and_then(|association| association.route_table_id) {
            None => Found::Absent,
            Some(table) if table == wanted.properties.route_table_id => Found::Ours(member.to_owned()),
            Some(_) => Found::Foreign(member.to_owned()),
        })
    }

    async fn import(cloud: &Clients, id: &str) -> Result<Option<String>> {
        let Some((member, table)) = id.split_once('/').filter(|(_, table)| table.starts_with("rtb-")) else {
            let message = format!(
                "`{id}` is no association: one is written as `subnet-.../rtb-...` or `igw-.../rtb-...`"
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        };
        // The subnet may have another table by now, which was not meant.
        let association = associations(cloud, &[member]).await?.remove(member);
        let same = association.is_some_and(|association| association.route_table_id() == Some(table));
        Ok(same.then(|| member.to_owned()))
    }

    /// Terraform's own id is that of AWS, which changes with the table.
    fn id_in_terraform(attributes: &Map) -> Option<String> {
        let text = |name: &str| attributes.get(name)?.as_str().filter(|text| !text.is_empty());
        text("subnet_id").or_else(|| text("gateway_id")).map(str::to_owned)
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let set = |name: &str| properties.get(name).is_some_and(|value| !value.is_null());
        if set("subnet_id") == set("gateway_id") {
            let message = "set one of `subnet_id` and `gateway_id`";
            return vec![("subnet_id".to_owned(), message.to_owned())];
        }
        Vec::new()
    }

    /// A table or a subnet made a moment ago is not known everywhere at once.
    fn passes(error: &Error) -> bool {
        error.is_code("InvalidRouteTableID.NotFound") || error.is_code("InvalidSubnetID.NotFound")
    }
}

impl Properties {
    fn member(&self) -> Result<&str> {
        let member = self.subnet_id.as_deref().or(self.gateway_id.as_deref());
        member.ok_or_else(|| Error::new(ErrorKind::Invalid, "neither `subnet_id` nor `gateway_id` is set"))
    }
}

/// The subnet or gateway of an id; `subnet-.../rtb-...` is understood as well.
fn member(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

/// The associations of these subnets and gateways, by their ids.
async fn associations(cloud: &Clients, members: &[&str]) -> Result<HashMap<String, Association>> {
    let (subnets, gateways): (Vec<&str>, Vec<&str>) =
        members.iter().partition(|member| member.starts_with("subnet-"));
    let select = |name: &'static str, members: Vec<&str>| {
        let by_member = filter(name, members.iter().copied());
        let none = members.is_empty();
        async move {
            if none {
                return Ok(Vec::new());
            }
            all!(cloud.ec2().describe_route_tables().filters(by_member), "ec2:DescribeRouteTables")
        }
    };
    let (of_subnets, of_gateways) = futures::try_join!(
        select("association.subnet-id", subnets),
        select("association.gateway-id", gateways)
    )?;
    let tables = of_subnets.into_iter().chain(of_gateways);
    let all = tables.flat_map(|table| table.associations.unwrap_or_default());
    Ok(all
        .filter_map(|association| {
            let member = association.subnet_id().or(association.gateway_id())?.to_owned();
            let state = association.association_state().and_then(|state| state.state());
            let gone = matches!(state, Some(State::Disassociated | State::Disassociating));
            (!gone).then_some((member, association))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_forms() {
        assert_eq!(member("subnet-1"), "subnet-1");
        assert_eq!(member("subnet-1/rtb-2"), "subnet-1");
    }

    #[test]
    fn ids_in_terraform() {
        let id = |subnet: &str, gateway: &str| {
            let attributes = [("id", "rtbassoc-1"), ("subnet_id", subnet), ("gateway_id", gateway)];
            let attributes = attributes.map(|(name, value)| (name.to_owned(), value.into()));
            RouteTableAssociation::id_in_terraform(&Map::from(attributes))
        };
        assert_eq!(id("subnet-1", "").as_deref(), Some("subnet-1"));
        assert_eq!(id("", "igw-1").as_deref(), Some("igw-1"));
        assert_eq!(id("", ""), None);
    }

    #[test]
    fn a_subnet_or_a_gateway() {
        let check = |names: &[&str]| {
            let map = names.iter().map(|name| ((*name).to_owned(), "x".into())).collect();
            RouteTableAssociation::check(&map).len()
        };
        assert_eq!((check(&["subnet_id"]), check(&["gateway_id"])), (0, 0));
        assert_eq!((check(&[]), check(&["subnet_id", "gateway_id"])), (1, 1));
    }
}
