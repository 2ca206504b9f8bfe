use crate::switch::Switch;
use crate::weight::Weight;
use serde_yaml::Value;

/// A configuration file of the gate: the options of `wharf gate`, under the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// `fail_on`.
    pub fail_on: Vec<Switch>,
    /// `protect`.
    pub protect: Vec<String>,
    /// `budget`.
    pub budget: Option<u64>,
    /// `weight`: a map of `TYPE` or `TYPE.ACTION` to numbers.
    pub weights: Vec<Weight>,
    /// `policy`: folders, relative to the file.
    pub policy: Vec<String>,
    /// `data`: files, relative to the file.
    pub data: Vec<String>,
    /// `namespace`.
    pub namespace: Vec<String>,
    /// `all_namespaces`.
    pub all_namespaces: bool,
    /// `authz`.
    pub authz: Vec<String>,
}

/// Mistakes in a configuration file: all of them, each with its line if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The line, from 1, and what is wrong there.
    pub mistakes: Vec<(Option<usize>, String)>,
}

const KEYS: [&str; 9] =
    ["fail_on", "protect", "budget", "weight", "policy", "data", "namespace", "all_namespaces", "authz"];

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// It is no YAML, or has keys or values that mean nothing.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let value: Value = serde_yaml::from_str(text).map_err(|problem| ConfigError {
            mistakes: vec![(problem.location().map(|location| location.line()), problem.to_string())],
        })?;
        let mut config = Config::default();
        let mut mistakes = Vec::new();
        match value {
            Value::Null => {}
            Value::Mapping(map) => {
                for (key, value) in map {
                    let written = key.as_str().unwrap_or("?").to_owned();
                    if let Err(problem) = config.set(&written, &value) {
                        mistakes.push((line(text, &written), problem));
                    }
                }
            }
            _ => mistakes.push((Some(1), format!("it has to be a map with {}", KEYS.join(", ")))),
        }
        if mistakes.is_empty() { Ok(config) } else { Err(ConfigError { mistakes }) }
    }

    fn set(&mut self, written: &str, value: &Value) -> Result<(), String> {
        let key = written.replace('-', "_");
        match key.as_str() {
            "fail_on" => {
                for name in texts(&key, value)? {
                    self.fail_on.push(name.parse().map_err(|e: crate::switch::UnknownSwitch| e.to_string())?);
                }
            }
            "protect" => self.protect = texts(&key, value)?,
            "budget" => self.budget = Some(number(&key, value)?),
            "weight" => {
                let map = value.as_mapping().ok_or("`weight` is a map of TYPE or TYPE.ACTION to numbers")?;
                for (what, weight) in map {
                    let what = what.as_str().ok_or("the keys of `weight` are TYPE or TYPE.ACTION")?;
                    let weight = number(&format!("weight.{what}"), weight)?;
                    self.weights.push(Weight::of(what, weight).map_err(|problem| problem.to_string())?);
                }
            }
            "policy" => self.policy = texts(&key, value)?,
            "data" => self.data = texts(&key, value)?,
            "namespace" => self.namespace = texts(&key, value)?,
            "all_namespaces" => {
                self.all_namespaces = value.as_bool().ok_or("`all_namespaces` is true or false")?;
            }
            "authz" => self.authz = texts(&key, value)?,
            _ => {
                let near = wharf_core::suggest(&key, KEYS);
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                return Err(format!("there is no key `{written}`{near}; there are {}", KEYS.join(", ")));
            }
        }
        Ok(())
    }
}

/// A list of texts; one text is a list of one.
fn texts(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("`{key}` is a list of texts");
    match value {
        Value::Sequence(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Value::String(text) => Ok(vec![text.clone()]),
        _ => Err(wrong()),
    }
}

fn number(key: &str, value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("`{key}` is a whole number from 0 on"))
}

/// The line of a key at the top; `serde_yaml` does not say.
fn line(text: &str, key: &str) -> Option<usize> {
    let is_it = |line: &str| line.trim_matches(['"', '\'']).starts_with(key);
    text.lines().position(is_it).map(|line| line + 1)
}
