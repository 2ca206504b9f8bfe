//! The newest execution of a pipeline.
//!
//! Sources: `codepipeline:GetPipelineState`, `ListPipelineExecutions`, `ListActionExecutions`.

use crate::report::{Pipeline, PipelineAction, PipelineStage};
use crate::time::Time;
use aws_sdk_codepipeline::types as sdk;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// How many executions are looked at: those that may wait for each other.
const EXECUTIONS: i32 = 20;

/// A pipeline as it is now; none if it is gone.
pub(super) async fn seen(clients: &Clients, name: &str) -> Result<Option<Pipeline>> {
    let codepipeline = clients.codepipeline();
    let (state, executions) = futures::try_join!(
        async {
            let answer = codepipeline.get_pipeline_state().name(name).send().await;
            answer.named("codepipeline:GetPipelineState").or_absent()
        },
        async {
            let request = codepipeline.list_pipeline_executions().pipeline_name(name).max_results(EXECUTIONS);
            request.send().await.named("codepipeline:ListPipelineExecutions").or_absent()
        },
    )?;
    let Some(state) = state else { return Ok(None) };
    let executions = executions.and_then(|answer| answer.pipeline_execution_summaries).unwrap_or_default();
    let newest = executions.first();
    let details = match newest.and_then(sdk::PipelineExecutionSummary::pipeline_execution_id) {
        Some(id) => actions(clients, name, id).await?,
        None => Vec::new(),
    };
    let stages = state.stage_states.unwrap_or_default();
    let id = newest.and_then(|newest| newest.pipeline_execution_id.as_deref());
    let (revision, summary) = newest.map(|newest| revision(newest.source_revisions())).unwrap_or_default();
    Ok(Some(Pipeline {
        name: name.to_owned(),
        execution: id.map(str::to_owned),
        status: newest.and_then(|newest| Some(newest.status()?.as_str().to_owned())),
        revision,
        revision_summary: summary,
        started: newest.and_then(|newest| newest.start_time).map(Time::from),
        stages: stages.iter().map(|stage| shown(stage, id, &details)).collect(),
        ahead: executions.iter().skip(1).filter(|other| is_running(other)).count(),
    }))
}

async fn actions(clients: &Clients, name: &str, execution: &str) -> Result<Vec<sdk::ActionExecutionDetail>> {
    let filter = sdk::ActionExecutionFilter::builder().pipeline_execution_id(execution).build();
    let request = clients.codepipeline().list_action_executions().pipeline_name(name).filter(filter);
    let answer = request.send().await.named("codepipeline:ListActionExecutions").or_absent()?;
    Ok(answer.and_then(|answer| answer.action_execution_details).unwrap_or_default())
}

fn is_running(execution: &sdk::PipelineExecutionSummary) -> bool {
    matches!(
        execution.status(),
        Some(sdk::PipelineExecutionStatus::InProgress | sdk::PipelineExecutionStatus::Stopping)
    )
}

/// The commit and its message: those of the first source that is no file in S3.
fn revision(sources: &[sdk::SourceRevision]) -> (Option<String>, Option<String>) {
    let is_file = |source: &&sdk::SourceRevision| {
        source.revision_summary().is_some_and(|text| text.starts_with("Amazon S3 version id"))
    };
    let Some(source) = sources.iter().find(|source| !is_file(source)).or(sources.first()) else {
        return (None, None);
    };
    (source.revision_id.clone(), source.revision_summary().map(message))
}

/// The first line of a commit's message. Connections to other places than CodeCommit wrap it in JSON.
fn message(summary: &str) -> String {
    let wrapped = serde_json::from_str::<serde_json::Value>(summary).ok();
    let inner = wrapped.as_ref().and_then(|json| json.get("CommitMessage")?.as_str());
    inner.unwrap_or(summary).lines().next().unwrap_or_default().to_owned()
}

