use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use wharf_gate::{Switch, Weight};

/// Judges plans; what has been asked for here and in a configuration file counts together.
#[derive(Debug, ClapArgs)]
pub(crate) struct Gate {
    /// Saved plans (`wharf plan --out FILE`), or plans as JSON (`wharf plan --json`, `terraform show -json`); `-` reads stdin
    #[arg(value_name = "PLAN", required = true)]
    pub(crate) plans: Vec<PathBuf>,
    /// Deny what one of these rules finds (separated by commas, can be repeated)
    ///
    /// destroy: an object is deleted
    /// replace: an object is deleted and made anew
    /// iam: an `aws_iam_*` object changes, or the policy of a bucket, key, registry, queue, ...
    /// security-group: ingress is opened to the world, or to networks that are not known yet
    /// drift: an object was changed or deleted outside the stack since the last apply
    /// cost-nat: a NAT gateway is created
    /// unknown-policy: a part of a policy document is known only after the apply
    #[arg(long, value_name = "RULE", value_delimiter = ',', verbatim_doc_comment)]
    pub(crate) fail_on: Vec<Switch>,
    /// Deny to delete, replace or forget this address or type; `*` stands for any characters (can be repeated)
    #[arg(long, value_name = "ADDRESS|TYPE")]
    pub(crate) protect: Vec<String>,
    /// Deny if the weights of all changes together are more than this
    #[arg(long, value_name = "N")]
    pub(crate) budget: Option<u64>,
    /// What a change of a type counts, where that is not the default of docs/gate.md (can be repeated)
    #[arg(long = "weight", value_name = "TYPE[.ACTION]=N")]
    pub(crate) weights: Vec<Weight>,
    /// Evaluate the Rego policies (`*.rego`, but no `*_test.rego`) in this folder (can be repeated)
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Vec<PathBuf>,
    /// Give the policies this JSON or YAML document as `data` (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Vec<PathBuf>,
    /// The package whose deny, violation, warn and authz count; `main` if left out (can be repeated)
    #[arg(long, value_name = "NS", conflicts_with = "all_namespaces")]
    pub(crate) namespace: Vec<String>,
    /// Every package counts
    #[arg(long)]
    pub(crate) all_namespaces: bool,
    /// Deny unless this rule is true: `data.terraform.analysis.authz` (can be repeated)
    #[arg(long, value_name = "RULE")]
    pub(crate) authz: Vec<String>,
    /// Read the options above from a YAML file, under the same names; those given here add to it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: GateFormat,
    /// Write the report to a file, and the text for people to stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// How to report a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a comment on a pull request
    Markdown,
    /// `JUnit`'s XML, for lists of tests
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}
