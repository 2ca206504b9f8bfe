//! Waiting for AWS: what is polled until when. The delays grow, so that nothing is polled faster than AWS likes.

use crate::{Error, ErrorKind, Result};
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// In words that fit after "waiting for": "the NAT gateway to become available".
    pub what: &'static str,
    /// When to give up.
    pub timeout: Duration,
    /// The longest pause between two looks.
    pub pause: Duration,
}

impl Wait {
    /// A wait of that many minutes at most, looking every five seconds at the latest.
    pub const fn minutes(what: &'static str, minutes: u64) -> Self {
        Wait { what, timeout: Duration::from_mins(minutes), pause: Duration::from_secs(5) }
    }

    /// Calls `look` until it gives a value; its errors end the wait.
    pub async fn until<T, F, L>(self, mut look: L) -> Result<T>
    where
        L: FnMut() -> F + Send,
        F: Future<Output = Result<Option<T>>> + Send,
    {
        let start = Instant::now();
        let mut delay = Backoff::new(Duration::from_millis(150), self.pause);
        loop {
            if let Some(value) = look().await? {
                return Ok(value);
            }
            if start.elapsed() > self.timeout {
                let minutes = self.timeout.as_secs().div_ceil(60);
                let message = format!("waited {minutes} min for {}, in vain", self.what);
                return Err(Error::new(ErrorKind::Timeout, message));
            }
            tokio::time::sleep(delay.next()).await;
        }
    }
}

/// Delays that grow by half from `first` to `longest`.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Delays from `first` to `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Backoff { next: first, longest }
    }

    /// The next delay.
    #[expect(clippy::should_implement_trait, reason = "never ends, so it is no iterator worth having")]
    pub fn next(&mut self) -> Duration {
        let delay = self.next;
        self.next = (delay * 3 / 2).min(self.longest);
        delay
    }
}
