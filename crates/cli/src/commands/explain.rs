use crate::args::Explain;
use crate::error::CommandError;
use crate::terminal;
use std::fmt::Write as _;
use wharf_aws::Aws;
use wharf_core::{Field, Schema, Type, suggest};
use wharf_provider::{Permissions, Provider};

/// Describes a resource type, or a property of one.
pub(crate) fn run(args: &Explain) -> Result<u8, CommandError> {
    let provider = Aws::offline();
    let Some(what) = &args.what else {
        for name in provider.names() {
            let summary =
                provider.schema(name).map(|schema| first_line(&schema.description)).unwrap_or_default();
            terminal::out(&format!("{name:52} {summary}"));
        }
        return Ok(0);
    };
    let mut parts = what.split('.');
    let name = parts.next().unwrap_or_default();
    let Some(schema) = provider.schema(name) else {
        let error = CommandError::new(format!("there is no resource type `{name}`"));
        return Err(match suggest(name, provider.names().iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`wharf explain` lists all types"),
        });
    };
    let path: Vec<&str> = parts.collect();
    if path.is_empty() {
        let permissions = provider.registry().get(name).map(|entry| entry.permissions).unwrap_or_default();
        let import_id = provider.naming(name).map_or("ID", |naming| naming.import_id);
        terminal::out(&whole(name, &schema, permissions, import_id));
    } else {
        terminal::out(&one(what, find(name, &schema, &path)?));
    }
    Ok(0)
}

fn find<'a>(name: &str, schema: &'a Schema, path: &[&str]) -> Result<&'a Field, CommandError> {
    let Some((first, rest)) = path.split_first() else {
        return Err(CommandError::new("no property is named"));
    };
    let Some(field) = schema.field(first) else {
        if schema.unsupported.iter().any(|unsupported| unsupported == first) {
            let message = format!("Terraform has `{first}` for `{name}`, wharf does not (yet)");
            return Err(CommandError::new(message));
        }
        let error = CommandError::new(format!("`{name}` has no property or attribute `{first}`"));
        return Err(match suggest(first, schema.fields.iter().map(|field| field.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("`wharf explain {name}` lists them")),
        });
    };
    match inner(&field.ty) {
        _ if rest.is_empty() => Ok(field),
        Some(schema) => find(&format!("{name}.{first}"), schema, rest),
        None => Err(CommandError::new(format!("`{first}` of `{name}` has nothing inside"))),
    }
}

fn inner(ty: &Type) -> Option<&Schema> {
    match ty {
        Type::Object(schema) | Type::Block { schema, .. } => Some(schema),
        Type::List(item) | Type::Set(item) | Type::Map(item) => inner(item),
        _ => None,
    }
}

fn whole(name: &str, schema: &Schema, permissions: Permissions, import_id: &str) -> String {
    let mut text = format!("{name}\n\n{}\n\nProperties:\n", schema.description);
    fields(&mut text, schema.properties(), 2);
    text.push_str("\nAttributes:\n");
    fields(&mut text, schema.attributes(), 2);
    if !schema.unsupported.is_empty() {
        let _ = write!(text, "\nIn Terraform, but not here: {}\n", schema.unsupported.join(", "));
    }
    let _ = write!(text, "\nImport:\n  wharf import ADDRESS ID, where ID is {import_id}\n");
    text.push_str("\nIAM actions:\n");
    for (step, actions) in [
        ("read", permissions.read),
        ("create", permissions.create),
        ("update", permissions.update),
        ("delete", permissions.delete),
    ] {
        let _ = writeln!(
            text,
            "  {step:6} {}",
            if actions.is_empty() { "-".to_owned() } else { actions.join(", ") }
        );
    }
    text.trim_end().to_owned()
}

fn fields<'a>(text: &mut String, fields: impl Iterator<Item = &'a Field>, indent: usize) {
    let pad = " ".repeat(indent);
    for field in fields {
        let _ = writeln!(text, "{pad}{} ({})", field.name, marks(field).join(", "));
        for line in field.description.lines() {
            let _ = writeln!(text, "{pad}    {line}");
        }
        if let Some(schema) = inner(&field.ty) {
            self::fields(text, schema.fields.iter(), indent + 4);
        }
    }
}

fn one(path: &str, field: &Field) -> String {
    let mut text = format!("{path} ({})\n\n{}\n", marks(field).join(", "), field.description);
    if let Some(schema) = inner(&field.ty) {
        text.push_str("\nInside:\n");
        fields(&mut text, schema.fields.iter(), 2);
    }
    text.trim_end().to_owned()
}

fn marks(field: &Field) -> Vec<String> {
    let mut marks = vec![field.ty.describe()];
    if field.computed {
        marks.push("set by AWS".into());
    } else if field.required {
        marks.push("required".into());
    }
    if !field.allowed.is_empty() {
        marks.push(format!("one of {}", field.allowed.join(", ")));
    }
    if let Some(default) = &field.default {
        marks.push(format!("default {default}"));
    }
    for (set, words) in [
        (field.forces_replacement, "a change replaces the resource"),
        (field.sensitive, "sensitive"),
        (field.write_only, "not told back by AWS"),
    ] {
        if set {
            marks.push(words.into());
        }
    }
    marks
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
