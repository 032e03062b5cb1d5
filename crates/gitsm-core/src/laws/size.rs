//! Large facts: a decision that took more than linear time (or a little more) would not end within these tests.

use super::*;
use crate::approval;
use crate::calendar::Calendar;
use crate::catalog::{Graph, GraphSource, NodeId};
use crate::ident::IncidentId;
use crate::incident::problem::{self, Occurrence, RecurrenceRule};
use crate::sla::{AroundTheClock, BusinessTime, ConditionName, Conditions, Event, SlaPolicy, Timer};
use crate::time::Instant;
use crate::window::{Subject, SubjectChange, Window, WindowSet, WindowState, evaluate, lint};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// A window that starts every quarter of an hour, on every day.
fn quarters(name: usize, kind: &str, duration: &str) -> Window {
    let starts: Vec<_> = (0..96)
        .map(|quarter| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15))
        .collect();
    let days = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let window = json!({"id": format!("shop/w{name}"), "kind": kind, "selector": {}, "schedule": {"recurrence": {
        "timeZone": "UTC", "pattern": {"weekdays": {"days": days}}, "starts": starts,
        "length": {"duration": duration}}}});
    serde_json::from_value(window).unwrap()
}

#[test]
fn many_windows_that_never_close() {
    let subject: Subject = serde_json::from_value(json!({"service": {"id": "shop/web"},
        "policy": {"defaultWhenNoWindow": "Closed", "windowNamespaces": []}}))
    .unwrap();
    let mut windows: Vec<_> = (0..300)
        .map(|name| quarters(name, "Maintenance", "16m"))
        .collect();
    // Freezes that are far away are looked at beside each of the quarters.
    windows.extend((300..600).map(|name| {
        let mut freeze = quarters(name, "Freeze", "1h");
        freeze.schedule = serde_json::from_value(json!({"interval":
            {"start": "2040-01-01T00:00:00Z", "end": "2041-01-01T00:00:00Z"}}))
        .unwrap();
        freeze
    }));
    let set = WindowSet {
        windows,
        ..WindowSet::default()
    };
    let verdict = evaluate(
        &set,
        &[],
        &subject,
        &SubjectChange::default(),
        at("2027-01-01T00:00:00Z"),
    );
    assert_eq!((verdict.state, verdict.until), (WindowState::Open, None));
    lint::findings(&set.windows[0], at("2027-01-01T00:00:00Z"));
}

#[test]
fn many_reviews_and_people() {
    const MANY: u64 = 1_500;
    let sha = "a".repeat(40);
    let people: BTreeMap<_, _> = (1..=MANY)
        .map(|n| (format!("p{n}"), json!({"accounts": [n]})))
        .collect();
    let members: BTreeMap<_, _> = people
        .keys()
        .map(|name| (name.clone(), json!({"roles": ["Approver"]})))
        .collect();
    let accounts: Vec<_> = (1..=MANY + 1)
        .map(|n| json!({"id": n, "login": format!("p{n}")}))
        .collect();
    let reviews: Vec<_> = (1..=3 * MANY)
        .map(|n| json!({"id": n, "account": n % MANY + 1, "verdict": "Approved", "commit": sha, "submittedAt": "2027-01-01T00:00:00Z"}))
        .collect();
    let mut facts: approval::Facts = serde_json::from_value(json!({
        "at": "2027-01-01T01:00:00Z", "accounts": accounts, "reviews": reviews,
        "people": {"people": people, "teams": {"ops": {"members": members}}},
        "pullRequest": {"repository": "shop", "number": 1, "author": MANY + 1, "head": {"sha": sha, "tree": sha},
            "base": {"branch": "main", "tip": sha}},
    }))
    .unwrap();
    let rules = (0..20).map(|n| {
        let mut rule: approval::ApprovalRule =
            serde_json::from_value(json!({"name": format!("r{n}"), "count": 20, "teams": ["ops"]})).unwrap();
        rule.roles.clear();
        rule
    });
    facts.policies = vec![approval::NamedPolicy {
        name: "many".parse().unwrap(),
        policy: approval::ApprovalPolicy::new(rules.collect()),
    }];
    let approvals = approval::decide(&facts);
    assert!(approvals.tree.walk().count() > 20, "{approvals:?}");
}

