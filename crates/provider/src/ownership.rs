//! The tags that say whose an object is: everything taggable gets them in the request that creates it.

use std::collections::BTreeMap;
use wharf_core::Address;

/// The tag that names the stack's lineage (a random id made with the first state).
pub const LINEAGE: &str = "wharf:lineage";
/// The tag that names the address in that stack, as [`Address::to_tag`] writes it.
pub const ADDRESS: &str = "wharf:address";

/// The tags of one object.
pub fn tags(lineage: &str, address: &Address) -> BTreeMap<String, String> {
    BTreeMap::from([(LINEAGE.to_owned(), lineage.to_owned()), (ADDRESS.to_owned(), address.to_tag())])
}

/// Whether a tag is one of ours, and so none of the user's business.
pub fn is_ours(key: &str) -> bool {
    key == LINEAGE || key == ADDRESS
}

/// Whether an object with these tags belongs to that address of that stack.
pub fn owns(live: &BTreeMap<String, String>, lineage: &str, address: &Address) -> bool {
    live.get(LINEAGE).is_some_and(|l| l == lineage)
        && live.get(ADDRESS).is_some_and(|a| *a == address.to_tag())
}
