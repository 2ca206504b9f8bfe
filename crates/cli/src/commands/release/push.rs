use super::busy;
use super::follow::Follower;
use super::subject::Subject;
use crate::args::ReleasePush;
use crate::error::{self, CommandError};
use crate::{secret, signals, terminal};
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;
use wharf_core::Address;
use wharf_provider::wait::Wait;
use wharf_provider::{Error as CloudError, ErrorKind};
use wharf_release::push::{self, Author, Execution, PushError, Summary};
use wharf_release::{PipelineTarget, Source, span};

/// How long a pipeline may take to start.
const STARTS: Wait =
    Wait { what: "the pipeline to start", timeout: Duration::from_mins(1), pause: Duration::from_secs(5) };

/// The message of a commit that was given none.
const MESSAGE: &str = "wharf release push";

pub(crate) async fn run(args: &ReleasePush) -> Result<u8, CommandError> {
    // What is wrong with the folder is known before anything is asked.
    let folder = push::scan(&args.directory).map_err(|problem| refused(problem, ""))?;
    let subject = Subject::open(&args.target).await?;
    let argument = &subject.argument();
    let (pipeline, source) = source(&subject, args.target.service.as_ref())?;
    let clients = &subject.session.clients;
    let cloud = |problem: CloudError| subject.cloud(&problem);
    let refused = |problem| refused(problem, argument);
    // Whoever commits without it has a commit that nothing comes of.
    if let Err(problem) = push::newest(clients, &pipeline.name).await {
        return Err(if problem.is_code("PipelineNotFoundException") {
            let stack = &subject.session.loaded.argument;
            CommandError::new(format!("`{}` is gone: AWS has no such pipeline any more", pipeline.address))
                .detail("  nothing was sent")
                .hint(format!("`wharf plan{stack}` shows what is gone, `wharf apply{stack}` makes it anew"))
        } else {
            cloud(problem)
        });
    }
    let compared = push::compare(clients, source, &folder).await.map_err(cloud)?;
    let is_same = compared.is_same();
    if !is_same {
        let active = wharf_release::busy::active(clients, &subject.target).await.map_err(cloud)?;
        if let Some(active) = active {
            busy::clear(
                &subject,
                &Follower::new(&subject),
                args.when_busy,
                &active.id,
                active.rolls_back.is_some(),
            )
            .await?;
        }
        signals::on_leaving("interrupted; the same command again goes on from there");
    }
    let summary = compared.summary;
    let author = author(&args.directory, &subject.session.identity.arn).await;
    let message = args.message.as_deref().unwrap_or(MESSAGE);
    let pushed = push::push(clients, source, &folder, compared, &author, message).await.map_err(refused)?;
    let (branch, commit) = (&source.branch, &pushed.commit);
    if is_same {
        terminal::note(&format!("nothing has changed: {branch} has what is in the folder, with {commit}"));
    } else {
        terminal::note(&format!("committed {commit} to {branch}: {}", words(summary)));
        signals::on_leaving("interrupted; the commit is on its branch, and the pipeline goes on in AWS");
    }
    let execution = started(&subject, &pipeline.name, commit).await?;
    if args.json {
        let json = json!({
            "repository": source.repository, "branch": branch, "commit": commit, "changed": !is_same,
            "added": summary.added, "updated": summary.changed, "deleted": summary.deleted,
            "pipeline": pipeline.name, "execution": execution,
        });
        terminal::out(&secret::hidden(format!("{json:#}")));
    }
    let Some(Execution { id, status, .. }) = execution else {
        return Err(not_started(&pipeline.name, branch, commit));
    };
    if !args.json {
        terminal::out(&format!("Execution {id} of {} ({status})", pipeline.name));
        terminal::note(&format!("hint: `wharf release status --watch{argument}` follows it"));
    }
    Ok(0)
}

