//! Whether secrets and parameters exist. Their values are not asked for.
//!
//! Sources: `secretsmanager:DescribeSecret`, `ssm:DescribeParameters`.

use crate::arn;
use crate::facts::{Facts, Kept, Look, seen as or_unseen};
use crate::secret::{self, Source};
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_ssm::types::{ParameterMetadata, ParameterStringFilter};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Error, Result};

/// How many parameters one request may name.
const AT_ONCE: usize = 50;

/// The secrets of all containers.
pub(super) async fn seen(clients: &Clients, facts: &Facts) -> Result<BTreeMap<Source, Look<Kept>>> {
    let sources: BTreeSet<Source> = facts
        .containers()
        .flat_map(|(_, container)| &container.secrets)
        .map(|(_, from)| secret::parse(from))
        .collect();
    let mut parameters: BTreeMap<String, Vec<(Source, Vec<String>)>> = BTreeMap::new();
    let mut secrets: Vec<(Source, String, Option<String>)> = Vec::new();
    for source in sources {
        match source.clone() {
            Source::Secret { arn, stage } => secrets.push((source, arn, stage)),
            // Another account's are not listed here.
            Source::Parameter { arn: Some(arn), .. }
                if arn::account(&arn).is_some_and(|account| account != facts.subject.account) => {}
            Source::Parameter { region, names, .. } => {
                let region = region.unwrap_or_else(|| clients.region().to_owned());
                parameters.entry(region).or_default().push((source, names));
            }
        }
    }
    let (secrets, parameters) = futures::try_join!(
        try_join_all(secrets.into_iter().map(|(source, arn, stage)| async move {
            let stage = stage.as_deref().unwrap_or("AWSCURRENT");
            Result::<_>::Ok((source, or_unseen(of_secret(clients, &arn, stage).await)?))
        })),
        try_join_all(parameters.into_iter().map(|(region, wanted)| of_parameters(clients, region, wanted))),
    )?;
    Ok(secrets.into_iter().chain(parameters.into_iter().flatten()).collect())
}

async fn of_secret(clients: &Clients, id: &str, stage: &str) -> Result<Kept> {
    use aws_sdk_secretsmanager::config::{Builder, Region};
    let region = arn::region(id).unwrap_or(clients.region()).to_owned();
    let request = clients.secretsmanager().describe_secret().secret_id(id).customize();
    let request = request.config_override(Builder::new().region(Region::new(region)));
    let answer = request.send().await.named("secretsmanager:DescribeSecret").or_absent()?;
    Ok(answer.map_or(Kept::Gone, |secret| kept(secret, stage)))
}

fn kept(secret: DescribeSecretOutput, stage: &str) -> Kept {
    let mut stages = secret.version_ids_to_stages.iter().flat_map(|versions| versions.values().flatten());
    if secret.deleted_date.is_some() {
        Kept::Deleting
    } else if stages.any(|found| found == stage) {
        Kept::There { key: secret.kms_key_id }
    } else {
        Kept::NoValue
    }
}

async fn of_parameters(
    clients: &Clients,
    region: String,
    wanted: Vec<(Source, Vec<String>)>,
) -> Result<Vec<(Source, Look<Kept>)>> {
    let names: Vec<String> = wanted.iter().flat_map(|(_, names)| names.clone()).collect();
    let each = names.chunks(AT_ONCE).map(|names| described(clients, &region, names));
    let found = or_unseen(try_join_all(each).await)?;
    let found = found.map(|found| found.into_iter().flatten().collect::<BTreeMap<_, _>>());
    let one = |(source, names): (Source, Vec<String>)| {
        let kept = found.as_ref().map_err(Clone::clone).map(|found| {
            let key = names.iter().find_map(|name| found.get(name));
            key.map_or(Kept::Gone, |key| Kept::There { key: key.clone() })
        });
        (source, kept)
    };
    Ok(wanted.into_iter().map(one).collect())
}

/// The parameters of these names that are there, each with its key.
async fn described(
    clients: &Clients,
    region: &str,
    names: &[String],
) -> Result<Vec<(String, Option<String>)>> {
    use aws_sdk_ssm::config::{Builder, Region};
    let filter =
        ParameterStringFilter::builder().key("Name").option("Equals").set_values(Some(names.to_vec()));
    let filter = filter.build().map_err(|problem| Error::internal(problem.to_string()))?;
    let mut found = Vec::new();
    let mut page = None;
    loop {
        let request = clients
            .ssm()
            .describe_parameters()
            .parameter_filters(filter.clone())
            .set_next_token(page.take())
            .customize()
            .config_override(Builder::new().region(Region::new(region.to_owned())));
        let answer = request.send().await.named("ssm:DescribeParameters")?;
        let shown = |parameter: ParameterMetadata| Some((parameter.name?, parameter.key_id));
        found.extend(answer.parameters.into_iter().flatten().filter_map(shown));
        page = answer.next_token.filter(|token| !token.is_empty());
        if page.is_none() {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_without_a_value_cannot_be_read() {
        let secret = |stage: &str| {
            DescribeSecretOutput::builder()
                .version_ids_to_stages("v", vec![stage.to_owned()])
                .kms_key_id("key")
                .build()
        };
        assert_eq!(kept(secret("AWSCURRENT"), "AWSCURRENT"), Kept::There { key: Some("key".into()) });
        assert_eq!(kept(secret("AWSPREVIOUS"), "AWSCURRENT"), Kept::NoValue);
        assert_eq!(kept(DescribeSecretOutput::builder().build(), "AWSCURRENT"), Kept::NoValue);
    }
}
