use super::reader::Reader;
use crate::stack::Moved;
use crate::yaml::Node;
use wharf_core::{Address, Diagnostic};

impl Reader<'_> {
    pub(super) fn moved(&mut self, node: &Node) -> Vec<Moved> {
        let mut moved = Vec::new();
        for item in self.list(node, "`moved`") {
            let fields = self.fixed(item, "an entry of `moved`", &["from", "to"]);
            let mut side = |key: &str| {
                let Some(node) = fields.get(key) else {
                    self.errors.push(
                        Diagnostic::error(format!("missing `{key}`"))
                            .at(item.used_at())
                            .help("write `- {from: old_name, to: new_name}`"),
                    );
                    return None;
                };
                let text = self.text(node, &format!("`{key}`"))?;
                match text.parse::<Address>() {
                    Ok(address) => Some(address),
                    Err(error) => {
                        self.errors.push(Diagnostic::error(error.to_string()).at(node.used_at()));
                        None
                    }
                }
            };
            if let (Some(from), Some(to)) = (side("from"), side("to")) {
                moved.push(Moved { from, to, span: item.used_at() });
            }
        }
        moved
    }
}
