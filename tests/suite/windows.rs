//! Change windows against vectors that `tests/data/windows/generate.py` computed.

use crate::support::root;
use gitsm_api::domain::change_window::{recurrence, window};
use gitsm_api::v1alpha1::change_window::{ChangeWindowSpec, Recurrence as WireRecurrence};
use gitsm_core::calendar::Calendars;
use gitsm_core::digest::sha256;
use gitsm_core::time::{Instant, ZoneName, tzdb_version};
use gitsm_core::window::{
    Interval, Override, Schedule, ScheduleState, Subject, SubjectChange, WindowDefault, WindowSet,
    WindowState, evaluate,
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code)] // For people.
    source: String,
    sha256: String,
    tzdb: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Schedule(Box<ScheduleVector>),
    Verdict(VerdictVector),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScheduleVector {
    note: String,
    time_zone: ZoneName,
    recurrence: WireRecurrence,
    from: Instant,
    to: Instant,
    open: Vec<(Instant, Instant)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VerdictVector {
    note: String,
    default: WindowDefault,
    windows: Vec<Value>,
    overrides: Vec<OverrideVector>,
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverrideVector {
    window: usize,
    start: Instant,
    end: Instant,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    at: Instant,
    state: WindowState,
    until: Option<Instant>,
    next: Option<Instant>,
}

#[test]
fn windows_agree_with_an_independent_implementation() {
    let folder = root().join("tests/data/windows");
    let script = sha256(&std::fs::read(folder.join("generate.py")).unwrap()).to_string();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: File = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let shown = path.display();
        assert!(
            script.ends_with(&file.sha256),
            "{shown} is older than generate.py; run it again"
        );
        for vector in &file.vectors {
            match vector {
                Vector::Schedule(vector) => {
                    check_schedule(vector, &format!("{shown}: {}", vector.note), &file.tzdb);
                }
                Vector::Verdict(vector) => check_verdicts(vector, &format!("{shown}: {}", vector.note)),
            }
            seen += 1;
        }
    }
    assert!(seen >= 178, "only {seen} vectors were found");
}

fn check_schedule(vector: &ScheduleVector, what: &str, tzdb: &str) {
    let what = format!("{what} (tzdb {tzdb} there, {} here)", tzdb_version());
    let recurrence = recurrence(&vector.recurrence, &vector.time_zone, &Calendars::default()).unwrap();
    let schedule = Schedule::Recurrence(recurrence);
    let found: Vec<_> = schedule
        .between(vector.from, vector.to)
        .map(|open| (open.start(), open.end()))
        .collect();
    // A search ends after five years.
    let limit = vector.to.min(
        vector
            .from
            .plus(SignedDuration::from_hours(24 * gitsm_core::window::SEARCH_DAYS)),
    );
    let expected: Vec<_> = vector
        .open
        .iter()
        .filter(|(start, _)| *start < limit)
        .map(|(start, end)| (*start, (*end).min(limit)))
        .collect();
    let text = |list: &[(Instant, Instant)]| list.iter().map(|(a, b)| format!("{a} {b}")).collect::<Vec<_>>();
    assert_eq!(text(&found), text(&expected), "{what}");
    // At its start it is active, a nanosecond before its end still, at its end no more.
    let nano = SignedDuration::from_nanos(1);
    for (start, end) in expected.iter().copied().take(20) {
        let until = (end < limit).then_some(end);
        let active = |at| {
            let state = schedule.state_at(at);
            let as_expected =
                matches!(state, ScheduleState::Active { until: found } if until.is_none() || until == found);
            assert!(as_expected, "{what}: {state:?} at {at}");
        };
        active(start);
        active(end.plus(-nano));
        if start > vector.from {
            let before = schedule.state_at(start.plus(-nano));
            assert_eq!(
                before,
                ScheduleState::Inactive { next: Some(start) },
                "{what}: {start}"
            );
        }
        if until.is_some() {
            assert!(
                matches!(schedule.state_at(end), ScheduleState::Inactive { .. }),
                "{what}: {end}"
            );
        }
        let last = schedule.occurrence_before(start).unwrap();
        assert!(last.contains(start), "{what}: {start}");
    }
}

fn check_verdicts(vector: &VerdictVector, what: &str) {
    let mut set = WindowSet::default();
    for (index, spec) in vector.windows.iter().enumerate() {
        let mut spec = spec.clone();
        spec["selector"] = json!({"all": true});
        let spec: ChangeWindowSpec = serde_json::from_value(spec).unwrap();
        let id = format!("shop/w{index}").parse().unwrap();
        set.windows
            .push(window(id, &spec, &Calendars::default()).unwrap());
    }
    let overrides = vector.overrides.iter().enumerate().map(|(index, lift)| Override {
        id: format!("shop/o{index}").parse().unwrap(),
        window: set.windows[lift.window].id.clone(),
        change: "shop/fix".parse().unwrap(),
        during: Interval::new(lift.start, lift.end).unwrap(),
    });
    let overrides: Vec<_> = overrides.collect();
    let subject: Subject = serde_json::from_value(json!({
        "service": {"id": "shop/basket"},
        "policy": {"defaultWhenNoWindow": vector.default},
    }))
    .unwrap();
    let change = SubjectChange {
        id: Some("shop/fix".parse().unwrap()),
        ..SubjectChange::default()
    };
    for expected in &vector.answers {
        let verdict = evaluate(&set, &overrides, &subject, &change, expected.at);
        let found = Answer {
            at: verdict.at,
            state: verdict.state,
            until: verdict.until,
            next: verdict.next,
        };
        assert_eq!(&found, expected, "{what}");
        assert_eq!(verdict.windows.len(), set.windows.len(), "{what}");
    }
}
