//! Bringing a branch to what a folder has.
//!
//! Sources: `codecommit:CreateCommit`, `CreateBranch`, `MergeBranchesByFastForward`, `DeleteBranch`.

use super::PushError;
use super::batch::{Change, MOST, Summary, changes, parts};
use super::remote;
use super::scan::Folder;
use super::tree::{Files, Mode};
use crate::pipeline::Source;
use aws_sdk_codecommit::types as sdk;
use aws_smithy_types::Blob;
use std::time::Duration;
use wharf_aws::{Clients, Named};
use wharf_provider::{Error, ErrorKind, Result};

/// Who commits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Author {
    /// The name; CodeCommit takes the caller's if there is none.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

/// A folder beside a branch.
#[derive(Debug)]
pub struct Compared {
    /// What has to change.
    pub summary: Summary,
    /// The tip of the branch; none if there is no such branch.
    pub tip: Option<String>,
    /// Where the branch begins: at its tip, or that of the default branch; none in an empty repository.
    base: Option<String>,
    changes: Vec<Change>,
}

impl Compared {
    /// Whether the branch has what is in the folder.
    pub fn is_same(&self) -> bool {
        self.tip.is_some() && self.changes.is_empty()
    }
}

/// What was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The commit that is the branch's tip now.
    pub commit: String,
    /// In how many commits.
    pub parts: usize,
}

/// How often a commit is asked for whose answer gets lost.
const ATTEMPTS: usize = 3;

/// Compares a folder with a branch.
///
/// # Errors
///
/// Those of AWS.
pub async fn compare(clients: &Clients, source: &Source, folder: &Folder) -> Result<Compared> {
    let tip = remote::tip(clients, &source.repository, &source.branch).await?;
    let base = match &tip {
        Some(tip) => Some(tip.clone()),
        None => default_tip(clients, source).await?,
    };
    let there = match &base {
        Some(base) => remote::files(clients, &source.repository, base, &folder.files).await?,
        None => Files::new(),
    };
    let (changes, summary) = changes(&there, &folder.files);
    Ok(Compared { summary, tip, base, changes })
}

/// The tip of the default branch; none in an empty repository.
async fn default_tip(clients: &Clients, source: &Source) -> Result<Option<String>> {
    let request = clients.codecommit().get_repository().repository_name(&source.repository);
    let answer = request.send().await.named("codecommit:GetRepository")?;
    match answer.repository_metadata.and_then(|metadata| metadata.default_branch) {
        Some(branch) => remote::tip(clients, &source.repository, &branch).await,
        None => Ok(None),
    }
}

/// Commits what differs. Whatever it is interrupted at, the same again ends with the same files on the branch.
///
/// # Errors
///
/// Those of AWS; somebody else was faster; a file that was changed meanwhile.
pub async fn push(
    clients: &Clients,
    source: &Source,
    folder: &Folder,
    compared: Compared,
    author: &Author,
    message: &str,
) -> Result<Pushed, PushError> {
    let work = Work { clients, source, folder, author, message };
    if compared.is_same() {
        // What a run left that was killed after it had moved the branch.
        if remote::tip(clients, &source.repository, &work.beside()).await?.is_some() {
            work.discard().await?;
        }
        return Ok(Pushed { commit: compared.tip.unwrap_or_default(), parts: 0 });
    }
    let all = parts(compared.changes.clone(), MOST);
    let is_new_branch = compared.tip.is_none() && compared.base.is_some();
    match all.as_slice() {
        [part] if !is_new_branch => {
            let commit = work.commit(&source.branch, compared.tip.as_deref(), part, message).await?;
            Ok(Pushed { commit, parts: 1 })
        }
        _ => work.in_parts(compared, all).await,
    }
}

struct Work<'a> {
    clients: &'a Clients,
    source: &'a Source,
    folder: &'a Folder,
    author: &'a Author,
    message: &'a str,
}

