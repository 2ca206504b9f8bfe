//! wharf's own tags: by them an object is known as this lineage's.

use wharf_core::{Map, PropertyPath, Segment, Value};
use wharf_provider::ownership;

/// Whether an object has the tag of this lineage. Without it, it was imported: it is not changed for wharf's own tags
/// alone, and the next change of its tags brings them.
pub(crate) fn is_marked(live: &Map, lineage: &str) -> bool {
    let tags = live.get("tags_all").and_then(|tags| tags.bare().as_map());
    tags.and_then(|tags| tags.get(ownership::LINEAGE)).and_then(Value::as_str) == Some(lineage)
}

/// Whether a path is that of one of wharf's own tags.
pub(crate) fn is_mark(path: &PropertyPath) -> bool {
    let [Segment::Key(property), Segment::Key(key)] = path.0.as_slice() else { return false };
    property == "tags_all" && ownership::is_ours(key)
}
