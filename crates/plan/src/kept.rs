//! The parts of a plan as they are kept in a file: no sensitive value, unknown ones marked.

use crate::{Change, Delegated, Difference, Held, Kind, Operation, OutputChange, Reason};
use serde::{Deserialize, Serialize};
use serde_json::{Map as JsonMap, Value as Json};
use std::sync::Arc;
use wharf_core::{Action, Address, Map, PropertyPath, Segment, Unknown, Value};

const SENSITIVE: &str = "$sensitive";
const UNKNOWN: &str = "$unknown";
/// Around a mapping of the user's that looks like a mark.
const PLAIN: &str = "$map";

/// A value as it is kept.
pub(crate) fn value(value: &Value) -> Json {
    match value {
        Value::Sensitive(_) => marked(SENSITIVE, Json::Bool(true)),
        Value::Unknown(unknown) => match &unknown.text {
            Some(text) => marked(UNKNOWN, Json::from(vec![unknown.of.clone(), text.clone()])),
            None => marked(UNKNOWN, Json::from(unknown.of.as_str())),
        },
        Value::List(list) => list.iter().map(self::value).collect(),
        Value::Map(map) => {
            let plain = entries(map);
            let is_like_a_mark = map.len() == 1 && map.keys().any(|key| key.starts_with('$'));
            if is_like_a_mark { marked(PLAIN, plain) } else { plain }
        }
        known => known.to_json().unwrap_or_default(),
    }
}

pub(crate) fn entries(map: &Map) -> Json {
    Json::Object(map.iter().map(|(key, item)| (key.clone(), value(item))).collect())
}

fn marked(mark: &str, content: Json) -> Json {
    Json::Object(JsonMap::from_iter([(mark.to_owned(), content)]))
}

/// A value as it was kept: of a sensitive one, the mark.
fn given_back(json: Json) -> Value {
    let map = match json {
        Json::Array(list) => return Value::List(list.into_iter().map(given_back).collect()),
        Json::Object(map) => map,
        scalar => return Value::from(scalar),
    };
    if map.len() == 1 {
        match (map.get(SENSITIVE), map.get(UNKNOWN), map.get(PLAIN)) {
            (Some(_), ..) => return Value::Null.sensitive(),
            (_, Some(Json::String(of)), _) => return Value::unknown(of.clone()),
            (_, Some(Json::Array(parts)), _) => {
                let part = |at: usize| parts.get(at).and_then(Json::as_str).map(str::to_owned);
                return Value::Unknown(Unknown { of: part(0).unwrap_or_default(), text: part(1) });
            }
            (.., Some(Json::Object(plain))) => return Value::Map(plain_map(plain.clone())),
            _ => {}
        }
    }
    Value::Map(plain_map(map))
}

fn plain_map(map: JsonMap<String, Json>) -> Map {
    map.into_iter().map(|(key, item)| (key, given_back(item))).collect()
}

