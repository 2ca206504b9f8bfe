//! A plan as the rules look at it.

use crate::change::{Change, action_of, unmarked};
use crate::place::Place;
use crate::subject::{NotAPlan, Subject};
use serde_json::{Map, Value};
use std::path::Path;

/// The changes of one plan.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) stack: Option<String>,
    pub(crate) changes: Vec<Change>,
    pub(crate) drift: Vec<Change>,
}

impl View {
    pub(crate) fn of(subject: &Subject) -> Result<Self, NotAPlan> {
        let plan = subject.plan.as_object().ok_or(NotAPlan::Other)?;
        let version = plan.get("format_version").and_then(Value::as_str).ok_or(NotAPlan::Other)?;
        if !matches!(version.split('.').next(), Some("0" | "1")) {
            return Err(NotAPlan::Version(version.to_owned()));
        }
        let parts =
            ["resource_changes", "output_changes", "planned_values", "resource_drift", "configuration"];
        if !parts.iter().any(|part| plan.contains_key(*part)) {
            return Err(if plan.contains_key("values") { NotAPlan::State } else { NotAPlan::Other });
        }
        if plan.get("errored") == Some(&Value::Bool(true)) {
            return Err(NotAPlan::Errored);
        }
        let base = subject.base.as_deref();
        let mut changes = entries(plan, "resource_changes", base)?;
        for change in &mut changes {
            declared_only(change, plan);
        }
        let mut drift = entries(plan, "resource_drift", base)?;
        // The entries of drift need not say where they are declared; those of the changes do.
        for entry in drift.iter_mut().filter(|entry| entry.place.is_none()) {
            let declared = changes.iter().find(|change| change.terraform_address == entry.terraform_address);
            if let Some(declared) = declared {
                entry.place.clone_from(&declared.place);
                entry.properties.clone_from(&declared.properties);
            }
        }
        let stack = plan.get("stack").and_then(Value::as_str).map(str::to_owned);
        Ok(View { stack, changes, drift })
    }

    /// The stack file, if an entry says which it is.
    pub(crate) fn file(&self) -> Option<String> {
        let places = self.changes.iter().filter_map(|change| change.place.as_ref());
        places.map(|place| place.file.clone()).next()
    }

    /// The change of an address, which may be the stack file's or Terraform's.
    pub(crate) fn find(&self, address: &str) -> Option<&Change> {
        let by = |name: fn(&Change) -> &str| {
            self.changes.iter().chain(&self.drift).find(|change| name(change) == address)
        };
        by(|change| &change.terraform_address).or_else(|| by(|change| &change.address))
    }
}

/// Properties that nobody sets are computed by AWS, and known only after the apply. That is nothing to judge: marks stay
/// only at what the stack file or the configuration sets.
fn declared_only(change: &mut Change, plan: &Map<String, Value>) {
    let (address, key) = (change.terraform_address.as_str(), change.terraform_address.find('['));
    let configured = plan
        .get("configuration")
        .and_then(|configuration| configuration.pointer("/root_module/resources")?.as_array())
        .and_then(|resources| {
            let whole = key.map_or(address, |at| &address[..at]);
            resources.iter().find(|resource| resource.get("address").and_then(Value::as_str) == Some(whole))
        })
        .and_then(|resource| resource.get("expressions")?.as_object());
    let properties = &change.properties;
    if configured.is_none() && properties.is_empty() {
        return; // a module's, perhaps: nothing is known of it, and the marks are taken for what they say
    }
    let is_declared = |name: &str| {
        configured.is_some_and(|expressions| expressions.contains_key(name))
            || properties.iter().any(|(known, _)| known == name)
    };
    change.unknown.retain(|name, _| is_declared(name));
}

fn entries(
    plan: &Map<String, Value>,
    list: &'static str,
    base: Option<&Path>,
) -> Result<Vec<Change>, NotAPlan> {
    let Some(entries) = plan.get(list).filter(|entries| !entries.is_null()) else { return Ok(Vec::new()) };
    let wrong = |index, problem: &str| NotAPlan::Entry { list, index, problem: problem.to_owned() };
    let entries = entries.as_array().ok_or_else(|| wrong(0, "it is not a list"))?;
    let read = |(index, entry)| change(entry, base).map_err(|problem| wrong(index, &problem));
    entries.iter().enumerate().map(read).collect()
}

fn change(entry: &Value, base: Option<&Path>) -> Result<Change, String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let terraform_address = text("address").ok_or("it has no `address`")?;
    let resource_type = text("type").ok_or("it has no `type`")?;
    let change = entry.get("change").ok_or("it has no `change`")?;
    let actions = change.get("actions").and_then(Value::as_array).ok_or("it has no `change.actions`")?;
    let actions: Vec<&str> = actions.iter().filter_map(Value::as_str).collect();
    let action =
        action_of(&actions).ok_or_else(|| format!("the actions `{}` are unknown", actions.join(", ")))?;
    let properties = |key: &str, marks: &str| match change.get(key) {
        Some(value) => match unmarked(value, change.get(marks)) {
            Value::Object(map) => map,
            _ => Map::new(),
        },
        None => Map::new(),
    };
    let unknown = change.get("after_unknown").and_then(Value::as_object).cloned().unwrap_or_default();
    let replace_paths = change.get("replace_paths").and_then(Value::as_array).into_iter().flatten().map(path);
    let source = entry.get("source");
    Ok(Change {
        address: text("wharf_address").unwrap_or_else(|| terraform_address.clone()),
        terraform_address,
        resource_type,
        action,
        is_deposed: entry.get("deposed").is_some(),
        leaves_old: actions.contains(&"forget"),
        before: properties("before", "before_sensitive"),
        after: properties("after", "after_sensitive"),
        unknown,
        replace_paths: replace_paths.collect(),
        place: source.and_then(|source| place(source, source, base)),
        properties: source.map(|source| places(source, base)).unwrap_or_default(),
    })
}

/// `["health_check", 0, "path"]` as `health_check[0].path`.
fn path(path: &Value) -> String {
    let mut text = String::new();
    for segment in path.as_array().into_iter().flatten() {
        match segment {
            Value::Number(index) => text.push_str(&format!("[{index}]")),
            other => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(other.as_str().unwrap_or("?"));
            }
        }
    }
    text
}

fn place(source: &Value, at: &Value, base: Option<&Path>) -> Option<Place> {
    let file = source.get("file")?.as_str()?;
    let file = base.map_or_else(|| file.into(), |base| base.join(file));
    let parts: Vec<String> = file
        .components()
        .filter(|part| *part != std::path::Component::CurDir)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let number = |key: &str| at.get(key).and_then(Value::as_u64).filter(|number| *number > 0);
    Some(Place {
        file: parts.join("/").replacen("//", "/", 1),
        line: number("line")?,
        column: number("column").unwrap_or(1),
    })
}

fn places(source: &Value, base: Option<&Path>) -> Vec<(String, Place)> {
    let properties = source.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.filter_map(|(name, at)| Some((name.clone(), place(source, at, base)?))).collect()
}
