//! The bucket for states: private, versioned, encrypted, reached over TLS only.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus,
    CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, VersioningConfiguration,
};
use aws_smithy_types::error::operation::BuildError;
use serde_json::json;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Error, ErrorKind, Result};

/// How many days an overwritten state is kept at the least.
const KEPT_DAYS: i32 = 90;
/// How many overwritten states are kept however old they are.
const KEPT_VERSIONS: i32 = 100;

/// Creates the bucket, or completes one that this account has already: what is set there stays. Gives what was done, a
/// line each.
///
/// # Errors
///
/// `AlreadyExists` for a bucket of somebody else, and those of S3.
pub async fn create(clients: &Clients, bucket: &str, kms_key_id: Option<&str>) -> Result<Vec<String>> {
    let mut done = Vec::new();
    if make(clients, bucket).await? {
        done.push(format!("created the bucket {bucket} in {}", clients.region()));
    }
    if block_public_access(clients, bucket).await? {
        done.push("blocked public access".to_owned());
    }
    if own_objects(clients, bucket).await? {
        done.push("turned access control lists off".to_owned());
    }
    if keep_versions(clients, bucket).await? {
        done.push("turned versioning on".to_owned());
    }
    if expire_versions(clients, bucket).await? {
        done.push(format!(
            "old versions are kept for {KEPT_DAYS} days, and the last {KEPT_VERSIONS} for ever"
        ));
    }
    if encrypt(clients, bucket, kms_key_id).await? {
        done.push(match kms_key_id {
            Some(key) => format!("new objects are encrypted with the KMS key {key}"),
            None => "new objects are encrypted with S3's key".to_owned(),
        });
    }
    if demand_tls(clients, bucket).await? {
        done.push("requests without TLS are denied".to_owned());
    }
    Ok(done)
}

/// Whether there was none.
async fn make(clients: &Clients, bucket: &str) -> Result<bool> {
    let head = clients.s3().head_bucket().bucket(bucket).send().await.named("s3:HeadBucket");
    match head.or_absent() {
        Ok(Some(_)) => return Ok(false),
        Ok(None) => {}
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            let message = format!("there is a bucket {bucket}, and these credentials may not use it");
            return Err(Error { message, kind: ErrorKind::AlreadyExists, ..error });
        }
        Err(error) => return Err(error),
    }
    let request = clients.s3().create_bucket().bucket(bucket);
    // S3 wants no constraint there.
    let request = if clients.region() == "us-east-1" {
        request
    } else {
        let constraint = BucketLocationConstraint::from(clients.region());
        let place = CreateBucketConfiguration::builder().location_constraint(constraint).build();
        request.create_bucket_configuration(place)
    };
    match request.send().await.named("s3:CreateBucket") {
        // An earlier attempt, whose answer was lost.
        Err(error) if error.is_code("BucketAlreadyOwnedByYou") => Ok(true),
        other => other.map(|_| true),
    }
}

async fn block_public_access(clients: &Clients, bucket: &str) -> Result<bool> {
    let there = clients.s3().get_public_access_block().bucket(bucket).send().await;
    let there = there.named("s3:GetBucketPublicAccessBlock").or_absent()?;
    let there = there.and_then(|answer| answer.public_access_block_configuration);
    let all = [
        there.as_ref().and_then(|block| block.block_public_acls),
        there.as_ref().and_then(|block| block.ignore_public_acls),
        there.as_ref().and_then(|block| block.block_public_policy),
        there.as_ref().and_then(|block| block.restrict_public_buckets),
    ];
    if all.iter().all(|block| *block == Some(true)) {
        return Ok(false);
    }
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    let request = clients.s3().put_public_access_block().bucket(bucket);
    let request = request.public_access_block_configuration(block);
    request.send().await.named("s3:PutBucketPublicAccessBlock")?;
    Ok(true)
}

async fn own_objects(clients: &Clients, bucket: &str) -> Result<bool> {
    let there = clients.s3().get_bucket_ownership_controls().bucket(bucket).send().await;
    let there = there.named("s3:GetBucketOwnershipControls").or_absent()?;
    let rules = there.and_then(|answer| answer.ownership_controls).map(|controls| controls.rules);
    if rules.iter().flatten().any(|rule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced) {
        return Ok(false);
    }
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced);
    let controls = OwnershipControls::builder().rules(built(rule.build())?).build();
    let request = clients.s3().put_bucket_ownership_controls().bucket(bucket);
    request.ownership_controls(built(controls)?).send().await.named("s3:PutBucketOwnershipControls")?;
    Ok(true)
}

