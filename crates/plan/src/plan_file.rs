//! Plans as files: what `plan --out` keeps, and what `apply FILE` holds itself to.

use crate::kept::{ChangeForm, OperationForm, OutputForm, value};
use crate::kept_drift::DriftForm;
use crate::{Controller, Mode, Plan};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use wharf_core::Address;
use wharf_state::{Home, Snapshot};

/// The format this version writes, and the newest it reads.
pub const PLAN_FORMAT: u32 = 1;

/// A plan as it is kept in a file. Sensitive values are not in it: they are resolved again when it is applied.
#[derive(Debug, Clone)]
pub struct PlanFile {
    /// What the plan was made of.
    pub basis: Basis,
    /// The plan; sensitive values are marks around nothing, and only changes have their values.
    pub plan: Plan,
    /// The plan in Terraform's representation.
    pub representation: Json,
}

/// What a plan was made of. It holds as long as all of this is the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// The stack file or its folder, as it was named on the command line.
    pub stack_argument: String,
    /// The addresses it was limited to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Address>,
    /// The account and region.
    pub home: Home,
    /// The files it was made of, by their paths from the stack's folder: hashes, salted with the lineage.
    pub files: BTreeMap<String, String>,
    /// The variables.
    pub variables: BTreeMap<String, Variable>,
}

/// A variable's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variable {
    /// One that may be shown.
    Value(Json),
    /// The salted hash of a sensitive one.
    Sensitive(Json),
}

/// Why a file is no plan that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// Something else.
    #[error("it is no saved plan")]
    Other,
    /// Written by a newer version.
    #[error("it has format {found}, and this wharf knows formats up to {PLAN_FORMAT}")]
    Newer {
        /// Its format.
        found: u32,
    },
    /// Cut off, or changed.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Form {
    /// The first member: by it a file is known to be a plan.
    wharf_plan: u32,
    wharf_version: String,
    basis: Basis,
    plan: PlanForm,
    representation: Json,
}

#[derive(Deserialize)]
struct Version {
    wharf_plan: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct PlanForm {
    stack: String,
    mode: Mode,
    lineage: String,
    serial: u64,
    changes: Vec<ChangeForm>,
    operations: Vec<OperationForm>,
    outputs: Vec<OutputForm>,
    gone: Vec<Address>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    controllers: Vec<Controller>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    drift: Vec<DriftForm>,
}

impl PlanFile {
    /// The form that is written.
    pub fn to_bytes(&self) -> Vec<u8> {
        let plan = &self.plan;
        let form = Form {
            wharf_plan: PLAN_FORMAT,
            wharf_version: env!("CARGO_PKG_VERSION").to_owned(),
            basis: self.basis.clone(),
            plan: PlanForm {
                stack: plan.stack.clone(),
                mode: plan.mode,
                lineage: plan.lineage.clone(),
                serial: plan.serial,
                changes: plan.changes.iter().map(ChangeForm::of).collect(),
                operations: plan.operations.iter().map(OperationForm::of).collect(),
                outputs: plan.outputs.iter().map(OutputForm::of).collect(),
                gone: plan.gone.clone(),
                controllers: plan.controllers.clone(),
                drift: plan.drift.iter().map(DriftForm::of).collect(),
            },
            representation: self.representation.clone(),
        };
        let mut bytes = serde_json::to_vec(&form).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Whether a file begins as a saved plan does. Stack files do not.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"{\"wharf_plan\":")
    }

    /// Reads what [`PlanFile::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// Anything else, and newer formats.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoPlan> {
        if !PlanFile::is_one(bytes) {
            return Err(NoPlan::Other);
        }
        let damaged = |error: serde_json::Error| NoPlan::Damaged(error.to_string());
        let Version { wharf_plan } = serde_json::from_slice(bytes).map_err(damaged)?;
        match wharf_plan {
            Some(found) if found > PLAN_FORMAT => return Err(NoPlan::Newer { found }),
            Some(_) => {}
            None => return Err(NoPlan::Other),
        }
        let Form { basis, plan, representation, .. } = serde_json::from_slice(bytes).map_err(damaged)?;
        let changes: Vec<_> = plan.changes.into_iter().map(ChangeForm::into_change).collect();
        let operations: Vec<_> = plan.operations.into_iter().map(OperationForm::into_operation).collect();
        if operations.iter().any(|operation| operation.change >= changes.len()) {
            return Err(NoPlan::Damaged("an operation belongs to no change".to_owned()));
        }
        let plan = Plan {
            stack: plan.stack,
            mode: plan.mode,
            lineage: plan.lineage,
            serial: plan.serial,
            changes,
            operations,
            outputs: plan.outputs.into_iter().map(OutputForm::into_output).collect(),
            gone: plan.gone,
            controllers: plan.controllers,
            drift: plan.drift.into_iter().map(DriftForm::into_drift).collect(),
        };
        Ok(PlanFile { basis, plan, representation })
    }

    /// What is otherwise now than when the plan was made; nothing if it still holds. One line each, for people.
    pub fn moved(&self, now: &Basis, state: Option<&Snapshot>) -> Vec<String> {
        let mut moved = Vec::new();
        let plan = &self.plan;
        match state {
            None if plan.serial > 0 => moved.push(format!(
                "the state is gone; the plan was made of serial {} of the lineage {}",
                plan.serial, plan.lineage
            )),
            Some(state) if plan.serial == 0 => moved.push(format!(
                "there is a state now (serial {}); the plan was made when there was none",
                state.serial
            )),
            Some(state) if state.lineage != plan.lineage => moved.push(format!(
                "the state is another one: its lineage is {}, the plan's {}",
                state.lineage, plan.lineage
            )),
            Some(state) if state.serial != plan.serial => moved.push(format!(
                "the state was written since: it has serial {}, the plan was made of serial {}",
                state.serial, plan.serial
            )),
            _ => {}
        }
        let (then, here) = (&self.basis.home, &now.home);
        if then.account_id != here.account_id {
            moved.push(format!("the account is {}, the plan's {}", here.account_id, then.account_id));
        }
        if then.region != here.region {
            moved.push(format!("the region is {}, the plan's {}", here.region, then.region));
        }
        let (old, new) = (&self.basis.files, &now.files);
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) if old == new => {}
                (Some(_), Some(_)) => moved.push(format!("the file {name} has changed")),
                (None, _) => moved.push(format!("the file {name} is read now, and was not then")),
                (_, None) => moved.push(format!("the file {name} is not read any more")),
            }
        }
        for (name, old) in &self.basis.variables {
            match now.variables.get(name) {
                Some(new) if new == old => {}
                Some(_) => moved.push(format!("the variable `{name}` has another value")),
                None => moved.push(format!("the variable `{name}` is gone")),
            }
        }
        for name in now.variables.keys().filter(|name| !self.basis.variables.contains_key(*name)) {
            moved.push(format!("the variable `{name}` is new"));
        }
        moved
    }
}

impl Variable {
    /// A value as it is kept; `salt` is the lineage.
    pub fn of(of: &wharf_core::Value, salt: &str) -> Self {
        if of.has_sensitive() {
            Variable::Sensitive(wharf_state::hash(of, salt).to_json().unwrap_or_default())
        } else {
            Variable::Value(value(of))
        }
    }
}
