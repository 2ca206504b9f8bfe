use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

/// The largest file an expression may read.
const MAX_BYTES: u64 = 8 << 20;

/// Reads files for `file`, `filebase64` and `templatefile`.
pub trait Files {
    /// The bytes of a file, named relative to [`Files::directory`].
    ///
    /// # Errors
    /// Says in a lowercase phrase why it cannot be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The directory of the stack file.
    fn directory(&self) -> &Path;
}

/// The files beside a stack file, and nothing outside that directory: not by absolute paths, `..` or symbolic links.
#[derive(Debug, Clone)]
pub struct StackDirectory {
    path: PathBuf,
    /// Without symbolic links.
    real: PathBuf,
}

impl StackDirectory {
    /// The directory `path`.
    ///
    /// # Errors
    /// It does not exist or cannot be looked up.
    pub fn new(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let real =
            if path.as_os_str().is_empty() { Path::new(".").canonicalize()? } else { path.canonicalize()? };
        Ok(StackDirectory { path, real })
    }
}

impl Files for StackDirectory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let relative = Path::new(path);
        let inside =
            relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if path.is_empty() || !inside {
            return Err(format!("`{path}` must be a path inside the stack file's directory"));
        }
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file `{path}` in the stack file's directory"),
            _ => format!("`{path}` cannot be read: {error}"),
        };
        let real = self.real.join(relative).canonicalize().map_err(failed)?;
        if !real.starts_with(&self.real) {
            return Err(format!("`{path}` is a link to somewhere outside the stack file's directory"));
        }
        // a pipe or device would block or never end
        if !real.metadata().map_err(failed)?.is_file() {
            return Err(format!("`{path}` is not a file"));
        }
        let mut bytes = Vec::new();
        File::open(&real).map_err(failed)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(format!("`{path}` is larger than {} MiB", MAX_BYTES >> 20));
        }
        Ok(bytes)
    }

    fn directory(&self) -> &Path {
        &self.path
    }
}

/// No files: for what is evaluated before the stack's directory is known.
pub(crate) struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("`{path}` cannot be read here"))
    }

    fn directory(&self) -> &Path {
        Path::new(".")
    }
}
