use crate::arn::as_written;
use crate::clients::Clients;
use crate::errors::{Built, Named};
use aws_sdk_ecr::types as ecr;
use futures::future::{try_join, try_join_all};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result,
    Scope, Tags, UpdateOf, WantedOf,
};

/// A repository of container images. Terraform: `aws_ecr_repository`; AWS: `CreateRepository`.
pub(crate) struct Repository;

/// An ECR repository.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["image_tag_mutability_exclusion_filter", "timeouts"]))]
pub(crate) struct Properties {
    /// The name: lowercase letters, digits, and `._-/` between them.
    #[schemars(extend("forces_replacement" = true))]
    name: String,
    /// Whether a tag can be moved to another image.
    #[serde(default = "mutable")]
    #[schemars(extend("enum" = ["MUTABLE", "IMMUTABLE"]))]
    image_tag_mutability: String,
    /// How images are scanned.
    #[serde(default)]
    image_scanning_configuration: Block<ImageScanning>,
    /// How images are encrypted.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true))]
    encryption_configuration: Block<Encryption>,
    /// Whether a destroy deletes the images too. Must have been applied before the destroy.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    force_delete: bool,
    /// Tags of the repository.
    #[serde(default)]
    tags: Tags,
}

/// How images are scanned.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct ImageScanning {
    /// Whether every image is scanned when it is pushed.
    scan_on_push: bool,
}

/// How images are encrypted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Encryption {
    /// With S3's key, or with one of KMS.
    #[serde(default = "aes256")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["AES256", "KMS"]))]
    encryption_type: String,
    /// The KMS key; the one AWS manages if there is none.
    #[schemars(extend("forces_replacement" = true))]
    kms_key: Option<String>,
}

/// What AWS sets on a repository.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The name.
    id: String,
    /// The ARN.
    arn: String,
    /// The account of the registry.
    registry_id: String,
    /// What images are pushed to: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`.
    repository_url: String,
}

fn mutable() -> String {
    "MUTABLE".to_owned()
}

fn aes256() -> String {
    "AES256".to_owned()
}

