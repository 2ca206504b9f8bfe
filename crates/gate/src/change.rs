use crate::place::Place;
use serde_json::{Map, Value};
use wharf_core::Action;

/// What a plan does with an object, by the `actions` of Terraform's change representation.
///
/// Source: <https://developer.hashicorp.com/terraform/internals/json-format#change-representation>.
pub(crate) fn action_of(actions: &[&str]) -> Option<Action> {
    Some(match actions {
        ["no-op"] => Action::None,
        ["read"] => Action::Read,
        ["create"] => Action::Create,
        ["update"] => Action::Update,
        // `create, forget` leaves the old object behind; what depends on it moves to the new one all the same
        ["delete", "create"] | ["create", "delete" | "forget"] => Action::Replace,
        ["delete"] => Action::Delete,
        ["forget"] => Action::Forget,
        _ => return None,
    })
}

/// What happens to the object, as the end of a sentence.
pub(crate) fn told(action: Action) -> &'static str {
    match action {
        Action::None => "stays as it is",
        Action::Read => "is read",
        Action::Create => "is created",
        Action::Update => "is updated",
        Action::Replace => "is deleted and made anew",
        Action::Delete => "is deleted",
        Action::Forget => "is forgotten",
    }
}

/// One entry of `resource_changes` or `resource_drift`.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// As the stack file has it; Terraform's where the plan is Terraform's.
    pub(crate) address: String,
    /// As Terraform has it.
    pub(crate) terraform_address: String,
    pub(crate) resource_type: String,
    pub(crate) action: Action,
    /// Whether it is what an earlier replacement left behind.
    pub(crate) is_deposed: bool,
    /// Whether the old object stays where a new one is made in its place.
    pub(crate) leaves_old: bool,
    /// Properties as they are, without what is sensitive.
    pub(crate) before: Map<String, Value>,
    /// Properties as they will be, as far as known, without what is sensitive.
    pub(crate) after: Map<String, Value>,
    /// `true` at what is not known yet.
    pub(crate) unknown: Map<String, Value>,
    pub(crate) replace_paths: Vec<String>,
    /// Where it is declared.
    pub(crate) place: Option<Place>,
    /// Where its properties are.
    pub(crate) properties: Vec<(String, Place)>,
}

impl Change {
    /// `subnet["a"] (aws_subnet)`, as sentences begin.
    pub(crate) fn title(&self) -> String {
        let whose = if self.is_deposed { "a predecessor of " } else { "" };
        format!("{whose}`{}` ({})", self.address, self.resource_type)
    }

    /// Where a property is written, or else the resource.
    pub(crate) fn place_of(&self, property: &str) -> Option<Place> {
        let top = property.split(['.', '[']).next().unwrap_or(property);
        let find = |name: &str| self.properties.iter().find(|(known, _)| known == name);
        find(property).or_else(|| find(top)).map(|(_, place)| place.clone()).or_else(|| self.place.clone())
    }

    /// Whether a part of a property is not known yet.
    pub(crate) fn is_unknown(&self, property: &str) -> bool {
        self.unknown.get(property).is_some_and(marked)
    }

    /// Whether a property is another afterwards, or may be.
    pub(crate) fn touches(&self, property: &str) -> bool {
        let value = |map: &Map<String, Value>| map.get(property).filter(|value| !value.is_null()).cloned();
        self.is_unknown(property) || value(&self.before) != value(&self.after)
    }
}

/// Whether a mark is set anywhere inside.
pub(crate) fn marked(marks: &Value) -> bool {
    match marks {
        Value::Bool(mark) => *mark,
        Value::Array(items) => items.iter().any(marked),
        Value::Object(map) => map.values().any(marked),
        _ => false,
    }
}

/// A value without what is marked.
pub(crate) fn unmarked(value: &Value, marks: Option<&Value>) -> Value {
    match (value, marks) {
        (_, Some(Value::Bool(true))) => Value::Null,
        (Value::Object(map), Some(Value::Object(marks))) => Value::Object(
            map.iter().map(|(key, value)| (key.clone(), unmarked(value, marks.get(key)))).collect(),
        ),
        (Value::Array(items), Some(Value::Array(marks))) => {
            items.iter().enumerate().map(|(at, value)| unmarked(value, marks.get(at))).collect()
        }
        _ => value.clone(),
    }
}

/// The texts and numbers at what is marked.
pub(crate) fn marked_texts(value: &Value, marks: &Value, found: &mut Vec<String>) {
    match (value, marks) {
        (Value::Object(map), Value::Object(marks)) => {
            for (key, marks) in marks {
                if let Some(value) = map.get(key) {
                    marked_texts(value, marks, found);
                }
            }
        }
        (Value::Array(items), Value::Array(marks)) => {
            items.iter().zip(marks).for_each(|(value, marks)| marked_texts(value, marks, found));
        }
        (value, Value::Bool(true)) => texts(value, found),
        _ => {}
    }
}

/// All texts and numbers inside a value.
pub(crate) fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) => {}
    }
}
