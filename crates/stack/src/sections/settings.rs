use super::reader::Reader;
use crate::settings::{WrittenAws, WrittenState, aws_schema, s3_schema};
use crate::written::Written;
use crate::yaml::Node;
use wharf_core::{Diagnostic, Span, Type};

impl Reader<'_> {
    pub(super) fn aws(&mut self, node: Option<&Node>, span: Span) -> WrittenAws {
        let schema = aws_schema();
        let value = match node {
            Some(node) => self.object(node, "`aws`", &schema),
            None => Written::nothing(span),
        };
        WrittenAws { value, uses: Default::default() }
    }

    pub(super) fn state(&mut self, node: Option<&Node>, span: Span) -> WrittenState {
        let mut state = WrittenState { s3: None, uses: Default::default() };
        let Some(node) = node else { return state };
        // `state: local` says the default out loud
        if node.text() == Some("local") {
            return state;
        }
        let fields = self.fixed(node, "`state`", &["s3", "local"]);
        if let (Some(_), Some(local)) = (fields.get("s3"), fields.entry("local")) {
            self.errors.push(Diagnostic::error("state is kept in one place").at(local.key.used_at()));
        }
        match fields.get("s3") {
            Some(s3) => state.s3 = Some(self.object(s3, "`state.s3`", &s3_schema())),
            None if fields.entry("local").is_none() => self.errors.push(
                Diagnostic::error("`state` says no place")
                    .at(if node.is_null() { span } else { node.used_at() })
                    .help("write `s3: {bucket: ..., key: ...}`, or leave `state` out for a local file"),
            ),
            None => {}
        }
        state
    }

    fn object(&mut self, node: &Node, what: &str, schema: &std::sync::Arc<wharf_core::Schema>) -> Written {
        let names: Vec<&str> = schema.fields.iter().map(|field| field.name.as_str()).collect();
        let fields = self.fixed(node, what, &names);
        for field in schema.fields.iter().filter(|field| field.required) {
            if fields.get(&field.name).is_none() {
                self.errors.push(
                    Diagnostic::error(format!("{what} needs `{}`", field.name))
                        .at(node.used_at())
                        .help(format!("add `{}:` with {}", field.name, field.ty.describe())),
                );
            }
        }
        self.written(node, Some(&Type::Object(schema.clone())))
    }
}
