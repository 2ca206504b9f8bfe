//! What somebody has to be allowed, and what IAM's simulator says of it.

use crate::facts::Look;

/// Who needs a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The role with which ECS pulls images, opens logs and reads secrets.
    Execution,
    /// The role with which CodeDeploy deploys.
    Deployment,
    /// Whoever releases.
    Caller,
}

/// Actions that somebody needs on resources: all of these on all of those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Right {
    pub(crate) actions: Vec<&'static str>,
    pub(crate) resources: Vec<String>,
    /// Condition keys with the values that they will have.
    pub(crate) context: Vec<(&'static str, String)>,
    /// What happens without: `the image cannot be pulled`.
    pub(crate) without: String,
    /// Whether a policy of the resource may allow it, too: the simulator does not know those.
    pub(crate) elsewhere: bool,
}

impl Right {
    pub(crate) fn new(
        actions: &[&'static str],
        resources: impl IntoIterator<Item = String>,
        without: impl Into<String>,
    ) -> Self {
        Right {
            actions: actions.to_vec(),
            resources: resources.into_iter().collect(),
            context: Vec::new(),
            without: without.into(),
            elsewhere: false,
        }
    }

    /// With the value of a condition key.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.context.push((key, value.into()));
        self
    }

    /// A policy of the resource may allow it, too.
    pub(crate) fn or_elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }
}

/// What somebody needs, and the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) who: Who,
    pub(crate) principal: Principal,
    /// Each right with what the simulator says of it; one verdict for each action on each resource.
    pub(crate) rights: Vec<(Right, Look<Vec<Verdict>>)>,
}

/// Whose policies count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// The account's root user, who may do everything.
    Root,
    /// A user or a role, by ARN.
    Entity(String),
    /// A role that is gone.
    Gone(String),
    /// Nobody the simulator knows, and why.
    Unknown(String),
}

/// What the simulator says of an action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) decision: Decision,
}

/// What limits the policies of a role or user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    Boundary,
    ServiceControl,
}

/// Whether it is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    /// No policy allows it.
    NotAllowed,
    /// It is outside of this limit, whatever the policies allow.
    Outside(Limit),
    /// A policy denies it.
    Denied,
    /// It depends on these condition keys, whose values the simulator does not know.
    Depends(Vec<String>),
}

impl Answered {
    /// Whether the simulator itself was denied for all that was asked.
    pub(crate) fn is_unseen(&self) -> bool {
        !self.rights.is_empty() && self.rights.iter().all(|(_, answer)| answer.is_err())
    }
}

/// Every action with every resource it is asked for.
#[cfg(test)]
pub(crate) fn flat(rights: &[Right]) -> Vec<String> {
    let pairs = rights.iter().flat_map(|right| {
        right
            .actions
            .iter()
            .flat_map(|action| right.resources.iter().map(move |arn| format!("{action} {arn}")))
    });
    pairs.collect()
}
