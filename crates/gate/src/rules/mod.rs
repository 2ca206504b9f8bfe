//! The built-in rules, one file each.

pub(crate) mod blast_radius;
mod cost_nat;
mod destroy;
mod drift;
mod finding;
mod iam;
mod ingress;
pub(crate) mod protected;
mod replace;
mod security_group;
mod unknown_policy;

use crate::switch::Switch;
use crate::verdict::Finding;
use crate::view::View;

/// What a rule that is switched on finds in a plan.
pub(crate) fn find(switch: Switch, view: &View) -> Vec<Finding> {
    match switch {
        Switch::Destroy => destroy::find(view),
        Switch::Replace => replace::find(view),
        Switch::Iam => iam::find(view),
        Switch::SecurityGroup => security_group::find(view),
        Switch::Drift => drift::find(view),
        Switch::CostNat => cost_nat::find(view),
        Switch::UnknownPolicy => unknown_policy::find(view),
    }
}
