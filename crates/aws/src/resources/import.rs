//! Ids as Terraform has them: as its `import` takes them, and in its state.

use wharf_core::Map;
use wharf_provider::{Error, ErrorKind, ResourceType, Result};

/// The id in wharf of what is imported by this text; `ours` if it could be made of it.
pub(crate) fn imported<T: ResourceType>(id: &str, ours: Option<String>) -> Result<Option<String>> {
    let malformed = || {
        Error::new(
            ErrorKind::Invalid,
            format!("`{id}` is no id of an `{}`: it takes {}", T::NAME, T::IMPORT_ID),
        )
    };
    ours.map(Some).ok_or_else(malformed)
}

/// An attribute in Terraform's state that is text and not empty.
pub(crate) fn text<'a>(attributes: &'a Map, name: &str) -> Option<&'a str> {
    attributes.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// The two parts of an id, unless one of them is empty.
pub(crate) fn pair(id: &str, separator: char) -> Option<(&str, &str)> {
    id.split_once(separator).filter(|(first, second)| !first.is_empty() && !second.is_empty())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wharf_core::Value;

    /// The id in wharf of an object with these attributes in Terraform's state.
    pub(crate) fn in_terraform<T: ResourceType>(attributes: serde_json::Value) -> Option<String> {
        T::id_in_terraform(Value::from(attributes).as_map()?)
    }

    #[test]
    fn parts_are_not_empty() {
        assert_eq!(pair("role/arn:aws:iam::aws:policy/x", '/'), Some(("role", "arn:aws:iam::aws:policy/x")));
        assert_eq!(pair("role", '/'), None);
        assert_eq!(pair("/x", '/'), None);
        assert_eq!(pair("x/", '/'), None);
    }
}
