use crate::expression::Expr;
use crate::stack::Stack;
use std::collections::HashSet;
use wharf_core::{Diagnostic, Diagnostics, Span};

/// A local or a resource, by its place in the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    Local(usize),
    Resource(usize),
}

/// What something uses, as written in itself.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// The locals and resources named, and where.
    pub(crate) direct: Vec<(Item, Span)>,
    /// The resources among them, with the key as far as it is known.
    pub(crate) resources: Vec<Dependency>,
    /// Whether it uses a resource, also through locals: then its value waits for an apply. Set by [`connect`] for
    /// locals.
    pub(crate) waits: bool,
}

impl Uses {
    /// The locals it names.
    pub(crate) fn locals(&self) -> impl Iterator<Item = usize> {
        self.direct.iter().filter_map(|(item, _)| match item {
            Item::Local(local) => Some(*local),
            Item::Resource(_) => None,
        })
    }
}

/// A use of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) resource: usize,
    pub(crate) key: Key,
}

/// Which instances are used.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    /// All of them; the only one, without `for_each`.
    All,
    /// The one of this key.
    Literal(String),
    /// The one of a key that is computed without resources, if it can be: `each.key`, `each.value.zone`.
    Computed(Box<Expr>),
}

/// Orders locals and resources by use, finds cycles, and finds the locals that wait for resources.
pub(crate) fn connect(stack: &mut Stack, errors: &mut Diagnostics) {
    let mut search = Search::new(stack);
    for resource in 0..stack.resources.len() {
        search.visit(Item::Resource(resource));
    }
    for local in 0..stack.locals.len() {
        search.visit(Item::Local(local));
    }
    errors.extend(search.cycles);
    stack.order = search.order;
    mark_waiting(stack);
}

/// A depth-first search without recursion: chains of locals may be long.
struct Search<'s> {
    stack: &'s Stack,
    order: Vec<Item>,
    done: HashSet<Item>,
    cycles: Vec<Diagnostic>,
}

impl<'s> Search<'s> {
    fn new(stack: &'s Stack) -> Self {
        Search { stack, order: Vec::new(), done: HashSet::new(), cycles: Vec::new() }
    }

    fn visit(&mut self, start: Item) {
        if self.done.contains(&start) {
            return;
        }
        // every item on the way, with the next of its uses to follow
        let mut path: Vec<(Item, usize)> = vec![(start, 0)];
        let mut on_path = HashSet::from([start]);
        while let Some((item, next)) = path.last_mut() {
            let stack: &'s Stack = self.stack;
            let Some((used, _)) = uses(stack, *item).direct.get(*next) else {
                let (item, _) = (*item, path.pop());
                on_path.remove(&item);
                self.done.insert(item);
                self.order.push(item);
                continue;
            };
            *next += 1;
            if on_path.contains(used) {
                let from = path.iter().position(|(item, _)| item == used).unwrap_or(0);
                let cycle = self.cycle(path.get(from..).unwrap_or_default());
                self.cycles.push(cycle);
            } else if !self.done.contains(used) {
                on_path.insert(*used);
                path.push((*used, 0));
            }
        }
    }

    /// The items of a cycle; each goes on at the use before its `next`.
    fn cycle(&self, path: &[(Item, usize)]) -> Diagnostic {
        let names: Vec<String> = path.iter().map(|(item, _)| name(self.stack, *item)).collect();
        let first = names.first().cloned().unwrap_or_default();
        let steps: Vec<(Item, Span)> = path
            .iter()
            .filter_map(|(item, next)| uses(self.stack, *item).direct.get(next.checked_sub(1)?).copied())
            .collect();
        if let [(_, span)] = steps.as_slice() {
            return Diagnostic::error(format!("`{first}` refers to itself"))
                .at(*span)
                .help("use another value here; what AWS gives a resource is not there before the resource");
        }
        let mut error = Diagnostic::error(format!("reference cycle: {} -> {first}", names.join(" -> ")));
        for (i, ((used, span), from)) in steps.iter().zip(&names).enumerate() {
            let words = format!("`{from}` uses `{}`", name(self.stack, *used));
            error = if i == 0 { error.at(*span).label(words) } else { error.also(*span, words) };
        }
        error.help("break the cycle: a resource of its own for one of the uses often does, such as a rule or an attachment")
    }
}

fn uses(stack: &Stack, item: Item) -> &Uses {
    match item {
        Item::Local(local) => &stack.locals[local].uses,
        Item::Resource(resource) => &stack.resources[resource].uses,
    }
}

fn name(stack: &Stack, item: Item) -> String {
    match item {
        Item::Local(local) => format!("local.{}", stack.locals[local].name),
        Item::Resource(resource) => stack.resources[resource].name.clone(),
    }
}

/// Locals come after what they use, so theirs are marked when they are asked.
fn mark_waiting(stack: &mut Stack) {
    for item in &stack.order {
        if let Item::Local(local) = item {
            let uses = &stack.locals[*local].uses;
            let waits = !uses.resources.is_empty() || uses.locals().any(|used| stack.locals[used].uses.waits);
            stack.locals[*local].uses.waits = waits;
        }
    }
}
