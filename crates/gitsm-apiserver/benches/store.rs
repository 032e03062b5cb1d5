//! How fast the store writes, reads and starts. Prints a table; takes about a minute.
//!
//! Durable writes of objects of about 1.8 kB, by one and by several writers at once, then lists and a start.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people")]
#![allow(missing_docs, reason = "a program")]

use gitsm_apiserver::kind::GroupResource;
use gitsm_apiserver::store::{Change, Durability, Expect, Key, Store, StoreOptions, Write};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

const OBJECTS: usize = 100_000;

fn object(name: &str) -> Value {
    json!({"apiVersion": "gitsm.dev/v1", "kind": "Change", "metadata": {"name": name, "namespace": "shop",
        "uid": "5a3b7c11-3d0f-4a7e-9d35-d9f4a1c0b7de", "creationTimestamp": "2026-11-25T00:00:00Z",
        "labels": {"a": "b", "c": "d"}}, "spec": {"text": "x".repeat(1500), "list": [1, 2, 3]}})
}

fn open(folder: &Path) -> Store {
    let clock = || {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
    };
    Store::open(folder, StoreOptions::new(Arc::new(clock))).unwrap()
}

async fn writers(store: &Store, count: usize, each: usize, kind: &str, expect: Expect) {
    let started = Instant::now();
    let writers: Vec<_> = (0..count)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(each);
                for number in 0..each {
                    let name = format!("w{writer}-{number}");
                    let key = Key::new(&GroupResource::new("gitsm.dev", "changes"), Some("shop"), &name);
                    let write = Write {
                        key,
                        expect,
                        change: Change::Put(object(&name)),
                        durability: Durability::Full,
                    };
                    let begin = Instant::now();
                    store.write(write).await.unwrap();
                    times.push(begin.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times: Vec<Duration> = Vec::new();
    for writer in writers {
        times.extend(writer.await.unwrap());
    }
    let took = started.elapsed();
    times.sort_unstable();
    let rate = f64::from(u32::try_from(times.len()).unwrap()) / took.as_secs_f64();
    println!(
        "{kind} by {count:>3}: {rate:>8.0}/s  p50 {:>9.3?}  p99 {:>9.3?}",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or("VmRSS unknown")
        .to_owned()
}

fn main() {
    if let Some(folder) = std::env::var_os("GITSM_BENCH_START") {
        let started = Instant::now();
        let store = open(Path::new(&folder));
        let count = store.count(&GroupResource::new("gitsm.dev", "changes"));
        println!(
            "start with {count} objects: {:.3?}, {}",
            started.elapsed(),
            memory()
        );
        return;
    }
    let folder = std::env::var_os("GITSM_BENCH_FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let folder = folder.join(format!("gitsm-store-bench-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let resource = GroupResource::new("gitsm.dev", "changes");
    runtime.block_on(async {
        let store = open(&folder);
        println!("empty: {}", memory());
        writers(&store, 1, 2000, "create", Expect::Absent).await;
        writers(&store, 1, 2000, "update", Expect::Any).await;
        writers(&store, 16, 2000, "update", Expect::Any).await;
        writers(&store, 100, OBJECTS / 100, "update", Expect::Any).await;
        println!("{} objects: {}", store.count(&resource), memory());
        let started = Instant::now();
        let items = store.list(&resource, None).items.len();
        println!("list of {items}: {:.3?}", started.elapsed());
        let started = Instant::now();
        store.list(&resource, None);
        println!("again: {:.3?}", started.elapsed());
        store.close().await.unwrap();
        // In a process of its own, whose memory is only that of the start.
        let start = std::process::Command::new(std::env::current_exe().unwrap())
            .env("GITSM_BENCH_START", &folder)
            .status();
        assert!(start.unwrap().success());
        let size = std::fs::metadata(folder.join("store.redb")).map_or(0, |found| found.len());
        println!("file: {} MiB", size >> 20);
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
