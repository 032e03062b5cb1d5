//! The parts of a run by themselves: reading, judging one object of each kind, a run of a thousand in memory.
//!
//! The binary as a whole, with its start-up and the file system, is measured by `cargo xtask bench`.

// The macros of criterion make public items without documentation.
#![allow(missing_docs)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gitsm_check::config::Config;
use gitsm_check::engine::{self, KindSet, Options};
use gitsm_check::input::MemoryInput;
use gitsm_check::yaml::{self, Limits};
use std::hint::black_box;

const CHANGE: &str = include_str!("change.yaml");
const INCIDENT: &str = include_str!("incident.yaml");
const SERVICE: &str = include_str!("service.yaml");

const KINDS: [(&str, &str); 3] = [("Change", CHANGE), ("Incident", INCIDENT), ("ITService", SERVICE)];

fn options(jobs: usize) -> Options {
    Options {
        at: jiff::Timestamp::UNIX_EPOCH,
        limits: Limits::default(),
        jobs,
        list_judged: false,
        only: Vec::new(),
        policies: Vec::new(),
    }
}

/// Judges an input that must be read as a whole; dangling references are findings like any other.
fn judge(input: &MemoryInput, kinds: &KindSet, jobs: usize) -> usize {
    engine::run(input, &Config::default(), kinds, &options(jobs)).map_or(0, |report| report.findings.len())
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    for (kind, text) in KINDS {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(kind, |bench| {
            bench.iter(|| {
                yaml::read(black_box(text.as_bytes()), &Limits::default())
                    .documents
                    .len()
            });
        });
    }
    group.finish();
}

fn judging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("judge one");
    for (kind, text) in KINDS {
        let input = MemoryInput::new().with("one.yaml", text.replace("NUMBER", "0"));
        let kinds = KindSet::new();
        group.bench_function(kind, |bench| bench.iter(|| judge(black_box(&input), &kinds, 1)));
        group.bench_function(format!("{kind}, schema and rules compiled"), |bench| {
            bench.iter_batched(
                KindSet::new,
                |kinds| judge(&input, &kinds, 1),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn whole_run(criterion: &mut Criterion) {
    let input = (0..1000).fold(MemoryInput::new(), |input, number| {
        let (_, text) = KINDS[number % KINDS.len()];
        let text = text.replace("NUMBER", &(number / KINDS.len()).to_string());
        input.with(&format!("{number:04}.yaml"), text)
    });
    let mut group = criterion.benchmark_group("thousand documents");
    group.sample_size(20).throughput(Throughput::Elements(1000));
    for jobs in [1, 2] {
        group.bench_function(format!("{jobs} threads"), |bench| {
            bench.iter(|| judge(black_box(&input), &KindSet::new(), jobs));
        });
    }
    group.finish();
}

criterion_group!(benches, reading, judging, whole_run);
criterion_main!(benches);
