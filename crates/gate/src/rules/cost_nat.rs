use crate::switch::Switch;
use crate::verdict::Finding;
use crate::view::View;
use wharf_core::Action;

/// NAT gateways that are created: the dearest thing in most small networks, and paid by the hour whether used or not.
/// One that is replaced costs no more than before.
pub(crate) fn find(view: &View) -> Vec<Finding> {
    let is_new = |action| action == Action::Create;
    let created = view.changes.iter().filter(|c| is_new(c.action) && c.resource_type == "aws_nat_gateway");
    created
        .map(|change| {
            let message =
                format!("{} is created: a NAT gateway is paid by the hour and by the gigabyte", change.title());
            Finding::denied(Switch::CostNat, change, message).help(
                "about 33 USD a month in us-east-1 before traffic, more elsewhere (aws.amazon.com/vpc/pricing); VPC \
                 endpoints, or one gateway for all zones, cost less",
            )
        })
        .collect()
}
