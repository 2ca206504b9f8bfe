use crate::expression::{ExprKind, Expression, Mention, MentionPart, mentions};
use crate::graph::{Dependency, Item, Key, Uses};
use crate::stack::{Resource, Stack};
use crate::types::Types;
use crate::written::Written;
use crate::yaml::Node;
use std::ops::Range;
use wharf_core::{Diagnostic, Diagnostics, Schema, Span, Type};

/// What a mention uses: a local, or instances of a resource; nothing for what needs no looking after.
type Use = Option<(Item, Key)>;

/// An error with its range in the expression.
type Placed = (Diagnostic, Range<usize>);

/// The names that are no resources, and what they have, where that is fixed.
const ROOTS: [(&str, &[&str]); 6] = [
    ("var", &[]),
    ("local", &[]),
    ("each", &["key", "value"]),
    ("aws", &["region", "account_id", "partition"]),
    ("stack", &["name"]),
    ("path", &["stack"]),
];

/// Looks up every name that expressions use, and notes who uses what.
pub(crate) fn resolve(stack: &mut Stack, root: &Node, types: &dyn Types, errors: &mut Diagnostics) {
    let unread = unread_resources(stack, root);
    let mut resolver = Resolver { stack, types, unread: &unread, errors, owner: None, for_each: false };
    let mut resources = Vec::new();
    for (index, resource) in stack.resources.iter().enumerate() {
        let mut uses = Uses::default();
        resolver.owner = Some(index);
        resolver.for_each = false;
        if let Some(for_each) = &resource.for_each {
            resolver.written(for_each, &mut uses);
        }
        resolver.for_each = resource.for_each.is_some();
        resolver.written(&resource.properties, &mut uses);
        resolver.depends_on(resource, &mut uses);
        resources.push(uses);
    }
    resolver.owner = None;
    resolver.for_each = false;
    let mut plain = |written: &Written| {
        let mut uses = Uses::default();
        resolver.written(written, &mut uses);
        uses
    };
    let locals: Vec<Uses> = stack.locals.iter().map(|local| plain(&local.value)).collect();
    let outputs: Vec<Uses> = stack.outputs.iter().map(|output| plain(&output.value)).collect();
    let aws = plain(&stack.aws.value);
    let state = stack.state.s3.as_ref().map(plain).unwrap_or_default();
    for uses in [&aws, &state] {
        for (item, span) in &uses.direct {
            if let Item::Resource(_) = item {
                errors.push(settings_error(*span));
            }
        }
    }
    stack.resources.iter_mut().zip(resources).for_each(|(resource, uses)| resource.uses = uses);
    stack.locals.iter_mut().zip(locals).for_each(|(local, uses)| local.uses = uses);
    stack.outputs.iter_mut().zip(outputs).for_each(|(output, uses)| output.uses = uses);
    (stack.aws.uses, stack.state.uses) = (aws, state);
}

fn settings_error(span: Span) -> Diagnostic {
    Diagnostic::error("settings cannot use resources")
        .at(span)
        .help("they are needed before any resource is there: use a variable")
}

/// Resources whose own entry has errors, so that they did not make it into the stack.
fn unread_resources(stack: &Stack, root: &Node) -> Vec<String> {
    root.entries()
        .unwrap_or_default()
        .iter()
        .filter(|entry| entry.key.text() == Some("resources"))
        .flat_map(|entry| entry.value.entries().unwrap_or_default())
        .filter_map(|entry| entry.key.text())
        .filter(|name| !stack.names.resources.contains_key(*name))
        .map(str::to_owned)
        .collect()
}

struct Resolver<'s> {
    stack: &'s Stack,
    types: &'s dyn Types,
    unread: &'s [String],
    errors: &'s mut Diagnostics,
    /// The resource looked at.
    owner: Option<usize>,
    /// Whether `each` may be used.
    for_each: bool,
}

