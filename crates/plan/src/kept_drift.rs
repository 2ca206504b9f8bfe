//! What moved behind wharf's back, as it is kept in a file with the plan that saw it.

use crate::kept::{DifferenceForm, entries, map_back};
use crate::{Drift, MovedProperty};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use wharf_core::Address;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DriftForm {
    address: Address,
    #[serde(rename = "type")]
    resource_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    before: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceForm>,
}

impl DriftForm {
    pub(crate) fn of(drift: &Drift) -> Self {
        DriftForm {
            address: drift.address.clone(),
            resource_type: drift.resource_type.clone(),
            id: drift.id.clone(),
            before: entries(&drift.before),
            after: drift.after.as_deref().map(entries),
            differences: drift
                .differences
                .iter()
                .map(|moved| DifferenceForm::of(&moved.difference()))
                .collect(),
        }
    }

    pub(crate) fn into_drift(self) -> Drift {
        let moved = self.differences.into_iter().map(DifferenceForm::into_difference).map(|difference| {
            MovedProperty {
                path: difference.path,
                recorded: difference.before,
                live: Some(difference.after).filter(|live| !live.is_null() || live.has_sensitive()),
            }
        });
        Drift {
            address: self.address,
            resource_type: self.resource_type,
            id: self.id,
            before: map_back(self.before),
            after: self.after.map(map_back),
            differences: moved.collect(),
        }
    }
}
