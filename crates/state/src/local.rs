//! The embedded default: a file under `.wharf/` beside the stack file.
//!
//! Written to a temporary file, synced, renamed over the old one, and the folder synced: a reader, or a power loss,
//! finds the old state or the new one, never a part. The lock is the operating system's lock on a file beside it, so a
//! process that dies holds nothing.

use crate::lock::{Holder, Lock, LockInfo};
use crate::private_file;
use crate::snapshot::Snapshot;
use crate::store::{BoxFuture, Store, StoreError, Version};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The version that is the state before the last run.
const BACKUP: &str = "backup";
/// The version that is the state.
const CURRENT: &str = "current";

/// A state in a local file.
#[derive(Debug)]
pub struct LocalStore {
    stack: String,
    path: PathBuf,
    backed_up: AtomicBool,
    /// What the file held when it was last read or written here.
    seen: Mutex<Option<Seen>>,
}

/// By what a file is told from another: every write makes a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    file: u64,
    modified: Option<SystemTime>,
    size: u64,
}

impl Seen {
    fn of(path: &Path) -> io::Result<Option<Self>> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        #[cfg(unix)]
        let file = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let file = 0;
        Ok(Some(Seen { file, modified: metadata.modified().ok(), size: metadata.len() }))
    }
}

/// Held while the file is open.
struct FileLock {
    id: String,
    file: Mutex<Option<File>>,
}

impl Lock for FileLock {
    fn id(&self) -> &str {
        &self.id
    }

    fn is_current(&self) -> bool {
        true
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        // The operating system takes it from nobody.
        Box::pin(async { Ok(()) })
    }

    fn release(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            self.give_back();
            Ok(())
        })
    }
}

impl FileLock {
    fn give_back(&self) {
        if let Some(file) = self.file.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Whoever looks next shall not read of a holder that is gone. The lock itself goes with the file handle.
            let _ = file.set_len(0);
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl LocalStore {
    /// The state of `stack`, whose file lies in `directory`: `directory/.wharf/<stack>.json`.
    pub fn new(directory: &Path, stack: &str) -> Self {
        let path = directory.join(".wharf").join(format!("{stack}.json"));
        LocalStore {
            stack: stack.to_owned(),
            path,
            backed_up: AtomicBool::new(false),
            seen: Mutex::new(None),
        }
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

    fn read_file(&self, path: &Path) -> Result<Option<Snapshot>, StoreError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Self::io("read", path)(error)),
        };
        let place = path.display().to_string();
        match Snapshot::from_bytes(&bytes) {
            Ok(snapshot) if snapshot.stack == self.stack => Ok(Some(snapshot)),
            Ok(other) => {
                Err(StoreError::OtherStack { place, found: other.stack, wanted: self.stack.clone() })
            }
            Err(unreadable) => {
                let backup =
                    Some(self.beside("json.backup")).filter(|backup| backup.exists() && backup != path);
                Err(unreadable.at(place, backup))
            }
        }
    }

    /// The file as it is now, and as it was when it was last read or written here.
    fn now_and_then(&self) -> Result<(Option<Seen>, Option<Seen>), StoreError> {
        let now = Seen::of(&self.path).map_err(Self::io("read", &self.path))?;
        Ok((now, self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    fn see(&self) -> Result<(), StoreError> {
        let now = Seen::of(&self.path).map_err(Self::io("read", &self.path))?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }

    fn is_moved(&self) -> Result<bool, StoreError> {
        let (now, then) = self.now_and_then()?;
        Ok(now != then)
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
        if self.is_moved()? {
            return Err(StoreError::Moved { place: self.describe() });
        }
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
        let mut file = private_file(&temporary, true).map_err(Self::io("write", &temporary))?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Self::io("write", &temporary))?;
        fs::rename(&temporary, &self.path).map_err(Self::io("write", &self.path))?;
        self.see()?;
        File::open(directory).and_then(|folder| folder.sync_all()).map_err(Self::io("sync", directory))
    }

    fn lock_file(&self, info: &LockInfo) -> Result<Arc<dyn Lock>, StoreError> {
        self.directory()?;
        let path = self.beside("lock");
        let mut file = private_file(&path, false).map_err(Self::io("lock", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked(Box::new(Holder { info: holder(&mut file), lease: None })));
            }
            Err(TryLockError::Error(error)) => return Err(Self::io("lock", &path)(error)),
        }
        let text = serde_json::to_string(info).unwrap_or_default();
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(Self::io("lock", &path))?;
        Ok(Arc::new(FileLock { id: info.id.clone(), file: Mutex::new(Some(file)) }))
    }

    /// Nothing can be broken here: a lock whose process is gone is none, and that of one that lives stays.
    fn break_lock(&self) -> StoreError {
        let path = self.beside("lock");
        let free = StoreError::NoSuchLock { place: self.describe(), holder: None };
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(&path) else { return free };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => match holder(&mut file) {
                Some(holder) => StoreError::HolderLives(Box::new(holder)),
                None => StoreError::Locked(Box::new(Holder { info: None, lease: None })),
            },
            Err(TryLockError::Error(error)) => Self::io("lock", &path)(error),
            Ok(()) => free,
        }
    }

    fn versions(&self) -> Result<Vec<Version>, StoreError> {
        let mut versions = Vec::new();
        for (id, path) in [(CURRENT, self.path.clone()), (BACKUP, self.beside("json.backup"))] {
            if let Some(seen) = Seen::of(&path).map_err(Self::io("read", &path))? {
                let written = seen.modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                versions.push(Version {
                    id: id.to_owned(),
                    written: written.unwrap_or_default().as_secs(),
                    size: seen.size,
                    is_current: id == CURRENT,
                });
            }
        }
        Ok(versions)
    }

    fn version(&self, id: &str) -> Result<Snapshot, StoreError> {
        let none = || StoreError::NoSuchVersion { place: self.describe(), id: id.to_owned() };
        let path = match id {
            CURRENT => self.path.clone(),
            BACKUP => self.beside("json.backup"),
            _ => return Err(none()),
        };
        self.read_file(&path)?.ok_or_else(none)
    }
}

impl Store for LocalStore {
    fn read(&self) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async {
            blocking(|| {
                // Looked at before: a file replaced meanwhile counts as moved.
                self.see()?;
                self.read_file(&self.path)
            })
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { blocking(|| self.write_file(&bytes)) })
    }

    fn has_moved(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async { blocking(|| self.is_moved()) })
    }

    fn lock(&self, info: LockInfo) -> BoxFuture<'_, Result<Arc<dyn Lock>, StoreError>> {
        Box::pin(async move { blocking(|| self.lock_file(&info)) })
    }

    fn unlock<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<LockInfo, StoreError>> {
        Box::pin(async { Err(blocking(|| self.break_lock())) })
    }

    fn history(&self) -> BoxFuture<'_, Result<Vec<Version>, StoreError>> {
        Box::pin(async { blocking(|| self.versions()) })
    }

    fn read_version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Snapshot, StoreError>> {
        Box::pin(async move { blocking(|| self.version(id)) })
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

/// Who holds a lock, as its file says.
fn holder(file: &mut File) -> Option<LockInfo> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Runs what blocks without holding up other tasks, where the runtime has a thread to spare.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(tokio::runtime::RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}
