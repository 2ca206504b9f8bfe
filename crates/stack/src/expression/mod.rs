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

pub(crate) use ast::{Call, Expr, ExprKind, Step, StepKind};
pub(crate) use budget::Budget;
pub(crate) use equality::equal;
pub(crate) use evaluate::Evaluator;
pub(crate) use fault::Fault;
pub(crate) use mentions::{Mention, Part as MentionPart, mentions};
pub(crate) use parse::{Expression, parse_template, parse_type};
pub(crate) use scope::{Index, NoScope, Scope, VariablesScope};
pub(crate) use traverse::{attribute, index_into};
