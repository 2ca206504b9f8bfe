use super::route_target::{self, Destination, Target, is_made};
use super::support::{FILTER_VALUES, canonical_ranges, filter};
use crate::clients::Clients;
use crate::pages::all;
use aws_sdk_ec2::types::{Route as AwsRoute, RouteTable as Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use wharf_core::Map;
use wharf_provider::wait::Wait;
use wharf_provider::{
    Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf,
    WantedOf,
};

/// A route. Terraform: `aws_route`; AWS: `CreateRoute`.
pub(crate) struct Route;

/// A route of a route table: one destination and one target.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["carrier_gateway_id", "core_network_arn", "local_gateway_id", "timeouts"]))]
pub(crate) struct Properties {
    /// The table it is part of.
    #[schemars(extend("forces_replacement" = true))]
    route_table_id: String,
    /// For these IPv4 addresses.
    #[schemars(extend("forces_replacement" = true))]
    destination_cidr_block: Option<String>,
    /// For these IPv6 addresses.
    #[schemars(extend("forces_replacement" = true))]
    destination_ipv6_cidr_block: Option<String>,
    /// For the addresses in this managed prefix list.
    #[schemars(extend("forces_replacement" = true))]
    destination_prefix_list_id: Option<String>,
    #[serde(flatten)]
    target: Target,
}

/// What AWS sets on a route.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The table's id and the destination: `rtb-..._0.0.0.0/0`.
    id: String,
    /// `active`, or `blackhole` when the target is gone.
    #[schemars(extend("volatile" = true))]
    state: String,
    /// How the route came to be.
    origin: String,
    /// The instance that has the network interface.
    #[schemars(extend("volatile" = true))]
    instance_id: Option<String>,
    /// The account of that instance.
    #[schemars(extend("volatile" = true))]
    instance_owner_id: Option<String>,
}

