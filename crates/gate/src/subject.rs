use crate::change::{marked_texts, texts};
use serde_json::Value;
use std::path::PathBuf;

/// A plan that is to be judged.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What to call it: the path it was read from.
    pub name: String,
    /// The plan in Terraform's plan representation: what `wharf plan --json` and `terraform show -json` print.
    pub plan: Value,
    /// The stack's folder, which is put before the file that `source` names.
    pub base: Option<PathBuf>,
}

/// Why JSON is no plan that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlan {
    /// It is JSON of something else.
    #[error("it is no plan: it has no `format_version`, or nothing that a plan has")]
    Other,
    /// It is Terraform's representation of a state.
    #[error("it is a state, not a plan")]
    State,
    /// It is of a format that is not known.
    #[error("its format_version is `{0}`, and only 0 and 1 are known")]
    Version(String),
    /// Planning failed.
    #[error("the plan is not complete: planning failed")]
    Errored,
    /// An entry lacks what each has, or has an action that is not known.
    #[error("{list}[{index}] is no change: {problem}")]
    Entry {
        /// `resource_changes` or `resource_drift`.
        list: &'static str,
        /// The entry, from 0.
        index: usize,
        /// What is wrong with it.
        problem: String,
    },
}

impl Subject {
    /// Whether it is a plan.
    ///
    /// # Errors
    ///
    /// It is not, or is one that cannot be judged.
    pub fn check(&self) -> Result<(), NotAPlan> {
        crate::view::View::of(self).map(drop)
    }

    /// The values that the plan holds and marks as sensitive. Terraform's plans do; wharf's have no such value.
    pub fn sensitive(&self) -> Vec<String> {
        let mut found = Vec::new();
        let nothing = Value::Null;
        let get = |value: &'_ Value, key: &str| value.get(key).cloned().unwrap_or_default();
        let mut changes: Vec<Value> = Vec::new();
        for list in ["resource_changes", "resource_drift"] {
            let entries = self.plan.get(list).and_then(Value::as_array).into_iter().flatten();
            changes.extend(entries.filter_map(|entry| entry.get("change")).cloned());
        }
        let outputs = self.plan.get("output_changes").and_then(Value::as_object);
        changes.extend(outputs.into_iter().flat_map(|outputs| outputs.values()).cloned());
        for change in &changes {
            marked_texts(&get(change, "before"), &get(change, "before_sensitive"), &mut found);
            marked_texts(&get(change, "after"), &get(change, "after_sensitive"), &mut found);
        }
        let declared = self.plan.pointer("/configuration/root_module/variables").unwrap_or(&nothing);
        for (name, declared) in declared.as_object().into_iter().flatten() {
            if declared.get("sensitive") == Some(&Value::Bool(true)) {
                let value =
                    self.plan.get("variables").and_then(|variables| variables.get(name)?.get("value"));
                texts(value.unwrap_or(&nothing), &mut found);
            }
        }
        found.sort();
        found.dedup();
        found
    }
}
