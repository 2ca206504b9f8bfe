//! Whether images are in their registries.
//!
//! Source: `ecr:DescribeImages`. A registry of somebody else's is not asked.

use crate::facts::{Facts, Look, Stored, seen as or_unseen};
use crate::image::{Image, Place, Repository, Version};
use aws_sdk_ecr::config::{Builder, Region};
use aws_sdk_ecr::types::ImageIdentifier;
use futures::future::try_join_all;
use std::collections::BTreeMap;
use wharf_aws::{Clients, Named};
use wharf_provider::{ErrorKind, Result};

/// The images of all containers that are in ECR, a request for each repository.
pub(super) async fn seen(clients: &Clients, facts: &Facts) -> Result<BTreeMap<Image, Look<Stored>>> {
    let mut repositories: BTreeMap<Repository, Vec<Image>> = BTreeMap::new();
    for (_, container) in facts.containers() {
        let image = Image::parse(&container.image);
        if let Place::Ecr(repository) = &image.place {
            let images = repositories.entry(repository.clone()).or_default();
            if !images.contains(&image) {
                images.push(image);
            }
        }
    }
    let each = repositories.iter().map(|(repository, images)| of_repository(clients, repository, images));
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn of_repository(
    clients: &Clients,
    repository: &Repository,
    images: &[Image],
) -> Result<Vec<(Image, Look<Stored>)>> {
    let all = or_unseen(stored(clients, repository, images).await)?;
    if images.len() > 1 && all == Ok(Stored::NoImage) {
        // One that is gone spoils the answer for all.
        let each = images.iter().map(|image| async move {
            let found = or_unseen(stored(clients, repository, std::slice::from_ref(image)).await)?;
            Ok((image.clone(), found))
        });
        return try_join_all(each).await;
    }
    Ok(images.iter().map(|image| (image.clone(), all.clone())).collect())
}

async fn stored(clients: &Clients, repository: &Repository, images: &[Image]) -> Result<Stored> {
    let ids = images.iter().map(|image| match &image.version {
        Version::Digest(digest) => ImageIdentifier::builder().image_digest(digest).build(),
        Version::Tag(tag) => ImageIdentifier::builder().image_tag(tag).build(),
    });
    let request = clients
        .ecr()
        .describe_images()
        .registry_id(&repository.account)
        .repository_name(&repository.name)
        .set_image_ids(Some(ids.collect()))
        .customize()
        .config_override(Builder::new().region(Region::new(repository.region.clone())));
    match request.send().await.named("ecr:DescribeImages") {
        Ok(_) => Ok(Stored::There),
        Err(error) if error.is_code("RepositoryNotFoundException") => Ok(Stored::NoRepository),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Stored::NoImage),
        Err(error) => Err(error),
    }
}