impl Resolver<'_> {
    fn written(&mut self, written: &Written, uses: &mut Uses) {
        written.expressions(&mut |expression| {
            for mention in mentions(&expression.root) {
                match self.mention(&mention) {
                    Ok(Some((item, key))) => {
                        uses.direct.push((item, expression.span(mention.range.clone())));
                        if let Item::Resource(resource) = item {
                            uses.resources.push(Dependency { resource, key });
                        }
                    }
                    Ok(None) => {}
                    Err((error, range)) => self.errors.push(error.at(expression.span(range))),
                }
            }
        });
    }

    fn depends_on(&mut self, resource: &Resource, uses: &mut Uses) {
        for named in &resource.depends_on {
            let address = &named.address;
            let Some(index) = self.stack.names.resources.get(&address.name).copied() else {
                if !self.unread.contains(&address.name) {
                    let names = self.stack.resources.iter().map(|resource| resource.name.as_str());
                    let near = wharf_core::suggest(&address.name, names);
                    self.errors.push(
                        Diagnostic::error(format!("unknown resource `{}`", address.name))
                            .at(named.span)
                            .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
                    );
                }
                continue;
            };
            let has_instances =
                self.stack.resources.get(index).is_some_and(|target| target.for_each.is_some());
            let key = match &address.key {
                Some(_) if !has_instances => {
                    self.errors.push(
                        Diagnostic::error(format!("`{}` has no instances", address.name))
                            .at(named.span)
                            .help(format!("write `{}`", address.name)),
                    );
                    continue;
                }
                Some(key) => Key::Literal(key.clone()),
                None => Key::All,
            };
            uses.direct.push((Item::Resource(index), named.span));
            uses.resources.push(Dependency { resource: index, key });
        }
    }

    /// What a mention stands for; the error has its range in the expression.
    fn mention(&self, mention: &Mention<'_>) -> Result<Use, Placed> {
        let whole = |error: Diagnostic| (error, mention.range.clone());
        if let Some((root, members)) = ROOTS.iter().find(|(root, _)| *root == mention.name) {
            return self.root(root, members, mention).map_err(whole);
        }
        let Some(index) = self.stack.names.resources.get(mention.name).copied() else {
            if self.unread.iter().any(|name| name == mention.name) {
                return Ok(None);
            }
            return Err(whole(self.unknown_name(mention)));
        };
        let Some(resource) = self.stack.resources.get(index) else { return Ok(None) };
        let (key, path) = instance(resource, mention)?;
        if let Some((error, range)) = attribute_path(resource, path) {
            return Err((error, range.unwrap_or_else(|| mention.range.clone())));
        }
        if self.owner == Some(index) {
            return Err(whole(Diagnostic::error(format!("`{}` refers to itself", resource.name)).help(
                "what AWS gives a resource is not there before the resource; write the value, or use `local`",
            )));
        }
        Ok(Some((Item::Resource(index), key)))
    }

    /// `var.a`, `local.a`, `each.key` and their like.
    fn root(&self, root: &str, members: &[&str], mention: &Mention<'_>) -> Result<Use, Diagnostic> {
        let member = match mention.path.first() {
            Some(MentionPart::Attribute(name, _) | MentionPart::Key(name, _)) => *name,
            _ => {
                return Err(Diagnostic::error(format!("`{root}` alone is no value"))
                    .help(format!("write `{root}.{}`", members.first().unwrap_or(&"<name>"))));
            }
        };
        let names = &self.stack.names;
        let unknown = |what: &str, candidates: &mut dyn Iterator<Item = &String>| {
            let near = wharf_core::suggest(member, candidates.map(String::as_str)).map(str::to_owned);
            let error = Diagnostic::error(format!("unknown {what} `{member}`"));
            match near {
                Some(near) => error.help(format!("did you mean `{root}.{near}`?")),
                None => error.help(format!("declare it under `{what}s:`")),
            }
        };
        match root {
            "var" if names.variables.contains_key(member) => Ok(None),
            "var" => Err(unknown("variable", &mut names.variables.keys())),
            "local" => match names.locals.get(member) {
                Some(local) => Ok(Some((Item::Local(*local), Key::All))),
                None => Err(unknown("local", &mut names.locals.keys())),
            },
            "each" if !self.for_each => {
                Err(Diagnostic::error("`each` is known only in resources with `for_each`")
                    .help("add `for_each:` to the resource, or use another value"))
            }
            _ if members.contains(&member) => Ok(None),
            _ => Err(Diagnostic::error(format!("`{root}` has no `{member}`"))
                .help(format!("it has: {}", members.join(", ")))),
        }
    }

    fn unknown_name(&self, mention: &Mention<'_>) -> Diagnostic {
        let name = mention.name;
        let second = match mention.path.first() {
            Some(MentionPart::Attribute(second, _)) => *second,
            _ => "",
        };
        if name == "data" {
            return Diagnostic::error("`data` is reserved").help("pass what you need in as a variable");
        }
        if self.types.schema(name).is_some() && self.stack.names.resources.contains_key(second) {
            return Diagnostic::error(format!("unknown name `{name}`"))
                .help(format!("a resource is named without its type here: write `{second}`"));
        }
        let error = Diagnostic::error(format!("unknown name `{name}`"));
        if self.stack.names.variables.contains_key(name) {
            return error.help(format!("did you mean `var.{name}`?"));
        }
        if self.stack.names.locals.contains_key(name) {
            return error.help(format!("did you mean `local.{name}`?"));
        }
        let resources = self.stack.resources.iter().map(|resource| resource.name.as_str());
        match wharf_core::suggest(name, resources.chain(ROOTS.iter().map(|(root, _)| *root))) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("there is no such resource in the stack"),
        }
    }
}

