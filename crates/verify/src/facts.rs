//! What was read from AWS, as data.

use crate::image::Image;
use crate::right::Answered;
use crate::secret::Source;
use crate::subject::Subject;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use wharf_aws::Denied;
use wharf_provider::{Error, ErrorKind, Result as CloudResult};
use wharf_release::Report;

/// What was read, or that the caller may not read it.
pub(crate) type Look<T> = Result<T, Unseen>;

/// Something that the caller may not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unseen {
    /// The action that AWS denies.
    pub(crate) action: String,
    /// Why, if AWS says so: `no identity-based policy allows it`.
    pub(crate) why: Option<String>,
}

/// Everything the checks decide on.
#[derive(Debug, Clone)]
pub struct Facts {
    pub(crate) subject: Subject,
    pub(crate) release: Look<Report>,
    /// The deployment group; none if it is gone.
    pub(crate) group: Look<Option<DeploymentGroup>>,
    /// The pipeline; none if it is gone.
    pub(crate) pipeline: Look<Option<PipelineState>>,
    /// The status of the service: `ACTIVE`, `DRAINING`, …; none if it is gone.
    pub(crate) service: Look<Option<String>>,
    pub(crate) definitions: Look<Vec<Definition>>,
    pub(crate) images: BTreeMap<Image, Look<Stored>>,
    pub(crate) log_groups: BTreeMap<LogGroup, Look<bool>>,
    pub(crate) secrets: BTreeMap<Source, Look<Kept>>,
    /// Those of the pair that are there.
    pub(crate) target_groups: Look<Vec<TargetGroup>>,
    /// The trust policies of roles, by ARN; none of a role that is gone.
    pub(crate) roles: BTreeMap<String, Look<Option<Json>>>,
    pub(crate) rights: Vec<Answered>,
}

/// A deployment group of CodeDeploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeploymentGroup {
    /// The ARN of its role.
    pub(crate) role: String,
    /// The name of its deployment configuration.
    pub(crate) configuration: String,
}

/// A pipeline of CodePipeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PipelineState {
    /// The stages into which the transition is disabled.
    pub(crate) closed: Vec<String>,
}

/// A revision of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Definition {
    /// `family:revision`.
    pub(crate) name: String,
    /// Whether it serves, or is about to.
    pub(crate) live: bool,
    /// `ACTIVE`, `INACTIVE`, …; none if it is gone.
    pub(crate) status: Option<String>,
    /// `awsvpc`, `bridge`, …
    pub(crate) network_mode: Option<String>,
    /// The ARN of the role that pulls and logs.
    pub(crate) execution_role: Option<String>,
    /// The ARN of the role that the containers have.
    pub(crate) task_role: Option<String>,
    pub(crate) containers: Vec<Container>,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) ports: Vec<i32>,
    pub(crate) log: Option<Log>,
    /// The names it gets secrets under, with where they come from.
    pub(crate) secrets: Vec<(String, String)>,
}

/// Where a container writes its log, with the driver `awslogs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) group: LogGroup,
    /// Whether ECS makes the group if it is not there.
    pub(crate) creates: bool,
    /// The name of a stream it will write to.
    pub(crate) stream: String,
}

/// A log group of CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogGroup {
    pub(crate) region: String,
    pub(crate) name: String,
}

/// Whether an image is in its registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    There,
    NoImage,
    NoRepository,
}

/// Whether a secret can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is there; with the customer's key it is encrypted with, if it is.
    There { key: Option<String> },
    /// It is not there.
    Gone,
    /// It is about to be deleted.
    Deleting,
    /// It has no value of this stage.
    NoValue,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TargetGroup {
    pub(crate) name: String,
    pub(crate) arn: String,
    /// The ARNs of the load balancers whose listeners forward to it.
    pub(crate) load_balancers: Vec<String>,
    pub(crate) vpc: Option<String>,
    /// `ip`, `instance`, …
    pub(crate) target_type: Option<String>,
    /// `HTTP`, `HTTPS`, …
    pub(crate) protocol: Option<String>,
    /// How many of its targets are healthy.
    pub(crate) healthy: usize,
}

impl Facts {
    /// The task definitions, as far as they could be read.
    pub(crate) fn definitions(&self) -> &[Definition] {
        self.definitions.as_deref().unwrap_or_default()
    }

    /// The containers of all task definitions.
    pub(crate) fn containers(&self) -> impl Iterator<Item = (&Definition, &Container)> {
        self.definitions()
            .iter()
            .flat_map(|found| found.containers.iter().map(move |container| (found, container)))
    }

    /// The report, where it could be read.
    pub(crate) fn report(&self) -> Option<&Report> {
        self.release.as_ref().ok()
    }
}

/// What was read; what is denied is no error.
pub(crate) fn seen<T>(result: CloudResult<T>) -> CloudResult<Look<T>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if error.kind == ErrorKind::AccessDenied => Ok(Err(unseen(&error))),
        Err(error) => Err(error),
    }
}

fn unseen(error: &Error) -> Unseen {
    let (action, reason) = Denied::of(error).map(|denied| (denied.action, denied.reason)).unwrap_or_default();
    let action = if action.is_empty() { error.operation.clone() } else { action };
    Unseen { action, why: reason.map(|reason| reason.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_denied_is_no_error() {
        let error = |kind| Error { operation: "iam:GetRole".into(), ..Error::new(kind, "no") };
        let denied: CloudResult<u8> = Err(error(ErrorKind::AccessDenied));
        let unseen = seen(denied).unwrap().unwrap_err();
        assert_eq!((unseen.action.as_str(), unseen.why), ("iam:GetRole", None));
        assert!(seen::<u8>(Err(error(ErrorKind::Throttled))).is_err());
        assert_eq!(seen(Ok(1)).unwrap(), Ok(1));
    }
}
