//! The S3 store over HTTP, against the emulator.

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wharf_aws::{Clients, Settings};
use wharf_state::{Snapshot, Store, StoreError};
use wharf_state_s3::{Place, S3Store, create};
use wharf_testkit::contract::{self, check, holder};
use wharf_testkit::emulator::{Control, Emulator};

type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Says in the environment that this is the process with the emulator's settings.
const INSIDE: &str = "WHARF_S3_TEST_INSIDE";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // The clients read the environment, as they do for every user; so the tests run in a process that has the right one.
    if std::env::var_os(INSIDE).is_none() && !arguments.list {
        return inside().unwrap_or_else(|error| {
            libtest_mimic::run(
                &arguments,
                vec![Trial::test("the emulator starts", move || Err(error.into()))],
            )
            .exit_code()
        });
    }
    let tests = vec![
        test("the contract of all stores is kept", keeps_the_contract),
        test("a read is one request, and so is a write", one_request_each),
        test("what a lost answer wrote is recognised", lost_answers),
        test("a lock runs out by the clock of S3, and who lost it cannot write", runs_out),
        test("a lock is renewed while it is held", renewed),
        test("state and lock are encrypted, and the bucket is closed", encrypted),
        test("a bucket without versions is told", without_versions),
    ];
    // One emulator for all: its counters and rules are everybody's.
    libtest_mimic::run(&Arguments { test_threads: Some(1), ..arguments }, tests).exit_code()
}

fn inside() -> Result<ExitCode, String> {
    let emulator = Emulator::start(0).map_err(|error| error.to_string())?;
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.args(std::env::args_os().skip(1)).envs(emulator.environment()).env(INSIDE, emulator.url());
    // Long enough for the slowest machine between two renewals, short enough to wait for one.
    let status = command.env("WHARF_LOCK_SECONDS", "6").status().map_err(|error| error.to_string())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn test(name: &str, body: impl AsyncFnOnce(Lab) -> Result + Send + 'static) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Runtime::new()?;
        let run = async { body(Lab::new().await?).await };
        runtime.block_on(run).map_err(|error| Failed::from(error.to_string()))
    })
}

/// A bucket, and clients of states in it.
#[derive(Clone)]
struct Lab {
    clients: Arc<Clients>,
    bucket: String,
    control: Control,
}

static PLACES: AtomicUsize = AtomicUsize::new(0);

impl Lab {
    async fn new() -> Result<Self> {
        let clients = Arc::new(Clients::new(&Settings::default()).await?);
        let bucket = format!("states-{}", PLACES.fetch_add(1, Ordering::SeqCst));
        create(&clients, &bucket, None).await?;
        let lab = Lab { clients, bucket, control: Control::new(&std::env::var(INSIDE)?) };
        lab.control("counters/reset", json!({}))?;
        Ok(lab)
    }

    fn place(&self, key: &str) -> Place {
        Place { bucket: self.bucket.clone(), key: key.to_owned(), kms_key_id: None }
    }

    /// Another client of the same state.
    fn client(&self) -> S3Store {
        S3Store::new(self.clients.clone(), self.place("demo.json"), "demo")
    }

    fn control(&self, what: &str, body: Value) -> Result {
        self.control.post(&format!("/_wharf/{what}"), &body)?;
        Ok(())
    }

    /// How often each operation was requested since the lab was made.
    fn requests(&self, operation: &str) -> Result<u64> {
        Ok(self.control.counters()?.get(operation).copied().unwrap_or(0))
    }
}

fn holds(what: bool, otherwise: &str) -> Result {
    if what { Ok(()) } else { Err(otherwise.into()) }
}

async fn keeps_the_contract(lab: Lab) -> Result {
    check(async || {
        let key = format!("team/{}.json", PLACES.fetch_add(1, Ordering::SeqCst));
        let lab = lab.clone();
        let client =
            move || Arc::new(S3Store::new(lab.clients.clone(), lab.place(&key), "demo")) as Arc<dyn Store>;
        Ok(contract::Place { stack: "demo".into(), client: Box::new(client), keeps: usize::MAX })
    })
    .await
}

async fn one_request_each(lab: Lab) -> Result {
    let store = lab.client();
    store.read().await?;
    let snapshot = Snapshot::new("demo");
    store.write(snapshot.to_bytes()).await?;
    store.write(Snapshot { serial: 1, ..snapshot }.to_bytes()).await?;
    let counts =
        (lab.requests("s3:GetObject")?, lab.requests("s3:PutObject")?, lab.requests("s3:HeadObject")?);
    holds(counts == (1, 2, 0), &format!("{counts:?} requests to read, write and look"))
}

