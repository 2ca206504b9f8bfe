//! What a Terraform state file (version 4) says of managed AWS resources. Pure.

use serde::Deserialize;
use serde_json::Value as Json;
use wharf_core::{Map, Value};

/// One object in a Terraform state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Instance {
    /// `aws_subnet.public["a"]`, with its module.
    pub(super) address: String,
    pub(super) resource_type: String,
    pub(super) module: Option<String>,
    pub(super) name: String,
    /// The key of `for_each`, or the index of `count`.
    pub(super) key: Option<String>,
    pub(super) attributes: Map,
    /// The resources it depends on, without keys: `aws_vpc.main`.
    pub(super) dependencies: Vec<String>,
}

impl Instance {
    /// The resource it is an instance of, as `dependencies` name it.
    pub(super) fn resource(&self) -> String {
        resource(self.module.as_deref(), &self.resource_type, &self.name)
    }
}

fn resource(module: Option<&str>, resource_type: &str, name: &str) -> String {
    module.map_or_else(
        || format!("{resource_type}.{name}"),
        |module| format!("{module}.{resource_type}.{name}"),
    )
}

/// What a file holds: the objects, and what there is to say of others.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Contents {
    pub(super) instances: Vec<Instance>,
    pub(super) notes: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    version: Option<u64>,
    #[serde(default)]
    resources: Vec<Declared>,
}

#[derive(Deserialize)]
struct Declared {
    module: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    resource_type: String,
    name: String,
    #[serde(default)]
    instances: Vec<State>,
}

#[derive(Deserialize)]
struct State {
    index_key: Option<Json>,
    status: Option<String>,
    deposed: Option<String>,
    #[serde(default)]
    attributes: Json,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// Reads a file.
///
/// # Errors
///
/// Why it is no state that can be read, with what to do.
pub(super) fn parse(bytes: &[u8]) -> Result<Contents, (String, String)> {
    let help = "`terraform state pull > terraform.tfstate` writes one".to_owned();
    let file: File = serde_json::from_slice(bytes)
        .map_err(|problem| (format!("it is no Terraform state: {problem}"), help))?;
    match file.version {
        Some(4) => {}
        Some(version) => {
            return Err((
                format!("it has version {version}, and wharf reads version 4"),
                "run `terraform apply -refresh-only` with Terraform 1.0 or later, which writes version 4"
                    .to_owned(),
            ));
        }
        None => {
            return Err((
                "it has no `version`: it is no Terraform state".to_owned(),
                "`terraform state pull > terraform.tfstate` writes one".to_owned(),
            ));
        }
    }
    let mut contents = Contents::default();
    for found in file.resources.into_iter().filter(|found| found.mode == "managed") {
        for state in found.instances {
            let key = match &state.index_key {
                None | Some(Json::Null) => None,
                Some(Json::String(key)) => Some(key.clone()),
                Some(other) => Some(other.to_string()),
            };
            let whole = resource(found.module.as_deref(), &found.resource_type, &found.name);
            let index = state.index_key.as_ref().filter(|index| !index.is_null());
            let address = index.map_or_else(|| whole.clone(), |index| format!("{whole}[{index}]"));
            if let Some(deposed) = &state.deposed {
                contents.notes.push(format!("{address}: its deposed object {deposed} is left to Terraform"));
                continue;
            }
            if state.status.as_deref() == Some("tainted") {
                contents.notes.push(format!("{address} is tainted in Terraform; wharf takes it as it is"));
            }
            let Value::Map(attributes) = Value::from(state.attributes) else {
                contents.notes.push(format!("{address} has no attributes, and is left out"));
                continue;
            };
            contents.instances.push(Instance {
                address,
                resource_type: found.resource_type.clone(),
                module: found.module.clone(),
                name: found.name.clone(),
                key,
                attributes,
                dependencies: state.dependencies,
            });
        }
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn instances_and_what_is_left_out() {
        let state = json!({
            "version": 4,
            "resources": [
                {"mode": "data", "type": "aws_caller_identity", "name": "me", "instances": [{"attributes": {}}]},
                {"mode": "managed", "type": "aws_subnet", "name": "public", "module": "module.net", "instances": [
                    {"index_key": 0, "attributes": {"id": "subnet-1"}, "dependencies": ["module.net.aws_vpc.main"]},
                    {"index_key": "a", "attributes": {"id": "subnet-2"}, "deposed": "12ab"},
                ]},
            ],
        });
        let contents = parse(state.to_string().as_bytes()).unwrap();
        let found: Vec<_> =
            contents.instances.iter().map(|found| (found.address.as_str(), found.key.as_deref())).collect();
        assert_eq!(found, [("module.net.aws_subnet.public[0]", Some("0"))]);
        assert_eq!(contents.instances[0].resource(), "module.net.aws_subnet.public");
        assert_eq!(contents.notes.len(), 1);
    }

    #[test]
    fn other_files_are_refused() {
        for (text, what) in
            [("{}", "no `version`"), (r#"{"version": 3}"#, "version 3"), ("x", "no Terraform state")]
        {
            assert!(parse(text.as_bytes()).is_err_and(|(why, _)| why.contains(what)), "{text}");
        }
    }
}
