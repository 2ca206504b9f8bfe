//! A plan as people read it: the same plan gives the same text.

use super::delegation;
use super::style::Palette;
use super::value::{UNKNOWN, document, pretty};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;
use wharf_core::{Action, Map, PropertyPath, Schema, Type, Value};
use wharf_plan::{Change, Difference, Kind, Mode, Plan, Reason, Route};
use wharf_provider::{Provider, ownership};

/// The whole plan: every change, the outputs, the counts.
pub(crate) fn plan(plan: &Plan, provider: &dyn Provider, palette: Palette) -> String {
    let mut text = String::new();
    for change in &plan.changes {
        if change.action.changes() || !change.deposed.is_empty() {
            let schema = provider.schema(&change.resource_type);
            one(&mut text, change, schema.as_deref(), palette);
            text.push('\n');
        }
    }
    for address in &plan.gone {
        let _ = writeln!(text, "  # {address} is gone from AWS and is dropped from the state\n");
    }
    outputs(&mut text, plan, palette);
    let delegated = delegation::lines(plan);
    for (address, line) in &delegated {
        let _ = writeln!(text, "  # {}: {line}", palette.bold(&address.to_string()));
    }
    if !delegated.is_empty() {
        text.push('\n');
    }
    text.push_str(&summary(plan, palette));
    text
}

/// The last line: what the plan comes to.
pub(crate) fn summary(plan: &Plan, palette: Palette) -> String {
    palette.bold(&counts(plan))
}

/// How many of what.
pub(crate) fn counts(plan: &Plan) -> String {
    if plan.is_empty() && plan.mode == Mode::Destroy {
        return "No changes. There is nothing to destroy.".to_owned();
    }
    if plan.is_empty() {
        let count = plan.changes.len();
        let resources = if count == 1 { "resource is" } else { "resources are" };
        return format!("No changes. {count} {resources} as the stack file says.");
    }
    let counts = plan.counts();
    let mut parts = vec![
        format!("{} to add", counts.create),
        format!("{} to change", counts.update),
        format!("{} to replace", counts.replace),
        format!("{} to destroy", counts.delete),
    ];
    if counts.forget > 0 {
        parts.push(format!("{} to forget", counts.forget));
    }
    let mut line = format!("Plan: {}.", parts.join(", "));
    if plan.operations.is_empty() {
        line.push_str(" Only outputs or the state change.");
    }
    line
}

/// The operations by wave: all of a wave depends on earlier waves only.
pub(crate) fn waves(plan: &Plan, palette: Palette) -> String {
    let mut text = String::new();
    for (wave, operations) in plan.waves() {
        let _ = writeln!(text, "{}", palette.bold(&format!("Wave {}", wave + 1)));
        for operation in operations {
            let sign = match operation.kind {
                Kind::Create => palette.added("+"),
                Kind::Update => palette.changed("~"),
                Kind::Delete | Kind::DeleteDeposed { .. } => palette.removed("-"),
                Kind::Forget => ".".to_owned(),
            };
            let resource_type = &plan.changes[operation.change].resource_type;
            let _ = writeln!(text, "  {sign} {} {}", operation.address, palette.faint(resource_type));
        }
    }
    text
}

fn one(text: &mut String, change: &Change, schema: Option<&Schema>, palette: Palette) {
    let address = palette.bold(&change.address.to_string());
    let _ = writeln!(text, "  # {address} {}", what(change));
    for (route, properties) in change.routes().iter().filter(|(route, _)| *route != Route::Release) {
        let name = match route {
            Route::Replacement => "needs replacement",
            _ => "direct update",
        };
        let _ = writeln!(text, "  # ({name}: {})", properties.join(", "));
    }
    if let Some(reason) = reason(change) {
        let _ = writeln!(text, "  # ({reason})");
    }
    text.push_str(&body(change, schema, palette));
}

