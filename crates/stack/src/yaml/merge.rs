use super::{Entry, Kind, Node, Style};
use std::collections::HashSet;
use wharf_core::Diagnostic;

/// Whether a key is YAML's merge key: `<<`, not in quotes.
pub(super) fn is_merge(key: &Node) -> bool {
    matches!(&*key.kind, Kind::Scalar(scalar) if scalar.style == Style::Plain && &*scalar.text == "<<")
}

/// Resolves merge keys: what a mapping sets itself wins, then earlier sources win over later ones.
pub(super) fn merge(entries: Vec<Entry>) -> Result<Vec<Entry>, Diagnostic> {
    if !entries.iter().any(|entry| is_merge(&entry.key)) {
        return Ok(entries);
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| is_merge(&entry.key));
    let mut names: HashSet<String> =
        own.iter().filter_map(|entry| entry.key.text().map(str::to_owned)).collect();
    for entry in merges {
        for source in sources(&entry)? {
            for inherited in source.entries().unwrap_or_default() {
                if names.insert(inherited.key.text().unwrap_or_default().to_owned()) {
                    own.push(inherited.clone());
                }
            }
        }
    }
    Ok(own)
}

fn sources(entry: &Entry) -> Result<Vec<Node>, Diagnostic> {
    let sources = match &*entry.value.kind {
        Kind::Map(_) => vec![entry.value.clone()],
        Kind::List(list) => list.clone(),
        Kind::Scalar(_) => Vec::new(),
    };
    if sources.is_empty() || sources.iter().any(|source| source.entries().is_none()) {
        return Err(Diagnostic::error("`<<` takes a mapping or a list of mappings")
            .at(entry.value.used_at())
            .help("write `<<: *name`, where `&name` marks a mapping"));
    }
    Ok(sources)
}
