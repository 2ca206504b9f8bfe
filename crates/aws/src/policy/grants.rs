//! What has to be allowed for a stack: actions, each with its resources and conditions.

use super::functions::Roles;
use super::pattern::covers;
use super::place::Place;
use super::subject::{Subject, foreseen};
use super::template::{Facts, Filled, fill, is_set};
use super::unrestricted::is_unrestricted;
use crate::arn;
use crate::provider::Aws;
use std::collections::{BTreeMap, BTreeSet};
use wharf_core::{Map, Value};
use wharf_provider::{Permissions, Scope, ownership};

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read, and to change nothing.
    Plan,
    /// To create, update, replace and delete, and to plan.
    Apply,
}

/// What is to be allowed.
#[derive(Debug, Clone, Copy)]
pub struct Needs<'a> {
    /// Where the stack is.
    pub place: &'a Place,
    /// What the stack file declares.
    pub declared: &'a [Subject],
    /// What the state has.
    pub recorded: &'a [Subject],
    /// The state's lineage, if there is a state: objects of the stack bear it as a tag.
    pub lineage: Option<&'a str>,
    /// What for.
    pub purpose: Purpose,
}

/// An action under a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The action: `ec2:CreateVpc`.
    pub action: String,
    /// Operator, key and value of each condition; all of them have to hold.
    pub conditions: Vec<[String; 3]>,
}

/// Actions and the resources they are allowed on.
pub type Grants = BTreeMap<Grant, BTreeSet<String>>;

/// What has to be allowed to whoever works on a stack, besides its state.
///
/// What the stack file declares counts with everything it may come to; what only the state has, with its deletion.
pub fn grants(aws: &Aws, needs: &Needs<'_>) -> Grants {
    let declared = with_keys_of_buckets(needs.declared);
    let roles = declared.iter().chain(needs.recorded).filter_map(role).collect();
    let ids = |subject: &Subject| ["id", "arn"].map(|name| subject.text(name).map(str::to_owned));
    let recorded = needs.recorded.iter().flat_map(ids).flatten().collect();
    let mut collector = Collector { aws, needs, roles: &roles, recorded, grants: Grants::new() };
    for subject in &declared {
        let steps: &[Step] = match needs.purpose {
            Purpose::Plan => &[|p| p.read],
            Purpose::Apply => &[|p| p.read, |p| p.create, |p| p.update, |p| p.delete],
        };
        collector.add(subject, steps);
    }
    for subject in needs.recorded {
        let declared = declared.iter().find(|declared| declared.address == subject.address);
        let steps: &[Step] = match needs.purpose {
            Purpose::Plan => &[|p| p.read],
            Purpose::Apply if declared.is_some_and(|d| d.resource_type == subject.resource_type) => {
                &[|p| p.read, |p| p.update, |p| p.delete]
            }
            Purpose::Apply => &[|p| p.read, |p| p.delete],
        };
        collector.add(subject, steps);
    }
    let untagged: Vec<String> =
        needs.recorded.iter().filter_map(|subject| collector.untagged(subject)).collect();
    for (grant, arn) in without_tags(&collector.grants, &untagged) {
        collector.grants.entry(grant).or_default().insert(arn);
    }
    narrowest(collector.grants)
}

type Step = fn(&Permissions) -> &'static [&'static str];

struct Collector<'a> {
    aws: &'a Aws,
    needs: &'a Needs<'a>,
    roles: &'a Roles,
    /// The ids and ARNs of what the state has.
    recorded: BTreeSet<String>,
    grants: Grants,
}

impl Collector<'_> {
    fn add(&mut self, subject: &Subject, steps: &[Step]) {
        let Some(entry) = self.aws.registry().get(&subject.resource_type) else { return };
        let mut attributes =
            foreseen(self.aws, self.needs.place, &subject.resource_type, &subject.attributes);
        // What AWS has told is truer than what was foreseen.
        attributes.extend(subject.attributes.clone());
        let actions: BTreeSet<&str> =
            steps.iter().flat_map(|step| step(&entry.permissions)).copied().collect();
        for action in actions {
            if is_unrestricted(action) {
                self.allow(action, Vec::new(), "*".to_owned());
                continue;
            }
            for scope in scopes(entry.scopes, action) {
                self.scope(action, scope, &attributes);
            }
        }
    }

    fn scope(&mut self, action: &str, scope: &Scope, attributes: &Map) {
        if scope.when.is_some_and(|property| !is_set(attributes, property)) {
            return;
        }
        let facts = Facts { place: self.needs.place, roles: self.roles, attributes };
        let values = match scope.condition {
            None => vec![None],
            Some(condition) => fill(condition.value, &facts)
                .into_iter()
                .map(|value| {
                    Some([operator(condition.operator, &value.text), condition.key.to_owned(), value.text])
                })
                .collect(),
        };
        let resources = scope.resources.iter().flat_map(|template| fill(template, &facts));
        let resources: Vec<Filled> = resources.filter(|resource| is_of(action, &resource.text)).collect();
        for condition in values {
            for resource in &resources {
                let owned = self.owned(scope.owned && self.is_own(resource));
                let conditions = condition.clone().into_iter().chain(owned).collect();
                self.allow(action, conditions, resource.text.clone());
            }
        }
    }

    /// Whether a resource is the stack's, not one that its stack file only mentions.
    fn is_own(&self, resource: &Filled) -> bool {
        let arn = resource.text.as_str();
        resource.is_open || self.recorded.contains(arn) || self.recorded.contains(arn::last(arn))
    }

    fn owned(&self, is_owned: bool) -> Option<[String; 3]> {
        let lineage = self.needs.lineage.filter(|_| is_owned)?;
        Some(["StringEquals".to_owned(), tag(), lineage.to_owned()])
    }

    fn allow(&mut self, action: &str, conditions: Vec<[String; 3]>, resource: String) {
        let grant = Grant { action: action.to_owned(), conditions };
        self.grants.entry(grant).or_default().insert(resource);
    }

    /// The ARN of a recorded object without the stack's tags: taken over by an import, and not changed since.
    fn untagged(&self, subject: &Subject) -> Option<String> {
        let tags = subject.attributes.get("tags_all")?.as_map()?;
        if tags.contains_key(ownership::LINEAGE) {
            return None;
        }
        let foreseen = foreseen(self.aws, self.needs.place, &subject.resource_type, &subject.attributes);
        let arn = subject.text("arn").map(str::to_owned);
        arn.or_else(|| foreseen.get("arn")?.as_str().map(str::to_owned))
    }
}

