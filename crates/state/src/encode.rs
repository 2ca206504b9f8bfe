//! Values as they stand in a state: sensitive ones as salted hashes, unknown ones (in the journal only) as markers.

use serde_json::{Map as JsonMap, Value as Json};
use sha2::{Digest, Sha256};
use wharf_core::{Map, Value};

const SENSITIVE: &str = "$sensitive";
const UNKNOWN: &str = "$unknown";

/// A map as it is written. `salt` is the state's lineage.
pub(crate) fn encode(map: &Map, salt: &str) -> Json {
    Json::Object(map.iter().map(|(key, value)| (key.clone(), one(value, salt))).collect())
}

pub(crate) fn one(value: &Value, salt: &str) -> Json {
    match value {
        Value::Sensitive(inner) => marker(SENSITIVE, &digest(inner, salt)),
        Value::Unknown(unknown) => marker(UNKNOWN, &unknown.of),
        Value::List(list) => Json::Array(list.iter().map(|item| one(item, salt)).collect()),
        Value::Map(map) => encode(map, salt),
        known => known.to_json().unwrap_or_default(),
    }
}

fn marker(key: &str, text: &str) -> Json {
    Json::Object(JsonMap::from_iter([(key.to_owned(), Json::from(text))]))
}

/// A map as it was written. Hashes stay what they are (see [`is_hash`]): the value behind them is gone.
pub(crate) fn decode(json: Json) -> Value {
    match json {
        Json::Array(list) => Value::List(list.into_iter().map(decode).collect()),
        Json::Object(map) => {
            if let (1, Some(Json::String(of))) = (map.len(), map.get(UNKNOWN)) {
                return Value::unknown(of.clone());
            }
            Value::Map(map.into_iter().map(|(key, value)| (key, decode(value))).collect())
        }
        scalar => Value::from(scalar),
    }
}

pub(crate) fn decode_map(json: Json) -> Map {
    match decode(json) {
        Value::Map(map) => map,
        _ => Map::new(),
    }
}

/// What a state holds in place of a sensitive value.
pub fn hash(value: &Value, salt: &str) -> Value {
    decode(marker(SENSITIVE, &digest(value, salt)))
}

/// Whether a recorded value is the hash of one.
pub fn is_hash(recorded: &Value) -> bool {
    recorded.as_map().is_some_and(|map| map.len() == 1 && map.contains_key(SENSITIVE))
}

/// Whether a recorded value is or holds the hash of one.
pub fn holds_hash(recorded: &Value) -> bool {
    recorded.any(&is_hash)
}

/// Whether a recorded value, which may be or hold hashes, is this one.
pub fn matches(recorded: &Value, value: &Value, salt: &str) -> bool {
    decode(one(value, salt)) == *recorded
        || recorded.as_map().and_then(|map| map.get(SENSITIVE)).and_then(Value::as_str)
            == Some(&digest(value, salt))
}

fn digest(value: &Value, salt: &str) -> String {
    let text = value.to_json().unwrap_or_default().to_string();
    let mut hasher = Sha256::new();
    hasher.update(salt.as_bytes());
    hasher.update([0]);
    hasher.update(text.as_bytes());
    let mut hex = String::from("sha256:");
    for byte in hasher.finalize() {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_values_are_hashed_and_recognised() {
        let secret = Value::from("hunter2").sensitive();
        let map =
            Map::from([("password".to_owned(), secret.clone()), ("name".to_owned(), Value::from("db"))]);
        let json = encode(&map, "salt");
        assert!(!json.to_string().contains("hunter2"));
        let back = decode_map(json);
        assert!(is_hash(&back["password"]));
        assert!(matches(&back["password"], &secret, "salt"));
        assert!(matches(&back["password"], &Value::from("hunter2"), "salt"));
        assert!(!matches(&back["password"], &secret, "other salt"));
        assert!(!matches(&back["password"], &Value::from("hunter3").sensitive(), "salt"));
        assert!(matches(&back["name"], &Value::from("db"), "salt"));
    }

    #[test]
    fn unknowns_come_back() {
        let map = Map::from([("vpc_id".to_owned(), Value::unknown("vpc.id"))]);
        assert_eq!(decode_map(encode(&map, "")), map);
    }
}
