//! `gitsm calendar` over the example estate.

use crate::support::{Run, gitsm, root};
use serde_json::Value;
use std::collections::BTreeSet;

fn calendar(arguments: &[&str]) -> Run {
    let run = gitsm(
        &root().join("examples/acme"),
        &[&["calendar"], arguments].concat(),
    );
    assert_eq!(run.code, 0, "{run}");
    run
}

const MONTH: [&str; 3] = [
    "--at=2027-01-10T00:00:00Z",
    "--from=2027-01-10",
    "--to=2027-02-10",
];

#[test]
fn changes_stand_between_windows() {
    let run = calendar(&[&MONTH[..], &["--service=payments-db"]].concat());
    assert!(
        run.stdout.starts_with(
            "Changes to payments/payments-db, 2027-01-10T00:00:00Z to 2027-02-10T00:00:00Z, UTC\n"
        ),
        "{run}"
    );
    let saturday: Vec<_> = run
        .stdout
        .lines()
        .skip_while(|line| *line != "Sat 2027-01-23")
        .take(3)
        .collect();
    assert_eq!(saturday.len(), 3, "{run}");
    assert!(
        saturday[1].starts_with(
            "  21:00 - 03:00 Sun 2027-01-24       6h  window  service-management/saturday-night"
        ),
        "{run}"
    );
    assert!(saturday[2].ends_with("change  payments/payments-db-16"), "{run}");
    // What each is for stands once, at the end.
    let (_, purposes) = run.stdout.split_once("\nWhat they are for\n").unwrap();
    assert_eq!(
        purposes
            .matches("Payments database to PostgreSQL 16 (payments/payments-db)")
            .count(),
        1,
        "{run}"
    );
    assert!(
        run.stdout.ends_with("\nEstate: working tree, folder .\n"),
        "{run}"
    );
    assert!(!run.stdout.contains("message-bus-brokers"), "{run}");
    assert!(calendar(&MONTH).stdout.contains("platform/message-bus-brokers"));
}

#[test]
fn json_holds_what_text_shows() {
    let run = calendar(&[&MONTH[..], &["--format=json"]].concat());
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(value["name"], "Changes: Services of Acme");
    let change = value["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["kind"] == "Change" && entry["id"] == "payments/payments-db-16")
        .unwrap();
    assert_eq!(change["during"]["start"], "2027-01-23T21:30:00Z");
    assert_eq!(change["during"]["end"], "2027-01-23T23:00:00Z");
    assert_eq!(change["backedOutBy"], "2027-01-24T00:00:00Z");
    assert_eq!(value["estate"], ".");
    let text = calendar(&MONTH).stdout;
    let (text, _) = text.split_once("\nWhat they are for\n").unwrap();
    let lines = text.lines().filter(|line| line.starts_with("  ")).count();
    assert_eq!(value["entries"].as_array().unwrap().len(), lines);
}

/// The lines of a calendar, unfolded, each split into name and value.
fn properties(text: &str) -> Vec<(String, String)> {
    let unfolded = text.replace("\r\n ", "");
    let lines = unfolded.strip_suffix("\r\n").unwrap().split("\r\n");
    lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn ics_is_for_calendar_programs() {
    let text = calendar(&[&MONTH[..], &["--format=ics"]].concat()).stdout;
    assert!(
        text.split("\r\n")
            .all(|line| line.len() <= 75 && !line.contains('\n')),
        "{text}"
    );
    let properties = properties(&text);
    let values = |name: &str| -> Vec<&str> {
        properties
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    assert_eq!(properties.first().unwrap().1, "VCALENDAR");
    assert_eq!(properties.last().unwrap().0, "END");
    assert!(values("METHOD").is_empty());
    assert_eq!(values("VERSION"), ["2.0"]);
    let events = values("BEGIN").len() - 1;
    assert!(events > 60, "{events}");
    let ids = values("UID");
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        events,
        "each event has a UID of its own"
    );
    assert!(ids.contains(&"change/payments/payments-db-16@gitsm.dev"));
    assert!(ids.contains(&"window/service-management/saturday-night/20270123T210000Z@gitsm.dev"));
    assert_eq!(
        values("DTSTAMP").iter().collect::<BTreeSet<_>>(),
        [&"20270110T000000Z"].into()
    );
    for (start, end) in values("DTSTART").iter().zip(values("DTEND")) {
        assert!(
            start.len() == 16 && start.ends_with('Z') && **start < *end,
            "{start} {end}"
        );
    }
    // A stretch that begins within an occurrence shows it whole, under the same UID.
    let later = [
        "--at=2027-01-10T00:00:00Z",
        "--from=2027-01-24",
        "--to=2027-02-10",
        "--format=ics",
    ];
    let later = calendar(&later).stdout;
    assert!(
        later.contains("UID:window/service-management/saturday-night/20270123T210000Z@gitsm.dev\r\n"),
        "{later}"
    );
}

#[test]
fn the_same_question_has_the_same_bytes() {
    let ask = || calendar(&["--at=2027-01-10T00:00:00Z", "--format=ics"]).stdout;
    assert_eq!(ask(), ask());
}
