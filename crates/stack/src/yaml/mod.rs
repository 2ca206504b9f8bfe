//! YAML as a tree that knows where everything was written.

mod locate;
mod merge;
mod parse;
mod scalar;
mod tree;

pub(crate) use locate::Origin;
pub(crate) use parse::{parse, parse_text};
pub(crate) use scalar::resolve;
pub(crate) use tree::{Entry, Kind, Node, Scalar, Style, describe};
