use crate::prepare::Context;
use crate::{Event, Reporter};
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use wharf_core::Address;
use wharf_provider::wait::Backoff;
use wharf_provider::{Error, ErrorKind, Found, Resource, Wanted};

/// Says that somebody asked to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A signal and its sender; send `true` to stop.
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Stop(receiver))
    }

    /// Whether to stop.
    pub fn requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when somebody asks to stop; never, if nobody can any more.
    pub async fn wait(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How quickly what failed is tried again: the first pause; later ones grow to 25 times that.
#[derive(Debug, Clone, Copy)]
pub struct Pace(pub Duration);

impl Default for Pace {
    /// What AWS likes.
    fn default() -> Self {
        Pace(Duration::from_millis(400))
    }
}

impl Pace {
    /// A limit that suits the pace: as long as it says at the default pace.
    pub(crate) fn limit(self, limit: Duration) -> Duration {
        limit.mul_f64(self.0.as_secs_f64() / Pace::default().0.as_secs_f64())
    }
}

/// How long an error of some kind is worth trying again.
pub(crate) struct Patience<'a> {
    pub(crate) address: &'a Address,
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) stop: &'a Stop,
    pub(crate) pace: Pace,
    /// Decides, for an error, how long in all it may be tried again; `None` for not at all.
    pub(crate) limit: &'a (dyn Fn(&Error) -> Option<Duration> + Send + Sync),
}

impl Patience<'_> {
    /// Tries until it succeeds, or fails for good, or patience ends, or somebody asks to stop.
    pub(crate) async fn attempt<T, F>(&self, mut operation: impl FnMut() -> F + Send) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        let start = Instant::now();
        let mut backoff = Backoff::new(self.pace.0, self.pace.0 * 25);
        loop {
            let error = match operation().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(limit) = (self.limit)(&error) else { return Err(error) };
            let elapsed = start.elapsed();
            if elapsed >= self.pace.limit(limit) || self.stop.requested() {
                return Err(error);
            }
            let delay = backoff.next().mul_f64(0.8 + 0.4 * rand::random::<f64>());
            self.reporter.event(Event::Retrying { address: self.address.clone(), error, delay, elapsed });
            let mut stop = self.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = stop.wait() => {}
            }
        }
    }
}

/// What passes by itself, for every operation that may be sent again: reads, look-ups, updates and deletes, and a create
/// after a look-up has not found its object.
pub(crate) fn passing(error: &Error) -> Option<Duration> {
    match error.kind {
        ErrorKind::Throttled => Some(Duration::from_mins(5)),
        ErrorKind::Unreachable => Some(Duration::from_secs(20)),
        ErrorKind::Ambiguous => Some(Duration::from_mins(1)),
        _ => None,
    }
}

/// Looks an object up; what passes, passes.
pub(crate) async fn find(
    context: &Context,
    resource: &dyn Resource,
    wanted: &Wanted,
) -> Result<Found, Error> {
    let patience = Patience {
        address: &wanted.address,
        reporter: &*context.reporter,
        stop: &context.stop,
        pace: context.pace,
        limit: &passing,
    };
    patience.attempt(|| resource.find(wanted)).await
}