#[test]
fn a_graph_of_circles() {
    const NODES: usize = 5_000;
    let id = |n: usize| -> NodeId { format!("ITService/shop/s{}", n % NODES).parse().unwrap() };
    let mut source = GraphSource::default();
    for node in 0..NODES {
        source
            .nodes
            .insert(id(node), serde_json::from_value(json!({})).unwrap());
        for step in [0, 1, 2, 7, 100, NODES - 1, 1_000, 2_500] {
            source.dependencies.push(
                serde_json::from_value(json!({"from": id(node), "to": id(node + step), "strength": "Hard"}))
                    .unwrap(),
            );
        }
    }
    let graph = Graph::new(source);
    assert_eq!(graph.blast_radius([&id(0)], None).down.len(), NODES - 1);
    assert_eq!(graph.distances(&id(0), None).unwrap().all().len(), NODES);
}

#[test]
fn a_target_that_is_never_reached() {
    // One minute on a day that comes every four hundred years at most: the search goes to the end of time, once.
    let calendar: Calendar = serde_json::from_value(json!({"timeZone": "Europe/Berlin", "weekly":
        {"monday": [{"from": "02:30", "to": "02:31"}]}}))
    .unwrap();
    for _ in 0..2_000 {
        let year = SignedDuration::from_hours(365 * 24);
        assert_eq!(calendar.add_business(at("2027-01-01T00:00:00Z"), year), None);
    }
}

struct Said;

impl Conditions for Said {
    fn holds(&self, condition: ConditionName, snapshot: &Value, _: Instant) -> Result<bool, String> {
        Ok(snapshot.get(condition.field()) == Some(&Value::Bool(true)))
    }
}

#[test]
fn a_long_log() {
    let policy: SlaPolicy =
        serde_json::from_value(json!({"id": "shop/fast", "agreement": "SLA", "kind": "Incident",
        "metric": "Resolve", "targets": {"Any": 60, "P1": 1}, "onChange": "CarryElapsed", "retroPause": false,
        "conditions": {"start": "a", "pause": "b", "resume": "c", "stop": "d"},
        "thresholds": [{"percent": u32::MAX}, {"percent": 0}]}))
        .unwrap();
    let begin = at("2027-01-01T00:00:00Z");
    let events: Vec<Event> = (0..4_000_i64)
        .map(|n| {
            let names = ["start", "pause", "resume", "pause", "resume", "stop"];
            let name = names[usize::try_from(n % 6).unwrap()];
            let recorded = begin.plus(SignedDuration::from_secs(n));
            serde_json::from_value(
                json!({"sequence": n, "recordedAt": recorded, "snapshot": {name: true},
                "priority": if n % 50 == 0 { "P1" } else { "P2" }}),
            )
            .unwrap()
        })
        .collect();
    let time: &dyn BusinessTime = &AroundTheClock;
    let timer = Timer {
        policy: &policy,
        conditions: &Said,
        time,
    };
    assert_eq!(timer.replay(&events, Instant::MAX).lines.len(), events.len());
}

#[test]
fn an_alert_storm() {
    let incidents: BTreeMap<IncidentId, Occurrence> = (0..1_000)
        .map(|n| {
            let fingerprints: Vec<_> = (0..10).map(|m| format!("f{}", (n * 7 + m * m) % 400)).collect();
            let occurrence = json!({"services": ["shop/a", format!("shop/s{}", n % 20)], "fingerprints": fingerprints,
                "title": format!("disk {} full on host {}", n % 30, n % 11), "began": "2027-01-01T00:00:00Z"});
            (format!("shop/i{n}").parse().unwrap(), serde_json::from_value(occurrence).unwrap())
        })
        .collect();
    let found = problem::propose(&incidents, &RecurrenceRule::default(), at("2027-01-02T00:00:00Z"));
    assert!(!found.is_empty());
}
