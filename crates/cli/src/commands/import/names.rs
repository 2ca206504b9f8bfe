//! Which address of the stack each object of a Terraform state becomes. Pure.

use super::terraform_state::Instance;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wharf_core::Address;

/// The resources of a stack file: name, type, and whether it has instances.
pub(super) struct Declared<'a> {
    pub(super) name: &'a str,
    pub(super) resource_type: &'a str,
    pub(super) is_keyed: bool,
}

/// The addresses, in the order of the instances.
///
/// A resource of the stack file is meant where it has the same type and name, or is the only one of its type on both
/// sides. What the stack file does not have keeps its name, with its type where that would be taken.
pub(super) fn addresses(instances: &[Instance], declared: &[Declared<'_>]) -> Vec<Address> {
    let mut resources: BTreeMap<String, &Instance> = BTreeMap::new();
    for instance in instances {
        resources.entry(instance.resource()).or_insert(instance);
    }
    let mut names: HashMap<&str, String> = HashMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (resource, instance) in &resources {
        let of_type = |found: &&Declared<'_>| found.resource_type == instance.resource_type;
        let same_name = declared.iter().filter(of_type).find(|found| found.name == instance.name);
        if let Some(found) = same_name.filter(|found| !taken.contains(found.name)) {
            taken.insert(found.name.to_owned());
            names.insert(resource, found.name.to_owned());
        }
    }
    for (resource, instance) in &resources {
        let of_type = |found: &&Declared<'_>| found.resource_type == instance.resource_type;
        let others = resources.values().filter(|other| other.resource_type == instance.resource_type);
        let mut found = declared.iter().filter(of_type);
        if let (Some(only), None, 1) = (found.next(), found.next(), others.count())
            && !names.contains_key(resource.as_str())
        {
            taken.insert(only.name.to_owned());
            names.insert(resource, only.name.to_owned());
        }
    }
    taken.extend(declared.iter().map(|found| found.name.to_owned()));
    for (resource, instance) in &resources {
        if names.contains_key(resource.as_str()) {
            continue;
        }
        let own = instance.name.clone();
        let kind = instance.resource_type.trim_start_matches("aws_");
        let typed = format!("{kind}_{own}");
        let module = instance.module.as_deref().map(|module| {
            let plain = module.replace("module.", "");
            let plain: String =
                plain.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            format!("{}_{typed}", plain.trim_matches('_'))
        });
        let numbered = (2..).map(|number| format!("{typed}_{number}"));
        let mut candidates = [own, typed.clone()].into_iter().chain(module).chain(numbered);
        let name =
            candidates.find(|name| !taken.contains(name) && Address::is_name(name) && !is_reserved(name));
        let name = name.unwrap_or(typed);
        taken.insert(name.clone());
        names.insert(resource, name);
    }
    let is_keyed =
        |name: &str| declared.iter().find(|found| found.name == name).is_none_or(|found| found.is_keyed);
    instances
        .iter()
        .map(|instance| {
            let name =
                names.get(instance.resource().as_str()).cloned().unwrap_or_else(|| instance.name.clone());
            // `count = 1` in Terraform is often what has no key here.
            let key = instance.key.clone().filter(|key| key != "0" || is_keyed(&name));
            Address { name, key }
        })
        .collect()
}

/// Names that mean something else in expressions.
fn is_reserved(name: &str) -> bool {
    ["var", "local", "each", "aws", "stack", "path", "data"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_core::Map;

    fn instance(module: Option<&str>, resource_type: &str, name: &str, key: Option<&str>) -> Instance {
        Instance {
            address: String::new(),
            resource_type: resource_type.into(),
            module: module.map(str::to_owned),
            name: name.into(),
            key: key.map(str::to_owned),
            attributes: Map::new(),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn by_name_by_type_and_without_clashes() {
        let instances = [
            instance(None, "aws_vpc", "main", None),
            instance(None, "aws_subnet", "main", Some("a")),
            instance(None, "aws_subnet", "other", None),
            instance(None, "aws_lb", "this", Some("0")),
            instance(Some("module.a"), "aws_iam_role", "this", None),
            instance(Some("module.b[\"x\"]"), "aws_iam_role", "this", None),
            instance(None, "aws_s3_bucket", "var", None),
        ];
        let declared = [
            Declared { name: "network", resource_type: "aws_vpc", is_keyed: false },
            Declared { name: "main", resource_type: "aws_subnet", is_keyed: true },
            Declared { name: "alb", resource_type: "aws_lb", is_keyed: false },
        ];
        let found: Vec<String> = addresses(&instances, &declared).iter().map(ToString::to_string).collect();
        let wanted = ["network", "main[\"a\"]", "other", "alb", "this", "iam_role_this", "s3_bucket_var"];
        assert_eq!(found, wanted);
    }
}