async fn keep_versions(clients: &Clients, bucket: &str) -> Result<bool> {
    let there = clients.s3().get_bucket_versioning().bucket(bucket).send().await;
    if there.named("s3:GetBucketVersioning")?.status == Some(BucketVersioningStatus::Enabled) {
        return Ok(false);
    }
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let request = clients.s3().put_bucket_versioning().bucket(bucket).versioning_configuration(on);
    request.send().await.named("s3:PutBucketVersioning")?;
    Ok(true)
}

/// Every renewal of a lock is a version, too: without an end they would gather for ever.
async fn expire_versions(clients: &Clients, bucket: &str) -> Result<bool> {
    let there = clients.s3().get_bucket_lifecycle_configuration().bucket(bucket).send().await;
    let there = match there.named("s3:GetLifecycleConfiguration") {
        Err(error) if error.is_code("NoSuchLifecycleConfiguration") => None,
        other => other.or_absent()?,
    };
    if there.is_some_and(|answer| answer.rules.is_some_and(|rules| !rules.is_empty())) {
        return Ok(false);
    }
    let end = NoncurrentVersionExpiration::builder()
        .noncurrent_days(KEPT_DAYS)
        .newer_noncurrent_versions(KEPT_VERSIONS)
        .build();
    let rule = LifecycleRule::builder()
        .id("wharf-old-versions")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .noncurrent_version_expiration(end)
        .build();
    let rules = BucketLifecycleConfiguration::builder().rules(built(rule)?).build();
    let request = clients.s3().put_bucket_lifecycle_configuration().bucket(bucket);
    request.lifecycle_configuration(built(rules)?).send().await.named("s3:PutLifecycleConfiguration")?;
    Ok(true)
}

async fn encrypt(clients: &Clients, bucket: &str, kms_key_id: Option<&str>) -> Result<bool> {
    let there = clients.s3().get_bucket_encryption().bucket(bucket).send().await;
    let there = there.named("s3:GetEncryptionConfiguration").or_absent()?;
    let rules = there.and_then(|answer| answer.server_side_encryption_configuration).map(|all| all.rules);
    let by_default = rules.iter().flatten().filter_map(|rule| {
        let by_default = rule.apply_server_side_encryption_by_default.as_ref()?;
        Some((by_default.sse_algorithm.clone(), by_default.kms_master_key_id.clone()))
    });
    let is_kept = |(algorithm, key): (ServerSideEncryption, Option<String>)| match kms_key_id {
        Some(wanted) => algorithm == ServerSideEncryption::AwsKms && key.as_deref() == Some(wanted),
        // Any is better than a change of what somebody chose.
        None => true,
    };
    if by_default.into_iter().any(is_kept) {
        return Ok(false);
    }
    let algorithm =
        if kms_key_id.is_some() { ServerSideEncryption::AwsKms } else { ServerSideEncryption::Aes256 };
    let by_default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(algorithm)
        .set_kms_master_key_id(kms_key_id.map(str::to_owned));
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(built(by_default.build())?)
        .bucket_key_enabled(kms_key_id.is_some())
        .build();
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build();
    let request = clients.s3().put_bucket_encryption().bucket(bucket);
    let request = request.server_side_encryption_configuration(built(rules)?);
    request.send().await.named("s3:PutEncryptionConfiguration")?;
    Ok(true)
}

/// Adds a policy where there is none.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html>
async fn demand_tls(clients: &Clients, bucket: &str) -> Result<bool> {
    let there = clients.s3().get_bucket_policy().bucket(bucket).send().await;
    if there.named("s3:GetBucketPolicy").or_absent()?.is_some() {
        return Ok(false);
    }
    let arn = format!("arn:{}:s3:::{bucket}", clients.partition());
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }],
    });
    let request = clients.s3().put_bucket_policy().bucket(bucket).policy(policy.to_string());
    request.send().await.named("s3:PutBucketPolicy")?;
    Ok(true)
}

fn built<T>(part: Result<T, BuildError>) -> Result<T> {
    part.map_err(|error| Error::internal(error.to_string()))
}
