use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use wharf_provider::Permit;

/// The requests made so far, by operation, repeated attempts included.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
}

/// A request that was not sent, because a permit said no.
#[derive(Debug, thiserror::Error)]
#[error("the lock of the state was lost: nothing was sent")]
pub(crate) struct NotSent;

/// A permit that comes later than the clients it holds.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<OnceLock<Permit>>);

impl Gate {
    pub(crate) fn set(&self, permit: Permit) {
        // The first one counts: a process has one lock.
        let _ = self.0.set(permit);
    }

    fn is_open(&self) -> bool {
        self.0.get().is_none_or(|permit| permit())
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.is_open()).finish()
    }
}

impl Statistics {
    /// How often each operation (`ec2:DescribeVpcs`) was requested.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn of(&self, service: &'static str, gate: &Gate) -> Counter {
        Counter { service, statistics: self.clone(), gate: gate.clone() }
    }
}

/// Counts the requests of one service's client, and lets them pass only while they may.
#[derive(Debug)]
pub(crate) struct Counter {
    service: &'static str,
    statistics: Statistics,
    gate: Gate,
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "wharf-statistics"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !self.gate.is_open() {
            return Err(NotSent.into());
        }
        let operation = config.load::<Metadata>().map_or("?", Metadata::name);
        let mut counts = self.statistics.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(format!("{}:{operation}", self.service)).or_default() += 1;
        Ok(())
    }
}
