//! Decisions at the sizes that docs/benchmarks.md has goals for.
//!
//! Inputs are written as the JSON that facts files hold, numbered without randomness: the same on every machine.

// The macros of criterion make public items without documentation.
#![allow(missing_docs)]
#![allow(
    clippy::unwrap_used,
    reason = "an input that does not parse is a bench that does not run"
)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use gitsm_core::calendar::{Calendar, CalendarRules};
use gitsm_core::catalog::{Graph, GraphSource, NodeId};
use gitsm_core::change::conflict::{ConflictFacts, ConflictPolicy, detect};
use gitsm_core::time::Instant;
use jiff::SignedDuration;
use serde_json::json;
use std::hint::black_box;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn office() -> Calendar {
    let day = json!([{"from": "09:00", "to": "12:30"}, {"from": "13:00", "to": "17:30"}]);
    let weekly = json!({"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day});
    let holidays =
        json!({"2027-01-01": "New Year", "2027-05-06": "Ascension Day", "2027-12-24": "Christmas Eve"});
    let rules: CalendarRules = serde_json::from_value(
        json!({"name": "office", "timeZone": "Europe/Berlin", "weekly": weekly, "holidays": holidays}),
    )
    .unwrap();
    Calendar::new(rules)
}

/// One year of business time, from instants that are not the same twice.
fn business_time(criterion: &mut Criterion) {
    let calendar = office();
    let start = at("2027-01-04T08:00:00Z");
    let year = SignedDuration::from_hours(365 * 24);
    let mut minute = 0;
    let mut next = || {
        minute = (minute + 7_919) % 500_000;
        start.plus(SignedDuration::from_mins(minute))
    };
    let mut group = criterion.benchmark_group("one year of business time");
    group.bench_function("business_between", |bench| {
        bench.iter(|| {
            let from = next();
            calendar.business_between(black_box(from), from.plus(year))
        });
    });
    let hours = calendar.business_between(start, start.plus(year));
    group.bench_function("add_business", |bench| {
        bench.iter(|| calendar.add_business(black_box(next()), hours));
    });
    group.finish();
}

/// 10,000 services in layers of 1,000; each needs five of the layer below, one of them softly, two as a group.
fn graph() -> Graph {
    let mut nodes = serde_json::Map::new();
    let mut dependencies = Vec::new();
    for number in 0..10_000_usize {
        let id = format!("ITService/estate/s{number}");
        nodes.insert(
            id.clone(),
            json!({"tier": 1 + number % 4, "redundancyGroups": {"pair": {"count": 1}}}),
        );
        for edge in 0..5 {
            let Some(below) = number.checked_sub(1_000 + edge * 37) else {
                continue;
            };
            let mut dependency = json!({"from": id, "to": format!("ITService/estate/s{below}")});
            match edge {
                0 => dependency["strength"] = json!("Soft"),
                1 | 2 => dependency["group"] = json!("pair"),
                _ => {}
            }
            dependencies.push(dependency);
        }
    }
    let source: GraphSource =
        serde_json::from_value(json!({"nodes": nodes, "dependencies": dependencies})).unwrap();
    Graph::new(source)
}

fn blast_radius(criterion: &mut Criterion) {
    let graph = graph();
    let prod = "prod".parse().unwrap();
    // A single service, and the worst that can happen: the whole lowest layer, which takes nearly everything with it.
    let one: Vec<NodeId> = vec!["ITService/estate/s500".parse().unwrap()];
    let layer: Vec<NodeId> = (0..1_000)
        .map(|number| format!("ITService/estate/s{number}").parse().unwrap())
        .collect();
    assert!(graph.blast_radius(&layer, Some(&prod)).down.len() > 8_900);
    let mut group = criterion.benchmark_group("10,000 services");
    for (name, failed) in [
        ("blast radius of one", &one),
        ("blast radius of a thousand", &layer),
    ] {
        group.bench_function(name, |bench| {
            bench.iter(|| graph.blast_radius(black_box(failed), Some(&prod)));
        });
    }
    group.bench_function("building the graph", |bench| {
        bench.iter_batched(
            || graph.source().clone(),
            |source| Graph::new(black_box(source)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// 10,000 scheduled changes of the services of [`graph`], three items each, some of them by the same people and in
/// the same files. `sparse`: one after the other, so that none overlaps. Else 27 a night, in windows of four hours.
fn changes(sparse: bool) -> ConflictFacts {
    let first = at("2027-01-01T20:00:00Z");
    let mut changes = serde_json::Map::new();
    for number in 0..10_000_i64 {
        let minute = if sparse {
            number * 50
        } else {
            number / 27 * 24 * 60 + number % 27 * 8
        };
        let item = |step: i64| format!("ITService/estate/s{}", (number * 7_919 + step * 3_571) % 10_000);
        let change = json!({
            "phase": "Scheduled",
            "environment": "prod",
            "items": [item(0), item(1), item(2)],
            "people": [format!("person-{}", number % 97)],
            "plan": {
                "start": first.plus(SignedDuration::from_mins(minute)),
                "duration": "30m",
                "backoutDuration": "15m",
            },
            "pullRequest": {"paths": [format!("deploy/s{number}/values.yaml"), format!("shared/{}.yaml", number % 5_000)]},
        });
        changes.insert(format!("estate/c{number}"), change);
    }
    serde_json::from_value(json!({"now": "2027-01-01T00:00:00Z", "changes": changes})).unwrap()
}

fn conflicts(criterion: &mut Criterion) {
    let graph = graph();
    let policy = ConflictPolicy::default();
    let mut group = criterion.benchmark_group("conflicts among 10,000 changes");
    group.sample_size(20);
    for (name, facts) in [
        ("one after the other", changes(true)),
        ("in nightly windows", changes(false)),
    ] {
        assert!(!detect(&facts, &graph, &policy).is_empty());
        group.bench_function(name, |bench| {
            bench.iter(|| detect(black_box(&facts), &graph, &policy));
        });
    }
    group.finish();
}

criterion_group!(benches, business_time, blast_radius, conflicts);
criterion_main!(benches);