impl Work<'_> {
    /// The branch on which the parts are put together.
    fn beside(&self) -> String {
        format!("wharf-push-{}", self.source.branch)
    }

    /// Commits the parts beside the branch, and moves it once all of them are there.
    async fn in_parts(&self, compared: Compared, all: Vec<Vec<Change>>) -> Result<Pushed, PushError> {
        let (clients, repository, beside) = (self.clients, &self.source.repository, self.beside());
        let left = remote::tip(clients, repository, &beside).await?;
        let (mut tip, all) = match (left, &compared.tip) {
            // A run that was killed has begun in a repository without the branch: what it has is a part of the way.
            (Some(left), None) => {
                let there = remote::files(clients, repository, &left, &self.folder.files).await?;
                (Some(left), parts(changes(&there, &self.folder.files).0, MOST))
            }
            (left, _) => {
                if left.is_some() {
                    self.discard().await?;
                }
                if let Some(base) = &compared.base {
                    self.create_branch(&beside, base).await?;
                }
                (compared.base.clone(), all)
            }
        };
        let count = all.len();
        for (number, part) in all.iter().enumerate() {
            let message = match count - number {
                1 => self.message.to_owned(),
                _ => format!("{} (part {} of {count})", self.message, number + 1),
            };
            tip = Some(self.commit(&beside, tip.as_deref(), part, &message).await?);
        }
        let commit = tip.ok_or_else(|| Error::internal("a push without a commit"))?;
        match compared.tip {
            Some(_) => self.fast_forward(&commit).await?,
            None => self.create_branch(&self.source.branch, &commit).await?,
        }
        self.discard().await?;
        Ok(Pushed { commit, parts: count })
    }

    fn outdated(&self) -> PushError {
        PushError::Outdated { branch: self.source.branch.clone() }
    }

    /// One commit on a branch, after its tip. If the answer gets lost, the commit is looked for.
    async fn commit(
        &self,
        branch: &str,
        parent: Option<&str>,
        part: &[Change],
        message: &str,
    ) -> Result<String, PushError> {
        /// What CodeCommit says when the branch is not where it was.
        const MOVED: &[&str] = &[
            "ParentCommitIdOutdatedException",
            "ParentCommitIdRequiredException",
            "ConcurrentReferenceUpdateException",
            "BranchDoesNotExistException",
        ];
        let mut attempt = 1;
        loop {
            let request = self
                .clients
                .codecommit_once()
                .create_commit()
                .repository_name(&self.source.repository)
                .branch_name(branch)
                .set_parent_commit_id(parent.map(str::to_owned))
                .set_author_name(self.author.name.clone())
                .set_email(self.author.email.clone())
                .commit_message(message);
            let request = part.iter().try_fold(request, |request, change| {
                Ok::<_, PushError>(match change {
                    Change::Put(path, mode, _) => request.put_files(self.put(path, *mode)?),
                    Change::SetMode(path, mode) => request.set_file_modes(
                        sdk::SetFileModeEntry::builder()
                            .file_path(path)
                            .file_mode(as_sdk(*mode))
                            .build()
                            .map_err(built)?,
                    ),
                    Change::Delete(path) => request.delete_files(
                        sdk::DeleteFileEntry::builder().file_path(path).build().map_err(built)?,
                    ),
                })
            })?;
            let error = match request.send().await.named("codecommit:CreateCommit") {
                Ok(answer) => {
                    let id = answer.commit_id;
                    return Ok(
                        id.ok_or_else(|| Error::internal("codecommit:CreateCommit answered without an id"))?
                    );
                }
                Err(error) => error,
            };
            if MOVED.iter().any(|code| error.is_code(code)) {
                return Err(self.outdated());
            }
            if error.kind == ErrorKind::Ambiguous
                && let Some(made) = self.made(branch, parent, message).await?
            {
                return Ok(made);
            }
            let may_help =
                matches!(error.kind, ErrorKind::Ambiguous | ErrorKind::Throttled | ErrorKind::Unreachable);
            if !may_help || attempt == ATTEMPTS {
                return Err(error.into());
            }
            attempt += 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// The commit whose answer got lost, if it was made: the branch's tip, after the parent, with the same message.
    async fn made(
        &self,
        branch: &str,
        parent: Option<&str>,
        message: &str,
    ) -> Result<Option<String>, PushError> {
        let repository = &self.source.repository;
        let tip = remote::tip(self.clients, repository, branch).await?;
        let Some(tip) = tip.filter(|tip| Some(tip.as_str()) != parent) else { return Ok(None) };
        let request = self.clients.codecommit().get_commit().repository_name(repository).commit_id(&tip);
        let answer = request.send().await.named("codecommit:GetCommit")?;
        let is_ours = answer.commit.is_some_and(|commit| {
            commit.parents().first().map(String::as_str) == parent
                && commit.message().is_some_and(|text| text.trim_end() == message.trim_end())
        });
        if is_ours { Ok(Some(tip)) } else { Err(self.outdated()) }
    }

    fn put(&self, path: &str, mode: Mode) -> Result<sdk::PutFileEntry, PushError> {
        let content = self.folder.content(path)?;
        let entry = sdk::PutFileEntry::builder()
            .file_path(path)
            .file_mode(as_sdk(mode))
            .file_content(Blob::new(content));
        Ok(entry.build().map_err(built)?)
    }

    /// Makes a branch, unless it is there already, where it should be.
    async fn create_branch(&self, branch: &str, commit: &str) -> Result<(), PushError> {
        let repository = &self.source.repository;
        let request = self.clients.codecommit().create_branch();
        let request = request.repository_name(repository).branch_name(branch).commit_id(commit);
        match request.send().await.named("codecommit:CreateBranch") {
            // A repeated request finds what the first has made.
            Err(error) if error.is_code("BranchNameExistsException") => {
                let tip = remote::tip(self.clients, repository, branch).await?;
                if tip.as_deref() == Some(commit) { Ok(()) } else { Err(self.outdated()) }
            }
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Moves the branch to a commit that comes after its tip.
    async fn fast_forward(&self, commit: &str) -> Result<(), PushError> {
        /// What CodeCommit says when the branch has been moved by somebody else.
        const MOVED: &[&str] = &[
            "ManualMergeRequiredException",
            "ConcurrentReferenceUpdateException",
            "TipsDivergenceExceededException",
        ];
        let branch = &self.source.branch;
        let request = self
            .clients
            .codecommit()
            .merge_branches_by_fast_forward()
            .repository_name(&self.source.repository)
            .source_commit_specifier(commit)
            .destination_commit_specifier(branch)
            .target_branch(branch);
        match request.send().await.named("codecommit:MergeBranchesByFastForward") {
            Err(error) if MOVED.iter().any(|code| error.is_code(code)) => {
                self.discard().await?;
                Err(self.outdated())
            }
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Deletes the branch beside. In a repository that was empty it was the first, and so the default one.
    async fn discard(&self) -> Result<(), PushError> {
        let (repository, beside) = (&self.source.repository, self.beside());
        let delete = || {
            let request = self.clients.codecommit().delete_branch();
            request.repository_name(repository).branch_name(&beside).send()
        };
        match delete().await.named("codecommit:DeleteBranch") {
            Err(error) if error.is_code("DefaultBranchCannotBeDeletedException") => {
                let request = self.clients.codecommit().update_default_branch().repository_name(repository);
                let request = request.default_branch_name(&self.source.branch);
                request.send().await.named("codecommit:UpdateDefaultBranch")?;
                Ok(delete().await.named("codecommit:DeleteBranch").map(drop)?)
            }
            answer => Ok(answer.map(drop)?),
        }
    }
}

fn built(error: aws_smithy_types::error::operation::BuildError) -> Error {
    Error::internal(error.to_string())
}

fn as_sdk(mode: Mode) -> sdk::FileModeTypeEnum {
    match mode {
        Mode::Normal => sdk::FileModeTypeEnum::Normal,
        Mode::Executable => sdk::FileModeTypeEnum::Executable,
        Mode::Symlink => sdk::FileModeTypeEnum::Symlink,
    }
}
