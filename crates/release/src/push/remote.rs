//! What is on a branch.
//!
//! Sources: `codecommit:GetBranch`, `GetFolder`.

use super::tree::{File, Files, Mode, folders};
use aws_sdk_codecommit::types as sdk;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;
use wharf_aws::{Clients, Named};
use wharf_provider::Result;

/// How many folders are read at once.
const AT_ONCE: usize = 8;

/// The commit at the tip of a branch; none if there is no such branch.
pub(crate) async fn tip(clients: &Clients, repository: &str, branch: &str) -> Result<Option<String>> {
    let request = clients.codecommit().get_branch().repository_name(repository).branch_name(branch);
    match request.send().await.named("codecommit:GetBranch") {
        Err(error) if error.is_code("BranchDoesNotExistException") => Ok(None),
        answer => Ok(answer?.branch.and_then(|branch| branch.commit_id)),
    }
}

/// The files of a commit. A folder that is the same as one of `here` is not looked into: its files are those.
pub(crate) async fn files(clients: &Clients, repository: &str, commit: &str, here: &Files) -> Result<Files> {
    let known = folders(here);
    let mut found = Files::new();
    let mut waiting = vec![String::new()];
    while !waiting.is_empty() {
        let asked = waiting.drain(..).map(|path| folder(clients, repository, commit, path));
        let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        for answer in answers {
            found.extend(listed(&answer));
            for inner in answer.sub_folders.unwrap_or_default() {
                let Some(path) = inner.absolute_path else { continue };
                if same(&known, &path, inner.tree_id.as_deref()) {
                    found.extend(below(here, &path));
                } else {
                    waiting.push(path);
                }
            }
        }
    }
    Ok(found)
}

async fn folder(
    clients: &Clients,
    repository: &str,
    commit: &str,
    path: String,
) -> Result<aws_sdk_codecommit::operation::get_folder::GetFolderOutput> {
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let request = clients
        .codecommit()
        .get_folder()
        .repository_name(repository)
        .commit_specifier(commit)
        .folder_path(path);
    request.send().await.named("codecommit:GetFolder")
}

fn same(known: &BTreeMap<String, String>, path: &str, tree: Option<&str>) -> bool {
    tree.is_some() && known.get(path).map(String::as_str) == tree
}

fn below<'a>(files: &'a Files, folder: &'a str) -> impl Iterator<Item = (String, File)> + 'a {
    let inside = move |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    files.iter().filter(move |(path, _)| inside(path)).map(|(path, file)| (path.clone(), file.clone()))
}

fn listed(
    answer: &aws_sdk_codecommit::operation::get_folder::GetFolderOutput,
) -> impl Iterator<Item = (String, File)> + '_ {
    let files = answer.files().iter().filter_map(|file| {
        let mode = match file.file_mode() {
            Some(sdk::FileModeTypeEnum::Executable) => Mode::Executable,
            Some(sdk::FileModeTypeEnum::Symlink) => Mode::Symlink,
            _ => Mode::Normal,
        };
        Some((file.absolute_path()?.to_owned(), file.blob_id()?.to_owned(), mode))
    });
    let links = answer.symbolic_links().iter().filter_map(|link| {
        Some((link.absolute_path()?.to_owned(), link.blob_id()?.to_owned(), Mode::Symlink))
    });
    files
        .chain(links)
        .map(|(path, blob, mode)| (path.trim_start_matches('/').to_owned(), File { mode, blob, size: 0 }))
}
