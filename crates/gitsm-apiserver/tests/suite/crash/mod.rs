//! A server under load is killed, again and again: what it acknowledged stays, and watchers go on where they were.
//!
//! The server is this test itself in a process of its own. Eight writers have objects of their own and remember what
//! was acknowledged; a watcher follows everything from the first revision to the last.

mod connection;
mod watcher;
mod writer;

use crate::child::{Child, Options};
use crate::harness::{DEFINITIONS, FOOS, foos};
use connection::Connection;
use std::time::Duration;
use tempfile::TempDir;
use watcher::Watcher;
use writer::Writer;

const WRITERS: usize = 8;
/// Where the other half of the objects is.
const CONFIGMAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Numbers that are the same on every run with the same seed.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Objects with a part that takes anything.
fn definition() -> serde_json::Value {
    let mut definition = foos();
    let properties = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    properties["spec"]["properties"]["any"] =
        serde_json::json!({"x-kubernetes-preserve-unknown-fields": true});
    definition
}

#[test]
fn acknowledged_writes_outlive_kill_9_and_watchers_resume() {
    let seed = std::env::var("GITSM_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(4);
    let soak = std::env::var_os("GITSM_SOAK").is_some_and(|value| value == "1");
    let kills = if soak { 100 } else { 10 };
    println!("seed {seed}, {kills} kills; another one: GITSM_SEED=n");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(Random(seed), kills));
}

async fn run(mut random: Random, kills: u32) {
    let folder = TempDir::new().unwrap();
    let mut child = Child::start(folder.path(), Options::default()).await;
    let mut connection = Connection::open(child.address).await.unwrap();
    connection
        .expect(201, "POST", DEFINITIONS, "application/json", &definition())
        .await;
    let from = connection.revision(FOOS).await;
    let mut watcher = Watcher::new(from);
    let mut writers: Vec<Writer> = (0..WRITERS)
        .map(|number| Writer::new(number, random.below(u64::MAX)))
        .collect();
    for round in 1..=kills {
        // Between few writes and several hundred, so that starts, batches and the trimming of the log are all hit.
        let after = 5 + random.below(300);
        watcher.follow(child.address).await;
        writers = writer::write_until_killed(writers, &mut child, after).await;
        watcher.until_broken().await;
        if random.below(3) == 0 {
            // Killed while it starts, too.
            Child::spawn(folder.path(), Options::default())
                .kill_after(Duration::from_micros(random.below(300_000)));
        }
        child = Child::start(folder.path(), Options::default()).await;
        let mut connection = Connection::open(child.address).await.unwrap();
        let highest = writers.iter().map(|writer| writer.highest).max().unwrap_or(0);
        let now = connection.revision(FOOS).await;
        assert!(
            now >= highest.max(watcher.position),
            "round {round}: the revision went back from {highest} to {now}"
        );
        for writer in &mut writers {
            writer.check(&mut connection, round).await;
        }
        check_lists(&mut connection, &writers).await;
    }
    // The last thing that happens: once the watcher has seen it, it has seen everything.
    let mut connection = Connection::open(child.address).await.unwrap();
    let last = connection.mark().await;
    watcher.follow(child.address).await;
    watcher.until(last).await;
    watcher.check(&writers);
    child.kill();
}

/// No object is torn, and none is there that nobody wrote.
async fn check_lists(connection: &mut Connection, writers: &[Writer]) {
    let expected: usize = writers.iter().map(Writer::count).sum();
    let mut found = 0;
    for collection in [FOOS, CONFIGMAPS] {
        let list = connection
            .expect(
                200,
                "GET",
                collection,
                "application/json",
                &serde_json::Value::Null,
            )
            .await;
        for item in list["items"].as_array().unwrap() {
            let name = item["metadata"]["name"].as_str().unwrap();
            if name.starts_with('w') {
                writer::number(item);
                found += 1;
            }
        }
    }
    assert_eq!(
        found, expected,
        "objects came or went that nobody wrote or deleted"
    );
}