/// Whether a resource is of the action's service. One that is not known at all may be.
fn is_of(action: &str, arn: &str) -> bool {
    let service = arn.split(':').nth(2);
    service.is_none_or(|service| action.split(':').next() == Some(service))
}

fn tag() -> String {
    format!("aws:ResourceTag/{}", ownership::LINEAGE)
}

/// The scopes of an action: those that name it, else the one for the rest.
fn scopes(scopes: &'static [Scope], action: &str) -> Vec<&'static Scope> {
    let named: Vec<&Scope> = scopes.iter().filter(|scope| scope.actions.contains(&action)).collect();
    if named.is_empty() { scopes.iter().filter(|scope| scope.actions.is_empty()).collect() } else { named }
}

/// An operator for a value that may be a pattern.
fn operator(operator: &str, value: &str) -> String {
    if operator == "StringEquals" && value.contains('*') { "StringLike" } else { operator }.to_owned()
}

fn role(subject: &Subject) -> Option<(String, String)> {
    let name = subject.text("name").filter(|_| subject.resource_type == "aws_iam_role")?;
    Some((name.to_owned(), subject.text("arn")?.to_owned()))
}

/// The objects, those in a bucket that the stack encrypts with a key under that key.
fn with_keys_of_buckets(subjects: &[Subject]) -> Vec<Subject> {
    let mut keys: BTreeMap<&str, Value> = BTreeMap::new();
    for subject in subjects {
        if subject.resource_type == "aws_s3_bucket_server_side_encryption_configuration"
            && let (Some(bucket), Some(key)) = (subject.text("bucket"), default_key(&subject.attributes))
        {
            keys.insert(bucket, key.clone());
        }
    }
    let mut subjects = subjects.to_vec();
    for subject in &mut subjects {
        if subject.resource_type == "aws_s3_object"
            && !subject.attributes.contains_key("kms_key_id")
            && !subject.attributes.contains_key("server_side_encryption")
            && let Some(key) = subject.text("bucket").and_then(|bucket| keys.get(bucket))
        {
            subject.attributes.insert("kms_key_id".to_owned(), key.clone());
        }
    }
    subjects
}

fn default_key(configuration: &Map) -> Option<&Value> {
    let rule = configuration.get("rule")?.as_list()?.first()?.as_map()?;
    let default = rule.get("apply_server_side_encryption_by_default")?.as_list()?.first()?.as_map()?;
    default.get("kms_master_key_id")
}

/// For each grant that holds for tagged objects only: the objects without tags that it is about as well.
fn without_tags(grants: &Grants, untagged: &[String]) -> Vec<(Grant, String)> {
    let tag = tag();
    let mut more = Vec::new();
    for (grant, resources) in grants {
        if !grant.conditions.iter().any(|[_, key, _]| *key == tag) {
            continue;
        }
        let conditions = grant.conditions.iter().filter(|[_, key, _]| *key != tag).cloned().collect();
        let free = Grant { action: grant.action.clone(), conditions };
        let arns = untagged.iter().filter(|arn| resources.iter().any(|pattern| covers(pattern, arn)));
        more.extend(arns.map(|arn| (free.clone(), arn.clone())));
    }
    more
}

/// Without what something else allows already.
fn narrowest(grants: Grants) -> Grants {
    let allows = |other: &Grant, grant: &Grant| {
        other.action == grant.action && (other.conditions.is_empty() || other.conditions == grant.conditions)
    };
    let is_superfluous = |grant: &Grant, arn: &String| {
        let mut others = grants.iter().filter(|(other, _)| allows(other, grant));
        others
            .any(|(other, arns)| arns.iter().any(|wide| (other != grant || wide != arn) && covers(wide, arn)))
    };
    let kept = grants.iter().map(|(grant, arns)| {
        let arns: BTreeSet<String> = arns.iter().filter(|arn| !is_superfluous(grant, arn)).cloned().collect();
        (grant.clone(), arns)
    });
    kept.filter(|(_, arns)| !arns.is_empty()).collect()
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
