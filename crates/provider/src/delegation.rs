//! Properties that another controller of AWS moves once it works: CodeDeploy switches listeners and starts revisions.

use wharf_core::{Map, Value};

/// What the controller behind one object owns of another object from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The type of the other object.
    pub resource_type: &'static str,
    /// The attributes it is known by, with their values; where AWS has an ARN for one, its last part will do.
    pub known_by: Vec<(&'static str, String)>,
    /// The properties that are moved; none where the object is only left alone while something is under way.
    pub properties: &'static [&'static str],
    /// Whether nobody else can change them while the object is there.
    pub exclusive: bool,
    /// Whether the stack file decides again as soon as it says something new: what was rolled back is not brought again
    /// before.
    pub yields: bool,
    /// Only where some text of the properties is one of these, or has it as a part between slashes or colons: as they are
    /// or as they were asked for last.
    pub mentions: Vec<String>,
    /// What is moved within the properties by each of the controller's works, such as `target_group_arn`: it is not asked
    /// whether the stack file wants that otherwise.
    pub moved_within: &'static [&'static str],
}

/// An object that works in the place of one that the stack may have made: the task definition that a deployment
/// registered, in the place of the one that the service began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The property by which the other object names it.
    pub property: &'static str,
    /// Its type.
    pub resource_type: &'static str,
    /// The attribute by which its predecessors are known, with its value.
    pub known_by: (&'static str, String),
    /// Its id.
    pub id: String,
    /// Whether parts of it are not the stack file's any more, so that a new one takes them over.
    pub has_own_parts: bool,
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
    /// The ids of what has the traffic, such as a target group's ARN: it cannot be taken away.
    pub serves: Vec<String>,
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

impl InForce {
    /// Whether it works in the place of the object of these attributes.
    pub fn is_about(&self, attributes: &Map) -> bool {
        attributes.get(self.known_by.0).and_then(Value::as_str) == Some(self.known_by.1.as_str())
    }
}

impl Delegation {
    /// Whether a property is as wanted, apart from what its controller moves within it.
    pub fn is_as_wanted(&self, wanted: &Value, live: &Value) -> bool {
        same_but_for(wanted, live, self.moved_within)
    }

    /// Whether it is about the object of these attributes, for which a stack file asked for these properties last.
    pub fn is_about(&self, attributes: &Map, asked: &Map) -> bool {
        let is = |(attribute, wanted): &(&str, String)| {
            let value = attributes.get(*attribute).and_then(Value::as_str);
            value.is_some_and(|value| value == wanted || value.rsplit(['/', ':']).next() == Some(wanted))
        };
        let speaks = |name: &String| {
            let places = [attributes, asked].into_iter();
            let mut properties =
                places.flat_map(|map| self.properties.iter().filter_map(|property| map.get(*property)));
            let is_part = |value: &Value| {
                value.as_str().is_some_and(|text| text.split(['/', ':']).any(|part| part == name))
            };
            properties.any(|value| value.any(&is_part))
        };
        self.known_by.iter().all(is) && (self.mentions.is_empty() || self.mentions.iter().any(speaks))
    }
}

/// Whether two values differ in nothing but in map entries of these names, and what only one of them has.
pub fn same_but_for(wanted: &Value, live: &Value, moved: &[&str]) -> bool {
    match (wanted.bare(), live.bare()) {
        (Value::Map(wanted), Value::Map(live)) => wanted
            .iter()
            .filter(|(name, value)| !moved.contains(&name.as_str()) && !value.is_null())
            .all(|(name, value)| live.get(name).is_some_and(|live| same_but_for(value, live, moved))),
        (Value::List(wanted), Value::List(live)) => {
            wanted.len() == live.len()
                && wanted.iter().zip(live).all(|(wanted, live)| same_but_for(wanted, live, moved))
        }
        (wanted, live) => wanted == live,
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
            yields: false,
            mentions: Vec::new(),
            moved_within: &["target_group_arn"],
        };
        let arn = "arn:aws:ecs:eu-central-1:1:cluster/shop";
        assert!(delegation.is_about(&map(json!({"cluster": arn, "name": "web"})), &Map::new()));
        assert!(delegation.is_about(&map(json!({"cluster": "shop", "name": "web"})), &Map::new()));
        assert!(!delegation.is_about(&map(json!({"cluster": arn, "name": "website"})), &Map::new()));
        assert!(!delegation.is_about(&map(json!({"name": "web"})), &Map::new()));
    }

    #[test]
    fn only_what_speaks_of_the_pair() {
        let delegation = Delegation {
            resource_type: "aws_lb_listener_rule",
            known_by: vec![("listener_arn", "arn:l".into())],
            properties: &["action"],
            exclusive: false,
            yields: false,
            mentions: vec!["blue".into()],
            moved_within: &[],
        };
        let rule = |group: &str| {
            map(
                json!({"listener_arn": "arn:l", "action": [{"forward": [{"target_group": [{"arn": group}]}]}]}),
            )
        };
        let (blue, blueish) =
            ("arn:aws:elb:eu:1:targetgroup/blue/0a", "arn:aws:elb:eu:1:targetgroup/blueish/0a");
        assert!(delegation.is_about(&rule(blue), &rule(blue)));
        assert!(!delegation.is_about(&rule(blueish), &rule(blueish)));
        // Whoever sent it elsewhere: it was to be one of the pair.
        assert!(delegation.is_about(&rule(blueish), &rule(blue)));
    }

    #[test]
    fn what_a_controller_moves_within_a_property_is_not_wanted_otherwise() {
        let delegation = Delegation {
            resource_type: "aws_ecs_service",
            known_by: Vec::new(),
            properties: &["load_balancer"],
            exclusive: true,
            yields: false,
            mentions: Vec::new(),
            moved_within: &["target_group_arn"],
        };
        let balancer = |group: &str, port: u16| {
            Value::from(json!([{"target_group_arn": group, "container_name": "web", "container_port": port}]))
        };
        assert!(delegation.is_as_wanted(&balancer("blue", 80), &balancer("green", 80)));
        assert!(!delegation.is_as_wanted(&balancer("blue", 8080), &balancer("blue", 80)));
    }
}
