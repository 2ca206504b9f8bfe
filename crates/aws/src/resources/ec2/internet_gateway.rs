use super::support::{
    FILTER_VALUES, among, arn, by_id, filter, found, from_aws, imported, new_id, owned, specification,
    update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_ec2::types::{InternetGateway as Gateway, ResourceType as Ec2Type};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// An internet gateway. Terraform: `aws_internet_gateway`; AWS: `CreateInternetGateway`, `AttachInternetGateway`.
pub(crate) struct InternetGateway;

/// The way from a VPC to the internet and back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["timeouts"]))]
pub(crate) struct Properties {
    /// The VPC it is attached to; a VPC has one at most.
    vpc_id: Option<String>,
    /// Tags of the gateway.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on an internet gateway.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id: `igw-...`.
    id: String,
    /// The ARN.
    arn: String,
    /// The account that owns it.
    owner_id: String,
}

impl ResourceType for InternetGateway {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_internet_gateway";
    const IMPORT_ID: &'static str = "INTERNET_GATEWAY_ID";
    const BATCH: usize = FILTER_VALUES;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeInternetGateways"],
        create: &["ec2:CreateInternetGateway", "ec2:CreateTags", "ec2:AttachInternetGateway"],
        update: &[
            "ec2:AttachInternetGateway",
            "ec2:DetachInternetGateway",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:internet-gateway/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:CreateInternetGateway"], &["{arn}"]),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).only_if("ec2:CreateAction", "CreateInternetGateway"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::of(
            &["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"],
            &["{arn}", "ec2:vpc/{vpc_id}"],
        )
        .owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let request = cloud.ec2().describe_internet_gateways().filters(among("internet-gateway-id", objects));
        let gateways = all!(request, "ec2:DescribeInternetGateways")?;
        let mut gateways = by_id(gateways, aws_sdk_ec2::types::InternetGateway::internet_gateway_id);
        let live = objects.iter().map(|object| {
            let gateway = gateways.remove(&object.id)?;
            let vpc_id = attachment(&gateway).map(|(vpc, _)| vpc.to_owned());
            let owner_id = gateway.owner_id.unwrap_or_default();
            Some(LiveOf {
                properties: Properties { vpc_id, tags: from_aws(gateway.tags) },
                attributes: Attributes {
                    id: object.id.clone(),
                    arn: arn(cloud, &owner_id, &format!("internet-gateway/{}", object.id)),
                    owner_id,
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let tags = specification(Ec2Type::InternetGateway, &new.properties.tags);
        let request = cloud.ec2_once().create_internet_gateway().tag_specifications(tags);
        let created = request.send().await.named("ec2:CreateInternetGateway")?;
        new_id(created.internet_gateway.and_then(|g| g.internet_gateway_id), "ec2:CreateInternetGateway")
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let Some(vpc) = properties.vpc_id.as_deref() else { return Ok(()) };
        let wait = Wait::minutes("the internet gateway to be attached", 4);
        wait.until(|| async move {
            let gateway = describe(cloud, id).await?;
            let attached = gateway.as_ref().and_then(attachment);
            if let Some((_, usable)) = attached.filter(|(attached, _)| *attached == vpc) {
                return Ok(usable.then_some(()));
            }
            let request = cloud.ec2().attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
            match request.send().await.named("ec2:AttachInternetGateway") {
                // It is, and the next look will show it.
                Err(error) if attached.is_none() && error.kind == ErrorKind::AlreadyExists => Ok(None),
                other => other.map(|_| None),
            }
        })
        .await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        // Attaching it to the other VPC is up to `finish`.
        if let (true, Some(vpc)) = (update.changes(&["vpc_id"]), &update.live.vpc_id) {
            detach(cloud, update.id, vpc).await?;
        }
        update_tags(cloud, update, &update.live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let Some(gateway) = describe(cloud, &object.id).await? else { return Ok(()) };
        if let Some((vpc, _)) = attachment(&gateway) {
            detach(cloud, &object.id, vpc).await?;
        }
        let request = cloud.ec2().delete_internet_gateway().internet_gateway_id(&object.id);
        request.send().await.named("ec2:DeleteInternetGateway").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let request = cloud.ec2().describe_internet_gateways().set_filters(Some(owned(wanted)));
        let answer = request.send().await.named("ec2:DescribeInternetGateways")?;
        Ok(found(
            wanted,
            answer.internet_gateways.into_iter().flatten().filter_map(|g| g.internet_gateway_id),
        ))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "igw-")
    }

    /// A gateway made a moment ago cannot be attached everywhere at once.
    fn passes(error: &Error) -> bool {
        error.is_code("InvalidInternetGatewayID.NotFound")
    }
}

async fn describe(cloud: &Clients, id: &str) -> Result<Option<Gateway>> {
    let request = cloud.ec2().describe_internet_gateways().filters(filter("internet-gateway-id", [id]));
    let answer = request.send().await.named("ec2:DescribeInternetGateways")?;
    Ok(answer.internet_gateways.into_iter().flatten().next())
}

/// The VPC a gateway is attached to, and whether the attachment can be used.
fn attachment(gateway: &Gateway) -> Option<(&str, bool)> {
    let attachment = gateway.attachments().first()?;
    // AWS says `available` here, a value its own list of states has not.
    let usable = attachment.state().is_some_and(|s| matches!(s.as_str(), "available" | "attached"));
    Some((attachment.vpc_id()?, usable))
}

async fn detach(cloud: &Clients, id: &str, vpc: &str) -> Result<()> {
    let request = cloud.ec2().detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    request.send().await.named("ec2:DetachInternetGateway").or_absent()?;
    Ok(())
}
