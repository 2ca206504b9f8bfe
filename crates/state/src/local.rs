//! The embedded default: a file under `.wharf/` beside the stack file.
//!
//! Written to a temporary file, synced, renamed over the old one, and the folder synced: a reader, or a power loss,
//! finds the old state or the new one, never a part. The lock is the operating system's lock on a file beside it, so a
//! process that dies holds nothing.

use crate::FORMAT_VERSION;
use crate::lock::LockInfo;
use crate::snapshot::{Snapshot, Unreadable};
use crate::store::{Lock, Store, StoreError};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::future::Future;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

/// A state in a local file.
#[derive(Debug)]
pub struct LocalStore {
    stack: String,
    path: PathBuf,
    backed_up: AtomicBool,
}

/// Held while the file is open.
struct FileLock(File);

impl Lock for FileLock {}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Whoever looks next shall not read of a holder that is gone. The lock itself goes with the file handle.
        let _ = self.0.set_len(0);
    }
}

impl LocalStore {
    /// The state of `stack`, whose file lies in `directory`: `directory/.wharf/<stack>.json`.
    pub fn new(directory: &Path, stack: &str) -> Self {
        let path = directory.join(".wharf").join(format!("{stack}.json"));
        LocalStore { stack: stack.to_owned(), path, backed_up: AtomicBool::new(false) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn beside(&self, extension: &str) -> PathBuf {
        self.path.with_extension(extension)
    }

    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { action, path, source }
    }

    fn read_file(&self) -> Result<Option<Snapshot>, StoreError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Self::io("read", &self.path)(error)),
        };
        let path = self.path.clone();
        match Snapshot::from_bytes(&bytes) {
            Ok(snapshot) if snapshot.stack == self.stack => Ok(Some(snapshot)),
            Ok(other) => Err(StoreError::OtherStack { path, found: other.stack, wanted: self.stack.clone() }),
            Err(Unreadable::Newer(found)) => Err(StoreError::Newer { path, found, known: FORMAT_VERSION }),
            Err(Unreadable::Damaged(reason)) => {
                let backup = Some(self.beside("json.backup")).filter(|backup| backup.exists());
                Err(StoreError::Damaged { path, reason, backup })
            }
        }
    }

    fn directory(&self) -> Result<&Path, StoreError> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        if !directory.exists() {
            fs::create_dir_all(directory).map_err(Self::io("create", directory))?;
            restrict(directory, 0o700).map_err(Self::io("protect", directory))?;
            let ignore = directory.join(".gitignore");
            fs::write(&ignore, "*\n").map_err(Self::io("write", &ignore))?;
        }
        Ok(directory)
    }

    fn write_file(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let directory = self.directory()?;
        if !self.backed_up.swap(true, Ordering::SeqCst) && self.path.exists() {
            let backup = self.beside("json.backup");
            let _ = fs::remove_file(&backup);
            // The state is replaced by renaming, so a second name keeps the old one whole.
            fs::hard_link(&self.path, &backup)
                .or_else(|_| fs::copy(&self.path, &backup).map(drop))
                .map_err(Self::io("write", &backup))?;
        }
        let temporary = self.beside("json.new");
        let mut file = private(&temporary, true).map_err(Self::io("write", &temporary))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Self::io("write", &temporary))?;
        fs::rename(&temporary, &self.path).map_err(Self::io("write", &self.path))?;
        File::open(directory).and_then(|folder| folder.sync_all()).map_err(Self::io("sync", directory))
    }

    fn lock_file(&self, info: &LockInfo) -> Result<Box<dyn Lock>, StoreError> {
        self.directory()?;
        let path = self.beside("lock");
        let mut file = private(&path, false).map_err(Self::io("lock", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Err(StoreError::Locked { holder: serde_json::from_str(&text).ok() });
            }
            Err(TryLockError::Error(error)) => return Err(Self::io("lock", &path)(error)),
        }
        let text = serde_json::to_string(info).unwrap_or_default();
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(Self::io("lock", &path))?;
        Ok(Box::new(FileLock(file)))
    }
}

impl Store for LocalStore {
    fn read(&self) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async { blocking(|| self.read_file()) })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { blocking(|| self.write_file(&bytes)) })
    }

    fn lock(&self, info: LockInfo) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>> {
        Box::pin(async move { blocking(|| self.lock_file(&info)) })
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs what blocks without holding up other tasks, where the runtime has a thread to spare.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Opens a file that only its owner may read.
fn private(path: &Path, truncate: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}
