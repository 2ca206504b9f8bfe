//! The functions of expressions: Terraform's names, Terraform's results, one file per family.

mod arguments;
mod collection;
mod encoding;
mod file;
mod format;
mod hash;
mod json;
mod network;
mod number;
mod pattern;
mod registry;
mod select;
mod set;
mod string;
mod types;
mod yaml;
mod zip;

pub(crate) use arguments::Arguments;
pub(crate) use json::{encode as encode_json, parse as parse_json};
pub(crate) use registry::{Body, Function, Needs, find};
pub(crate) use types::SET_FUNCTIONS;
pub(crate) use yaml::parse as parse_yaml;
