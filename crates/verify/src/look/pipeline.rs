//! The pipeline.
//!
//! Source: `codepipeline:GetPipelineState`.

use crate::facts::{Look, PipelineState, seen as or_unseen};
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};
use wharf_release::Target;

/// The pipeline of a target; none if it has none, or that is gone.
pub(super) async fn seen(clients: &Clients, target: &Target) -> Result<Look<Option<PipelineState>>> {
    let Some(pipeline) = &target.pipeline else { return Ok(Ok(None)) };
    let answer = clients.codepipeline().get_pipeline_state().name(&pipeline.name).send().await;
    let answer = or_unseen(answer.named("codepipeline:GetPipelineState").or_absent())?;
    Ok(answer.map(|answer| {
        let stages = answer?.stage_states.unwrap_or_default().into_iter();
        let closed =
            stages.filter(|stage| stage.inbound_transition_state().is_some_and(|state| !state.enabled()));
        Some(PipelineState { closed: closed.filter_map(|stage| stage.stage_name).collect() })
    }))
}