/// Which instance of a resource a mention means, and the steps behind it.
fn instance<'m>(
    resource: &Resource,
    mention: &'m Mention<'m>,
) -> Result<(Key, &'m [MentionPart<'m>]), Placed> {
    let name = &resource.name;
    let path = mention.path.as_slice();
    let Some((first, rest)) = path.split_first() else { return Ok((Key::All, path)) };
    if resource.for_each.is_none() {
        return match first {
            MentionPart::Attribute(..) => Ok((Key::All, path)),
            MentionPart::Key(key, _) if has_attribute(&resource.schema, key) => Ok((Key::All, path)),
            MentionPart::Computed { .. } => Ok((Key::All, &[])),
            _ => {
                let error = Diagnostic::error(format!("`{name}` has no instances"))
                    .help(format!("write `{name}.<attribute>`: it has no `for_each`"));
                Err((error, mention.range.clone()))
            }
        };
    }
    match first {
        MentionPart::Key(key, _) => Ok((Key::Literal((*key).to_owned()), rest)),
        MentionPart::Attribute(key, range) if has_attribute(&resource.schema, key) => {
            let error = Diagnostic::error(format!("`{name}` has instances, so it has no `{key}` of its own"))
                .help(format!("write `{name}[\"<key>\"].{key}` for one of them"))
                .help(format!("write `values({name})[*].{key}` for all of them"));
            Err((error, (*range).clone()))
        }
        MentionPart::Attribute(key, _) => Ok((Key::Literal((*key).to_owned()), rest)),
        MentionPart::Computed { bound: true, .. } => Ok((Key::All, rest)),
        MentionPart::Computed { key, .. } => Ok((Key::Computed(Box::new((*key).clone())), rest)),
        MentionPart::Splat => {
            let error = Diagnostic::error(format!("`{name}` is a mapping of instances, not a list"))
                .help(format!("write `values({name})[*]`"));
            Err((error, mention.range.clone()))
        }
        MentionPart::Position => {
            let error = Diagnostic::error(format!("instances of `{name}` are named by their key"))
                .help(format!("write `{name}[\"<key>\"]`"));
            Err((error, mention.range.clone()))
        }
    }
}

/// Every resource has an id, whether its schema says so or not.
fn has_attribute(schema: &Schema, name: &str) -> bool {
    name == "id" || schema.field(name).is_some()
}

