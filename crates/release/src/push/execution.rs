//! The execution of a pipeline that a commit has started.
//!
//! Source: `codepipeline:ListPipelineExecutions`.

use crate::pipeline::PipelineTarget;
use crate::time::Time;
use aws_sdk_codepipeline::types as sdk;
use futures::future::try_join_all;
use serde::Serialize;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// How many executions are looked through for that of a commit.
const DEPTH: i32 = 20;

/// An execution of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Execution {
    /// Its id.
    pub id: String,
    /// `InProgress`, `Succeeded`, `Superseded`, `Failed`, …
    pub status: String,
    /// The commit that it runs with, once it knows.
    pub revision: Option<String>,
    /// When it began.
    #[serde(skip)]
    pub(crate) started: Option<Time>,
}

/// The newest execution of a pipeline that runs with a commit; none yet, if there is none.
///
/// # Errors
///
/// Those of AWS.
pub async fn of_commit(clients: &Clients, pipeline: &str, commit: &str) -> Result<Option<Execution>> {
    let found = executions(clients, pipeline, DEPTH).await?;
    let with = |summary: &sdk::PipelineExecutionSummary| {
        summary.source_revisions().iter().any(|source| source.revision_id() == Some(commit))
    };
    let found = found.into_iter().find(with).and_then(of);
    // Of several sources, the one that is meant.
    Ok(found.map(|execution| Execution { revision: Some(commit.to_owned()), ..execution }))
}

/// The newest execution of a pipeline.
///
/// # Errors
///
/// Those of AWS.
pub async fn newest(clients: &Clients, pipeline: &str) -> Result<Option<Execution>> {
    Ok(executions(clients, pipeline, 1).await?.into_iter().next().and_then(of))
}

/// Of several pipelines the one whose newest execution began last; the first one, if there was none.
///
/// # Errors
///
/// Those of AWS.
pub async fn latest(clients: &Clients, pipelines: &[PipelineTarget]) -> Result<Option<PipelineTarget>> {
    let newest = pipelines.iter().map(|pipeline| async move {
        let newest = newest(clients, &pipeline.name).await.or_absent()?.flatten();
        Ok((newest.and_then(|execution| execution.started), pipeline))
    });
    let newest = try_join_all(newest).await?;
    let latest = newest.into_iter().rev().max_by_key(|(started, _)| *started);
    Ok(latest.map(|(_, pipeline)| pipeline.clone()))
}

async fn executions(
    clients: &Clients,
    pipeline: &str,
    most: i32,
) -> Result<Vec<sdk::PipelineExecutionSummary>> {
    let request = clients.codepipeline().list_pipeline_executions();
    let request = request.pipeline_name(pipeline).max_results(most);
    let answer = request.send().await.named("codepipeline:ListPipelineExecutions")?;
    Ok(answer.pipeline_execution_summaries.unwrap_or_default())
}

fn of(summary: sdk::PipelineExecutionSummary) -> Option<Execution> {
    let revision = summary.source_revisions().first().and_then(|revision| revision.revision_id.clone());
    Some(Execution {
        id: summary.pipeline_execution_id?,
        status: summary.status.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned()),
        revision,
        started: summary.start_time.map(Time::from),
    })
}
