//! `gitsm sla explain` as it is used, and clocks against vectors that `tests/data/sla/generate.py` counted minute by
//! minute.

use crate::support::{Run, gitsm, gitsm_with_input, root};
use gitsm_core::time::Instant;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

const EXAMPLE: &str = "examples/facts/incident-sla.yaml";
const AT: &str = "--at=2027-02-09T12:00:00Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code)] // For people.
    source: String,
    note: String,
    log: Value,
    expect: Vec<Expectation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expectation {
    at: Instant,
    state: String,
    elapsed_seconds: i64,
    target_minutes: u32,
    breach_at: Option<Instant>,
    thresholds: Vec<(u32, Option<Instant>)>,
}

fn explain(arguments: &[&str]) -> Run {
    gitsm(
        root(),
        &[&["sla", "explain", EXAMPLE, "--estate=examples/acme"], arguments].concat(),
    )
}

fn json_of(run: &Run) -> Value {
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn seconds(length: &Value) -> i64 {
    let length: SignedDuration = length.as_str().unwrap().parse().unwrap();
    assert_eq!(length.subsec_nanos(), 0);
    length.as_secs()
}

#[test]
fn clocks_agree_with_an_independent_implementation() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("tests/data/sla")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: File = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut log = file.log;
        // The order in which they are written says nothing.
        log["events"].as_array_mut().unwrap().reverse();
        for (index, event) in log["events"].as_array_mut().unwrap().iter_mut().rev().enumerate() {
            event["sequence"] = json!(index);
        }
        for expected in file.expect {
            let what = format!("{} at {} ({})", path.display(), expected.at, file.note);
            let at = format!("--at={}", expected.at);
            let run = gitsm_with_input(
                root(),
                &["sla", "explain", "-", "--policy=gold", "--format=json", &at],
                log.to_string().as_bytes(),
            );
            check(&json_of(&run)["clocks"][0]["reading"], &expected, &what);
            seen += 1;
        }
    }
    assert!(seen >= 80, "only {seen} expectations were found");
}

fn check(reading: &Value, expected: &Expectation, what: &str) {
    let thresholds: Vec<(u32, Option<Instant>)> = reading["thresholds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|crossing| {
            let percent = u32::try_from(crossing["percent"].as_u64().unwrap()).unwrap();
            (percent, crossing["at"].as_str().map(|at| at.parse().unwrap()))
        })
        .collect();
    assert_eq!(reading["state"], expected.state.as_str(), "{what}");
    assert_eq!(seconds(&reading["elapsed"]), expected.elapsed_seconds, "{what}");
    assert_eq!(reading["target"], expected.target_minutes, "{what}");
    let breach: Option<Instant> = reading["breachAt"].as_str().map(|at| at.parse().unwrap());
    assert_eq!(breach, expected.breach_at, "{what}");
    assert_eq!(thresholds, expected.thresholds, "{what}");
}

#[test]
fn the_example_is_explained_line_by_line() {
    let run = explain(&[AT, "--policy=standard-resolve"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    // The digests change with the database of time zones.
    let (told, digests) = run.stdout.split_once("\n  inputs ").unwrap();
    assert!(digests.contains("tzdb"), "{run}");
    insta::assert_snapshot!(told);
}

#[test]
fn without_a_policy_all_clocks_of_the_record_are_told() {
    let told = json_of(&explain(&[AT, "--format=json"]));
    let clocks = told["clocks"].as_array().unwrap();
    let policies: Vec<_> = clocks
        .iter()
        .map(|clock| clock["policy"].as_str().unwrap())
        .collect();
    assert_eq!(
        policies,
        [
            "service-management/standard-resolve",
            "service-management/standard-respond"
        ]
    );
    for clock in clocks {
        let lines = clock["lines"].as_array().unwrap();
        let events = lines.iter().filter(|line| line["sequence"].is_u64()).count();
        assert_eq!(events, 7, "{clock}");
        for line in lines {
            assert!(!line["why"].as_str().unwrap().is_empty());
        }
        assert!(clock["inputs"]["digest"].as_str().unwrap().starts_with("sha256:"));
        assert_eq!(clock["timeZone"], "Europe/Berlin");
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_others_another_digest() {
    let digest = |run: &Run| json_of(run)["clocks"][0]["inputs"]["digest"].clone();
    let run = explain(&[AT, "--format=json", "--policy=standard-resolve"]);
    let again = explain(&[
        AT,
        "--format=json",
        "--policy=service-management/standard-resolve",
    ]);
    assert_eq!(run.stdout, again.stdout);
    // The instant asked for is no input, unless more is known by then.
    let later = explain(&[
        "--at=2027-03-09T12:00:00Z",
        "--format=json",
        "--policy=standard-resolve",
    ]);
    assert_eq!(digest(&run), digest(&later));
    let earlier = explain(&[
        "--at=2027-02-08T12:00:00Z",
        "--format=json",
        "--policy=standard-resolve",
    ]);
    assert_ne!(digest(&run), digest(&earlier));
}

#[test]
fn what_cannot_be_explained_says_why() {
    let log = |events: &str| {
        format!("record: {{kind: Incident, namespace: shop, name: inc-1}}\nevents: {events}\n")
    };
    let first = "[{at: \"2027-02-05T14:10:00Z\", record: {spec: {services: [search]}}}]";
    for (input, arguments, why) in [
        (
            "a: [",
            &[][..],
            "standard input does not hold the log of a record",
        ),
        (
            "record: 1\n",
            &[],
            "does not hold the log of a record (see `gitsm sla explain --help`): record: ",
        ),
        (&log("[{at: \"2027-02-05\"}]"), &[], "events[0].at: "),
        (
            &log("[{at: \"2027-02-05T14:10:00Z\", patch: {}}]"),
            &[],
            "the first event needs the whole `record`",
        ),
        (&log("[]"), &[], "no event recorded until"),
        (
            &log(first),
            &["--policy=standard-resolv"],
            "no SLAPolicy \"standard-resolv\": did you mean standard-resolve?",
        ),
        (
            &log(first),
            &["--policy=change-approval"],
            "times records of kind Change",
        ),
        (
            &log("[{at: \"2027-02-05T14:10:00Z\", record: {spec: {services: [nothing]}}}]"),
            &[],
            "no SLAPolicy times Incident shop/inc-1",
        ),
    ] {
        let arguments = [&["sla", "explain", "-", "--estate=examples/acme", AT], arguments].concat();
        let run = gitsm_with_input(root(), &arguments, input.as_bytes());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{why}: {run}");
        assert!(run.stderr.contains(why), "{why}: {run}");
    }
}
