use super::looks::{is_secret_name, kind_of, may_be_secret};
use crate::expanded::{Expanded, Instance, NothingKnown};
use crate::written::WrittenKind;
use std::collections::BTreeMap;
use wharf_core::{Diagnostic, Diagnostics, Map, PropertyPath, Segment, SourceId, Span, Type, Value};

/// What Terraform lets an output say besides its value.
const OUTPUT_KEYS: [&str; 5] = ["value", "sensitive", "description", "depends_on", "ephemeral"];

impl Expanded {
    /// Warns of what looks like a secret and is not hidden: environment variables of containers and builds, properties,
    /// tags, variables and outputs. Each with the way that keeps it secret; none holds the value. The place of each is
    /// that of the value, which a snippet should not show.
    pub fn exposed(&self) -> Diagnostics {
        let mut finder = Finder { expanded: self, found: BTreeMap::new() };
        finder.variables();
        for instance in self.instances() {
            finder.instance(instance);
        }
        finder.outputs();
        Diagnostics(finder.found.into_values().collect()).sorted()
    }
}

struct Finder<'e> {
    expanded: &'e Expanded,
    /// By place: of the instances of a `for_each`, one is enough.
    found: BTreeMap<(SourceId, usize, usize), Diagnostic>,
}

/// Where a value is, for the message and for the way out.
struct Place<'p> {
    /// In words: "`password` of `role`".
    whose: String,
    instance: &'p Instance,
    way: Way,
}

/// How a secret is kept where it is.
#[derive(Clone, Copy)]
enum Way {
    /// As an environment variable of a container.
    Container,
    /// As an environment variable of a build.
    Build,
    /// As any other property.
    Variable,
}

