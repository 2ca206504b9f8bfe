use super::support::{tags, to_aws, update_tags};
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::import::{imported, text};
use aws_sdk_codedeploy::types::ApplicationInfo;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::Map;
use wharf_provider::{
    Absent, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags, UpdateOf,
    WantedOf,
};

/// An application of CodeDeploy. Terraform: `aws_codedeploy_app`; AWS: `CreateApplication`.
pub(crate) struct App;

/// A CodeDeploy application: a name under which deployment groups stand.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The name.
    #[schemars(extend("forces_replacement" = true))]
    name: String,
    /// What deployments go to.
    #[serde(default = "server")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["ECS", "Lambda", "Server"]))]
    compute_platform: String,
    /// Tags of the application.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on an application.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The name.
    id: String,
    /// The ARN.
    arn: String,
    /// AWS's own id.
    application_id: String,
    /// The GitHub account it is connected to.
    github_account_name: Option<String>,
    /// Whether it is connected to GitHub.
    linked_to_github: bool,
}

fn server() -> String {
    "Server".to_owned()
}

impl ResourceType for App {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_codedeploy_app";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "NAME";
    const BATCH: usize = 100;
    const PERMISSIONS: Permissions = Permissions {
        read: &["codedeploy:BatchGetApplications", "codedeploy:ListTagsForResource"],
        create: &["codedeploy:CreateApplication", "codedeploy:TagResource"],
        update: &["codedeploy:TagResource", "codedeploy:UntagResource"],
        delete: &["codedeploy:DeleteApplication"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "codedeploy:application:{name}")];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["{arn}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let names = objects.iter().map(|object| object.id.clone()).collect();
        let applications = match describe(cloud, names).await? {
            Some(applications) => applications,
            // One that is missing fails them all.
            None => {
                let each = objects.iter().map(|object| describe(cloud, vec![object.id.clone()]));
                try_join_all(each).await?.into_iter().flatten().flatten().collect()
            }
        };
        let live = try_join_all(applications.into_iter().map(|application| live(cloud, application))).await?;
        let mut live: HashMap<_, _> =
            live.into_iter().flatten().map(|live| (live.attributes.id.clone(), live)).collect();
        Ok(objects.iter().map(|object| live.remove(&object.id)).collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .codedeploy_once()
            .create_application()
            .application_name(&properties.name)
            .compute_platform(properties.compute_platform.as_str().into())
            .set_tags(Some(to_aws(&properties.tags)));
        request.send().await.named("codedeploy:CreateApplication")?;
        Ok(properties.name.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        update_tags(cloud, update, &resource(update.id), &update.live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.codedeploy().delete_application().application_name(&object.id);
        request.send().await.named("codedeploy:DeleteApplication").or_absent()?;
        Ok(())
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        // Terraform's own id has AWS's id of the application in front, and no name has a colon.
        let name = id.rsplit(':').next().filter(|name| !name.is_empty() && !id.starts_with("arn:"));
        imported::<Self>(id, name.map(str::to_owned))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        text(attributes, "name").map(str::to_owned)
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let name = &wanted.properties.name;
        let there = describe(cloud, vec![name.clone()]).await?.into_iter().flatten().next();
        let Some(application) = there else { return Ok(Found::Absent) };
        let live = live(cloud, application).await?;
        Ok(live.map_or(Found::Absent, |live| wanted.by_tags(name, &live.properties.tags)))
    }
}

/// What stands for an application in its ARN.
fn resource(name: &str) -> String {
    format!("application:{name}")
}

/// Applications by name; `None` if one of them is missing.
async fn describe(cloud: &Clients, names: Vec<String>) -> Result<Option<Vec<ApplicationInfo>>> {
    let request = cloud.codedeploy().batch_get_applications().set_application_names(Some(names));
    let answer = request.send().await.named("codedeploy:BatchGetApplications").or_absent()?;
    Ok(answer.map(|answer| answer.applications_info.unwrap_or_default()))
}

/// An application with its tags; nothing if it is gone since.
async fn live(cloud: &Clients, application: ApplicationInfo) -> Result<Option<LiveOf<App>>> {
    let name = application.application_name.unwrap_or_default();
    let arn = cloud.arn("codedeploy", &resource(&name)).await?;
    let Some(tags) = tags(cloud, &arn).await? else { return Ok(None) };
    Ok(Some(LiveOf {
        properties: Properties {
            name: name.clone(),
            compute_platform: application
                .compute_platform
                .map_or_else(server, |platform| platform.as_str().to_owned()),
            tags,
        },
        attributes: Attributes {
            id: name,
            arn,
            application_id: application.application_id.unwrap_or_default(),
            github_account_name: application.git_hub_account_name,
            linked_to_github: application.linked_to_git_hub,
        },
    }))
}
