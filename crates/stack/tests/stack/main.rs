//! The stack file from text to values: parsing, diagnostics, expansion, evaluation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed test may panic")]

mod exposed;
mod functions;
mod knowledge;
mod mistakes;
mod outside;
mod properties;
mod scale;
mod support;
mod values;