/// The commit is where it should be, and nothing came of it.
fn not_started(pipeline: &str, branch: &str, commit: &str) -> CommandError {
    let seconds = i64::try_from(STARTS.timeout.as_secs()).unwrap_or(i64::MAX);
    let message = format!("the pipeline {pipeline} did not start with {commit} within {}", span(seconds));
    CommandError::new(message)
        .detail(format!("  {branch} has what is in the folder, and nothing is deployed"))
        .hint(format!("does a rule of EventBridge start it for {branch}, and with a role that may?"))
        .hint(format!("`aws codepipeline start-pipeline-execution --name {pipeline}` starts it by hand"))
}

/// The branch that the stack's pipeline builds.
fn source<'a>(
    subject: &'a Subject,
    asked: Option<&Address>,
) -> Result<(&'a PipelineTarget, &'a Source), CommandError> {
    let all = wharf_release::pipelines(&subject.snapshot, &subject.target);
    if all.len() > 1 && !all.iter().any(|pipeline| Some(&pipeline.address) == asked) {
        let names: Vec<String> = all.iter().map(|pipeline| format!("`{}`", pipeline.address)).collect();
        let message = format!("several pipelines deploy `{}`: {}", subject.target.address, names.join(", "));
        return Err(CommandError::new(message)
            .hint("nothing was sent; name the one whose branch is meant with `--service ADDRESS`"));
    }
    let Some(pipeline) = &subject.target.pipeline else {
        let message = format!("no pipeline of the stack deploys `{}`", subject.target.address);
        return Err(CommandError::new(message).hint(
            "push needs an `aws_codepipeline` with an action CodeDeployToECS for its deployment group, or ECS for its service",
        ));
    };
    match &pipeline.source {
        Some(source) => Ok((pipeline, source)),
        None => {
            let message = format!("`{}` does not get its source from CodeCommit", pipeline.address);
            Err(CommandError::new(message).hint(
                "push to the repository that it builds; `wharf release status --watch` follows it from there",
            ))
        }
    }
}

fn words(summary: Summary) -> String {
    let Summary { added, changed, deleted } = summary;
    let parts = [(added, "added"), (changed, "changed"), (deleted, "deleted")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {} {word}", if count == 1 { "file" } else { "files" }))
        .collect();
    if parts.is_empty() { "no files".to_owned() } else { parts.join(", ") }
}

/// The execution that a commit has started; none if that does not come.
async fn started(subject: &Subject, pipeline: &str, commit: &str) -> Result<Option<Execution>, CommandError> {
    let clients = &subject.session.clients;
    match STARTS.until(|| push::of_commit(clients, pipeline, commit)).await {
        Ok(execution) => Ok(Some(execution)),
        Err(problem) if problem.kind == ErrorKind::Timeout => Ok(None),
        Err(problem) => Err(error::cloud(&problem)),
    }
}

/// Who git says commits from this folder; else the caller.
async fn author(folder: &Path, caller: &str) -> Author {
    let setting = async |name: &str| {
        let output = Command::new("git").arg("-C").arg(folder).args(["config", name]).output().await.ok()?;
        let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let caller = caller.rsplit(['/', ':']).next().unwrap_or(caller).to_owned();
    Author { name: setting("user.name").await.or(Some(caller)), email: setting("user.email").await }
}

fn refused(problem: PushError, argument: &str) -> CommandError {
    let message = problem.to_string();
    match problem {
        PushError::Cloud(problem) => error::cloud(&problem),
        PushError::TooLarge { .. } => CommandError::new(message).hint(
            "nothing was sent; put it elsewhere (S3, the image), list it in .gitignore, or push it with git",
        ),
        PushError::Outdated { .. } => CommandError::new(message)
            .detail("  their commit stays as it is; nothing of this push is on the branch")
            .hint(format!(
                "the folder replaces what they changed: take it over first if it matters, then run this again: \
                 wharf release push DIR{argument}"
            )),
        PushError::Changed { .. } => {
            CommandError::new(message).hint("nothing of this push is on the branch; run it again")
        }
        PushError::Empty { .. } => CommandError::new(message)
            .hint("the branch would lose all its files; nothing was sent; is it the right folder?"),
        PushError::NoFolder { .. } => {
            CommandError::new(message).hint("name the folder of the application; nothing was sent")
        }
        PushError::Unreadable { .. } | PushError::Name { .. } => {
            CommandError::new(message).hint("nothing was sent")
        }
    }
}
