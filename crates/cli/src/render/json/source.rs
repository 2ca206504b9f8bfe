//! Where the stack file declares a resource, for annotations.

use serde_json::{Map as JsonMap, Value as Json, json};
use wharf_core::{Address, PropertyPath, Sources, Span};
use wharf_stack::Expanded;

/// The place of an address and of each of its properties; none for what is no longer in the stack file.
pub(crate) fn source(address: &Address, expanded: &Expanded, sources: &Sources) -> Option<Json> {
    let instance = expanded.instance(address)?;
    let resource = expanded.resource(instance);
    let mut source = place(&resource.span, sources)?;
    let path = sources.path(resource.span.source)?.file_name()?;
    source.insert("file".into(), path.to_string_lossy().into());
    let properties = resource.schema.properties().filter_map(|field| {
        let span = expanded.span_of(instance, &PropertyPath::of(&field.name));
        if span == resource.span {
            return None;
        }
        Some((field.name.clone(), Json::Object(place(&span, sources)?)))
    });
    source.insert("properties".into(), Json::Object(properties.collect()));
    Some(Json::Object(source))
}

fn place(span: &Span, sources: &Sources) -> Option<JsonMap<String, Json>> {
    let (line, column) = sources.position(span)?;
    Some(JsonMap::from_iter([("line".into(), json!(line)), ("column".into(), json!(column))]))
}
