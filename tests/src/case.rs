use crate::{Result, Stage};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use wharf_testkit::emulator::repository;

/// A resource type's folder under `tests/conformance/`.
#[derive(Debug, Clone)]
pub struct Case {
    /// The type.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// `case.yaml`.
    pub checks: Checks,
}

/// What `case.yaml` says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// What an independent reader must see after `create.yaml` was applied.
    #[serde(default)]
    pub verify: Vec<Verify>,
    /// What changes the subject behind wharf's back.
    #[serde(default)]
    pub drift: Vec<Call>,
    /// What removes the subject behind wharf's back.
    #[serde(default)]
    pub remove: Vec<Call>,
    /// The id of the subject for `wharf import`, as Terraform takes it; `${id}` if left out.
    #[serde(default)]
    pub import: Option<String>,
    /// Steps that are impossible in principle, and why.
    #[serde(default)]
    pub skip: BTreeMap<String, String>,
}

/// A call of boto3.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// `ec2`.
    pub service: String,
    /// `describe_vpcs`.
    pub operation: String,
    /// Its parameters; `${id}` is an attribute of the subject, `${vpc.id}` one of another resource.
    #[serde(default)]
    pub parameters: Value,
}

/// A call and what it must answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// `ec2`.
    pub service: String,
    /// `describe_vpcs`.
    pub operation: String,
    /// Its parameters.
    #[serde(default)]
    pub parameters: Value,
    /// A JMESPath over the answer.
    pub query: String,
    /// What it must give.
    pub equals: Value,
}

impl Case {
    /// All of them.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read, or whose `case.yaml` is not of the form.
    pub fn all() -> Result<Vec<Self>> {
        let mut cases = Vec::new();
        for entry in std::fs::read_dir(repository().join("tests/conformance"))? {
            let folder = entry?.path();
            if folder.is_dir() {
                cases.push(Self::read(&folder)?);
            }
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }

    fn read(folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(folder.join("case.yaml"))?;
        let checks = serde_yaml::from_str(&text).map_err(|error| format!("{name}/case.yaml: {error}"))?;
        Ok(Case { name, folder: folder.to_owned(), checks })
    }

    /// One of its stack files, if it has it.
    pub fn stack(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }
}

impl Stage {
    /// Makes calls behind wharf's back.
    ///
    /// # Errors
    ///
    /// One of them failed.
    pub fn call(&self, calls: &[Call], state: &Value) -> Result<()> {
        let mut reader = self.reader()?;
        for call in calls {
            let parameters = filled(&call.parameters, state)?;
            reader.call(&call.service, &call.operation, &parameters, None)?;
        }
        Ok(())
    }

    /// Checks what an independent reader sees.
    ///
    /// # Errors
    ///
    /// It sees something else.
    pub fn verify(&self, checks: &[Verify], state: &Value) -> Result<()> {
        let mut reader = self.reader()?;
        for check in checks {
            let parameters = filled(&check.parameters, state)?;
            let answer = reader.call(&check.service, &check.operation, &parameters, Some(&check.query))?;
            let expected = filled(&check.equals, state)?;
            if answer != expected {
                let call = format!("{} {} {}", check.service, check.operation, check.query);
                return Err(format!("{call}: found {answer}, expected {expected}").into());
            }
        }
        Ok(())
    }
}

/// `${attribute}` and `${name.attribute}` filled in from a state.
fn filled(value: &Value, state: &Value) -> Result<Value> {
    Ok(match value {
        Value::String(text) => fill(text, state)?,
        Value::Array(list) => list.iter().map(|item| filled(item, state)).collect::<Result<_>>()?,
        Value::Object(map) => Value::Object(
            map.iter().map(|(key, item)| Ok((key.clone(), filled(item, state)?))).collect::<Result<_>>()?,
        ),
        other => other.clone(),
    })
}

/// A text with `${attribute}` and `${name.attribute}` filled in from a state.
///
/// # Errors
///
/// The state has no such address or attribute.
pub fn filled_text(text: &str, state: &Value) -> Result<String> {
    Ok(match fill(text, state)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

fn fill(text: &str, state: &Value) -> Result<Value> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').ok_or("an unclosed ${")? + start;
        let value = attribute(&rest[start + 2..end], state)?;
        if start == 0 && end + 1 == rest.len() && result.is_empty() {
            return Ok(value);
        }
        result.push_str(&rest[..start]);
        match value {
            Value::String(part) => result.push_str(&part),
            other => result.push_str(&other.to_string()),
        }
        rest = &rest[end + 1..];
    }
    result.push_str(rest);
    Ok(Value::String(result))
}

fn attribute(name: &str, state: &Value) -> Result<Value> {
    let (address, attribute) = name.rsplit_once('.').unwrap_or(("subject", name));
    let resources = state["resources"].as_array().cloned().unwrap_or_default();
    let resource = resources
        .iter()
        .find(|resource| resource["address"] == address)
        .ok_or_else(|| format!("the state has no `{address}`"))?;
    match &resource["attributes"][attribute] {
        Value::Null => Err(format!("`{address}` has no attribute `{attribute}`").into()),
        value => Ok(value.clone()),
    }
}