/// Follows the steps through the schema: the first that leads nowhere.
fn attribute_path(
    resource: &Resource,
    path: &[MentionPart<'_>],
) -> Option<(Diagnostic, Option<Range<usize>>)> {
    let (MentionPart::Attribute(name, range) | MentionPart::Key(name, range), rest) = path.split_first()?
    else {
        return None;
    };
    match resource.schema.field(name) {
        Some(field) => inside(&field.ty, name, rest),
        None if *name == "id" => None,
        None => {
            let error = no_attribute(&format!("`{}`", resource.type_name), name, &resource.schema);
            Some((error, Some((*range).clone())))
        }
    }
}

fn inside(ty: &Type, name: &str, path: &[MentionPart<'_>]) -> Option<(Diagnostic, Option<Range<usize>>)> {
    let (first, rest) = path.split_first()?;
    let (next, range) = match first {
        MentionPart::Attribute(next, range) | MentionPart::Key(next, range) => {
            (Some(*next), Some((*range).clone()))
        }
        MentionPart::Splat | MentionPart::Position | MentionPart::Computed { .. } => (None, None),
    };
    match (ty, next) {
        (Type::Any, _) => None,
        (Type::Json, _) => {
            let error = Diagnostic::error(format!("`{name}` is JSON text"))
                .help(format!("write `jsondecode(<resource>.{name})` to look inside"));
            Some((error, range))
        }
        (Type::Map(item), _) => inside(item, name, rest),
        (Type::Object(schema), Some(next)) => match schema.field(next) {
            Some(field) => inside(&field.ty, next, rest),
            None => Some((no_attribute(&format!("`{name}`"), next, schema), range)),
        },
        (Type::Object(_), None) => None,
        (Type::Block { .. } | Type::List(_) | Type::Set(_), Some(next)) => {
            let error = Diagnostic::error(format!("`{name}` is a list, so it has no `{next}`"))
                .help(format!("write `{name}[0].{next}` for the first, `{name}[*].{next}` for all"));
            Some((error, range))
        }
        (Type::Block { schema, .. }, None) => inside(&Type::Object(schema.clone()), name, rest),
        (Type::List(item) | Type::Set(item), None) => inside(item, name, rest),
        (Type::String | Type::Integer | Type::Number | Type::Bool, Some(next)) => {
            Some((Diagnostic::error(format!("`{name}` is {}, so it has no `{next}`", ty.describe())), range))
        }
        (Type::String | Type::Integer | Type::Number | Type::Bool, None) => None,
    }
}

fn no_attribute(owner: &str, name: &str, schema: &Schema) -> Diagnostic {
    let error = Diagnostic::error(format!("{owner} has no attribute `{name}`"));
    if schema.unsupported.iter().any(|other| other == name) {
        return error.help("Terraform has it, wharf does not");
    }
    let names: Vec<&str> = schema.fields.iter().map(|field| field.name.as_str()).collect();
    match wharf_core::suggest(name, names.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if names.len() <= 30 => error.help(format!("it has: {}", names.join(", "))),
        None => error,
    }
}

/// Whether an expression gives a set, as far as its form tells: what `for_each` takes besides mappings.
pub(crate) fn is_set(stack: &Stack, written: &Written) -> bool {
    let crate::written::WrittenKind::Expression(expression) = &written.kind else { return false };
    is_set_expression(stack, expression, 0)
}

fn is_set_expression(stack: &Stack, expression: &Expression, depth: usize) -> bool {
    is_set_kind(stack, &expression.root.kind, depth)
}

fn is_set_kind(stack: &Stack, kind: &ExprKind, depth: usize) -> bool {
    match kind {
        ExprKind::Call(call) => {
            crate::functions::SET_FUNCTIONS.contains(&call.function.name)
                || (matches!(call.function.name, "try" | "coalesce")
                    && call.arguments.iter().any(|argument| is_set_kind(stack, &argument.kind, depth + 1)))
        }
        ExprKind::Conditional(branches) => {
            is_set_kind(stack, &branches.1.kind, depth + 1) || is_set_kind(stack, &branches.2.kind, depth + 1)
        }
        ExprKind::Traversal(base, steps) => {
            let (ExprKind::Name(root), [step]) = (&base.kind, steps.as_slice()) else { return false };
            let crate::expression::StepKind::Attribute(name) = &step.kind else { return false };
            match root.as_str() {
                "var" => stack
                    .names
                    .variables
                    .get(name)
                    .is_some_and(|variable| matches!(stack.variables[*variable].ty, Type::Set(_))),
                // a chain of locals has an end, cycles or not
                "local" if depth < 32 => {
                    stack.names.locals.get(name).is_some_and(|local| match &stack.locals[*local].value.kind {
                        crate::written::WrittenKind::Expression(inner) => {
                            is_set_expression(stack, inner, depth + 1)
                        }
                        _ => false,
                    })
                }
                _ => false,
            }
        }
        _ => false,
    }
}
