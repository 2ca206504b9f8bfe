use super::kind::FakeKind;
use super::log::Log;
use super::world::{FakeObject, World};
use super::{Call, Fuse, Rule, catalog};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::time::Instant;
use wharf_core::{Address, Map, Value};
use wharf_provider::{ErrorKind, New, OrderingRule, Permit, Result};

/// A cloud in memory. Cheap to clone; clones are the same client of the same cloud. [`FakeCloud::client`] gives another
/// client, as another process would be.
#[derive(Clone)]
pub struct FakeCloud {
    pub(super) inner: Arc<Inner>,
    /// Says whether this client may still change anything.
    pub(super) permit: Arc<OnceLock<Permit>>,
}

pub(super) struct Inner {
    pub(super) kinds: HashMap<&'static str, Arc<FakeKind>>,
    pub(super) names: Vec<&'static str>,
    pub(super) orderings: Vec<OrderingRule>,
    pub(super) fuse: Arc<Fuse>,
    world: Mutex<World>,
}

impl Default for FakeCloud {
    fn default() -> Self {
        FakeCloud::new(catalog::kinds(), catalog::ORDERINGS.to_vec())
    }
}

impl FakeCloud {
    /// A cloud of these types.
    pub fn new(kinds: Vec<FakeKind>, orderings: Vec<OrderingRule>) -> Self {
        let mut names: Vec<&'static str> = kinds.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        let kinds = kinds.into_iter().map(|kind| (kind.name, Arc::new(kind))).collect();
        let (fuse, world) = (Arc::default(), Mutex::default());
        let inner = Arc::new(Inner { kinds, names, orderings, fuse, world });
        FakeCloud { inner, permit: Arc::default() }
    }

    /// Another client of the same cloud.
    pub fn client(&self) -> Self {
        FakeCloud { inner: self.inner.clone(), permit: Arc::default() }
    }

    /// Makes something go wrong from now on.
    pub fn rule(&self, rule: Rule) {
        self.inner.world().rules.push(rule);
    }

    /// Nothing goes wrong from now on.
    pub fn clear_rules(&self) {
        self.inner.world().rules.clear();
    }

    /// Whether an attachment cannot be deleted while the network has outlets.
    pub fn strict_detach(&self, strict: bool) {
        self.inner.world().strict_detach = strict;
    }

    /// What kills the process.
    pub fn fuse(&self) -> Arc<Fuse> {
        self.inner.fuse.clone()
    }

    /// What was asked so far.
    pub fn log(&self) -> Log {
        self.inner.world().log.clone()
    }

    /// Forgets what was asked so far.
    pub fn clear_log(&self) {
        let mut world = self.inner.world();
        let running = world.log.running;
        world.log = Log { running, ..Log::default() };
    }

    /// Every object, by type and id.
    pub fn objects(&self) -> Vec<FakeObject> {
        self.inner.world().objects.values().cloned().collect()
    }

    /// The objects made for an address, given as a tag.
    pub fn made_for(&self, address: &str) -> Vec<FakeObject> {
        self.objects().into_iter().filter(|object| object.made_for == address).collect()
    }

    /// Makes an object behind wharf's back; gives its id.
    ///
    /// # Errors
    /// What a create request would be told.
    pub fn put(&self, kind: &str, properties: Map) -> Result<String> {
        let Some(kind) = self.inner.kinds.get(kind).cloned() else { return Ok(String::new()) };
        let new = New { address: Address::single("nobody"), properties, token: String::new() };
        self.inner.world().create(&kind, "fake:Put", &new, 0)
    }

    /// Changes a property behind wharf's back. Whether there was such an object.
    pub fn tamper(&self, id: &str, property: &str, value: Value) -> bool {
        let mut world = self.inner.world();
        let object = world.objects.values().find(|object| object.id == id).cloned();
        let Some(mut object) = object else { return false };
        let Some(kind) = self.inner.kinds.get(object.kind).cloned() else { return false };
        world.remove(&kind, id);
        object.properties.insert(property.to_owned(), value);
        world.insert(&kind, object);
        true
    }

    /// Deletes an object behind wharf's back, in use or not. Whether there was one.
    pub fn vanish(&self, id: &str) -> bool {
        let mut world = self.inner.world();
        let kind = world.objects.values().find(|object| object.id == id).map(|object| object.kind);
        let Some(kind) = kind.and_then(|kind| self.inner.kinds.get(kind)).cloned() else { return false };
        world.remove(&kind, id).is_some()
    }
}

impl Inner {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, Default)]
enum Answer {
    /// Not: whoever asked is gone.
    #[default]
    Never,
    Success,
    Failure(ErrorKind),
}

/// A call under way; ends when it is dropped, answered or not.
pub(super) struct Ticket<'a> {
    inner: &'a Inner,
    sequence: usize,
    call: Call,
    answer: Answer,
}

impl<'a> Ticket<'a> {
    pub(super) fn take(
        inner: &'a Inner,
        call: Call,
        kind: &FakeKind,
        subject: &str,
    ) -> (Self, super::faults::Struck) {
        let mut world = inner.world();
        let struck = world.struck(call, kind.name, subject);
        let log = &mut world.log;
        if call.has_effect() {
            log.running += 1;
            log.peak = log.peak.max(log.running);
        }
        log.entries.push(super::LogEntry {
            call,
            kind: kind.name.to_owned(),
            subject: subject.to_owned(),
            started: Instant::now(),
            ended: None,
        });
        let sequence = log.entries.len() - 1;
        (Ticket { inner, sequence, call, answer: Answer::Never }, struck)
    }

    pub(super) fn answered<T>(mut self, result: Result<T>) -> Result<T> {
        self.answer = result.as_ref().err().map_or(Answer::Success, |error| Answer::Failure(error.kind));
        result
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut world = self.inner.world();
        if self.call.has_effect() {
            world.log.running = world.log.running.saturating_sub(1);
        }
        let error = match self.answer {
            Answer::Never => return,
            Answer::Success => None,
            Answer::Failure(kind) => Some(kind),
        };
        if let Some(entry) = world.log.entries.get_mut(self.sequence) {
            entry.ended = Some((Instant::now(), error));
        }
    }
}
