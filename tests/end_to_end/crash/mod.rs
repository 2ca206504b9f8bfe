//! Killed at any request, wharf goes on with the next run: no orphan, no duplicate, no manual step.

mod account;
mod converge;
mod cycle;
mod matrix;
mod phase;
mod point;
mod trouble;

use crate::Test;

pub(crate) use matrix::WHICH;

pub(crate) const TESTS: &[Test] = &[
    ("killed at the boundaries of requests", matrix::run),
    ("converges while AWS throttles, fails and loses answers", converge::through_faults),
    ("converges while AWS shows late what was done", converge::through_lag),
];
