use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The requests made so far, by operation, repeated attempts included.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Statistics {
    /// How often each operation (`ec2:DescribeVpcs`) was requested.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn of(&self, service: &'static str) -> Counter {
        Counter { service, statistics: self.clone() }
    }
}

/// Counts the requests of one service's client.
#[derive(Debug)]
pub(crate) struct Counter {
    service: &'static str,
    statistics: Statistics,
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
        let operation = config.load::<Metadata>().map_or("?", Metadata::name);
        let mut counts = self.statistics.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(format!("{}:{operation}", self.service)).or_default() += 1;
        Ok(())
    }
}
