use crate::Place;
use crate::lease::{self, Lease};
use crate::object::{Content, Object, Tried};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wharf_aws::{Clients, Named};
use wharf_provider::{Error, Result};
use wharf_state::{BoxFuture, Lock, LockInfo, Snapshot, Store, StoreError, Version};

/// A state in an object in S3.
#[derive(Debug)]
pub struct S3Store {
    stack: String,
    object: Object,
    seen: Mutex<Seen>,
}

/// What this store knows of the object.
#[derive(Debug, Default)]
struct Seen {
    /// The tag of the state that was read or written last; `None` where there was none.
    tag: Option<String>,
    /// Whether the bucket keeps versions, once something was read or written.
    versioned: Option<bool>,
}

impl S3Store {
    /// The state of `stack` at a place.
    pub fn new(clients: Arc<Clients>, place: Place, stack: &str) -> Self {
        S3Store { stack: stack.to_owned(), object: Object { clients, place }, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cloud(&self, action: &'static str) -> impl FnOnce(Error) -> StoreError {
        let place = self.describe();
        move |source| StoreError::Cloud { action, place, source: Box::new(source) }
    }

    fn moved(&self) -> StoreError {
        StoreError::Moved { place: self.describe() }
    }

    fn parse(&self, bytes: &[u8]) -> Result<Snapshot, StoreError> {
        let snapshot =
            Snapshot::from_bytes(bytes).map_err(|unreadable| unreadable.at(self.describe(), None))?;
        if snapshot.stack != self.stack {
            let (found, wanted) = (snapshot.stack, self.stack.clone());
            return Err(StoreError::OtherStack { place: self.describe(), found, wanted });
        }
        Ok(snapshot)
    }

    async fn get(&self) -> Result<Option<Content>, StoreError> {
        let content = self.object.get(None).await.map_err(self.cloud("read"))?;
        let mut seen = self.seen();
        seen.tag = content.as_ref().map(|content| content.tag.clone());
        if let Some(content) = &content {
            seen.versioned = Some(content.version.is_some());
        }
        drop(seen);
        Ok(content)
    }

    async fn put(&self, bytes: Vec<u8>) -> Result<(), StoreError> {
        let tag = self.seen().tag.clone();
        match self.object.put(bytes.clone(), tag.as_deref()).await.map_err(self.cloud("write"))? {
            Tried::Done(written) => {
                *self.seen() = Seen { tag: Some(written.tag), versioned: Some(written.version.is_some()) };
                Ok(())
            }
            // Perhaps it is what an earlier attempt wrote whose answer was lost.
            Tried::Moved => match self.object.get(None).await.map_err(self.cloud("read"))? {
                Some(content) if content.bytes == bytes => {
                    self.seen().tag = Some(content.tag);
                    Ok(())
                }
                _ => Err(self.moved()),
            },
        }
    }

    /// Makes the state another one, so that whoever held the lock before cannot write any more.
    async fn fence(&self, info: &LockInfo) -> Result<(), StoreError> {
        for _ in 0..3 {
            let mut snapshot = match self.get().await? {
                Some(content) => self.parse(&content.bytes)?,
                None => Snapshot::new(self.stack.clone()),
            };
            snapshot.writer.clone_from(&info.id);
            match self.put(snapshot.to_bytes()).await {
                Err(StoreError::Moved { .. }) => {}
                other => return other,
            }
        }
        Err(self.moved())
    }

    async fn take_lock(&self, info: LockInfo) -> Result<Arc<dyn Lock>, StoreError> {
        let taken = lease::take(&self.object, &info).await?;
        if taken.from_the_dead
            && let Err(error) = self.fence(&info).await
        {
            // The state cannot be written by whoever comes next either; what is wrong with it is worth more.
            let _ = taken.lease.release().await;
            return Err(error);
        }
        Ok(Lease::keep(taken.lease))
    }

    async fn versions(&self) -> Result<Vec<Version>> {
        let Place { bucket, key, .. } = &self.object.place;
        let mut versions = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let request = self.object.clients.s3().list_object_versions().bucket(bucket).prefix(key);
            let request = request.set_key_marker(key_marker).set_version_id_marker(version_marker);
            let answer = request.send().await.named("s3:ListObjectVersions")?;
            let mut beyond = false;
            for version in answer.versions.unwrap_or_default() {
                // Sorted by key: what comes after ours begins with it, as the lock does.
                if version.key() != Some(key) {
                    beyond = true;
                    break;
                }
                versions.push(Version {
                    id: version.version_id.unwrap_or_default(),
                    written: version.last_modified.map_or(0, |time| u64::try_from(time.secs()).unwrap_or(0)),
                    size: u64::try_from(version.size.unwrap_or(0)).unwrap_or(0),
                    is_current: version.is_latest == Some(true),
                });
            }
            (key_marker, version_marker) = (answer.next_key_marker, answer.next_version_id_marker);
            if beyond || answer.is_truncated != Some(true) || key_marker.is_none() {
                return Ok(versions);
            }
        }
    }

    async fn version(&self, id: &str) -> Result<Snapshot, StoreError> {
        let none = || StoreError::NoSuchVersion { place: self.describe(), id: id.to_owned() };
        match self.object.get(Some(id)).await {
            Ok(Some(content)) => self.parse(&content.bytes),
            Ok(None) => Err(none()),
            Err(error) if error.is_code("NoSuchVersion") || error.is_code("InvalidArgument") => Err(none()),
            Err(error) => Err(self.cloud("read")(error)),
        }
    }
}

impl Store for S3Store {
    fn read(&self) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async {
            let content = self.get().await?;
            content.map(|content| self.parse(&content.bytes)).transpose()
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.put(bytes))
    }

    fn has_moved(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async {
            let now = self.object.tag().await.map_err(self.cloud("read"))?;
            Ok(now != self.seen().tag)
        })
    }

    fn lock(&self, info: LockInfo) -> BoxFuture<'_, Result<Arc<dyn Lock>, StoreError>> {
        Box::pin(self.take_lock(info))
    }

    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<LockInfo, StoreError>> {
        Box::pin(lease::end(&self.object, id))
    }

    fn history(&self) -> BoxFuture<'_, Result<Vec<Version>, StoreError>> {
        Box::pin(async { self.versions().await.map_err(self.cloud("list the versions of")) })
    }

    fn read_version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Snapshot, StoreError>> {
        Box::pin(self.version(id))
    }

    fn describe(&self) -> String {
        self.object.place.to_string()
    }

    fn advice(&self) -> Option<String> {
        (self.seen().versioned == Some(false)).then(|| {
            format!(
                "the bucket {} keeps no versions, so a state that is overwritten or deleted there is gone; turn on \
                 versioning, or run `wharf state init`",
                self.object.place.bucket
            )
        })
    }
}
