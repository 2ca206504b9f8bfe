use super::trouble::Trouble;
use serde_json::Value;
use std::collections::BTreeMap;
use wharf_tests::{Result, Stage};

/// Where a state in S3 is: not a part of the stack.
pub(crate) const BUCKET: &str = "acme-crash-states";

/// What is in the account and in the state, in numbers that an undisturbed run and a disturbed one must agree on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Objects in the account, by type.
    objects: BTreeMap<String, usize>,
    /// Resources in the state, by type.
    resources: BTreeMap<String, usize>,
}

/// Objects that may be parts of others, which have no id of their own in the state: they are counted.
const PARTS: &[&str] = &["aws_network_interface", "aws_security_group_rule"];

impl Account {
    /// Counts, and checks that every object is one that the state knows by its id.
    pub(crate) fn of(stage: &Stage, stack: &str) -> Result<Self, Trouble> {
        let mut account = Account::default();
        let state = stage.state(stack)?;
        let text = state.to_string();
        let objects = stage.emulator.get("/_wharf/objects")?;
        for object in objects.as_array().ok_or("the emulator lists no objects")? {
            let (kind, id) = (text_of(object, "type"), text_of(object, "id"));
            if id == BUCKET || id.strip_prefix(BUCKET).is_some_and(|rest| rest.starts_with('/')) {
                continue;
            }
            if !PARTS.contains(&kind) && !text.contains(&escaped(id)) {
                let text = format!("an orphan: {kind} {id} is in the account, and not in the state");
                return Err(Trouble::Orphan(text));
            }
            *account.objects.entry(kind.to_owned()).or_default() += 1;
        }
        for resource in state["resources"].as_array().into_iter().flatten() {
            *account.resources.entry(text_of(resource, "type").to_owned()).or_default() += 1;
        }
        Ok(account)
    }

    /// Says how this differs from what an undisturbed run leaves.
    pub(crate) fn compared_with(&self, undisturbed: &Self) -> Result<(), Trouble> {
        for (place, found, wanted) in [
            ("account", &self.objects, &undisturbed.objects),
            ("state", &self.resources, &undisturbed.resources),
        ] {
            let count =
                |all: &BTreeMap<String, usize>, kind: &str| all.get(kind).copied().unwrap_or_default();
            let kinds = found.keys().chain(wanted.keys());
            if let Some(kind) = kinds.clone().find(|kind| count(found, kind) != count(wanted, kind)) {
                let (found, wanted) = (count(found, kind), count(wanted, kind));
                let message = format!("{found} of {kind} in the {place}, {wanted} without the disturbance");
                return Err(if found > wanted {
                    Trouble::Duplicate(message)
                } else {
                    Trouble::Other(message)
                });
            }
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.resources.is_empty()
    }
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("?")
}

/// As the text of a JSON document has it.
fn escaped(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    quoted.trim_matches('"').to_owned()
}
