use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::import::imported;
use aws_sdk_codecommit::types::RepositoryMetadata;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags, UpdateOf,
    WantedOf,
};

/// A Git repository of CodeCommit. Terraform: `aws_codecommit_repository`; AWS: `CreateRepository`.
pub(crate) struct Repository;

/// A CodeCommit repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The name: up to 100 letters, digits and `._-`.
    #[schemars(extend("forces_replacement" = true))]
    repository_name: String,
    /// A description.
    description: Option<String>,
    /// The branch that a clone checks out. As long as the repository is empty, the first branch pushed becomes it.
    #[schemars(extend("shared" = true))]
    default_branch: Option<String>,
    /// The KMS key that encrypts the repository.
    kms_key_id: Option<String>,
    /// Tags of the repository.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a repository.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The name.
    id: String,
    /// The ARN.
    arn: String,
    /// AWS's own id.
    repository_id: String,
    /// The URL to clone over HTTPS.
    clone_url_http: String,
    /// The URL to clone over SSH.
    clone_url_ssh: String,
}

impl ResourceType for Repository {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_codecommit_repository";
    const NAMED_BY: &'static [&'static str] = &["repository_name"];
    const IMPORT_ID: &'static str = "NAME";
    const BATCH: usize = 100;
    const PERMISSIONS: Permissions = Permissions {
        read: &["codecommit:BatchGetRepositories", "codecommit:ListTagsForResource"],
        create: &[
            "codecommit:CreateRepository",
            "codecommit:TagResource",
            "codecommit:BatchGetRepositories",
            "codecommit:UpdateDefaultBranch",
        ],
        update: &[
            "codecommit:UpdateRepositoryDescription",
            "codecommit:UpdateRepositoryEncryptionKey",
            "codecommit:UpdateDefaultBranch",
            "codecommit:TagResource",
            "codecommit:UntagResource",
        ],
        delete: &["codecommit:DeleteRepository"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "codecommit:{repository_name}"), ("id", "{repository_name}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["codecommit:UpdateRepositoryEncryptionKey"], &["{arn}"]).when("kms_key_id"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let names = objects.iter().map(|object| object.id.clone()).collect();
        let mut repositories: HashMap<_, _> = describe(cloud, names)
            .await?
            .into_iter()
            .map(|repository| (repository.repository_name().unwrap_or_default().to_owned(), repository))
            .collect();
        let live = objects.iter().map(|object| {
            let repository = repositories.remove(&object.id);
            async move {
                let Some(repository) = repository else { return Ok(None) };
                let tags = tags(cloud, repository.arn().unwrap_or_default()).await?;
                Ok(tags.map(|tags| live(repository, tags, object.properties.as_ref())))
            }
        });
        try_join_all(live).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .codecommit_once()
            .create_repository()
            .repository_name(&properties.repository_name)
            .set_repository_description(properties.description.clone())
            .set_kms_key_id(properties.kms_key_id.clone())
            .set_tags(Some(properties.tags.0.clone().into_iter().collect()));
        request.send().await.named("codecommit:CreateRepository")?;
        Ok(properties.repository_name.clone())
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let Some(branch) = &properties.default_branch else { return Ok(()) };
        let there = describe(cloud, vec![id.to_owned()]).await?;
        // An empty repository has no branch to be the default one; the first push makes it.
        let current = there.first().and_then(RepositoryMetadata::default_branch);
        if current.is_some_and(|current| current != branch) {
            let request = cloud.codecommit().update_default_branch().repository_name(id);
            let sent = request.default_branch_name(branch).send().await;
            sent.named("codecommit:UpdateDefaultBranch")?;
        }
        Ok(())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (name, desired) = (update.id, update.desired);
        if update.changes(&["description"]) {
            let request = cloud.codecommit().update_repository_description().repository_name(name);
            let sent = request.set_repository_description(desired.description.clone()).send().await;
            sent.named("codecommit:UpdateRepositoryDescription")?;
        }
        if update.changes(&["kms_key_id"]) {
            let request = cloud.codecommit().update_repository_encryption_key().repository_name(name);
            let sent = request.set_kms_key_id(desired.kms_key_id.clone()).send().await;
            sent.named("codecommit:UpdateRepositoryEncryptionKey")?;
        }
        if update.changes(&["tags"]) {
            update_tags(cloud, name, &update.live.tags, &desired.tags).await?;
        }
        // `finish` sees to the default branch.
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.codecommit().delete_repository().repository_name(&object.id);
        request.send().await.named("codecommit:DeleteRepository").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let name = &wanted.properties.repository_name;
        let there = describe(cloud, vec![name.clone()]).await?.into_iter().next();
        let Some(arn) = there.and_then(|repository| repository.arn) else { return Ok(Found::Absent) };
        Ok(tags(cloud, &arn).await?.map_or(Found::Absent, |tags| wanted.by_tags(name, &tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, bad_name(id).is_none().then(|| id.to_owned()))
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let name = properties.get("repository_name").and_then(Value::as_str);
        name.and_then(bad_name).map(|message| ("repository_name".to_owned(), message)).into_iter().collect()
    }
}

/// What is wrong with the name of a repository, if anything.
fn bad_name(name: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let git = std::path::Path::new(name).extension().is_some_and(|end| end == "git");
    (name.is_empty() || name.len() > 100 || git || !name.chars().all(allowed)).then(|| {
        format!("`{name}` is no name: 1 to 100 letters, digits and any of ._-, not ending in `.git`")
    })
}

/// The repositories of these names that are there.
async fn describe(cloud: &Clients, names: Vec<String>) -> Result<Vec<RepositoryMetadata>> {
    let request = cloud.codecommit().batch_get_repositories().set_repository_names(Some(names));
    let answer = request.send().await.named("codecommit:BatchGetRepositories")?;
    Ok(answer.repositories.unwrap_or_default())
}

async fn tags(cloud: &Clients, arn: &str) -> Result<Option<Tags>> {
    let (mut tags, mut token) = (Vec::new(), None);
    loop {
        let request = cloud.codecommit().list_tags_for_resource().resource_arn(arn).set_next_token(token);
        let answer = request.send().await.named("codecommit:ListTagsForResource").or_absent()?;
        let Some(page) = answer else { return Ok(None) };
        tags.extend(page.tags.into_iter().flatten());
        token = page.next_token;
        if token.is_none() {
            return Ok(Some(Tags::from_aws(tags)));
        }
    }
}

async fn update_tags(cloud: &Clients, name: &str, live: &Tags, desired: &Tags) -> Result<()> {
    let arn = cloud.arn("codecommit", name).await?;
    let (set, removed) = desired.difference(live);
    if !removed.is_empty() {
        let request = cloud.codecommit().untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
        request.send().await.named("codecommit:UntagResource")?;
    }
    if !set.is_empty() {
        let tags = set.into_iter().collect();
        let request = cloud.codecommit().tag_resource().resource_arn(&arn).set_tags(Some(tags));
        request.send().await.named("codecommit:TagResource")?;
    }
    Ok(())
}

fn live(repository: RepositoryMetadata, tags: Tags, recorded: Option<&Properties>) -> LiveOf<Repository> {
    let name = repository.repository_name.unwrap_or_default();
    let key = recorded.and_then(|recorded| recorded.kms_key_id.as_deref());
    LiveOf {
        properties: Properties {
            repository_name: name.clone(),
            description: repository.repository_description,
            // Without a branch there is nothing that could differ from what was asked for.
            default_branch: repository
                .default_branch
                .or_else(|| recorded.and_then(|recorded| recorded.default_branch.clone())),
            kms_key_id: repository.kms_key_id.map(|told| arn::as_written(told, key)),
            tags,
        },
        attributes: Attributes {
            id: name,
            arn: repository.arn.unwrap_or_default(),
            repository_id: repository.repository_id.unwrap_or_default(),
            clone_url_http: repository.clone_url_http.unwrap_or_default(),
            clone_url_ssh: repository.clone_url_ssh.unwrap_or_default(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_when_known() {
        let named = |name: Value| Repository::check(&Map::from([("repository_name".to_owned(), name)])).len();
        assert_eq!(named("web.1_a-b".into()), 0);
        assert_eq!(named("web.git".into()), 1);
        assert_eq!(named("team/web".into()), 1);
        assert_eq!(named(Value::unknown("var.name")), 0);
    }

    #[test]
    fn an_empty_repository_has_the_branch_asked_for() {
        let recorded = Properties {
            repository_name: "web".into(),
            description: None,
            default_branch: Some("main".into()),
            kms_key_id: None,
            tags: Tags::default(),
        };
        let empty = RepositoryMetadata::builder().repository_name("web").build();
        let branch = |recorded| live(empty.clone(), Tags::default(), recorded).properties.default_branch;
        assert_eq!(branch(Some(&recorded)), Some("main".into()));
        assert_eq!(branch(None), None);
    }
}
