use crate::functions::Function;
use hcl_edit::expr::BinaryOperator;
use std::ops::Range;
use wharf_core::Value;

/// An expression, ready to be evaluated any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    /// Bytes of the text it was parsed from.
    pub(crate) range: Range<usize>,
    pub(crate) kind: ExprKind,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub(crate) enum ExprKind {
    Literal(Value),
    /// Text with expressions in it.
    Template(Vec<Part>),
    List(Vec<Expr>),
    /// Keys are expressions too; a bare word has become a literal.
    Object(Vec<(Expr, Expr)>),
    /// `vpc`, `var`, or the variable of a `for`.
    Name(String),
    /// `vpc.id`, `list[0]`, `list[*].id`.
    Traversal(Box<Expr>, Vec<Step>),
    Call(Call),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(BinaryOperator, Box<(Expr, Expr)>),
    /// `condition ? then : otherwise`
    Conditional(Box<(Expr, Expr, Expr)>),
    For(Box<For>),
}

/// A piece of a template.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Text(String),
    Expr(Expr),
    If { condition: Expr, then: Vec<Part>, otherwise: Vec<Part> },
    For { key: Option<String>, value: String, collection: Expr, body: Vec<Part> },
}

/// One step into a value.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) range: Range<usize>,
    pub(crate) kind: StepKind,
}

/// What a step does.
#[derive(Debug, Clone)]
pub(crate) enum StepKind {
    /// `.name`
    Attribute(String),
    /// `[expression]`
    Index(Expr),
    /// `[*]`, with the steps it takes into every element.
    Splat(Vec<Step>),
}

/// `name(arguments)`
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) function: &'static Function,
    pub(crate) arguments: Vec<Expr>,
    /// Whether the last argument is a list of arguments (`...`).
    pub(crate) expands: bool,
}

/// `[for value in collection : result]`, or with a key, `{for ... : key => result}`.
#[derive(Debug, Clone)]
pub(crate) struct For {
    pub(crate) key_name: Option<String>,
    pub(crate) value_name: String,
    pub(crate) collection: Expr,
    /// Set for an object.
    pub(crate) key: Option<Expr>,
    pub(crate) result: Expr,
    /// Whether results with the same key are collected into a list (`...`).
    pub(crate) groups: bool,
    pub(crate) condition: Option<Expr>,
}
