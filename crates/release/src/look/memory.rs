//! What cannot change, so that one who looks again and again reads it once.

use super::{codedeploy, service};
use crate::shift::Shift;
use crate::time::Time;
use aws_sdk_ecs::types::ContainerDefinition;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use wharf_aws::Clients;
use wharf_provider::Result;

/// The revisions of task definitions and the deployment configurations that were seen.
#[derive(Debug, Default)]
pub struct Memory {
    revisions: Mutex<BTreeMap<String, Containers>>,
    shifts: Mutex<BTreeMap<String, Option<Shift>>>,
}

/// The containers of a revision.
pub(super) type Containers = Arc<Vec<ContainerDefinition>>;

impl Memory {
    /// The containers of a revision, by its ARN; none if it is gone.
    pub(super) async fn containers(&self, clients: &Clients, arn: &str) -> Result<Option<Containers>> {
        if let Some(known) = of(&self.revisions, arn) {
            return Ok(Some(known));
        }
        let found = service::containers(clients, arn).await?.map(Arc::new);
        if let Some(found) = &found {
            keep(&self.revisions, arn, Arc::clone(found));
        }
        Ok(found)
    }

    /// The steps of a deployment configuration, by its name, which began then; none if it moves all traffic at once, or may
    /// not be read.
    pub(super) async fn shift(
        &self,
        clients: &Clients,
        configuration: &str,
        since: Time,
    ) -> Result<Option<Shift>> {
        let shift = match of(&self.shifts, configuration) {
            Some(known) => known,
            None => {
                let found = codedeploy::shift(clients, configuration, since).await?;
                keep(&self.shifts, configuration, found);
                found
            }
        };
        Ok(shift.map(|shift| Shift { since, ..shift }))
    }
}

fn of<T: Clone>(known: &Mutex<BTreeMap<String, T>>, name: &str) -> Option<T> {
    known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
}

fn keep<T>(known: &Mutex<BTreeMap<String, T>>, name: &str, value: T) {
    known.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value);
}
