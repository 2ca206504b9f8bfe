//! What the facts mean, one check a file. No I/O.

mod deployment;
mod images;
mod listeners;
mod log_groups;
mod rights;
mod roles;
mod secrets;
mod service;
mod target_groups;
mod task_definition;

use crate::facts::Facts;
use crate::finding::Finding;

/// All checks, always in the same order.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut all = vec![service::check(facts), deployment::check(facts)];
    all.extend([task_definition::check(facts), images::check(facts), log_groups::check(facts)]);
    all.extend([secrets::check(facts), target_groups::check(facts), listeners::check(facts)]);
    all.push(roles::check(facts));
    all.extend(rights::check(facts));
    all
}
