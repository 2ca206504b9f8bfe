//! Builds that failed, and what they wrote last.
//!
//! Source: `codebuild:BatchGetBuilds`.

use super::logs;
use crate::evidence::Build;
use aws_sdk_codebuild::types as sdk;
use futures::future::try_join_all;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// The builds of these ids that failed.
pub(super) async fn failed(clients: &Clients, ids: Vec<String>) -> Result<Vec<Build>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let request = clients.codebuild().batch_get_builds().set_ids(Some(ids));
    let answer = request.send().await.named("codebuild:BatchGetBuilds").or_absent()?;
    let builds = answer.and_then(|answer| answer.builds).into_iter().flatten();
    let failed = builds.filter(|build| {
        !matches!(build.build_status(), Some(sdk::StatusType::Succeeded | sdk::StatusType::InProgress))
    });
    try_join_all(failed.map(|build| async move {
        let mut shown = shown(&build);
        let place = build.logs().and_then(|logs| Some((logs.group_name()?, logs.stream_name()?)));
        if let Some((group, stream)) = place {
            shown.log = Some(logs::tail(clients, logs::Place { group, stream, region: None, says }).await?);
        }
        Ok(shown)
    }))
    .await
}

/// What CodeBuild says between the commands is of no use, but for the command that failed.
fn says(line: &str) -> bool {
    !line.starts_with("[Container]") || line.contains("did not exit successfully")
}

fn shown(build: &sdk::Build) -> Build {
    let went_wrong = |phase: &&sdk::BuildPhase| {
        !matches!(phase.phase_status(), None | Some(sdk::StatusType::Succeeded | sdk::StatusType::InProgress))
    };
    let phase = build.phases().iter().find(went_wrong);
    let contexts = phase.map(sdk::BuildPhase::contexts).unwrap_or_default();
    let reason = |context: &sdk::PhaseContext| {
        let parts = [context.status_code(), context.message()];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    };
    Build {
        id: build.id().unwrap_or_default().to_owned(),
        phase: phase.and_then(|phase| Some(phase.phase_type()?.as_str().to_owned())),
        reasons: contexts.iter().map(reason).filter(|reason| !reason.is_empty()).collect(),
        log: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_commands_is_left_out() {
        assert!(says("main.c:1: no"));
        assert!(says("[Container] 2026/11/23 Command did not exit successfully make exit status 2"));
        assert!(!says("[Container] 2026/11/23 Phase complete: BUILD State: FAILED"));
    }

    #[test]
    fn the_phase_that_failed_first_tells_why() {
        let phase = |kind, status, message: Option<&str>| {
            let context = message.map(|message| {
                sdk::PhaseContext::builder().status_code("COMMAND_EXECUTION_ERROR").message(message).build()
            });
            let phase = sdk::BuildPhase::builder().phase_type(kind).phase_status(status);
            phase.set_contexts(context.map(|context| vec![context])).build()
        };
        let build = sdk::Build::builder()
            .id("shop:1")
            .phases(phase(sdk::BuildPhaseType::PreBuild, sdk::StatusType::Succeeded, None))
            .phases(phase(sdk::BuildPhaseType::Build, sdk::StatusType::Failed, Some("exit status 1")))
            .phases(phase(sdk::BuildPhaseType::PostBuild, sdk::StatusType::Failed, Some("exit status 2")))
            .build();
        let shown = shown(&build);
        assert_eq!(shown.phase.as_deref(), Some("BUILD"));
        assert_eq!(shown.reasons, ["COMMAND_EXECUTION_ERROR: exit status 1"]);
    }
}
