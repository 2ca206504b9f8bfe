use super::route_target::{self, Destination, Target, is_made};
use super::support::{
    FILTER_VALUES, UNFINISHED, among, arn, by_id, canonical_ranges, complete, filter, found, from_aws,
    imported, new_id, owned, specification, unfinished, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_ec2::types::{ResourceType as Ec2Type, RouteTable as Table};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, BlockSet, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope,
    Tags, UpdateOf, WantedOf,
};

/// A route table. Terraform: `aws_route_table`; AWS: `CreateRouteTable`.
pub(crate) struct RouteTable;

/// A route table of a VPC.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["propagating_vgws", "timeouts"]))]
pub(crate) struct Properties {
    /// The VPC it is part of.
    #[schemars(extend("forces_replacement" = true))]
    vpc_id: String,
    /// All routes of the table but the local one. Left out, the table's routes are left alone, so that `aws_route`
    /// resources can make them; do not use both for one table.
    #[serde(default)]
    #[schemars(extend("shared" = true))]
    route: BlockSet<Route>,
    /// Tags of the table.
    #[serde(default)]
    tags: Tags,
}

/// A route: one destination and one target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["carrier_gateway_id", "core_network_arn", "local_gateway_id"]))]
pub(crate) struct Route {
    /// For these IPv4 addresses.
    cidr_block: Option<String>,
    /// For these IPv6 addresses.
    ipv6_cidr_block: Option<String>,
    /// For the addresses in this managed prefix list.
    destination_prefix_list_id: Option<String>,
    #[serde(flatten)]
    target: Target,
}

/// What AWS sets on a route table.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id: `rtb-...`.
    id: String,
    /// The ARN.
    arn: String,
    /// The account that owns it.
    owner_id: String,
}

