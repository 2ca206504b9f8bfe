//! What every store must do, tried with two clients of one state.

use std::sync::Arc;
use std::time::Duration;
use wharf_core::Address;
use wharf_state::{LockInfo, Record, Snapshot, Store, StoreError, Waiting, acquire, random_id};

type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// A place that two clients share, empty at first.
pub struct Place {
    /// The stack's name.
    pub stack: String,
    /// Makes a client of it, as a process of its own would have.
    pub client: Box<dyn Fn() -> Arc<dyn Store> + Send + Sync>,
    /// Whether earlier states are kept, and how many at the most.
    pub keeps: usize,
}

/// Who a test is, for a lock.
pub fn holder(command: &str) -> LockInfo {
    LockInfo {
        id: random_id(),
        who: "tester".into(),
        host: "lab".into(),
        pid: std::process::id(),
        command: command.into(),
        since: 1,
        job: Some("https://ci.example/1".into()),
    }
}

/// The whole contract, each part at a place of its own that `place` makes.
///
/// # Errors
///
/// The first part that does not hold.
pub async fn check(place: impl AsyncFn() -> Result<Place>) -> Result {
    reads_what_was_written(&place().await?).await.map_err(|error| format!("reads: {error}"))?;
    writes_over_nothing_unseen(&place().await?).await.map_err(|error| format!("writes: {error}"))?;
    locks_one(&place().await?).await.map_err(|error| format!("locks: {error}"))?;
    gives_back(&place().await?).await.map_err(|error| format!("gives back: {error}"))?;
    one_of_many(&place().await?).await.map_err(|error| format!("one of many: {error}"))?;
    keeps_versions(&place().await?).await.map_err(|error| format!("versions: {error}"))?;
    Ok(())
}

fn state(stack: &str, serial: u64) -> Snapshot {
    let mut snapshot = Snapshot::new(stack);
    snapshot.serial = serial;
    let record = Record { resource_type: "aws_vpc".into(), id: Some("vpc-1".into()), ..Record::default() };
    snapshot.resources.insert(Address::single("vpc"), record);
    snapshot
}

fn holds(what: bool, otherwise: &str) -> Result {
    if what { Ok(()) } else { Err(otherwise.into()) }
}

async fn reads_what_was_written(place: &Place) -> Result {
    let (a, b) = ((place.client)(), (place.client)());
    holds(a.read().await?.is_none(), "there is a state before any was written")?;
    let first = state(&place.stack, 1);
    a.write(first.to_bytes()).await?;
    holds(b.read().await? == Some(first.clone()), "another client reads something else")?;
    holds(!b.has_moved().await?, "it moved though nobody wrote")?;
    let second = Snapshot { serial: 2, ..first };
    a.write(second.to_bytes()).await?;
    holds(b.has_moved().await?, "a write is not seen")?;
    holds(b.read().await? == Some(second), "the second state is not read")
}

async fn writes_over_nothing_unseen(place: &Place) -> Result {
    let (a, b) = ((place.client)(), (place.client)());
    a.read().await?;
    b.read().await?;
    let first = state(&place.stack, 1);
    a.write(first.to_bytes()).await?;
    // Both saw that there was none; the first to write wins.
    let late = b.write(state(&place.stack, 1).to_bytes()).await;
    holds(matches!(late, Err(StoreError::Moved { .. })), "a second first state was written")?;
    b.read().await?;
    a.write(Snapshot { serial: 2, ..first.clone() }.to_bytes()).await?;
    let late = b.write(Snapshot { serial: 9, ..first.clone() }.to_bytes()).await;
    holds(matches!(late, Err(StoreError::Moved { .. })), "a state that was not seen was overwritten")?;
    holds(b.read().await?.is_some_and(|state| state.serial == 2), "the refused write had an effect")?;
    // Who has read again may write again.
    b.write(Snapshot { serial: 3, ..first }.to_bytes()).await?;
    Ok(())
}

async fn locks_one(place: &Place) -> Result {
    let (a, b) = ((place.client)(), (place.client)());
    let info = holder("apply");
    let lock = a.lock(info.clone()).await?;
    holds(lock.id() == info.id, "the lock has another id")?;
    lock.check().await?;
    let Err(StoreError::Locked(found)) = b.lock(holder("destroy")).await else {
        return Err("two have the lock".into());
    };
    holds(found.info.as_ref() == Some(&info), "the holder is not told")?;
    // Reading needs no lock.
    b.read().await?;
    let told = std::sync::atomic::AtomicUsize::new(0);
    // Longer than a look at the lock takes: who finds the time gone already is not told that it waits.
    let waiting = Waiting::AtMost(Duration::from_secs(2));
    let (info, count) = (holder("destroy"), |_: &wharf_state::Holder| {
        told.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let late = acquire(&*b, &info, waiting, &count);
    holds(matches!(late.await, Err(StoreError::Locked(_))), "waiting broke the lock")?;
    holds(told.into_inner() == 1, "who waits is not told once")?;
    lock.release().await?;
    Ok(())
}

async fn gives_back(place: &Place) -> Result {
    let (a, b) = ((place.client)(), (place.client)());
    let lock = a.lock(holder("apply")).await?;
    lock.release().await?;
    // A second time is nothing.
    lock.release().await?;
    let next = b.lock(holder("destroy")).await?;
    // Giving back what is not one's own any more takes it from nobody.
    lock.release().await?;
    next.check().await?;
    let third = (place.client)().lock(holder("plan")).await;
    holds(matches!(third, Err(StoreError::Locked(_))), "an old release freed a new lock")?;
    let wrong = b.unlock("0123").await;
    holds(wrong.is_err(), "a lock was broken under another id")?;
    next.check().await?;
    next.release().await?;
    holds(
        matches!(b.unlock(next.id()).await, Err(StoreError::NoSuchLock { .. })),
        "a lock that is free was broken",
    )
}

/// Many that want it at once, and one gets it each time.
async fn one_of_many(place: &Place) -> Result {
    for _ in 0..3 {
        let tries = (0..8).map(|_| {
            let client = (place.client)();
            async move { client.lock(holder("apply")).await }
        });
        let mut held = Vec::new();
        for result in futures::future::join_all(tries).await {
            match result {
                Ok(lock) => held.push(lock),
                Err(StoreError::Locked(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        holds(held.len() == 1, &format!("{} have the lock", held.len()))?;
        for lock in held {
            lock.release().await?;
        }
    }
    Ok(())
}

async fn keeps_versions(place: &Place) -> Result {
    let store = (place.client)();
    holds(store.history().await?.is_empty(), "a place without a state has a history")?;
    store.read().await?;
    let first = state(&place.stack, 1);
    store.write(first.to_bytes()).await?;
    drop(store);
    // Another run.
    let store = (place.client)();
    store.read().await?;
    store.write(Snapshot { serial: 2, ..first }.to_bytes()).await?;
    let versions = store.history().await?;
    holds(versions.len() == 2.min(place.keeps), &format!("{} versions are kept", versions.len()))?;
    let mut serials = Vec::new();
    for version in &versions {
        serials.push(store.read_version(&version.id).await?.serial);
    }
    holds(serials == [2, 1][..versions.len()], &format!("the versions are {serials:?}"))?;
    let current: Vec<bool> = versions.iter().map(|version| version.is_current).collect();
    holds(current == [true, false][..versions.len()], "the newest is not the current one")?;
    let strange = store.read_version("no-such-version").await;
    holds(matches!(strange, Err(StoreError::NoSuchVersion { .. })), "a version that is not there was read")
}