async fn lost_answers(lab: Lab) -> Result {
    let lose = json!([{"match": "s3:PutObject", "kind": "drop_after", "times": 1}]);
    let store = lab.client();
    store.read().await?;
    lab.control("rules", lose.clone())?;
    let lock = store.lock(holder("apply")).await?;
    holds(
        matches!(lab.client().lock(holder("apply")).await, Err(StoreError::Locked(_))),
        "two have the lock",
    )?;
    let snapshot = Snapshot::new("demo");
    lab.control("rules", lose.clone())?;
    store.write(snapshot.to_bytes()).await?;
    lab.control("rules", lose)?;
    store.write(Snapshot { serial: 1, ..snapshot }.to_bytes()).await?;
    lab.control("rules", json!([{"match": "s3:DeleteObject", "kind": "drop_after", "times": 1}]))?;
    lock.release().await?;
    lab.control("rules", json!([]))?;
    lab.client().lock(holder("apply")).await?.release().await?;
    holds(store.history().await?.len() == 2, "a write was made twice")
}

async fn runs_out(lab: Lab) -> Result {
    let (a, b) = (lab.client(), lab.client());
    a.read().await?;
    let snapshot = Snapshot::new("demo");
    a.write(snapshot.to_bytes()).await?;
    let lock = a.lock(holder("apply")).await?;
    lab.control("clock", json!({"offset_ms": 4000}))?;
    holds(matches!(b.lock(holder("apply")).await, Err(StoreError::Locked(_))), "taken before it ran out")?;
    lab.control("clock", json!({"offset_ms": 9000}))?;
    let taken = b.lock(holder("apply")).await?;
    let late = a.write(Snapshot { serial: 7, ..snapshot.clone() }.to_bytes()).await;
    holds(matches!(late, Err(StoreError::Moved { .. })), "who lost the lock wrote")?;
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    holds(matches!(lock.check().await, Err(StoreError::LockLost { .. })), "the loss is not seen")?;
    lock.release().await?;
    taken.check().await?;
    b.read().await?;
    b.write(Snapshot { serial: 2, ..snapshot }.to_bytes()).await?;
    taken.release().await?;
    lab.control("clock", json!({"offset_ms": 0}))
}

async fn renewed(lab: Lab) -> Result {
    let lock = lab.client().lock(holder("apply")).await?;
    let before = lab.requests("s3:PutObject")?;
    tokio::time::sleep(std::time::Duration::from_secs(9)).await;
    holds(lab.requests("s3:PutObject")? > before, "it was not renewed")?;
    holds(matches!(lab.client().lock(holder("apply")).await, Err(StoreError::Locked(_))), "it ran out")?;
    lock.check().await?;
    lock.release().await.map_err(Into::into)
}

async fn encrypted(lab: Lab) -> Result {
    let key = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let place = Place { kms_key_id: Some(key.into()), ..lab.place("kms.json") };
    let store = S3Store::new(lab.clients.clone(), place, "demo");
    let lock = store.lock(holder("apply")).await?;
    store.read().await?;
    store.write(Snapshot::new("demo").to_bytes()).await?;
    for object in ["kms.json", "kms.json.lock"] {
        let head = lab.clients.s3().head_object().bucket(&lab.bucket).key(object).send().await?;
        holds(head.server_side_encryption().is_some_and(|kind| kind.as_str() == "aws:kms"), object)?;
        holds(head.ssekms_key_id() == Some(key), object)?;
    }
    lock.release().await?;
    holds(create(&lab.clients, &lab.bucket, None).await?.is_empty(), "a second time changes something")?;
    let policy = lab.clients.s3().get_bucket_policy().bucket(&lab.bucket).send().await?;
    holds(
        policy.policy().is_some_and(|policy| policy.contains("aws:SecureTransport")),
        "plain HTTP may read",
    )?;
    let block = lab.clients.s3().get_public_access_block().bucket(&lab.bucket).send().await?;
    let block = block.public_access_block_configuration.ok_or("the bucket may be made public")?;
    holds(
        block.block_public_policy == Some(true) && block.restrict_public_buckets == Some(true),
        "it may be public",
    )
}

async fn without_versions(lab: Lab) -> Result {
    let store = lab.client();
    store.read().await?;
    store.write(Snapshot::new("demo").to_bytes()).await?;
    holds(store.advice().is_none(), "a bucket with versions is told off")?;
    let bucket = format!("{}-plain", lab.bucket);
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(lab.clients.region().into())
        .build();
    lab.clients.s3().create_bucket().bucket(&bucket).create_bucket_configuration(place).send().await?;
    let store = S3Store::new(lab.clients.clone(), Place { bucket, ..lab.place("demo.json") }, "demo");
    store.read().await?;
    store.write(Snapshot::new("demo").to_bytes()).await?;
    holds(store.advice().is_some_and(|advice| advice.contains("keeps no versions")), "nothing is told")
}
