//! All that is looked at, put together.

use super::{definitions, group, images, logs, pipeline, rights, roles, secrets, service, target_groups};
use crate::facts::{Facts, seen};
use crate::needs::roles::{assumed, is_here};
use crate::subject::Subject;
use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::Clients;
use wharf_provider::Result;
use wharf_release::look;

/// Everything that the checks decide on. What the caller may not read is in it as such.
///
/// # Errors
///
/// Those of AWS, but for access that is denied.
pub async fn facts(clients: &Clients, subject: Subject) -> Result<Facts> {
    let (release, service, group, pipeline, target_groups) = futures::try_join!(
        async { seen(look::report(clients, &look::Memory::default(), &subject.target).await) },
        service::seen(clients, &subject.target),
        group::seen(clients, &subject),
        pipeline::seen(clients, &subject.target),
        target_groups::seen(clients, &subject.target.target_groups),
    )?;
    let definitions = definitions::seen(clients, &subject, release.as_ref().ok()).await?;
    let mut facts = Facts {
        subject,
        release,
        service,
        group,
        pipeline,
        definitions,
        target_groups,
        images: BTreeMap::new(),
        log_groups: BTreeMap::new(),
        secrets: BTreeMap::new(),
        roles: BTreeMap::new(),
        rights: Vec::new(),
    };
    let wanted = assumed(&facts).into_iter().map(|assumed| assumed.arn);
    let wanted: BTreeSet<String> = wanted.filter(|arn| is_here(arn, &facts.subject)).collect();
    (facts.images, facts.log_groups, facts.secrets, facts.roles) = futures::try_join!(
        images::seen(clients, &facts),
        logs::seen(clients, &facts),
        secrets::seen(clients, &facts),
        roles::seen(clients, wanted),
    )?;
    facts.rights = rights::seen(clients, &facts).await?;
    Ok(facts)
}