/// What happens to an address, in words.
pub(crate) fn what(change: &Change) -> &'static str {
    match change.action {
        Action::Create => "will be created",
        Action::Update => "will be updated in place",
        Action::Replace if change.keeps => "gets a new revision (the old one stays)",
        Action::Replace if change.create_before_destroy => "must be replaced (the new one first)",
        Action::Replace => "must be replaced",
        Action::Delete => "will be destroyed",
        Action::Forget => "will be forgotten: it stays in AWS, and wharf no longer manages it",
        Action::None | Action::Read => "is as it should be",
    }
}

/// The resource of a change, with what differs.
pub(crate) fn body(change: &Change, schema: Option<&Schema>, palette: Palette) -> String {
    let mut text = String::new();
    let sign = match change.action {
        Action::Replace if change.keeps => palette.added("+"),
        action => palette.sign(action, change.create_before_destroy),
    };
    let id =
        change.id.as_deref().map(|id| format!("  {}", palette.faint(&format!("# {id}")))).unwrap_or_default();
    let name = change.address.terraform(&change.resource_type);
    if !matches!(change.action, Action::Create | Action::Update | Action::Replace) {
        let _ = writeln!(text, "  {sign} {name}{id}");
        return text;
    }
    let _ = writeln!(text, "  {sign} {name} {{{id}");
    match change.action {
        Action::Create => {
            created(&mut text, change, schema, palette);
        }
        Action::Update | Action::Replace => {
            let before = text.len();
            for difference in &change.differences {
                differs(&mut text, difference, schema, palette);
            }
            if text.len() == before && !change.differences.is_empty() {
                let _ = writeln!(
                    text,
                    "      {}",
                    palette.faint("# only the tags by which wharf finds it again")
                );
            }
        }
        _ => {}
    }
    let _ = writeln!(text, "    }}");
    text
}

/// Why, where that is not plain.
pub(crate) fn reason(change: &Change) -> Option<String> {
    let id = change.id.as_deref().unwrap_or_default();
    Some(match change.reason.as_ref()? {
        Reason::Unfinished => "an earlier run broke off before it was complete".to_owned(),
        Reason::Gone => "it was deleted outside wharf".to_owned(),
        Reason::NotInStack => "it is no longer in the stack file".to_owned(),
        Reason::Destroy => return None,
        Reason::CannotUpdate(properties) => {
            let names: Vec<String> = properties.iter().map(|name| format!("`{name}`")).collect();
            format!("{} cannot be changed in place", names.join(", "))
        }
        Reason::Moved(from) => format!("moved from {from}"),
        Reason::Deposed if change.deposed.len() == 1 => {
            format!("a predecessor is still to be deleted: {}", change.deposed[0])
        }
        Reason::Deposed => format!("{} predecessors of {id} are still to be deleted", change.deposed.len()),
    })
}

/// What a new object is asked to be. What only AWS decides is left out: it would say nothing.
fn created(text: &mut String, change: &Change, schema: Option<&Schema>, palette: Palette) {
    let (Some(after), Some(schema)) = (change.after.as_deref(), schema) else { return };
    let shown: Vec<(&str, &Value, &Type)> = schema
        .properties()
        .filter_map(|field| {
            let value = after.get(&field.name)?;
            let own_unknown = format!("{}.{}", change.address, field.name);
            let decided_by_aws = matches!(value, Value::Unknown(unknown) if unknown.of == own_unknown);
            let empty =
                value.as_map().is_some_and(Map::is_empty) || value.as_list().is_some_and(<[Value]>::is_empty);
            (!decided_by_aws && !empty).then_some((field.name.as_str(), value, &field.ty))
        })
        .collect();
    let width = shown.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    for (name, value, ty) in shown {
        let value = match ty {
            Type::Json => indented(&document(value), 8),
            _ => pretty(value, 8),
        };
        let _ = writeln!(text, "      {} {name:width$} = {value}", palette.added("+"));
    }
}

fn indented(document: &str, indent: usize) -> String {
    document.replace('\n', &format!("\n{}", " ".repeat(indent)))
}

