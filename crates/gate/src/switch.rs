use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// A built-in rule that `--fail-on` switches on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Objects that are deleted and not made anew.
    Destroy,
    /// Objects that are deleted and made anew.
    Replace,
    /// Who may do what: IAM, and policies of resources.
    Iam,
    /// Ingress that is opened to the world.
    SecurityGroup,
    /// Objects that were changed outside the stack.
    Drift,
    /// NAT gateways that are created.
    CostNat,
    /// Policy documents of which a part is known only after the apply.
    UnknownPolicy,
}

impl Switch {
    /// All of them, in the order in which findings are listed.
    pub const ALL: [Switch; 7] = [
        Switch::Destroy,
        Switch::Replace,
        Switch::Iam,
        Switch::SecurityGroup,
        Switch::Drift,
        Switch::CostNat,
        Switch::UnknownPolicy,
    ];

    /// Its name on the command line; the id of the rule in every output.
    pub fn name(self) -> &'static str {
        match self {
            Switch::Destroy => "destroy",
            Switch::Replace => "replace",
            Switch::Iam => "iam",
            Switch::SecurityGroup => "security-group",
            Switch::Drift => "drift",
            Switch::CostNat => "cost-nat",
            Switch::UnknownPolicy => "unknown-policy",
        }
    }

    /// What it denies, in one line.
    pub fn summary(self) -> &'static str {
        match self {
            Switch::Destroy => "An object is deleted",
            Switch::Replace => "An object is deleted and made anew",
            Switch::Iam => "IAM, or the policy of a resource, changes",
            Switch::SecurityGroup => {
                "A security group lets the world in, or whom it lets in is not known yet"
            }
            Switch::Drift => "An object was changed outside the stack",
            Switch::CostNat => "A NAT gateway is created",
            Switch::UnknownPolicy => "A policy document is not wholly known before the apply",
        }
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no switch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{name}`{}; there are {}", near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default(), all())]
pub struct UnknownSwitch {
    /// The name.
    pub name: String,
    /// The one that was probably meant.
    pub near: Option<&'static str>,
}

fn all() -> String {
    Switch::ALL.map(Switch::name).join(", ")
}

impl FromStr for Switch {
    type Err = UnknownSwitch;

    fn from_str(name: &str) -> Result<Self, UnknownSwitch> {
        Switch::ALL.into_iter().find(|switch| switch.name() == name).ok_or_else(|| UnknownSwitch {
            name: name.to_owned(),
            near: wharf_core::suggest(name, Switch::ALL.map(Switch::name)),
        })
    }
}
