//! What stands inside `${...}`: native HCL, parsed by hcl-edit and evaluated here, because no published evaluator
//! knows values that do not exist yet.

mod ast;
mod budget;
mod call;
mod equality;
mod evaluate;
mod fault;
mod lower;
mod mentions;
mod operators;
mod parse;
mod scope;
mod template;
mod traverse;

pub(crate) use ast::{Call, Expr, ExprKind, StepKind};
pub(crate) use budget::{Budget, check_text};
pub(crate) use call::argument_range;
pub(crate) use equality::equal;
pub(crate) use evaluate::{Evaluator, NOT_KNOWN};
pub(crate) use fault::Fault;
pub(crate) use mentions::{Mention, Part as MentionPart, mentions};
pub(crate) use operators::{boolean, compare, normal, number, text};
pub(crate) use parse::{Expression, literal, parse_expression, parse_template, parse_type};
pub(crate) use scope::{Index, NoScope, Scope, VariablesScope};
