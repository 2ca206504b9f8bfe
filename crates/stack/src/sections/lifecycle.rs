use super::reader::Reader;
use crate::stack::{IgnoreChanges, Lifecycle};
use crate::yaml::{Kind, Node};
use wharf_core::{Diagnostic, PropertyPath, Schema, Segment};

const KEYS: [&str; 4] = ["prevent_destroy", "create_before_destroy", "ignore_changes", "retain"];

impl Reader<'_> {
    pub(super) fn lifecycle(&mut self, node: Option<&Node>, schema: &Schema) -> Lifecycle {
        let Some(node) = node else { return Lifecycle::default() };
        let fields = self.fixed(node, "`lifecycle`", &KEYS);
        let mut flag = |key: &str| fields.get(key).and_then(|node| self.boolean(node, &format!("`{key}`")));
        Lifecycle {
            prevent_destroy: flag("prevent_destroy").unwrap_or_default(),
            create_before_destroy: flag("create_before_destroy"),
            retain: flag("retain").unwrap_or_default(),
            ignore_changes: fields
                .get("ignore_changes")
                .map(|node| self.ignore_changes(node, schema))
                .unwrap_or_default(),
        }
    }

    fn ignore_changes(&mut self, node: &Node, schema: &Schema) -> IgnoreChanges {
        if node.text() == Some("all") {
            return IgnoreChanges::All;
        }
        if !matches!(&*node.kind, Kind::List(_)) {
            self.expected(node, "`ignore_changes`", "a list of properties, or `all`");
            return IgnoreChanges::default();
        }
        let mut paths = Vec::new();
        for item in self.list(node, "`ignore_changes`") {
            let Some(text) = self.text(item, "an entry of `ignore_changes`") else { continue };
            let path = property_path(&text);
            let known = path
                .as_ref()
                .and_then(PropertyPath::property)
                .is_some_and(|name| schema.field(name).is_some());
            match path {
                Some(path) if known => paths.push(path),
                _ => {
                    let error = Diagnostic::error(format!("`{text}` is no property")).at(item.used_at());
                    let names = schema.properties().map(|field| field.name.as_str());
                    self.errors.push(match wharf_core::suggest(&text, names) {
                        Some(near) => error.help(format!("did you mean `{near}`?")),
                        None => error.help("write it like `tags` or `tags.Name`"),
                    });
                }
            }
        }
        IgnoreChanges::Paths(paths)
    }
}

/// Reads `default_action[0].target_group_arn` or `tags["Name"]`.
pub(crate) fn property_path(text: &str) -> Option<PropertyPath> {
    let mut segments = Vec::new();
    let mut rest = text;
    let mut first = true;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('[') {
            let (inside, behind) = behind.split_once(']')?;
            let quoted = inside.strip_prefix('"').and_then(|inside| inside.strip_suffix('"'));
            segments.push(match quoted {
                Some(key) => Segment::Key(key.to_owned()),
                None => Segment::Index(inside.parse().ok()?),
            });
            rest = behind;
        } else {
            let behind = if first { rest } else { rest.strip_prefix('.')? };
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (name, behind) = behind.split_at(end);
            if name.is_empty() {
                return None;
            }
            segments.push(Segment::Key(name.to_owned()));
            rest = behind;
        }
        first = false;
    }
    (!segments.is_empty()).then_some(PropertyPath(segments))
}

#[cfg(test)]
mod tests {
    use super::property_path;

    #[test]
    fn paths() {
        for text in ["tags", "tags.Name", "default_action[0].target_group_arn"] {
            assert_eq!(property_path(text).expect("a path").to_string(), text);
        }
        assert_eq!(
            property_path("tags[\"a.b\"]").expect("a path"),
            wharf_core::PropertyPath::of("tags").key("a.b")
        );
        for text in ["", ".", "a.", "a[", "a[x]", "a..b"] {
            assert_eq!(property_path(text), None, "{text}");
        }
    }
}