fn shown(
    stage: &sdk::StageState,
    execution: Option<&str>,
    details: &[sdk::ActionExecutionDetail],
) -> PipelineStage {
    let name = stage.stage_name().unwrap_or_default();
    let latest = stage.latest_execution().filter(|latest| Some(latest.pipeline_execution_id()) == execution);
    let actions = stage.action_states().iter().map(|state| {
        let action = state.action_name().unwrap_or_default();
        let of_action = |detail: &&sdk::ActionExecutionDetail| {
            detail.stage_name() == Some(name) && detail.action_name() == Some(action)
        };
        // One that was tried again is there several times.
        let newest = details
            .iter()
            .filter(of_action)
            .max_by_key(|detail| detail.start_time().map(aws_smithy_types::DateTime::secs));
        shown_action(action, newest)
    });
    PipelineStage {
        name: name.to_owned(),
        status: latest.map(|latest| latest.status().as_str().to_owned()),
        actions: actions.collect(),
    }
}

fn shown_action(name: &str, detail: Option<&sdk::ActionExecutionDetail>) -> PipelineAction {
    let kind = detail.and_then(|detail| detail.input()?.action_type_id());
    let result = detail.and_then(|detail| detail.output()?.execution_result());
    let error = result
        .and_then(sdk::ActionExecutionResult::error_details)
        .map(|error| [error.code(), error.message()].into_iter().flatten().collect::<Vec<_>>().join(": "));
    let summary = result.and_then(|result| result.external_execution_summary().map(str::to_owned));
    PipelineAction {
        name: name.to_owned(),
        provider: kind.map(|kind| kind.provider().to_owned()),
        status: detail.and_then(|detail| Some(detail.status()?.as_str().to_owned())),
        started: detail.and_then(|detail| detail.start_time).map(Time::from),
        updated: detail.and_then(|detail| detail.last_update_time).map(Time::from),
        external_id: result.and_then(|result| result.external_execution_id().map(str::to_owned)),
        message: error.or(summary).filter(|text| !text.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(id: &str, summary: &str) -> sdk::SourceRevision {
        let source = sdk::SourceRevision::builder().action_name("source").revision_id(id);
        source.revision_summary(summary).build().unwrap()
    }

    #[test]
    fn the_commit_is_the_revision() {
        let file = source("v1", "Amazon S3 version id: v1");
        let commit = source("3f2a9c1", "Make the button blue\n\nIt was red.");
        let expected = (Some("3f2a9c1".to_owned()), Some("Make the button blue".to_owned()));
        assert_eq!(revision(&[file.clone(), commit]), expected);
        assert_eq!(revision(&[file]).0.as_deref(), Some("v1"));
        assert_eq!(revision(&[]), (None, None));
        let wrapped = r#"{"ProviderType":"GitHub","CommitMessage":"Fix it\n\nWell."}"#;
        assert_eq!(message(wrapped), "Fix it");
    }

    #[test]
    fn what_the_execution_has_not_come_to_is_empty() {
        let state = |name: &str| sdk::ActionState::builder().action_name(name).build();
        let stage = sdk::StageState::builder().stage_name("build").action_states(state("image"));
        let earlier = sdk::StageExecution::builder()
            .pipeline_execution_id("one")
            .status(sdk::StageExecutionStatus::Succeeded)
            .build()
            .unwrap();
        let stage = stage.latest_execution(earlier).build();
        let shown = shown(&stage, Some("two"), &[]);
        assert_eq!((shown.status, shown.actions[0].status.clone()), (None, None));
        assert_eq!(super::shown(&stage, Some("one"), &[]).status.as_deref(), Some("Succeeded"));
    }

    #[test]
    fn the_newest_try_counts() {
        let detail = |start, status| {
            let time = aws_smithy_types::DateTime::from_secs(start);
            let detail = sdk::ActionExecutionDetail::builder().stage_name("build").action_name("image");
            detail.start_time(time).status(status).build()
        };
        let state = sdk::ActionState::builder().action_name("image").build();
        let stage = sdk::StageState::builder().stage_name("build").action_states(state).build();
        let tries = [
            detail(10, sdk::ActionExecutionStatus::Failed),
            detail(20, sdk::ActionExecutionStatus::InProgress),
        ];
        assert_eq!(shown(&stage, None, &tries).actions[0].status.as_deref(), Some("InProgress"));
    }
}
