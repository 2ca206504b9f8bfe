use super::reader::Reader;
use crate::check::{Checker, Place};
use crate::stack::{DependsOn, Resource};
use crate::written::{Written, WrittenKind};
use crate::yaml::{Entry, Node};
use std::sync::Arc;
use wharf_core::{Address, Diagnostic, Schema, Type, Value};

/// Names that expressions use for something else.
const RESERVED: [&str; 10] =
    ["var", "local", "each", "aws", "stack", "path", "data", "true", "false", "null"];

const KEYS: [&str; 5] = ["type", "properties", "for_each", "depends_on", "lifecycle"];

impl Reader<'_> {
    pub(super) fn resources(&mut self, node: &Node) -> Vec<Resource> {
        self.mapping(node, "`resources`").iter().filter_map(|entry| self.resource(entry)).collect()
    }

    fn resource(&mut self, entry: &Entry) -> Option<Resource> {
        let name = entry.key.text().unwrap_or_default().to_owned();
        let span = entry.key.used_at();
        if RESERVED.contains(&name.as_str()) {
            self.errors.push(
                Diagnostic::error(format!("`{name}` cannot be the name of a resource"))
                    .at(span)
                    .label("expressions use this word for something else")
                    .help("give the resource another name"),
            );
        } else {
            self.check_name("resource", &name, &entry.key);
        }
        let fields = self.fixed(&entry.value, &format!("resource `{name}`"), &KEYS);
        let Some(type_node) = fields.get("type") else {
            self.errors.push(
                Diagnostic::error(format!("resource `{name}` has no `type`"))
                    .at(span)
                    .help("add `type:` with a name like `aws_vpc`"),
            );
            return None;
        };
        let type_name = self.text(type_node, "`type`")?;
        let Some(schema) = self.types.schema(&type_name) else {
            self.unknown_type(&type_name, type_node);
            return None;
        };
        let for_each = fields.get("for_each").map(|node| self.written(node, None));
        let properties = self.properties(&name, &type_name, &schema, fields.get("properties"), &entry.key);
        let depends_on = fields.get("depends_on").map(|node| self.depends_on(node)).unwrap_or_default();
        let lifecycle = self.lifecycle(fields.get("lifecycle"), &schema);
        Some(Resource {
            name,
            type_name,
            schema,
            lifecycle,
            span,
            properties,
            for_each,
            depends_on,
            uses: Default::default(),
        })
    }

    fn unknown_type(&mut self, type_name: &str, node: &Node) {
        let names = self.types.names();
        let error = Diagnostic::error(format!("unknown resource type `{type_name}`")).at(node.used_at());
        self.errors.push(match wharf_core::suggest(type_name, names.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`wharf explain` lists what there is"),
        });
    }

    /// Takes the properties and checks all that needs no inputs.
    fn properties(
        &mut self,
        name: &str,
        type_name: &str,
        schema: &Arc<Schema>,
        node: Option<&Node>,
        key: &Node,
    ) -> Written {
        let object = Type::Object(schema.clone());
        let written = match node {
            Some(node) => self.written(node, Some(&object)),
            None => Written { span: key.used_at(), kind: WrittenKind::Map(Vec::new()) },
        };
        if matches!(written.kind, WrittenKind::List(_) | WrittenKind::Literal(_)) {
            if let Some(node) = node {
                self.expected(node, &format!("the properties of `{name}`"), "a mapping");
            }
            return Written { span: key.used_at(), kind: WrittenKind::Map(Vec::new()) };
        }
        if let Value::Map(outline) = written.outline() {
            let errors = &mut self.errors;
            let mut report = |path: &[wharf_core::Segment], place: Place, error: Diagnostic| {
                errors.push(error.at(match place {
                    Place::Value => written.span_of(path),
                    Place::Key => written.key_span_of(path),
                    Place::Owner if path.is_empty() => key.used_at(),
                    Place::Owner => owner_span(&written, path),
                }));
            };
            Checker::new(type_name, false, &mut report).fields(outline, schema);
        }
        written
    }

    fn depends_on(&mut self, node: &Node) -> Vec<DependsOn> {
        let mut names = Vec::new();
        for item in self.list(node, "`depends_on`") {
            let Some(text) = self.text(item, "an entry of `depends_on`") else { continue };
            let bare =
                text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(&text).trim();
            match bare.parse::<Address>() {
                Ok(address) => names.push(DependsOn { address, span: item.used_at() }),
                Err(_) => self.errors.push(
                    Diagnostic::error(format!("`{text}` names no resource"))
                        .at(item.used_at())
                        .help("write the name of a resource, or `name[\"key\"]` for one instance"),
                ),
            }
        }
        names
    }
}

/// The key of the block that lacks something.
pub(crate) fn owner_span(written: &Written, path: &[wharf_core::Segment]) -> wharf_core::Span {
    match path.last() {
        Some(wharf_core::Segment::Key(_)) => written.key_span_of(path),
        // one mapping under the block's key, or an item of a list
        _ => {
            let block = path.split_last().map_or(path, |(_, block)| block);
            let span = written.span_of(path);
            if span == written.span_of(block) { written.key_span_of(block) } else { span }
        }
    }
}
