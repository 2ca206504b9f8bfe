//! The execution of a pipeline that a commit has started.
//!
//! Source: `codepipeline:ListPipelineExecutions`.

use aws_sdk_codepipeline::types as sdk;
use serde::Serialize;
use wharf_aws::{Clients, Named};
use wharf_provider::Result;

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
}

/// The newest execution of a pipeline that runs with a commit; none yet, if there is none.
///
/// # Errors
///
/// Those of AWS.
pub async fn of_commit(clients: &Clients, pipeline: &str, commit: &str) -> Result<Option<Execution>> {
    let found = executions(clients, pipeline, DEPTH).await?;
    Ok(found.into_iter().find(|execution| execution.revision.as_deref() == Some(commit)))
}

/// The newest execution of a pipeline.
///
/// # Errors
///
/// Those of AWS.
pub async fn newest(clients: &Clients, pipeline: &str) -> Result<Option<Execution>> {
    Ok(executions(clients, pipeline, 1).await?.into_iter().next())
}

async fn executions(clients: &Clients, pipeline: &str, most: i32) -> Result<Vec<Execution>> {
    let request = clients.codepipeline().list_pipeline_executions();
    let request = request.pipeline_name(pipeline).max_results(most);
    let answer = request.send().await.named("codepipeline:ListPipelineExecutions")?;
    Ok(answer.pipeline_execution_summaries.into_iter().flatten().filter_map(of).collect())
}

fn of(summary: sdk::PipelineExecutionSummary) -> Option<Execution> {
    let revision = summary.source_revisions().first().and_then(|revision| revision.revision_id.clone());
    Some(Execution {
        id: summary.pipeline_execution_id?,
        status: summary.status.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned()),
        revision,
    })
}
