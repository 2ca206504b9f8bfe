use crate::{Controller, Delegated, Difference, Drift, Held};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use wharf_core::{Action, Address, Map, Span, Value};

/// What an apply would do: plain data, the same for the same input.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The stack's name.
    pub stack: String,
    /// What it is for.
    pub mode: Mode,
    /// The lineage of the state it was made on.
    pub lineage: String,
    /// The serial of the state it was made on.
    pub serial: u64,
    /// What happens to each address: those of the stack file in its order, then those only in the state.
    pub changes: Vec<Change>,
    /// The operations, in the order of their waves, then of the changes.
    pub operations: Vec<Operation>,
    /// What happens to the outputs.
    pub outputs: Vec<OutputChange>,
    /// Addresses whose objects are gone from AWS and whose records only have to be dropped.
    pub gone: Vec<Address>,
    /// What somebody changed behind wharf's back since the last apply, whether or not this plan changes it.
    pub drift: Vec<Drift>,
    /// The controllers of AWS's that move what the stack declares, and how their work stands.
    pub controllers: Vec<Controller>,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// To converge.
    #[default]
    Apply,
    /// To remove everything.
    Destroy,
}

/// What happens to one address.
#[derive(Debug, Clone)]
pub struct Change {
    /// The address.
    pub address: Address,
    /// Terraform's name of its type.
    pub resource_type: String,
    /// What happens.
    pub action: Action,
    /// Why, where that is not plain from the action.
    pub reason: Option<Reason>,
    /// The id, if there is an object.
    pub id: Option<String>,
    /// Properties and attributes as AWS has them now; sensitive ones marked.
    pub before: Option<Arc<Map>>,
    /// Properties and attributes afterwards, as far as known.
    pub after: Option<Arc<Map>>,
    /// The properties the stack file and its defaults ask for, in canonical form, with `tags_all`.
    pub desired: Option<Arc<Map>>,
    /// What differs, for updates and replacements.
    pub differences: Vec<Difference>,
    /// For a replacement: the new object comes first.
    pub create_before_destroy: bool,
    /// For a replacement: the old object stays, as something may still go back to it.
    pub keeps: bool,
    /// The ids of predecessors that are still to be deleted.
    pub deposed: Vec<String>,
    /// What it depends on directly; what the state will say.
    pub dependencies: Vec<Address>,
    /// Whether the state shall say to leave it in AWS once it leaves the stack file.
    pub retain: bool,
    /// The id of an object that this run takes over: it is this stack's, and the state did not know it.
    pub importing: Option<String>,
    /// What of it another controller of AWS's moves.
    pub delegated: Option<Box<Delegated>>,
    /// What is not done yet, because the work of another controller needs the object.
    pub held: Option<Held>,
    /// Where the stack file declares it.
    pub span: Option<Span>,
}

/// Why something happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is in the state, but was deleted behind wharf's back.
    Gone,
    /// It is no longer in the stack file.
    NotInStack,
    /// A `destroy`.
    Destroy,
    /// These properties cannot be changed in place.
    CannotUpdate(Vec<String>),
    /// It had another address before.
    Moved(Address),
    /// Predecessors that an earlier replacement left are deleted.
    Deposed,
    /// An earlier run made it, and broke off before it was complete.
    Unfinished,
}

/// One operation of an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The address.
    pub address: Address,
    /// What is done.
    pub kind: Kind,
    /// The index of its change.
    pub change: usize,
    /// The indexes of the operations that must have succeeded before.
    pub depends_on: Vec<usize>,
    /// The longest chain of operations before it.
    pub wave: usize,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Makes the object; the present one, if any, becomes deposed.
    Create,
    /// Changes it in place.
    Update,
    /// Deletes the present object.
    Delete,
    /// Deletes a predecessor.
    DeleteDeposed {
        /// Its id.
        id: String,
    },
    /// Drops the record and leaves the object.
    Forget,
}

/// What happens to one output.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputChange {
    /// The output's name.
    pub name: String,
    /// Its value in the state.
    pub before: Option<Value>,
    /// Its value afterwards; none if it is removed.
    pub after: Option<Value>,
}

impl OutputChange {
    /// What happens.
    pub fn action(&self) -> Action {
        match (&self.before, &self.after) {
            (None, Some(_)) => Action::Create,
            (Some(_), None) => Action::Delete,
            (Some(before), Some(after)) if before != after => Action::Update,
            _ => Action::None,
        }
    }
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// To create.
    pub create: usize,
    /// To update in place.
    pub update: usize,
    /// To replace.
    pub replace: usize,
    /// To delete.
    pub delete: usize,
    /// To forget.
    pub forget: usize,
    /// Without a change.
    pub none: usize,
}

impl Plan {
    /// Whether an apply has nothing to do, to resources and outputs.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
            && self.gone.is_empty()
            && self.outputs.iter().all(|o| !o.action().changes())
    }

    /// How many changes of each kind.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.changes {
            match change.action {
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Replace => counts.replace += 1,
                Action::Delete => counts.delete += 1,
                Action::Forget => counts.forget += 1,
                Action::None | Action::Read => counts.none += 1,
            }
        }
        counts
    }

    /// The wave of each address's first operation.
    pub fn waves(&self) -> BTreeMap<usize, Vec<&Operation>> {
        let mut waves: BTreeMap<usize, Vec<&Operation>> = BTreeMap::new();
        for operation in &self.operations {
            waves.entry(operation.wave).or_default().push(operation);
        }
        waves
    }
}
