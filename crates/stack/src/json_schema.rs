use crate::types::Types;
use serde_json::{Value, json};

/// JSON Schema of the stack file, for editors.
pub fn json_schema(types: &dyn Types) -> Value {
    let _ = types;
    json!({})
}
