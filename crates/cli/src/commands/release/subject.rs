use crate::args::TargetArgs;
use crate::error::{self, CommandError};
use crate::session::Session;
use crate::{render::progress, signals};
use std::sync::Arc;
use wharf_provider::Error as CloudError;
use wharf_release::look::Memory;
use wharf_release::{NoTarget, Target, choose, pipelines, push, targets};
use wharf_state::Snapshot;

/// What a release works with: AWS, and what is released.
pub(crate) struct Subject {
    pub(crate) session: Session,
    pub(crate) target: Target,
    pub(crate) snapshot: Snapshot,
    /// What was seen of it that cannot change.
    pub(crate) memory: Memory,
}

impl Subject {
    /// Reaches AWS and the state. Takes no lock: a release changes nothing that the state holds.
    pub(crate) async fn open(args: &TargetArgs) -> Result<Self, CommandError> {
        let (session, stop) = Session::open(&args.stack, Arc::from(progress::for_people())).await?;
        signals::listen(stop);
        let store = &session.context.store;
        let stored = store.read().await.map_err(|problem| error::store(&problem))?;
        let snapshot = stored.unwrap_or_else(|| Snapshot::new(&session.loaded.stack.name));
        snapshot.check_home(&session.context.home).map_err(|problem| error::store(&problem))?;
        let mut target = choose(&snapshot, args.service.as_ref())
            .map_err(|problem| nothing(&problem, &session.loaded.argument))?;
        let all = pipelines(&snapshot, &target);
        let is_named = all.iter().any(|pipeline| args.service.as_ref() == Some(&pipeline.address));
        if all.len() > 1 && !is_named {
            let latest = push::latest(&session.clients, &all).await;
            target.pipeline = latest.map_err(|problem| error::cloud(&problem))?;
        }
        Ok(Subject { session, target, snapshot, memory: Memory::default() })
    }

    /// AWS's errors, with what to do about them.
    pub(crate) fn cloud(&self, problem: &CloudError) -> CommandError {
        const GONE: &[&str] = &["DeploymentGroupDoesNotExistException", "ApplicationDoesNotExistException"];
        if GONE.iter().any(|code| problem.is_code(code)) { self.gone() } else { error::cloud(problem) }
    }

    /// The deployment group was deleted by somebody else.
    pub(crate) fn gone(&self) -> CommandError {
        let stack = &self.session.loaded.argument;
        let message = format!("`{}` is gone: AWS has no such deployment group any more", self.target.address);
        CommandError::new(message)
            .hint(format!("`wharf plan{stack}` shows what is gone, `wharf apply{stack}` makes it anew"))
    }

    /// What commands about the same release have behind their names: the stack, and what is meant of it where it has several.
    pub(crate) fn argument(&self) -> String {
        let stack = &self.session.loaded.argument;
        if targets(&self.snapshot).len() < 2 {
            return stack.clone();
        }
        let address = self.target.address.to_string().replace('\'', r"'\''");
        format!(" --service '{address}'{stack}")
    }
}

fn nothing(problem: &NoTarget, argument: &str) -> CommandError {
    let error = CommandError::new(problem.to_string());
    match problem {
        NoTarget::None { nothing: true, .. } => {
            error.hint(format!("`wharf apply{argument}` makes it"))
        }
        NoTarget::None { .. } => error.hint(
            "what releases is an `aws_codedeploy_deployment_group` with `ecs_service`, or an `aws_ecs_service` with \
             the strategy BLUE_GREEN",
        ),
        NoTarget::Several { .. } => error.hint("name one with `--service ADDRESS`"),
        NoTarget::Unknown { .. } => error,
    }
}