impl ResourceType for RouteTable {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_route_table";
    const IMPORT_ID: &'static str = "ROUTE_TABLE_ID";
    const BATCH: usize = FILTER_VALUES;
    const CREATE_BEFORE_DESTROY: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeRouteTables"],
        create: &["ec2:CreateRouteTable", "ec2:CreateTags", "ec2:CreateRoute", "ec2:DeleteTags"],
        update: &[
            "ec2:CreateRoute",
            "ec2:ReplaceRoute",
            "ec2:DeleteRoute",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DeleteRouteTable", "ec2:DisassociateRouteTable"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:route-table/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:CreateRouteTable"], &["{arn}"]),
        Scope::of(&["ec2:CreateRouteTable"], &["ec2:vpc/{vpc_id}"]).owned(),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).only_if("ec2:CreateAction", "CreateRouteTable"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::of(&["ec2:DisassociateRouteTable"], &["{arn}", "ec2:subnet/*"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let request = cloud.ec2().describe_route_tables().filters(among("route-table-id", objects));
        let tables = all!(request, "ec2:DescribeRouteTables")?;
        let mut tables = by_id(tables, aws_sdk_ec2::types::RouteTable::route_table_id);
        let live = objects.iter().map(|object| {
            let table = tables.remove(&object.id)?;
            let route = routes(&table).into_iter().map(|(to, target)| Route::new(&to, target)).collect();
            let owner_id = table.owner_id.unwrap_or_default();
            Some(LiveOf {
                properties: Properties {
                    vpc_id: table.vpc_id.unwrap_or_default(),
                    route,
                    tags: from_aws(table.tags),
                },
                attributes: Attributes {
                    id: object.id.clone(),
                    arn: arn(cloud, &owner_id, &format!("route-table/{}", object.id)),
                    owner_id,
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let Properties { vpc_id, route, tags } = new.properties;
        let tags = if route.is_empty() { tags.clone() } else { unfinished(tags) };
        let request = cloud
            .ec2_once()
            .create_route_table()
            .vpc_id(vpc_id)
            .tag_specifications(specification(Ec2Type::RouteTable, &tags))
            .client_token(new.token);
        let created = request.send().await.named("ec2:CreateRouteTable")?;
        new_id(created.route_table.and_then(|table| table.route_table_id), "ec2:CreateRouteTable")
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let wait = Wait::minutes("the route table to appear", 5);
        let table = wait.until(|| describe(cloud, id)).await?;
        // The routes of a table that is complete may be others' business.
        if table.tags().iter().any(|tag| tag.key() == Some(UNFINISHED)) {
            let live = routes(&table);
            try_join_all(properties.route.iter().map(|route| set(cloud, id, &live, route))).await?;
            complete(cloud, id).await?;
        }
        Ok(())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        if update.changes(&["route"]) {
            let mut live = HashMap::new();
            for route in update.live.route.iter() {
                live.insert(route.destination()?, route.target.clone());
            }
            let mut unwanted = live.clone();
            for route in update.desired.route.iter() {
                unwanted.remove(&route.destination()?);
            }
            let delete = unwanted.keys().map(|to| route_target::delete(cloud, update.id, to));
            try_join_all(delete).await?;
            let set = update.desired.route.iter().map(|route| set(cloud, update.id, &live, route));
            try_join_all(set).await?;
        }
        update_tags(cloud, update, &update.live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        match delete(cloud, &object.id).await {
            Err(error) if error.kind == ErrorKind::InUse => {
                disassociate(cloud, &object.id).await?;
                delete(cloud, &object.id).await
            }
            other => other,
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let request = cloud.ec2().describe_route_tables().set_filters(Some(owned(wanted)));
        let answer = request.send().await.named("ec2:DescribeRouteTables")?;
        Ok(found(wanted, answer.route_tables.into_iter().flatten().filter_map(|table| table.route_table_id)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "rtb-")
    }

    fn canonical(properties: &mut Map) {
        if let Some(Value::List(routes)) = properties.get_mut("route") {
            for route in routes {
                if let Value::Map(route) = route {
                    canonical_ranges(route, "ipv6_cidr_block");
                }
            }
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let routes = properties.get("route").and_then(|routes| routes.as_list()).unwrap_or_default();
        let names = ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"];
        let mistakes = routes.iter().filter_map(|route| route.as_map());
        let mistakes = mistakes.flat_map(|route| route_target::mistakes(route, names));
        mistakes.map(|(name, message)| ("route".to_owned(), format!("`{name}`: {message}"))).collect()
    }
}

impl Route {
    fn new(destination: &Destination, target: Target) -> Self {
        Route {
            cidr_block: destination.v4(),
            ipv6_cidr_block: destination.v6(),
            destination_prefix_list_id: destination.prefix_list(),
            target,
        }
    }

    fn destination(&self) -> Result<Destination> {
        Destination::new(
            self.cidr_block.as_deref(),
            self.ipv6_cidr_block.as_deref(),
            self.destination_prefix_list_id.as_deref(),
        )
    }
}

/// The routes of a table that somebody made; those of gateway endpoints come and go with the endpoint.
fn routes(table: &Table) -> HashMap<Destination, Target> {
    let made = table.routes().iter().filter(|route| is_made(route));
    made.filter_map(|route| {
        let (destination, target) = (Destination::of(route)?, Target::of(route));
        let of_endpoint = target.vpc_endpoint_id.is_some() && destination.prefix_list().is_some();
        (!of_endpoint).then_some((destination, target))
    })
    .collect()
}

/// Brings one route of a table to what it shall be.
async fn set(cloud: &Clients, table: &str, live: &HashMap<Destination, Target>, route: &Route) -> Result<()> {
    let destination = route.destination()?;
    match live.get(&destination) {
        Some(target) if *target == route.target => Ok(()),
        Some(_) => route_target::replace(cloud, table, &destination, &route.target).await,
        None => match route_target::create(cloud.ec2(), table, &destination, &route.target).await {
            // An answer that got lost, and the SDK's second try.
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                route_target::replace(cloud, table, &destination, &route.target).await
            }
            other => other,
        },
    }
}

async fn describe(cloud: &Clients, id: &str) -> Result<Option<Table>> {
    let request = cloud.ec2().describe_route_tables().filters(filter("route-table-id", [id]));
    let answer = request.send().await.named("ec2:DescribeRouteTables")?;
    Ok(answer.route_tables.into_iter().flatten().next())
}

async fn delete(cloud: &Clients, id: &str) -> Result<()> {
    let request = cloud.ec2().delete_route_table().route_table_id(id);
    request.send().await.named("ec2:DeleteRouteTable").or_absent()?;
    Ok(())
}

/// Parts a table from all subnets and gateways; what made it the main one stays.
async fn disassociate(cloud: &Clients, id: &str) -> Result<()> {
    let Some(table) = describe(cloud, id).await? else { return Ok(()) };
    let associations = table.associations().iter().filter(|association| association.main() != Some(true));
    let ids = associations.filter_map(|association| association.route_table_association_id());
    try_join_all(ids.map(|association| async move {
        let request = cloud.ec2().disassociate_route_table().association_id(association);
        request.send().await.named("ec2:DisassociateRouteTable").or_absent()
    }))
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{Route as AwsRoute, RouteOrigin};

    #[test]
    fn only_made_routes_count() {
        let route = |range: &str, gateway: &str, origin| {
            AwsRoute::builder().destination_cidr_block(range).gateway_id(gateway).origin(origin).build()
        };
        let of_endpoint = AwsRoute::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-1").build();
        let table = Table::builder()
            .routes(route("10.0.0.0/16", "local", RouteOrigin::CreateRouteTable))
            .routes(route("10.9.0.0/16", "vgw-1", RouteOrigin::EnableVgwRoutePropagation))
            .routes(route("0.0.0.0/0", "igw-1", RouteOrigin::CreateRoute))
            .routes(of_endpoint)
            .build();
        let routes = super::routes(&table);
        assert_eq!(routes.keys().map(ToString::to_string).collect::<Vec<_>>(), ["0.0.0.0/0"]);
    }

    #[test]
    fn a_block_reads_as_written() {
        let text = serde_json::json!({"cidr_block": "0.0.0.0/0", "nat_gateway_id": "nat-1"});
        let route: Result<Route, _> = serde_json::from_value(text);
        let target = route.map(|route| route.target).unwrap_or_default();
        assert_eq!(target.nat_gateway_id.as_deref(), Some("nat-1"));
    }
}