impl Finder<'_> {
    fn report(&mut self, span: Span, diagnostic: Diagnostic) {
        self.found.entry((span.source, span.start, span.end)).or_insert_with(|| diagnostic.at(span));
    }

    fn variables(&mut self) {
        let variables = &self.expanded.stack.variables;
        for variable in variables.iter().filter(|variable| !variable.sensitive) {
            let Some(Value::String(text)) = self.expanded.variables.get(&variable.name) else { continue };
            let Some(cause) = cause(&variable.name, true, text) else { continue };
            let span = match &variable.default {
                Some(default) => default.span,
                None => variable.span,
            };
            let message = format!("the variable `{}` {cause}, and it is not sensitive", variable.name);
            let help =
                format!("add `sensitive: true` to `{}`, and set it from outside the file", variable.name);
            self.report(span, Diagnostic::warning(message).help(help));
        }
    }

    fn instance(&mut self, instance: &Instance) {
        // What cannot be evaluated has been reported when the stack was expanded.
        let Ok(properties) = self.expanded.properties(instance, &NothingKnown) else { return };
        let resource = self.expanded.resource(instance);
        let (name, schema) = (resource.name.clone(), resource.schema.clone());
        for field in schema.properties() {
            let Some(value) = properties.get(&field.name) else { continue };
            let containers = field.name == "container_definitions";
            let parsed = match value {
                Value::String(text) if containers => {
                    serde_json::from_str(text).ok().map(|json: serde_json::Value| json.into())
                }
                _ => None,
            };
            let place = Place { whose: format!("`{name}`"), instance, way: Way::Variable };
            // In other documents, such as policies, names are those of AWS.
            let by_name = containers || field.ty != Type::Json;
            self.walk(
                &place,
                &PropertyPath::of(&field.name),
                &field.name,
                by_name,
                parsed.as_ref().unwrap_or(value),
            );
        }
    }

    fn walk(&mut self, place: &Place<'_>, path: &PropertyPath, name: &str, by_name: bool, value: &Value) {
        match value {
            Value::String(text) => self.text(place, path, name, by_name, text),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(place, &path.index(index), name, by_name, item);
                }
            }
            Value::Map(map) => match variable_of(map) {
                Some((name, value)) => {
                    if map.get("type").and_then(Value::as_str).is_none_or(|kind| kind == "PLAINTEXT") {
                        let place = Place { way: way_of(path), whose: place.whose.clone(), ..*place };
                        self.text(&place, &path.key("value"), name, by_name, value);
                    }
                }
                None => {
                    for (key, value) in map {
                        self.walk(place, &path.key(key), key, by_name, value);
                    }
                }
            },
            _ => {}
        }
    }

    fn text(&mut self, place: &Place<'_>, path: &PropertyPath, name: &str, by_name: bool, text: &str) {
        let Some(cause) = cause(name, by_name, text) else { return };
        let what = match place.way {
            Way::Container => "the environment variable ",
            Way::Build => "the build's environment variable ",
            Way::Variable => "",
        };
        let message = format!("{what}`{name}` of {} {cause}, and is in the open", place.whose);
        let help = match place.way {
            Way::Container => format!(
                "keep it in Secrets Manager or the Parameter Store, and name it in the container: `secrets: [{{name: {name}, valueFrom: \"arn:aws:secretsmanager:...\"}}]`"
            ),
            Way::Build => format!(
                "keep it in Secrets Manager or the Parameter Store, and name it: `{{name: {name}, type: SECRETS_MANAGER, value: ...}}` or `type: PARAMETER_STORE`"
            ),
            Way::Variable => "pass it in as a variable with `sensitive: true`".to_owned(),
        };
        let span = self.expanded.span_of(place.instance, path);
        self.report(span, Diagnostic::warning(message).help(help));
    }

    fn outputs(&mut self) {
        let values: BTreeMap<String, Value> =
            self.expanded.outputs(&NothingKnown).unwrap_or_default().into_iter().collect();
        for output in &self.expanded.stack.outputs {
            let span = output.value.span;
            if let Some(key) = terraforms(&output.value.kind) {
                let message =
                    format!("the output `{}` is a mapping; `{key}` in it means nothing", output.name);
                let help = "write the value alone, `name: ${...}`: it is hidden if it is made of a variable with `sensitive: true`";
                self.report(span, Diagnostic::warning(message).help(help));
            } else if let Some(Value::String(text)) = values.get(&output.name)
                && let Some(cause) = cause(&output.name, true, text)
            {
                let message = format!("the output `{}` {cause}, and is in the open", output.name);
                let help = "make it of a variable with `sensitive: true`, and it is hidden";
                self.report(span, Diagnostic::warning(message).help(help));
            }
        }
    }
}

/// What gives a value away, as a phrase: by what it is first, then by its name.
fn cause(name: &str, by_name: bool, text: &str) -> Option<String> {
    if let Some(kind) = kind_of(text) {
        return Some(format!("holds what looks like {kind}"));
    }
    (by_name && is_secret_name(name) && may_be_secret(text))
        .then(|| "looks like a secret by its name".to_owned())
}

/// The name and value of one of a list of variables: `{name: DB_PASSWORD, value: ...}`.
fn variable_of(map: &Map) -> Option<(&str, &str)> {
    match (map.get("name")?, map.get("value")?) {
        (Value::String(name), Value::String(value)) => Some((name, value)),
        _ => None,
    }
}

fn way_of(path: &PropertyPath) -> Way {
    let within =
        |name: &str| path.0.iter().any(|segment| matches!(segment, Segment::Key(key) if key == name));
    if within("container_definitions") && within("environment") {
        Way::Container
    } else if within("environment_variable") {
        Way::Build
    } else {
        Way::Variable
    }
}

/// The key by which a mapping is an output as Terraform writes it.
fn terraforms(kind: &WrittenKind) -> Option<&str> {
    let WrittenKind::Map(entries) = kind else { return None };
    let mut keys = Vec::with_capacity(entries.len());
    for entry in entries {
        match &entry.key.kind {
            WrittenKind::Literal(Value::String(key)) if OUTPUT_KEYS.contains(&key.as_str()) => {
                keys.push(key.as_str());
            }
            _ => return None,
        }
    }
    let other = keys.iter().find(|key| **key != "value").copied();
    if keys.contains(&"value") { other } else { None }
}