pub(crate) fn map_back(json: Json) -> Arc<Map> {
    Arc::new(match json {
        Json::Object(map) => plain_map(map),
        _ => Map::new(),
    })
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChangeForm {
    address: Address,
    #[serde(rename = "type")]
    resource_type: String,
    action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    desired: Option<Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceForm>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    create_before_destroy: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keeps: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deposed: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Address>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    retain: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delegated: Option<Box<Delegated>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DifferenceForm {
    path: Vec<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    after: Json,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    forces_replacement: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    drifted: bool,
}

impl ChangeForm {
    pub(crate) fn of(change: &Change) -> Self {
        // What does not change is only counted.
        let kept =
            |map: &Option<Arc<Map>>| map.as_ref().filter(|_| change.action.changes()).map(|map| entries(map));
        ChangeForm {
            address: change.address.clone(),
            resource_type: change.resource_type.clone(),
            action: change.action,
            reason: change.reason.clone(),
            id: change.id.clone(),
            before: kept(&change.before),
            after: kept(&change.after),
            desired: kept(&change.desired),
            differences: change.differences.iter().map(DifferenceForm::of).collect(),
            create_before_destroy: change.create_before_destroy,
            keeps: change.keeps,
            deposed: change.deposed.clone(),
            dependencies: change.dependencies.clone(),
            retain: change.retain,
            delegated: change.delegated.clone(),
            held: change.held.clone(),
        }
    }

    pub(crate) fn into_change(self) -> Change {
        Change {
            address: self.address,
            resource_type: self.resource_type,
            action: self.action,
            reason: self.reason,
            id: self.id,
            before: self.before.map(map_back),
            after: self.after.map(map_back),
            desired: self.desired.map(map_back),
            differences: self.differences.into_iter().map(DifferenceForm::into_difference).collect(),
            create_before_destroy: self.create_before_destroy,
            keeps: self.keeps,
            deposed: self.deposed,
            dependencies: self.dependencies,
            retain: self.retain,
            importing: None,
            delegated: self.delegated,
            held: self.held,
            span: None,
        }
    }

    /// The same without what AWS alone decides: two plans that do the same thing agree in it.
    pub(crate) fn intent(change: &Change) -> Self {
        ChangeForm { before: None, after: None, delegated: None, ..ChangeForm::of(change) }
    }
}

impl DifferenceForm {
    pub(crate) fn of(difference: &Difference) -> Self {
        DifferenceForm {
            path: difference.path.0.iter().map(segment).collect(),
            before: difference.before.as_ref().map(|before| {
                if wharf_state::holds_hash(before) {
                    marked(SENSITIVE, Json::Bool(true))
                } else {
                    value(before)
                }
            }),
            after: value(&difference.after),
            forces_replacement: difference.forces_replacement,
            drifted: difference.drifted,
        }
    }

    pub(crate) fn into_difference(self) -> Difference {
        let path = self.path.into_iter().map(|segment| match segment {
            Json::Number(index) => Segment::Index(
                index.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default(),
            ),
            Json::String(key) => Segment::Key(key),
            other => Segment::Key(other.to_string()),
        });
        Difference {
            path: PropertyPath(path.collect()),
            before: self.before.map(given_back),
            after: given_back(self.after),
            forces_replacement: self.forces_replacement,
            drifted: self.drifted,
        }
    }
}

fn segment(segment: &Segment) -> Json {
    match segment {
        Segment::Key(key) => key.as_str().into(),
        Segment::Index(index) => (*index).into(),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OperationForm {
    address: Address,
    kind: Kind,
    change: usize,
    depends_on: Vec<usize>,
    wave: usize,
}

impl OperationForm {
    pub(crate) fn of(operation: &Operation) -> Self {
        let Operation { address, kind, change, depends_on, wave } = operation.clone();
        OperationForm { address, kind, change, depends_on, wave }
    }

    pub(crate) fn into_operation(self) -> Operation {
        let OperationForm { address, kind, change, depends_on, wave } = self;
        Operation { address, kind, change, depends_on, wave }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutputForm {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
    action: Action,
}

impl OutputForm {
    pub(crate) fn of(output: &OutputChange) -> Self {
        OutputForm {
            name: output.name.clone(),
            before: output.before.as_ref().map(value),
            after: output.after.as_ref().map(value),
            action: output.action(),
        }
    }

    pub(crate) fn into_output(self) -> OutputChange {
        let mut output = OutputChange {
            name: self.name,
            before: self.before.map(given_back),
            after: self.after.map(given_back),
        };
        if self.action == Action::Update && output.before == output.after {
            // Both are sensitive, and differ.
            output.before = Some(Value::from("another").sensitive());
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_without_their_secrets() {
        let text = Unknown { of: "a.b".into(), text: Some("x-(known after apply)".into()) };
        let map = Map::from([
            ("plain".into(), Value::from("x")),
            ("list".into(), Value::List(vec![Value::unknown("vpc.id"), Value::Unknown(text)])),
            ("like a mark".into(), Value::Map(Map::from([(UNKNOWN.into(), Value::from("mine"))]))),
            ("like another".into(), Value::Map(Map::from([(PLAIN.into(), Value::Null)]))),
        ]);
        assert_eq!(given_back(value(&Value::Map(map.clone()))), Value::Map(map));
        let secret = Value::from("hunter2").sensitive();
        assert!(!value(&secret).to_string().contains("hunter2"));
        assert!(given_back(value(&secret)).has_sensitive());
    }
}