impl ResourceType for Repository {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_ecr_repository";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "REPOSITORY_NAME";
    const BATCH: usize = 100;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ecr:DescribeRepositories", "ecr:ListTagsForResource"],
        create: &["ecr:CreateRepository", "ecr:TagResource", "kms:CreateGrant", "kms:DescribeKey"],
        update: &[
            "ecr:PutImageTagMutability",
            "ecr:PutImageScanningConfiguration",
            "ecr:TagResource",
            "ecr:UntagResource",
        ],
        delete: &["ecr:DeleteRepository", "kms:RetireGrant"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "ecr:repository/{name}"), ("id", "{name}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(
            &["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"],
            &["{encryption_configuration.kms_key?:key}"],
        )
        .only_if("kms:ViaService", "ecr.{region}.amazonaws.com"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let names: Vec<_> = objects.iter().map(|object| object.id.clone()).collect();
        let repositories = async {
            match describe(cloud, names).await? {
                Some(repositories) => Ok(repositories),
                // One that is missing fails them all.
                None => {
                    let each = objects.iter().map(|object| describe(cloud, vec![object.id.clone()]));
                    Ok(try_join_all(each).await?.into_iter().flatten().flatten().collect())
                }
            }
        };
        let tags = try_join_all(objects.iter().map(|object| tags(cloud, &object.id)));
        let (repositories, tags) = try_join(repositories, tags).await?;
        let mut repositories: HashMap<_, _> = repositories
            .into_iter()
            .map(|repository| (repository.repository_name().unwrap_or_default().to_owned(), repository))
            .collect();
        let live = objects.iter().zip(tags).map(|(object, tags)| {
            Some(live(repositories.remove(&object.id)?, tags?, object.properties.as_ref()))
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let encryption = properties.encryption_configuration.as_ref().map(|encryption| {
            ecr::EncryptionConfiguration::builder()
                .encryption_type(encryption.encryption_type.as_str().into())
                .set_kms_key(encryption.kms_key.clone())
                .build()
        });
        let request = cloud
            .ecr_once()
            .create_repository()
            .repository_name(&properties.name)
            .image_tag_mutability(properties.image_tag_mutability.as_str().into())
            .set_image_scanning_configuration(scanning(properties))
            .set_encryption_configuration(encryption.transpose().built()?)
            .set_tags(Some(to_aws(&properties.tags)?));
        request.send().await.named("ecr:CreateRepository")?;
        Ok(properties.name.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (name, desired) = (update.id, update.desired);
        if update.changes(&["image_tag_mutability"]) {
            let mutability = desired.image_tag_mutability.as_str().into();
            let request = cloud.ecr().put_image_tag_mutability().repository_name(name);
            let sent = request.image_tag_mutability(mutability).send().await;
            sent.named("ecr:PutImageTagMutability")?;
        }
        if update.changes(&["image_scanning_configuration"]) {
            let request = cloud.ecr().put_image_scanning_configuration().repository_name(name);
            let off = || ecr::ImageScanningConfiguration::builder().scan_on_push(false).build();
            let scanning = scanning(desired).unwrap_or_else(off);
            let sent = request.image_scanning_configuration(scanning).send().await;
            sent.named("ecr:PutImageScanningConfiguration")?;
        }
        if update.changes(&["tags"]) {
            update_tags(cloud, name, &update.live.tags, &desired.tags).await?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let force = object.properties.as_ref().is_some_and(|properties| properties.force_delete);
        let request = cloud.ecr().delete_repository().repository_name(&object.id).force(force);
        match request.send().await.named("ecr:DeleteRepository").or_absent() {
            Err(error) if error.is_code("RepositoryNotEmptyException") => {
                let message = format!(
                    "the repository `{}` still has images; delete them, or set `force_delete: true` and apply before \
                     the destroy",
                    object.id
                );
                Err(Error { kind: ErrorKind::Invalid, message, ..error })
            }
            other => other.map(drop),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let name = &wanted.properties.name;
        Ok(tags(cloud, name).await?.map_or(Found::Absent, |tags| wanted.by_tags(name, &tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id)
    }

    fn canonical(properties: &mut Map) {
        // No scanning is none, whether it says so or not.
        if let Some(Value::List(blocks)) = properties.get_mut("image_scanning_configuration") {
            blocks.retain(|block| {
                let on_push = block.as_map().and_then(|block| block.get("scan_on_push"));
                on_push.is_none_or(|on_push| on_push.as_bool() != Some(false))
            });
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        if properties.get("name").and_then(Value::as_str).is_some_and(|name| !is_name(name)) {
            faults.push(("name".to_owned(), NAME.to_owned()));
        }
        let encryption = properties.get("encryption_configuration").and_then(Value::as_list);
        if let Some(encryption) = encryption.and_then(|blocks| blocks.first()).and_then(Value::as_map)
            && encryption.get("kms_key").is_some_and(|key| !key.is_null())
            && encryption.get("encryption_type").and_then(Value::as_str) == Some("AES256")
        {
            let message = "a `kms_key` goes with `encryption_type: KMS`";
            faults.push(("encryption_configuration".to_owned(), message.to_owned()));
        }
        faults
    }
}

const NAME: &str = "a repository's name has 2 to 256 lowercase letters, digits and `._-/`";

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    (2..=256).contains(&name.len()) && name.chars().all(allowed)
}

/// The id in an import of a repository, or of what it has one of: the repository's name.
pub(super) fn imported(id: &str) -> Result<Option<String>> {
    if is_name(id) {
        return Ok(Some(id.to_owned()));
    }
    Err(Error::new(ErrorKind::Invalid, format!("`{id}` is no repository: {NAME}")))
}

/// Repositories by name; `None` if one of them is missing.
async fn describe(cloud: &Clients, names: Vec<String>) -> Result<Option<Vec<ecr::Repository>>> {
    let request = cloud.ecr().describe_repositories().set_repository_names(Some(names));
    let answer = request.send().await.named("ecr:DescribeRepositories").or_absent()?;
    Ok(answer.map(|answer| answer.repositories.unwrap_or_default()))
}

async fn arn(cloud: &Clients, name: &str) -> Result<String> {
    cloud.arn("ecr", &format!("repository/{name}")).await
}

/// The tags of a repository; `None` if it is not there.
async fn tags(cloud: &Clients, name: &str) -> Result<Option<Tags>> {
    let arn = arn(cloud, name).await?;
    let request = cloud.ecr().list_tags_for_resource().resource_arn(arn);
    let answer = request.send().await.named("ecr:ListTagsForResource").or_absent()?;
    Ok(answer.map(|answer| Tags::from_aws(answer.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)))))
}

async fn update_tags(cloud: &Clients, name: &str, live: &Tags, desired: &Tags) -> Result<()> {
    let arn = arn(cloud, name).await?;
    let (set, removed) = desired.difference(live);
    if !removed.is_empty() {
        let request = cloud.ecr().untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
        request.send().await.named("ecr:UntagResource")?;
    }
    if !set.is_empty() {
        let request = cloud.ecr().tag_resource().resource_arn(&arn).set_tags(Some(to_aws(&Tags(set))?));
        request.send().await.named("ecr:TagResource")?;
    }
    Ok(())
}

fn to_aws(tags: &Tags) -> Result<Vec<ecr::Tag>> {
    tags.0.iter().map(|(key, value)| ecr::Tag::builder().key(key).value(value).build().built()).collect()
}

fn scanning(properties: &Properties) -> Option<ecr::ImageScanningConfiguration> {
    let scanning = properties.image_scanning_configuration.as_ref()?;
    Some(ecr::ImageScanningConfiguration::builder().scan_on_push(scanning.scan_on_push).build())
}

fn live(repository: ecr::Repository, tags: Tags, recorded: Option<&Properties>) -> LiveOf<Repository> {
    let name = repository.repository_name.unwrap_or_default();
    let written =
        recorded.and_then(|recorded| recorded.encryption_configuration.as_ref()?.kms_key.as_deref());
    LiveOf {
        properties: Properties {
            name: name.clone(),
            image_tag_mutability: repository
                .image_tag_mutability
                .map_or_else(mutable, |mutability| mutability.as_str().to_owned()),
            image_scanning_configuration: Block(
                repository
                    .image_scanning_configuration
                    .map(|scanning| ImageScanning { scan_on_push: scanning.scan_on_push }),
            ),
            encryption_configuration: Block(repository.encryption_configuration.map(|encryption| {
                Encryption {
                    encryption_type: encryption.encryption_type.as_str().to_owned(),
                    kms_key: encryption.kms_key.map(|key| as_written(key, written)),
                }
            })),
            force_delete: recorded.is_some_and(|properties| properties.force_delete),
            tags,
        },
        attributes: Attributes {
            id: name,
            arn: repository.repository_arn.unwrap_or_default(),
            registry_id: repository.registry_id.unwrap_or_default(),
            repository_url: repository.repository_uri.unwrap_or_default(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanning_that_is_off_is_none() {
        let left = |on_push: Value| {
            let block = Map::from([("scan_on_push".to_owned(), on_push)]);
            let blocks = Value::List(vec![Value::Map(block)]);
            let mut written = Map::from([("image_scanning_configuration".to_owned(), blocks)]);
            Repository::canonical(&mut written);
            written["image_scanning_configuration"].as_list().map(<[Value]>::len)
        };
        assert_eq!((left(false.into()), left(true.into())), (Some(0), Some(1)));
        assert_eq!(left(Value::unknown("var.scan")), Some(1));
    }

    #[test]
    fn names_are_checked_when_known() {
        let named = |name: Value| Repository::check(&Map::from([("name".to_owned(), name)])).len();
        assert_eq!(named("team/web.1_a-b".into()), 0);
        assert_eq!(named("Web".into()), 1);
        assert_eq!(named(Value::unknown("var.name")), 0);
    }
}
