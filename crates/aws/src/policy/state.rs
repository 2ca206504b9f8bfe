use super::grants::{Grant, Grants, Purpose};
use super::place::Place;
use std::collections::BTreeSet;

/// Where a state is in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePlace {
    /// The bucket.
    pub bucket: String,
    /// The state's key.
    pub key: String,
    /// The lock's key.
    pub lock: String,
    /// The KMS key that encrypts both: an ARN, an id or an alias.
    pub kms_key_id: Option<String>,
}

/// What has to be allowed to whoever reads a state (plan), or locks and writes it (apply).
///
/// `s3:ListBucket`, so that S3 says that there is no state yet, and not that it may not be read. A plan takes no lock.
pub fn state(at: &StatePlace, place: &Place, purpose: Purpose) -> Grants {
    let StatePlace { bucket, key, lock, kms_key_id } = at;
    let object = |key: &str| place.arn("s3", &format!("{bucket}/{key}"));
    let both = || BTreeSet::from([object(key), object(lock)]);
    let grant = |action: &str| Grant { action: action.to_owned(), conditions: Vec::new() };
    let mut grants = Grants::from([
        (grant("s3:ListBucket"), BTreeSet::from([place.arn("s3", bucket)])),
        (grant("s3:GetObject"), BTreeSet::from([object(key)])),
    ]);
    if purpose == Purpose::Apply {
        grants.insert(grant("s3:GetObject"), both());
        grants.insert(grant("s3:PutObject"), both());
        grants.insert(grant("s3:DeleteObject"), BTreeSet::from([object(lock)]));
    }
    let Some(kms_key_id) = kms_key_id else { return grants };
    let key = super::functions::apply("key", kms_key_id, place, &super::functions::Roles::new());
    let through = if place.region == "*" { "StringLike" } else { "StringEquals" };
    let service = format!("s3.{}.amazonaws.com", place.region);
    let conditions = vec![[through.to_owned(), "kms:ViaService".to_owned(), service]];
    let actions: &[&str] = match purpose {
        Purpose::Plan => &["kms:Decrypt"],
        Purpose::Apply => &["kms:Decrypt", "kms:GenerateDataKey"],
    };
    for action in actions {
        let grant = Grant { action: (*action).to_owned(), conditions: conditions.clone() };
        grants.insert(grant, key.iter().cloned().collect());
    }
    grants
}

/// What has to be allowed to whoever takes on the role of `aws.assume_role`.
pub fn assume_role(role: &str) -> Grants {
    let grant = Grant { action: "sts:AssumeRole".to_owned(), conditions: Vec::new() };
    Grants::from([(grant, BTreeSet::from([role.to_owned()]))])
}
