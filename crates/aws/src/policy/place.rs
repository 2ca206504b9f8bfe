/// Where a stack is, for its ARNs; `*` for what is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
}

impl Place {
    /// The ARN of a resource. IAM has no regions; the names of buckets are unique in a partition.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let Place { partition, region, account } = self;
        match service {
            "s3" => format!("arn:{partition}:s3:::{resource}"),
            "iam" => format!("arn:{partition}:iam::{account}:{resource}"),
            _ => format!("arn:{partition}:{service}:{region}:{account}:{resource}"),
        }
    }
}
