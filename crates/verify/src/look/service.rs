//! The service.
//!
//! Source: `ecs:DescribeServices`.

use crate::facts::{Look, seen as or_unseen};
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};
use wharf_release::Target;

/// The status of the service; none if it is gone.
pub(super) async fn seen(clients: &Clients, target: &Target) -> Result<Look<Option<String>>> {
    let request = clients.ecs().describe_services().cluster(&target.cluster).services(&target.service);
    let answer = or_unseen(request.send().await.named("ecs:DescribeServices").or_absent())?;
    Ok(answer.map(|answer| answer?.services?.into_iter().next()?.status))
}
