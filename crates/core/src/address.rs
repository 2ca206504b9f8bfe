use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Names one resource instance: `vpc`, or `public_subnet["a"]` for an instance of a `for_each`.
///
/// Unique within a stack. Ordered by name, then key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The resource's key under `resources:`.
    pub name: String,
    /// The instance's key, for a resource with `for_each`.
    pub key: Option<String>,
}

impl Address {
    /// The address of a resource without `for_each`.
    pub fn single(name: impl Into<String>) -> Self {
        Address { name: name.into(), key: None }
    }

    /// The address of one instance of a resource with `for_each`.
    pub fn instance(name: impl Into<String>, key: impl Into<String>) -> Self {
        Address { name: name.into(), key: Some(key.into()) }
    }

    /// Whether `text` may name a resource: a letter or `_`, then letters, digits, `_` or `-`.
    pub fn is_name(text: &str) -> bool {
        let mut chars = text.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    }

    /// The address in the alphabet that every AWS service accepts in a tag value: `public_subnet/a`.
    ///
    /// Characters outside letters, digits and `+-=._: ` become `@` and their code point in hex, ended by `@`.
    pub fn to_tag(&self) -> String {
        let mut tag = self.name.clone();
        if let Some(key) = &self.key {
            tag.push('/');
            for c in key.chars() {
                if c.is_ascii_alphanumeric() || "+-=._: ".contains(c) {
                    tag.push(c);
                } else {
                    tag.push_str(&format!("@{:x}@", c as u32));
                }
            }
        }
        tag
    }

    /// The address as Terraform writes it in a plan: `aws_vpc.vpc`, `aws_subnet.public["a"]`.
    pub fn terraform(&self, resource_type: &str) -> String {
        format!("{resource_type}.{self}")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(key) = &self.key {
            write!(f, "[\"")?;
            for c in key.chars() {
                if c == '"' || c == '\\' {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            write!(f, "\"]")?;
        }
        Ok(())
    }
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    text: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a resource address; write `name` or `name[\"key\"]`", self.text)
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || AddressError { text: text.to_owned() };
        let (name, key) = match text.split_once('[') {
            None => (text, None),
            Some((name, rest)) => {
                let quoted = rest.strip_suffix(']').ok_or_else(error)?;
                let inner = quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')).ok_or_else(error)?;
                let mut key = String::with_capacity(inner.len());
                let mut chars = inner.chars();
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => key.push(chars.next().ok_or_else(error)?),
                        '"' => return Err(error()),
                        c => key.push(c),
                    }
                }
                (name, Some(key))
            }
        };
        if Address::is_name(name) { Ok(Address { name: name.to_owned(), key }) } else { Err(error()) }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for address in [
            Address::single("vpc"),
            Address::instance("subnet", "a"),
            Address::instance("subnet", r#"we"ird\key]["#),
            Address::instance("subnet", ""),
        ] {
            assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }
    }

    #[test]
    fn what_is_no_address() {
        for text in
            ["", "1a", "a b", "a[", "a[]", "a[b]", "a[\"b]", "a[\"b\"", "a.b", "a[\"b\"c\"]", "a[\"b\\\"]"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn tags_tell_keys_apart() {
        assert_eq!(Address::instance("subnet", "a").to_tag(), "subnet/a");
        assert_eq!(Address::instance("subnet", "a/b").to_tag(), "subnet/a@2f@b");
        assert_ne!(Address::instance("s", "@2f@").to_tag(), Address::instance("s", "/").to_tag());
    }
}
