use crate::Graph;
use crate::desired::{resolve, values_after};
use std::collections::HashMap;
use wharf_core::{Address, Diagnostics, Map};
use wharf_provider::Provider;
use wharf_stack::{Expanded, Lookup};

/// What the stack file asks of one instance, as far as that is known without AWS and without a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// The address.
    pub address: Address,
    /// Terraform's name of its type.
    pub resource_type: String,
    /// Properties in canonical form, and the attributes that were foreseen.
    pub attributes: Map,
}

/// Every instance, in the order of the file. `foresee` tells attributes of an object by its type and properties; what
/// refers to them sees what it said, and everything else that AWS sets is unknown.
///
/// # Errors
///
/// What in the stack file cannot be evaluated.
pub fn declared(
    expanded: &Expanded,
    provider: &dyn Provider,
    foresee: &dyn Fn(&str, &Map) -> Map,
) -> Result<Vec<Declared>, Diagnostics> {
    let instances = expanded.instances();
    let mut found: Vec<Option<Declared>> = instances.iter().map(|_| None).collect();
    let (mut values, mut errors) = (Values::default(), Diagnostics::default());
    for node in Graph::new(expanded, provider).order() {
        let instance = &instances[node];
        let address = &instance.address;
        let resource = expanded.resource(instance);
        let resolved = match resolve(expanded, provider, "", instance, &values) {
            Ok(resolved) => resolved,
            Err(mistakes) => {
                errors.extend(mistakes);
                continue;
            }
        };
        let mut after = values_after(&resource.schema, address, &resolved, None, true);
        let mut attributes = resolved.desired;
        for (name, value) in foresee(&resource.type_name, &attributes) {
            if !resolved.written.contains_key(&name) && resource.schema.field(&name).is_some() {
                after.insert(name.clone(), value.clone());
            }
            attributes.entry(name).or_insert(value);
        }
        values.0.insert(address.clone(), after);
        let resource_type = resource.type_name.clone();
        found[node] = Some(Declared { address: address.clone(), resource_type, attributes });
    }
    if errors.has_errors() { Err(errors.sorted()) } else { Ok(found.into_iter().flatten().collect()) }
}

#[derive(Default)]
struct Values(HashMap<Address, Map>);

impl Lookup for Values {
    fn attributes(&self, address: &Address) -> Option<&Map> {
        self.0.get(address)
    }
}
