use std::fmt;
use wharf_provider::{Error, ErrorKind};

/// A request that AWS denied.
///
/// Source of the words: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The IAM action that is missing: the one AWS names, else the one that the operation needs.
    pub action: String,
    /// The resource it was for, if AWS says so.
    pub resource: Option<String>,
    /// Why, if AWS says so.
    pub reason: Option<Reason>,
}

/// Why AWS denied a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No policy of a kind allows it: `identity-based policy`, `service control policy`.
    NotAllowed(String),
    /// A policy of a kind denies it, whatever others allow.
    ExplicitDeny(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotAllowed(policy) => write!(f, "no {policy} allows it"),
            Reason::ExplicitDeny(policy) => write!(f, "explicitly denied by: {policy}"),
        }
    }
}

impl Denied {
    /// What an error says; nothing of one of another kind.
    pub fn of(error: &Error) -> Option<Self> {
        if error.kind != ErrorKind::AccessDenied {
            return None;
        }
        let message = before_encoded(&error.message).0;
        let (action, rest) = match (message.split_once(" to perform: "), message.split_once(DECODED)) {
            (Some((_, rest)), _) => rest.split_once(" on resource: ").unwrap_or((rest, "")),
            (None, Some((_, rest))) => rest.split_once(" on ").unwrap_or((rest, "")),
            (None, None) => ("", ""),
        };
        let action = action.split_whitespace().next();
        let resource = rest.split_whitespace().next();
        let action = action.map(trimmed).filter(|action| action.contains(':'));
        Some(Denied {
            action: action.map_or_else(|| action_of(&error.operation).to_owned(), str::to_owned),
            resource: resource
                .map(trimmed)
                .filter(|resource| resource.starts_with("arn:"))
                .map(str::to_owned),
            reason: reason(message),
        })
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_end_matches([',', '.', ':']).trim_matches('"')
}

fn reason(message: &str) -> Option<Reason> {
    if let Some((_, rest)) = message.split_once(" explicit deny in ") {
        let rest = rest.strip_prefix("an ").or_else(|| rest.strip_prefix("a ")).unwrap_or(rest);
        return Some(Reason::ExplicitDeny(clause(rest)));
    }
    if message.contains(DENIED_BY) {
        return Some(Reason::ExplicitDeny("a policy".to_owned()));
    }
    let (_, rest) = message.split_once(" because no ")?;
    let (policy, _) = rest.split_once(" allows ")?;
    Some(Reason::NotAllowed(clause(policy)))
}

/// As far as the clause goes.
fn clause(text: &str) -> String {
    let end = [". ", "; ", " ("].iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}

/// The IAM action that an operation needs. They are named alike but for some of S3's.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>.
fn action_of(operation: &str) -> &str {
    match operation {
        "s3:HeadBucket" | "s3:ListObjectsV2" => "s3:ListBucket",
        "s3:HeadObject" => "s3:GetObject",
        "s3:ListObjectVersions" => "s3:ListBucketVersions",
        "s3:DeleteObjects" => "s3:DeleteObject",
        "s3:GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "s3:PutBucketEncryption" | "s3:DeleteBucketEncryption" => "s3:PutEncryptionConfiguration",
        "s3:GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "s3:PutPublicAccessBlock" | "s3:DeletePublicAccessBlock" => "s3:PutBucketPublicAccessBlock",
        other => other,
    }
}

/// What stands before what was decoded: an action, ` on `, a resource, and `: ` before the reason.
pub(super) const DECODED: &str = "decoded, AWS says: ";
/// That reason, where a statement denies it.
pub(super) const DENIED_BY: &str = "denied by a statement";

const ENCODED: &str = "Encoded authorization failure message:";

/// A message, and what of it is encoded.
pub(super) fn before_encoded(message: &str) -> (&str, Option<&str>) {
    match message.split_once(ENCODED) {
        Some((before, encoded)) => {
            (before.trim_end(), encoded.split_whitespace().next().map(|text| text.trim_end_matches('.')))
        }
        None => (message, None),
    }
}

/// Text from AWS without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(operation: &str, message: &str) -> Denied {
        let error = Error { operation: operation.to_owned(), ..Error::new(ErrorKind::AccessDenied, message) };
        Denied::of(&error).unwrap_or_else(|| panic!("{message}"))
    }

    #[test]
    fn what_aws_says() {
        let user = "User: arn:aws:iam::1:user/ci is not authorized to perform:";
        let ecs = denied(
            "ecs:CreateCluster",
            &format!(
                "{user} ecs:TagResource on resource: arn:aws:ecs:e:1:cluster/c because no identity-based policy allows the ecs:TagResource action"
            ),
        );
        assert_eq!(ecs.action, "ecs:TagResource");
        assert_eq!(ecs.resource.as_deref(), Some("arn:aws:ecs:e:1:cluster/c"));
        assert_eq!(ecs.reason, Some(Reason::NotAllowed("identity-based policy".into())));
        let s3 = denied(
            "s3:PutObject",
            &format!(
                "{user} s3:PutObject on resource: \"arn:aws:s3:::b/k\" with an explicit deny in a service control policy"
            ),
        );
        assert_eq!(s3.resource.as_deref(), Some("arn:aws:s3:::b/k"));
        assert_eq!(s3.reason, Some(Reason::ExplicitDeny("service control policy".into())));
        let decoded = denied(
            "ec2:CreateVpc",
            "Not authorized; decoded, AWS says: ec2:CreateTags on arn:aws:ec2:e:1:vpc/*: denied by a statement: `No` of p-1",
        );
        assert_eq!(
            (decoded.action.as_str(), decoded.resource.as_deref()),
            ("ec2:CreateTags", Some("arn:aws:ec2:e:1:vpc/*"))
        );
        assert_eq!(decoded.reason, Some(Reason::ExplicitDeny("a policy".into())));
        let ec2 = denied(
            "ec2:CreateVpc",
            &format!(
                "You are not authorized to perform this operation. {user} ec2:CreateVpc on resource: arn:aws:ec2:e:1:vpc/* because no permissions boundary allows the ec2:CreateVpc action; more. Encoded authorization failure message: abc-DEF_1"
            ),
        );
        assert_eq!(
            (ec2.action.as_str(), ec2.resource.as_deref()),
            ("ec2:CreateVpc", Some("arn:aws:ec2:e:1:vpc/*"))
        );
        assert_eq!(ec2.reason, Some(Reason::NotAllowed("permissions boundary".into())));
    }

    #[test]
    fn what_aws_does_not_say_is_told_from_the_operation() {
        for (operation, message, action) in [
            ("s3:HeadBucket", "HTTP status 403", "s3:ListBucket"),
            ("s3:PutPublicAccessBlock", "Access Denied", "s3:PutBucketPublicAccessBlock"),
            ("ec2:CreateVpc", "You are not authorized to perform this operation.", "ec2:CreateVpc"),
            ("iam:GetRole", "is not authorized to perform: nonsense", "iam:GetRole"),
        ] {
            let denied = denied(operation, message);
            assert_eq!((denied.action.as_str(), denied.resource, denied.reason), (action, None, None));
        }
        assert_eq!(Denied::of(&Error::new(ErrorKind::Invalid, "no")), None);
    }

    #[test]
    fn what_is_encoded() {
        let message = "Denied. Encoded authorization failure message: abc. The failure occurred";
        assert_eq!(before_encoded(message), ("Denied.", Some("abc")));
        assert_eq!(before_encoded("Denied."), ("Denied.", None));
        assert_eq!(plain("a\u{1b}[31mb\nc"), "a [31mb c");
    }
}