/// One property that differs.
pub(crate) fn differs(text: &mut String, difference: &Difference, schema: Option<&Schema>, palette: Palette) {
    let path = &difference.path;
    if path.property() == Some("tags_all")
        && path
            .0
            .get(1)
            .is_some_and(|key| matches!(key, wharf_core::Segment::Key(key) if ownership::is_ours(key)))
    {
        return;
    }
    let name = shown_path(path);
    let mut notes = Vec::new();
    if difference.forces_replacement {
        notes.push("forces replacement");
    }
    if difference.drifted {
        notes.push("changed outside wharf");
    }
    let note =
        if notes.is_empty() { String::new() } else { palette.changed(&format!("  # {}", notes.join(", "))) };
    let is_document = path.0.len() == 1
        && schema
            .and_then(|schema| schema.field(path.property()?))
            .is_some_and(|field| field.ty == Type::Json);
    let before = difference.before.as_ref();
    let multiline =
        |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|text| text.contains('\n'));
    let secret = difference.after.has_sensitive() || before.is_some_and(Value::has_sensitive);
    if (is_document || multiline(before) || multiline(Some(&difference.after)))
        && !secret
        && !matches!(difference.after, Value::Unknown(_))
        && before.is_some_and(|before| !before.is_null())
    {
        let _ = writeln!(text, "      {} {name}:{note}", palette.changed("~"));
        let old = before.map(document).unwrap_or_default();
        diff(text, &old, &document(&difference.after), palette);
        return;
    }
    let old = before.map_or_else(|| "(none)".to_owned(), shown);
    let (sign, new) = match (&difference.after, before) {
        (Value::Null, _) => (palette.removed("-"), "(none)".to_owned()),
        (after, None | Some(Value::Null)) => (palette.added("+"), shown(after)),
        (after, Some(_)) => (palette.changed("~"), shown(after)),
    };
    let _ = writeln!(text, "      {sign} {name} = {old} -> {new}{note}");
}

/// `tags_all` is what is compared, `tags` is what the user wrote.
fn shown_path(path: &PropertyPath) -> String {
    let text = path.to_string();
    text.strip_prefix("tags_all").map_or(text.clone(), |rest| format!("tags{rest}"))
}

/// A value on one side of a change.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        value if wharf_state::is_hash(value) => "(sensitive value)".to_owned(),
        Value::Unknown(unknown) if unknown.text.is_none() => format!("{UNKNOWN} {}", from(&unknown.of)),
        other => pretty(other, 8),
    }
}

fn from(reference: &str) -> String {
    format!("[{reference}]")
}

/// A unified diff with three lines of context.
fn diff(text: &mut String, old: &str, new: &str, palette: Palette) {
    let diff = TextDiff::from_lines(old, new);
    for (index, group) in diff.grouped_ops(3).iter().enumerate() {
        if index > 0 {
            let _ = writeln!(text, "            ...");
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let line = change.value().trim_end_matches('\n');
            let line = match change.tag() {
                ChangeTag::Delete => palette.removed(&format!("- {line}")),
                ChangeTag::Insert => palette.added(&format!("+ {line}")),
                ChangeTag::Equal => format!("  {line}"),
            };
            let _ = writeln!(text, "          {line}");
        }
    }
}

fn outputs(text: &mut String, plan: &Plan, palette: Palette) {
    let changed: Vec<_> = plan.outputs.iter().filter(|output| output.action().changes()).collect();
    if changed.is_empty() {
        return;
    }
    let width = changed.iter().map(|output| output.name.len()).max().unwrap_or_default();
    let _ = writeln!(text, "Outputs:");
    for output in changed {
        let sign = palette.sign(output.action(), false);
        let old = output.before.as_ref().map(shown);
        let new = output.after.as_ref().map(shown);
        let value = match (old, new) {
            (None, Some(new)) => new,
            (Some(old), None) => format!("{old} -> (none)"),
            (Some(old), Some(new)) => format!("{old} -> {new}"),
            (None, None) => continue,
        };
        let _ = writeln!(text, "  {sign} {:width$} = {value}", output.name);
    }
    text.push('\n');
}
