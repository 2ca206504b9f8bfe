//! Evaluation with an end: in a thread of its own, with a timer inside and a clock outside.

use super::load::{Counted, Loaded};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use std::num::NonZeroU32;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Policies call each other deeper than the stack of a worker thread is. Only what is used takes memory.
const STACK: usize = 256 << 20;

/// What a rule came to.
#[derive(Debug, Clone)]
pub(crate) struct Evaluated {
    /// Its value; `None` if it is undefined.
    pub(crate) value: Result<Option<serde_json::Value>, String>,
    /// The value of its package's `exception`.
    pub(crate) exceptions: Result<Option<serde_json::Value>, String>,
}

/// Evaluates all rules for an input. What is missing at the end of the result had not ended in time.
pub(crate) fn run(
    loaded: &Loaded,
    input: &serde_json::Value,
    limit: Duration,
) -> Vec<Result<Evaluated, String>> {
    let (sender, receiver) = channel();
    let (engine, rules, input) = (loaded.engine.clone(), loaded.rules.clone(), input.clone());
    let work = move || evaluate(engine, &rules, input, limit, &sender);
    let mut results = Vec::new();
    if let Err(problem) = thread::Builder::new().stack_size(STACK).spawn(work) {
        results.push(Err(format!("there is no thread to evaluate it in: {problem}")));
    }
    // The timer stops what loops. A builtin that takes for ever does not ask it, so there is a clock as well; the
    // thread is left behind then, and ends with the process.
    let end = Instant::now() + limit + Duration::from_secs(2);
    while results.len() < loaded.rules.len() {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(evaluated) => results.push(Ok(evaluated)),
            Err(RecvTimeoutError::Timeout) => results.push(Err(late(limit))),
            Err(RecvTimeoutError::Disconnected) => {
                results.push(Err("the evaluator broke off".to_owned()));
            }
        }
    }
    results
}

fn late(limit: Duration) -> String {
    format!("it did not end within {} s", limit.as_secs_f32())
}

fn evaluate(
    mut engine: Engine,
    rules: &[Counted],
    input: serde_json::Value,
    limit: Duration,
    sender: &Sender<Evaluated>,
) {
    let start = Instant::now();
    engine.set_input(Value::from(input));
    let mut value = |namespace: &str, name: &str| {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(late(limit));
        }
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: left,
            check_interval: NonZeroU32::MIN,
        });
        let value = engine.eval_rule(format!("data.{namespace}.{name}")).map_err(|error| {
            let is_late = error.chain().any(<dyn std::error::Error>::is::<regorus::LimitError>);
            if is_late { late(limit) } else { error.to_string() }
        })?;
        if value == Value::Undefined {
            return Ok(None);
        }
        serde_json::to_value(&value).map(Some).map_err(|problem| problem.to_string())
    };
    for rule in rules {
        let exceptions = if rule.has_exceptions { value(&rule.namespace, "exception") } else { Ok(None) };
        let evaluated = Evaluated { value: value(&rule.namespace, &rule.name), exceptions };
        if sender.send(evaluated).is_err() {
            return;
        }
    }
}
