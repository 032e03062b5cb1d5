//! Business calendars against vectors that `tests/data/calendars/generate.py` counted minute by minute.

use crate::support::root;
use gitsm_core::calendar::{Calendars, OpenPeriod};
use gitsm_core::ident::BusinessCalendarName;
use gitsm_core::time::Instant;
use jiff::SignedDuration;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code)] // For people.
    source: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    note: String,
    calendars: Calendars,
    name: BusinessCalendarName,
    from: Instant,
    until: Instant,
    /// Every open period of the stretch; left out where there are too many.
    periods: Option<Vec<(Instant, Instant)>>,
    open_minutes: i64,
    between: Vec<Between>,
    add: Vec<Add>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Between {
    from: Instant,
    until: Instant,
    minutes: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    from: Instant,
    minutes: i64,
    reaches: Instant,
}

#[test]
fn calendars_agree_with_an_independent_implementation() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("tests/data/calendars")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: File = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for (index, vector) in file.vectors.iter().enumerate() {
            let what = format!("{}, vector {index} ({})", path.display(), vector.note);
            check(vector, &what);
            seen += 1;
        }
    }
    assert!(seen >= 34, "only {seen} vectors were found");
}

fn check(vector: &Vector, what: &str) {
    let calendar = vector.calendars.resolve(&vector.name).unwrap();
    let minutes = |from, until| {
        let open = calendar.business_between(from, until);
        assert_eq!(open.as_secs() % 60, 0, "{what}: {from} to {until}");
        open.as_secs() / 60
    };
    if let Some(expected) = &vector.periods {
        let found: Vec<_> = calendar
            .open_periods(vector.from, vector.until)
            .map(|OpenPeriod { from, until }| (from, until))
            .collect();
        assert_eq!(&found, expected, "{what}");
        let moment = SignedDuration::from_secs(1);
        for (from, until) in found {
            assert!(calendar.is_open(from), "{what}: {from}");
            assert!(
                !calendar.is_open(until) || until == vector.until,
                "{what}: {until}"
            );
            // Round the clock there is no close to find.
            let close = calendar.next_close(from).unwrap_or(Instant::MAX);
            assert_eq!(close.min(vector.until), until, "{what}");
            if from > vector.from {
                assert_eq!(calendar.next_open(from.plus(-moment)), Some(from), "{what}");
            }
        }
    }
    assert_eq!(minutes(vector.from, vector.until), vector.open_minutes, "{what}");
    for Between {
        from,
        until,
        minutes: expected,
    } in &vector.between
    {
        assert_eq!(minutes(*from, *until), *expected, "{what}: {from} to {until}");
    }
    for Add {
        from,
        minutes,
        reaches,
    } in &vector.add
    {
        let length = SignedDuration::from_mins(*minutes);
        assert_eq!(
            calendar.add_business(*from, length),
            Some(*reaches),
            "{what}: {minutes} min from {from}"
        );
    }
}
