//! What is in a folder, as git would commit it.

use super::PushError;
use super::tree::{File, Files, Mode, blob};
use ignore::WalkBuilder;
use std::fs::{self, Metadata};
use std::path::{Component, Path, PathBuf};

/// The largest file that CodeCommit takes in a commit, in bytes.
///
/// Source: <https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html>.
pub(crate) const LARGEST: u64 = 6 * 1024 * 1024;

/// What is never committed: git's own, and wharf's state.
const NEVER: &[&str] = &[".git", ".wharf"];

/// A folder with what is in it.
#[derive(Debug, Clone)]
pub struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) files: Files,
}

impl Folder {
    /// How many files it has.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// A file's content, which has to be what it was.
    pub(crate) fn content(&self, path: &str) -> Result<Vec<u8>, PushError> {
        let full = self.path.join(path);
        let file = self.files.get(path);
        let mode = file.map_or(Mode::Normal, |file| file.mode);
        let content = read(&full, mode)?;
        if file.is_some_and(|file| file.blob == blob(&content)) {
            Ok(content)
        } else {
            Err(PushError::Changed { path: full.display().to_string() })
        }
    }
}

/// Reads a folder. Its `.gitignore` files hold, those outside it do not; `.git` and `.wharf` are left out, and so are
/// folders without files, as in git.
///
/// # Errors
///
/// What cannot be read; no files at all; a file that is too large for CodeCommit.
pub fn scan(path: &Path) -> Result<Folder, PushError> {
    let root = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !root.is_dir() {
        return Err(PushError::NoFolder { path: path.display().to_string() });
    }
    let walk = WalkBuilder::new(path)
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .parents(false)
        .require_git(false)
        .filter_entry(|entry| !NEVER.iter().any(|never| entry.file_name() == *never))
        .build();
    let mut files = Files::new();
    for entry in walk {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let full = entry.path();
        // The folder itself, which may be a link.
        if entry.depth() == 0 {
            continue;
        }
        if entry.file_type().is_none_or(|kind| kind.is_dir()) {
            continue;
        }
        let metadata = fs::symlink_metadata(full).map_err(|error| unreadable(full, &error))?;
        let Some(mode) = mode(&metadata) else { continue };
        let size = metadata.len();
        if size > LARGEST {
            return Err(PushError::TooLarge { path: full.display().to_string(), size });
        }
        let content = read(full, mode)?;
        files.insert(name(path, full)?, File { mode, blob: blob(&content), size });
    }
    if files.is_empty() {
        return Err(PushError::Empty { path: path.display().to_string() });
    }
    Ok(Folder { path: path.to_owned(), files })
}

fn unreadable(path: &Path, problem: &impl ToString) -> PushError {
    PushError::Unreadable { path: path.display().to_string(), problem: problem.to_string() }
}

/// None for what git does not know: sockets, devices.
fn mode(metadata: &Metadata) -> Option<Mode> {
    if metadata.is_symlink() {
        Some(Mode::Symlink)
    } else if metadata.is_file() {
        Some(if is_executable(metadata) { Mode::Executable } else { Mode::Normal })
    } else {
        None
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}

/// The content of a file; of a symbolic link, where it points to.
fn read(path: &Path, mode: Mode) -> Result<Vec<u8>, PushError> {
    if mode == Mode::Symlink {
        let to = fs::read_link(path).map_err(|error| unreadable(path, &error))?;
        let to = to.into_os_string().into_string();
        return to.map(String::into_bytes).map_err(|_| PushError::Name { path: path.display().to_string() });
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// The path from the folder, as CodeCommit writes it.
fn name(folder: &Path, path: &Path) -> Result<String, PushError> {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    let parts = inner.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_str()),
        _ => None,
    });
    let parts: Option<Vec<&str>> = parts.collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| PushError::Name { path: path.display().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn what_git_would_not_commit_is_left_out() {
        let folder = folder(&[
            (".git/HEAD", "x"),
            (".wharf/state.json", "x"),
            (".gitignore", "target\n*.log\n!keep.log\n"),
            (".dockerignore", "x"),
            ("target/debug/app", "x"),
            ("a/.gitignore", "b\n"),
            ("a/b", "x"),
            ("a/c", "x"),
            ("one.log", "x"),
            ("keep.log", "x"),
        ]);
        fs::create_dir(folder.path().join("empty")).unwrap();
        let found = scan(folder.path()).unwrap();
        let names: Vec<&str> = found.files.keys().map(String::as_str).collect();
        assert_eq!(names, [".dockerignore", ".gitignore", "a/.gitignore", "a/c", "keep.log"]);
        assert_eq!(found.content("a/c").unwrap(), b"x");
        fs::write(folder.path().join("a/c"), "y").unwrap();
        assert!(matches!(found.content("a/c"), Err(PushError::Changed { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn modes_are_those_of_git() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder(&[("run", "x"), ("plain", "x")]);
        let path = folder.path();
        fs::set_permissions(path.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("run", path.join("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", path.join("broken")).unwrap();
        let found = scan(path).unwrap();
        let modes: Vec<_> = found.files.iter().map(|(name, file)| (name.as_str(), file.mode)).collect();
        let wanted = [
            ("broken", Mode::Symlink),
            ("link", Mode::Symlink),
            ("plain", Mode::Normal),
            ("run", Mode::Executable),
        ];
        assert_eq!(modes, wanted);
        assert_eq!(found.content("link").unwrap(), b"run");
        // A folder by another name has the same files.
        let beside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(path, beside.path().join("app")).unwrap();
        assert_eq!(scan(&beside.path().join("app")).unwrap().files, found.files);
    }

    #[test]
    fn what_cannot_be_pushed_is_said_before() {
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(scan(empty.path()), Err(PushError::Empty { .. })));
        assert!(matches!(scan(&empty.path().join("nowhere")), Err(PushError::Unreadable { .. })));
        let file = folder(&[("file", "x")]);
        assert!(matches!(scan(&file.path().join("file")), Err(PushError::NoFolder { .. })));
        let large = folder(&[("large", "")]);
        fs::File::create(large.path().join("large")).unwrap().set_len(LARGEST + 1).unwrap();
        let problem = scan(large.path()).unwrap_err().to_string();
        assert!(
            problem.ends_with("large has 7 MB: CodeCommit takes files of up to 6 MB this way"),
            "{problem}"
        );
    }
}
