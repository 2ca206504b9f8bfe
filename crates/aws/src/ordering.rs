//! The orders between AWS resources that no reference in a stack file expresses.

use wharf_provider::Link::Through;
use wharf_provider::OrderingRule;

/// Every rule, with the error that it prevents.
pub(crate) const ORDERINGS: &[OrderingRule] = &[OrderingRule {
    first: "aws_internet_gateway",
    then: "aws_nat_gateway",
    link: Through("aws_vpc"),
    prevents: "NatGateway failed: Network vpc-... has no Internet gateway attached",
}];
