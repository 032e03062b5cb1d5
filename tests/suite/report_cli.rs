//! `gitsm report` over the records of a month, against figures that were computed a second time in Python
//! (`tests/data/reports/generate.py`).

use crate::support::{Run, gitsm, gitsm_with_input, root};
use serde_json::Value;
use std::collections::BTreeMap;

const RECORDS: &str = "examples/records/january-2027.yaml";
const JANUARY: [&str; 7] = [
    "report",
    "--period=2027-01",
    "--zone=Europe/Berlin",
    "--records",
    RECORDS,
    "--estate",
    "examples/acme",
];

fn january(more: &[&str]) -> Run {
    gitsm(root(), &[&JANUARY[..], more].concat())
}

fn figures(report: &Value) -> BTreeMap<String, &Value> {
    let kpis = report["kpis"].as_array().unwrap().iter();
    kpis.map(|kpi| {
        let id = kpi["id"].as_str().unwrap();
        let group = kpi["group"].as_str();
        (
            group.map_or_else(|| id.to_owned(), |group| format!("{id} {group}")),
            kpi,
        )
    })
    .collect()
}

#[test]
fn every_figure_is_the_one_that_was_computed_a_second_time() {
    let run = january(&["--format=json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let expected = std::fs::read(root().join("tests/data/reports/january-2027.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&expected).unwrap();
    let found = figures(&report);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (name, expected) in &expected {
        for field in ["n", "value", "p50", "p90"] {
            let found = found[name].get(field);
            assert_eq!(found, expected.get(field), "{name}: {field}");
        }
    }
    // What lacks something is counted with its reason.
    let lead = found["changeLeadTime"]["exclusions"].to_string();
    assert!(
        lead.contains("when its commits were made is not recorded"),
        "{lead}"
    );
    let resolve = found["timeToResolve"]["exclusions"].to_string();
    assert!(
        resolve.contains("it is resolved, but when is not recorded"),
        "{resolve}"
    );
}

#[test]
fn the_same_figures_are_written_for_people_and_for_spreadsheets() {
    let run = january(&["--formulas"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert!(
        run.stdout
            .starts_with("2026-12-31T23:00:00Z to 2027-01-31T23:00:00Z"),
        "{run}"
    );
    for line in [
        "Change success score: storefront",
        "      -17",
        "    1 not counted: its outcome is not recorded yet",
        "    = 3S - 2I - 5U - 10P1 - 5P2 - 2P3",
    ] {
        assert!(run.stdout.contains(line), "{line:?} is missing: {run}");
    }

    let run = january(&["--format=csv"]);
    let lines: Vec<_> = run.stdout.split_terminator("\r\n").collect();
    assert!(
        lines[0].starts_with("kpi,group,title,unit,from,to,n,value,"),
        "{run}"
    );
    assert!(lines.iter().all(|line| !line.contains('\n')), "{run}");
    let rework = lines
        .iter()
        .find(|line| line.starts_with("deploymentReworkRate,,"))
        .unwrap();
    assert!(rework.contains(",4,250,,,1,4,,"), "{rework}");
    // The formula has a comma.
    let lead = lines
        .iter()
        .find(|line| line.starts_with("changeLeadTime,"))
        .unwrap();
    assert!(
        lead.contains(",\"median of deployedAt - committedAt, for each commit"),
        "{lead}"
    );
}

#[test]
fn records_come_from_standard_input_too_and_no_estate_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let records = std::fs::read(root().join(RECORDS)).unwrap();
    let arguments = ["report", "--period=2027-01", "--records=-", "--format=json"];
    let run = gitsm_with_input(folder.path(), &arguments, &records);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let found = figures(&report);
    // In UTC the patch of December is still one of December, and models are not known.
    assert_eq!(found["unauthorizedRatio"]["n"], 5);
    assert_eq!(found["emergencyRatio"]["n"], 4);
    let reason = found["emergencyRatio"]["exclusions"][0]["reason"]
        .as_str()
        .unwrap();
    assert_eq!(reason, "its type is not recorded");
}

#[test]
fn what_cannot_be_reported_says_why() {
    for (arguments, expected) in [
        (
            vec!["report", "--period=2027-13", "--records", RECORDS],
            "not a period",
        ),
        (vec!["report", "--period=2027-01"], "--records FILE"),
        (
            vec!["report", "--period=2027-01", "--records=missing.yaml"],
            "missing.yaml",
        ),
        (
            vec!["report", "--period=2027-01", "--records=README.md"],
            "README.md",
        ),
        (
            vec![
                "report",
                "--period=2027-01",
                "--records",
                RECORDS,
                "--records",
                RECORDS,
            ],
            "there is another",
        ),
        (
            vec![
                "report",
                "--period=2027-01",
                "--records",
                RECORDS,
                "--calendar=nowhere",
            ],
            "--calendar nowhere",
        ),
    ] {
        let run = gitsm(root(), &arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run}");
        assert!(run.stderr.contains(expected), "{arguments:?}: {run}");
    }
}
