//! The stores that need no cloud.

use std::sync::Arc;
use wharf_state::LocalStore;
use wharf_testkit::MemoryStore;
use wharf_testkit::contract::{Place, check};

type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_the_contract() -> Result {
    let folder = tempfile::tempdir()?;
    let places = std::sync::atomic::AtomicUsize::new(0);
    check(async || {
        let place = folder.path().join(places.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_string());
        std::fs::create_dir(&place)?;
        let client = move || Arc::new(LocalStore::new(&place, "demo")) as Arc<dyn wharf_state::Store>;
        Ok(Place { stack: "demo".into(), client: Box::new(client), keeps: 2 })
    })
    .await
}

#[tokio::test]
async fn the_memory_of_the_tests_keeps_the_contract() -> Result {
    check(async || {
        let store = MemoryStore::default();
        let client = move || Arc::new(store.client()) as Arc<dyn wharf_state::Store>;
        Ok(Place { stack: "demo".into(), client: Box::new(client), keeps: usize::MAX })
    })
    .await
}
