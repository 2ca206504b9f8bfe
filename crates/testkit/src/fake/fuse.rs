use std::sync::{Condvar, Mutex, PoisonError};
use tokio::sync::watch;

/// Kills the process, as far as the code under test can tell, at a chosen instant.
///
/// The cloud and the store pass a point before and after everything that has an effect. At the chosen one, and at
/// all after it, nothing returns any more: whoever runs the code then drops it, with its runtime.
///
/// It can freeze the process instead: the thread that comes to the chosen point stands still until it is thawed. Other
/// threads pass, so that other processes can go on.
#[derive(Debug)]
pub struct Fuse {
    state: Mutex<State>,
    thawed: Condvar,
    burnt: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    passed: Vec<String>,
    at: Option<usize>,
    named: Option<String>,
    freezes: bool,
    frozen: bool,
}

impl Default for Fuse {
    fn default() -> Self {
        Fuse { state: Mutex::default(), thawed: Condvar::new(), burnt: watch::channel(false).0 }
    }
}

impl Fuse {
    /// Burns at the point of this number, from 0; never, if there is none. Counts from 0 again.
    pub fn set(&self, at: Option<usize>) {
        *self.lock() = State { at, ..State::default() };
        self.burnt.send_replace(false);
    }

    /// Burns at the first point of this name: `after Create network`. Counts from 0 again.
    pub fn set_at(&self, point: &str) {
        *self.lock() = State { named: Some(point.to_owned()), ..State::default() };
        self.burnt.send_replace(false);
    }

    /// Freezes the thread that comes to the point of this number, once. Counts from 0 again.
    pub fn freeze_at(&self, at: usize) {
        *self.lock() = State { at: Some(at), freezes: true, ..State::default() };
        self.burnt.send_replace(false);
    }

    /// Whether a thread stands still.
    pub fn is_frozen(&self) -> bool {
        self.lock().frozen
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.lock().frozen = false;
        self.thawed.notify_all();
    }

    /// The points passed so far.
    pub fn passed(&self) -> Vec<String> {
        self.lock().passed.clone()
    }

    /// Whether it has burnt.
    pub fn is_burnt(&self) -> bool {
        *self.burnt.borrow()
    }

    /// Returns when it burns.
    pub async fn burnt(&self) {
        let mut burnt = self.burnt.subscribe();
        if burnt.wait_for(|burnt| *burnt).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Passes a point, or never returns.
    pub(crate) async fn point(&self, name: impl FnOnce() -> String) {
        let burns = {
            let mut state = self.lock();
            if state.at.is_none() && state.named.is_none() {
                return;
            }
            let (number, name) = (state.passed.len(), name());
            let here = state.at.is_some_and(|at| number >= at)
                || state.named.as_ref().is_some_and(|named| *named == name)
                || *self.burnt.borrow();
            state.passed.push(name);
            if here && state.freezes {
                state.at = None;
                state.frozen = true;
                while state.frozen {
                    state = self.thawed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                return;
            }
            here
        };
        if burns {
            self.burnt.send_replace(true);
            std::future::pending::<()>().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
