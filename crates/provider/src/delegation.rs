//! Properties that another controller of AWS moves once it works: CodeDeploy switches listeners and starts revisions.

use wharf_core::{Map, Value};

/// What the controller behind one object owns of another object from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The type of the other object.
    pub resource_type: &'static str,
    /// The attributes it is known by, with their values; where AWS has an ARN for one, its last part will do.
    pub known_by: Vec<(&'static str, String)>,
    /// The properties that are moved.
    pub properties: &'static [&'static str],
    /// Whether nobody else can change them while the object is there.
    pub exclusive: bool,
    /// Only where the live properties speak of one of these.
    pub mentions: Vec<String>,
}

/// How a controller's work stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// One line for people: who has the traffic.
    pub summary: String,
    /// What is under way, if anything: until it has ended, nobody else touches what it moves.
    pub running: Option<String>,
    /// Where what is live cannot be the controller's doing.
    pub faults: Vec<Fault>,
}

/// A delegated property that is not as its controller leaves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Which of the objects.
    pub object: usize,
    /// Which of its properties.
    pub property: &'static str,
    /// What is wrong with it.
    pub reason: String,
    /// What the controller would have there, if that can be told; the stack file decides otherwise.
    pub wanted: Option<Value>,
}

impl Delegation {
    /// Whether it is about the object of these attributes.
    pub fn is_about(&self, attributes: &Map) -> bool {
        let is = |(attribute, wanted): &(&str, String)| {
            let value = attributes.get(*attribute).and_then(Value::as_str);
            value.is_some_and(|value| value == wanted || value.rsplit(['/', ':']).next() == Some(wanted))
        };
        let speaks = |name: &String| {
            let mut properties = self.properties.iter().filter_map(|property| attributes.get(*property));
            properties.any(|value| holds(value, name))
        };
        self.known_by.iter().all(is) && (self.mentions.is_empty() || self.mentions.iter().any(speaks))
    }
}

/// Whether some text in a value is `name`, or has it as a part between slashes or colons.
fn holds(value: &Value, name: &str) -> bool {
    match value.bare() {
        Value::String(text) => text.split(['/', ':']).any(|part| part == name),
        Value::List(list) => list.iter().any(|item| holds(item, name)),
        Value::Map(map) => map.values().any(|item| holds(item, name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn objects_are_known_by_names_and_arns() {
        let delegation = Delegation {
            resource_type: "aws_ecs_service",
            known_by: vec![("cluster", "shop".into()), ("name", "web".into())],
            properties: &["task_definition"],
            exclusive: true,
            mentions: Vec::new(),
        };
        let arn = "arn:aws:ecs:eu-central-1:1:cluster/shop";
        assert!(delegation.is_about(&map(json!({"cluster": arn, "name": "web"}))));
        assert!(delegation.is_about(&map(json!({"cluster": "shop", "name": "web"}))));
        assert!(!delegation.is_about(&map(json!({"cluster": arn, "name": "website"}))));
        assert!(!delegation.is_about(&map(json!({"name": "web"}))));
    }

    #[test]
    fn only_what_speaks_of_the_pair() {
        let delegation = Delegation {
            resource_type: "aws_lb_listener_rule",
            known_by: vec![("listener_arn", "arn:l".into())],
            properties: &["action"],
            exclusive: false,
            mentions: vec!["blue".into()],
        };
        let rule = |group: &str| {
            map(
                json!({"listener_arn": "arn:l", "action": [{"forward": [{"target_group": [{"arn": group}]}]}]}),
            )
        };
        assert!(delegation.is_about(&rule("arn:aws:elb:eu:1:targetgroup/blue/0a")));
        assert!(!delegation.is_about(&rule("arn:aws:elb:eu:1:targetgroup/blueish/0a")));
    }
}
