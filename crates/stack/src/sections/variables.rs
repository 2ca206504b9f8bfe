use super::reader::Reader;
use crate::variables::{Variable, parse_type};
use crate::written::Written;
use crate::yaml::Node;
use wharf_core::{Diagnostic, Type};

const KEYS: [&str; 4] = ["type", "default", "description", "sensitive"];

impl Reader<'_> {
    pub(super) fn variables(&mut self, node: &Node) -> Vec<Variable> {
        let mut variables = Vec::new();
        for entry in self.mapping(node, "`variables`") {
            let name = entry.key.text().unwrap_or_default().to_owned();
            self.check_name("variable", &name, &entry.key);
            let fields = self.fixed(&entry.value, &format!("variable `{name}`"), &KEYS);
            let ty = fields.get("type").map_or(Type::Any, |node| self.variable_type(node));
            let sensitive = fields
                .get("sensitive")
                .and_then(|node| self.boolean(node, "`sensitive`"))
                .unwrap_or_default();
            if let Some(node) = fields.get("description") {
                self.text(node, "`description`");
            }
            // `default: null` is a default
            let default = fields.entry("default").map(|entry| self.written(&entry.value, Some(&ty)));
            variables.push(Variable { name, ty, sensitive, default, span: entry.key.used_at() });
        }
        for variable in &variables {
            if let Some(default) = &variable.default {
                self.check_default(variable, default);
            }
        }
        variables
    }

    fn variable_type(&mut self, node: &Node) -> Type {
        let Some(text) = self.text(node, "`type`") else { return Type::Any };
        match parse_type(&text) {
            Ok(ty) => ty,
            Err(fault) => {
                let origin = node.origin(&self.source);
                self.errors.push(fault.into_diagnostic(|range| {
                    range.map_or_else(|| node.used_at(), |range| origin.locate(&text, range))
                }));
                Type::Any
            }
        }
    }

    /// A default may use nothing but itself.
    fn check_default(&mut self, variable: &Variable, default: &Written) {
        let mut names_something = false;
        default.expressions(&mut |expression| {
            for mention in crate::expression::mentions(&expression.root) {
                names_something = true;
                self.errors.push(
                    Diagnostic::error("a default cannot use other values")
                        .at(expression.span(mention.range))
                        .help("put the expression under `locals:` and use `local.<name>`"),
                );
            }
        });
        if !names_something {
            let mut errors = wharf_core::Diagnostics::default();
            variable.default_value(default, &mut errors);
            self.errors.extend(errors);
        }
    }
}
