//! What `ignore_changes` names counts as asked for the way it is.

use crate::canonical::canonical;
use crate::desired::Resolved;
use wharf_core::{Map, PropertyPath, Segment, Value};
use wharf_provider::Provider;
use wharf_stack::{IgnoreChanges, Resource};

/// Puts the live values of what `ignore_changes` names in place of the stack file's: what is compared, what is sent
/// along when something beside it changes, and what others refer to.
pub fn keep_ignored(resource: &Resource, provider: &dyn Provider, live: &Map, resolved: &mut Resolved) {
    let paths: Vec<PropertyPath> = match &resource.lifecycle.ignore_changes {
        IgnoreChanges::All => resolved.desired.keys().map(PropertyPath::of).collect(),
        IgnoreChanges::Paths(paths) if paths.is_empty() => return,
        IgnoreChanges::Paths(paths) => paths.iter().flat_map(all_tags).collect(),
    };
    keep_as_live(resource, provider, live, paths, resolved);
}

/// Puts live values in place of the stack file's.
pub(crate) fn keep_as_live(
    resource: &Resource,
    provider: &dyn Provider,
    live: &Map,
    paths: Vec<PropertyPath>,
    resolved: &mut Resolved,
) {
    let mut canonical_live = live.clone();
    canonical(&resource.schema, &mut canonical_live);
    provider.canonical(&resource.type_name, &mut canonical_live);
    for path in paths {
        let field = path.property().and_then(|property| resource.schema.field(property));
        // AWS does not tell it; what was applied last is compared instead.
        if field.is_some_and(|field| field.write_only) {
            continue;
        }
        for (asked, there) in [(&mut resolved.desired, &canonical_live), (&mut resolved.written, live)] {
            // What is not declared at all is not compared anyway.
            if path.property().is_some_and(|property| asked.contains_key(property)) {
                keep_in_map(asked, Some(there), &path.0);
            }
        }
    }
}

/// Terraform users write `tags`; what is compared is all tags.
fn all_tags(path: &PropertyPath) -> Vec<PropertyPath> {
    let mut paths = vec![path.clone()];
    if path.property() == Some("tags") {
        let mut all = PropertyPath::of("tags_all");
        all.0.extend_from_slice(&path.0[1..]);
        paths.push(all);
    }
    paths
}

fn keep_in_map(map: &mut Map, live: Option<&Map>, path: &[Segment]) {
    let Some((Segment::Key(key), rest)) = path.split_first() else { return };
    let there = live.and_then(|live| live.get(key));
    match (rest.is_empty(), there) {
        (false, _) => {
            if let Some(value) = map.get_mut(key) {
                keep(value, there, rest);
            }
        }
        (true, Some(there)) => drop(map.insert(key.clone(), there.clone())),
        (true, None) => drop(map.remove(key)),
    }
}

fn keep(value: &mut Value, live: Option<&Value>, path: &[Segment]) {
    match (value, path.split_first()) {
        (Value::Map(map), Some((Segment::Key(_), _))) => {
            keep_in_map(map, live.and_then(Value::as_map), path);
        }
        (Value::List(list), Some((Segment::Index(index), rest))) => {
            let there = live.and_then(Value::as_list).and_then(|live| live.get(*index));
            match (list.get_mut(*index), there) {
                (Some(item), Some(there)) if rest.is_empty() => *item = there.clone(),
                (Some(item), _) => keep(item, there, rest),
                (None, _) => {}
            }
        }
        _ => {}
    }
}

/// Whether an `ignore_changes` path is the place of a difference or lies around it, or within it.
pub(crate) fn covers(ignored: &PropertyPath, path: &PropertyPath) -> bool {
    let shared = ignored.0.len().min(path.0.len());
    ignored.0[..shared] == path.0[..shared]
        // Terraform users write `tags`; what is compared is all tags.
        || (path.property() == Some("tags_all")
            && ignored.property() == Some("tags")
            && ignored.0.get(1).is_none_or(|key| path.0.get(1).is_none_or(|other| key == other)))
}
