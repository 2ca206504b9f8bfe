use std::time::Duration;

/// Rego policies, and what they are evaluated with.
#[derive(Debug, Clone)]
pub struct Policies {
    /// The policies; tests (`*_test.rego`) are left out by whoever reads the files.
    pub files: Vec<Text>,
    /// JSON and YAML documents, merged into `data`.
    pub data: Vec<Text>,
    /// The packages whose `deny`, `violation`, `warn` and `authz` count.
    pub namespaces: Namespaces,
    /// Further rules that have to be `true`: `data.terraform.analysis.authz`.
    pub authz: Vec<String>,
    /// How long all policies together may take for one plan. Whatever has not ended then is a denial.
    pub limit: Duration,
}

impl Policies {
    /// How long policies may take unless something else is said: far more than policies need.
    pub const LIMIT: Duration = Duration::from_secs(30);
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its path, as it is to be shown.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Packages of policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// conftest's: `main`; not asked for by name.
    Default,
    /// These.
    Named(Vec<String>),
    /// All that have such a rule.
    All,
}
