use crate::place::Place;
use serde::Serialize;
use wharf_core::Action;

/// What the gate says of one or more plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The plans, in the order given.
    pub plans: Vec<Judged>,
    /// Every rule that was applied, also those that found nothing.
    pub rules: Vec<RuleInfo>,
    /// What was found: by plan, denials first, then in the order of the rules and of the plan.
    pub findings: Vec<Finding>,
    /// What policies found and their own exceptions excuse.
    pub exempted: Vec<Finding>,
    /// How much the plans change together.
    pub blast_radius: BlastRadius,
}

/// A plan that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// What it is called: the path it was read from.
    pub name: String,
    /// The stack, where the plan says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Its stack file, for findings that have no line in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A rule that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleInfo {
    /// Its id: `destroy`, `protected`, `main.deny_wildcards`.
    pub id: String,
    /// What it denies or warns of.
    pub summary: String,
}

/// Whether a finding denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It does.
    Deny,
    /// It only warns.
    Warn,
}

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The index of its plan; nothing if it is about all of them.
    #[serde(skip)]
    pub plan: Option<usize>,
    /// The rule's id.
    pub rule: String,
    /// Whether it denies.
    pub level: Level,
    /// The address, as the stack file has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The property, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// What was found. Can be read without the other fields.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// How much plans change: the sum of the weights of their changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlastRadius {
    /// The sum.
    pub total: u64,
    /// What it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<u64>,
    /// What each address adds, the heaviest first.
    pub changes: Vec<Weighed>,
}

/// What one address adds to the blast radius.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Weighed {
    /// The index of its plan.
    #[serde(skip)]
    pub plan: usize,
    /// The address, as the stack file has it.
    pub address: String,
    /// Its type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What happens to it.
    pub action: Action,
    /// How much that counts.
    pub weight: u64,
}

impl Verdict {
    /// Whether the plans may not be applied.
    pub fn is_denied(&self) -> bool {
        self.denials() > 0
    }

    /// How many findings deny.
    pub fn denials(&self) -> usize {
        self.findings.iter().filter(|finding| finding.level == Level::Deny).count()
    }

    /// How many findings warn.
    pub fn warnings(&self) -> usize {
        self.findings.len() - self.denials()
    }

    /// The name of a finding's plan, where there is more than one.
    pub fn plan_of(&self, finding: &Finding) -> Option<&str> {
        let judged = finding.plan.and_then(|plan| self.plans.get(plan));
        judged.filter(|_| self.plans.len() > 1).map(|judged| judged.name.as_str())
    }

    /// Rewrites everything in the findings that a policy may have worded.
    #[must_use]
    pub fn reworded(mut self, reword: impl Fn(&str) -> String) -> Self {
        for finding in self.findings.iter_mut().chain(&mut self.exempted) {
            finding.message = reword(&finding.message);
            finding.help = finding.help.as_deref().map(&reword);
            finding.property = finding.property.as_deref().map(&reword);
        }
        self
    }
}