impl ResourceType for Route {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_route";
    const NAMED_BY: &'static [&'static str] = &[
        "route_table_id",
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
        "destination_prefix_list_id",
    ];
    const IMPORT_ID: &'static str = "ROUTE_TABLE_ID_DESTINATION";
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeRouteTables"],
        create: &["ec2:CreateRoute"],
        update: &["ec2:ReplaceRoute"],
        delete: &["ec2:DeleteRoute"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["ec2:route-table/{route_table_id}"]).owned()];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let ids: Vec<_> = objects.iter().map(|object| parse(&object.id)).collect();
        let names: BTreeSet<&str> = ids.iter().flatten().map(|(table, _)| *table).collect();
        let tables = tables(cloud, &names.into_iter().collect::<Vec<_>>()).await?;
        let live = objects.iter().zip(ids).map(|(object, id)| {
            let (table, destination) = id?;
            let route = route(tables.get(table)?, &destination)?;
            Some(LiveOf {
                properties: Properties {
                    route_table_id: table.to_owned(),
                    destination_cidr_block: destination.v4(),
                    destination_ipv6_cidr_block: destination.v6(),
                    destination_prefix_list_id: destination.prefix_list(),
                    target: Target::of(route),
                },
                attributes: Attributes {
                    id: object.id.clone(),
                    state: route.state().map(|s| s.as_str().to_owned()).unwrap_or_default(),
                    origin: route.origin().map(|o| o.as_str().to_owned()).unwrap_or_default(),
                    instance_id: route.instance_id().map(str::to_owned),
                    instance_owner_id: route.instance_owner_id().map(str::to_owned),
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let (table, destination) = (&new.properties.route_table_id, new.properties.destination()?);
        route_target::create(cloud.ec2_once(), table, &destination, &new.properties.target).await?;
        Ok(id_of(table, &destination))
    }

    async fn finish(cloud: &Clients, id: &str, _: &Properties) -> Result<()> {
        let (table, destination) = &known(id)?;
        let wait = Wait::minutes("the route to appear", 5);
        wait.until(|| async move {
            let tables = tables(cloud, &[*table]).await?;
            Ok(tables.get(*table).and_then(|table| route(table, destination)).map(drop))
        })
        .await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (table, destination) = known(update.id)?;
        // The old target is still among the desired ones, as a property that the stack file does not set.
        let target = update.desired.target.only(|name| update.changed.contains(name));
        if target == Target::default() {
            return Ok(());
        }
        route_target::replace(cloud, table, &destination, &target).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let (table, destination) = known(&object.id)?;
        route_target::delete(cloud, table, &destination).await
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        // A table has one route for a destination; where that leads may not be known yet.
        let (table, destination) = (&wanted.properties.route_table_id, wanted.properties.destination()?);
        let tables = tables(cloud, &[table]).await?;
        let id = id_of(table, &destination);
        Ok(match tables.get(table).and_then(|table| route(table, &destination)) {
            None => Found::Absent,
            Some(route) if Target::of(route) == wanted.properties.target => Found::Ours(id),
            Some(_) => Found::Foreign(id),
        })
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        known(id)?;
        Ok(Some(id.to_owned()))
    }

    /// Terraform's own id of a route is a hash.
    fn id_in_terraform(attributes: &Map) -> Option<String> {
        let text = |name: &str| attributes.get(name)?.as_str().filter(|text| !text.is_empty());
        let destinations =
            ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];
        let destination = destinations.into_iter().find_map(text)?;
        Some(format!("{}_{destination}", text("route_table_id")?))
    }

    fn canonical(properties: &mut Map) {
        canonical_ranges(properties, "destination_ipv6_cidr_block");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let names = ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];
        route_target::mistakes(properties, names)
    }

    /// A table or a target made a moment ago is not known everywhere at once.
    fn passes(error: &Error) -> bool {
        error.is_code("InvalidRouteTableID.NotFound")
    }
}

impl Properties {
    fn destination(&self) -> Result<Destination> {
        Destination::new(
            self.destination_cidr_block.as_deref(),
            self.destination_ipv6_cidr_block.as_deref(),
            self.destination_prefix_list_id.as_deref(),
        )
    }
}

fn id_of(table: &str, destination: &Destination) -> String {
    format!("{table}_{destination}")
}

fn parse(id: &str) -> Option<(&str, Destination)> {
    let (table, destination) = id.split_once('_')?;
    let whole = table.starts_with("rtb-") && !destination.is_empty();
    whole.then(|| (table, Destination::parse(destination)))
}

fn known(id: &str) -> Result<(&str, Destination)> {
    let message =
        || format!("`{id}` is no route: one is written as `rtb-..._10.0.0.0/16`, table and destination");
    parse(id).ok_or_else(|| Error::new(ErrorKind::Invalid, message()))
}

/// These route tables, as far as they exist.
async fn tables(cloud: &Clients, ids: &[&str]) -> Result<HashMap<String, Table>> {
    let chunks = ids.chunks(FILTER_VALUES).map(|chunk| async move {
        let request = cloud.ec2().describe_route_tables();
        let request = request.filters(filter("route-table-id", chunk.iter().copied()));
        all!(request, "ec2:DescribeRouteTables")
    });
    let tables = futures::future::try_join_all(chunks).await?.into_iter().flatten().collect();
    Ok(super::support::by_id(tables, |table: &Table| table.route_table_id()))
}

fn route<'a>(table: &'a Table, destination: &Destination) -> Option<&'a AwsRoute> {
    let mut made = table.routes().iter().filter(|route| is_made(route));
    made.find(|route| Destination::of(route).as_ref() == Some(destination))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wharf_core::Value;

    #[test]
    fn ids() {
        let destination = Destination::V4("0.0.0.0/0".to_owned());
        assert_eq!(parse(&id_of("rtb-1", &destination)), Some(("rtb-1", destination)));
        assert_eq!(
            parse("rtb-1_2001:db8::/32"),
            Some(("rtb-1", Destination::V6("2001:db8::/32".to_owned())))
        );
        for wrong in ["rtb-1", "rtb-1_", "r-rtb-11080289494"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids_in_terraform() {
        let id = |attributes: serde_json::Value| {
            Route::id_in_terraform(&Value::from(attributes).as_map().cloned().unwrap_or_default())
        };
        let all = json!({"id": "r-rtb-11080289494", "route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0",
            "destination_ipv6_cidr_block": "", "destination_prefix_list_id": "", "gateway_id": "igw-1"});
        assert_eq!(id(all).as_deref(), Some("rtb-1_0.0.0.0/0"));
        let v6 = json!({"route_table_id": "rtb-1", "destination_cidr_block": "", "destination_ipv6_cidr_block": "::/0"});
        assert_eq!(id(v6).as_deref(), Some("rtb-1_::/0"));
        assert_eq!(id(json!({"route_table_id": "rtb-1"})), None);
    }
}
