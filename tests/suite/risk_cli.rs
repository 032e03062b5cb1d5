//! `gitsm risk explain` over the example company.

use crate::support::{Run, gitsm, root};
use serde_json::Value;

const RECORDS: &str = "examples/records/january-2027.yaml";

fn explain(change: &str, more: &[&str]) -> Run {
    let at = "--at=2027-01-20T12:00:00Z";
    let arguments = ["risk", "explain", change, at, "--estate", "examples/acme"];
    gitsm(root(), &[&arguments[..], more].concat())
}

fn answer(change: &str, more: &[&str]) -> Value {
    let run = explain(change, &[&["--format=json"], more].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn factor<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let factors = answer["assessment"]["factors"].as_array().unwrap();
    factors.iter().find(|factor| factor["name"] == name).unwrap()
}

#[test]
fn what_is_not_known_is_assumed_and_the_options_make_it_known() {
    let bare = answer("payments-db-16", &[]);
    let known = answer(
        "payments/payments-db-16",
        &[
            "--records",
            RECORDS,
            "--diff-lines=42",
            "--check=payments/integration-pg16=passed",
            "--error-budget-used=25",
        ],
    );
    for (name, value) in [
        // The records tell of one change of this model: the one that is asked about, which does not count.
        ("modelFailure", 500),
        ("novelty", 1000),
        ("diffSize", 300),
        ("missingTests", 0),
        ("instability", 0),
        ("errorBudget", 250),
    ] {
        assert_eq!(factor(&bare, name)["assumed"], true, "{name}");
        assert_eq!(factor(&bare, name)["valuePermille"], 1000, "{name}");
        let known = factor(&known, name);
        assert_eq!(
            (&known["assumed"], &known["valuePermille"]),
            (&false.into(), &value.into()),
            "{known}"
        );
    }
    // What the change and the estate say needs no option: 150 minutes of a night's window.
    assert_eq!(factor(&bare, "backout")["valuePermille"], 600);
    assert_eq!(factor(&bare, "timePressure")["assumed"], false);
    assert_eq!(
        factor(&bare, "dataMigration")["source"],
        "answered by the author: \"not compatible\""
    );
    assert!(known["assessment"]["score"].as_u64() < bare["assessment"]["score"].as_u64());
    assert_eq!(known["assessment"]["policy"], "acme");
    // The same facts have the same digest, other facts another one.
    assert_eq!(
        answer("payments-db-16", &[])["assessment"]["digest"],
        bare["assessment"]["digest"]
    );
    assert_ne!(known["assessment"]["digest"], bare["assessment"]["digest"]);
}

#[test]
fn the_impact_comes_from_the_blast_radius() {
    let known = answer("payments-db-16", &[]);
    let impact = &known["assessment"]["impact"];
    assert_eq!(impact["assumed"], false, "{impact:#}");
    assert_eq!(impact["base"], "High", "{impact:#}");
    let down: Vec<_> = impact["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(
        down.contains(&"payments/payments-db") && down.contains(&"shop/checkout"),
        "{down:?}"
    );
    let raises: Vec<_> = impact["raises"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["kind"])
        .collect();
    assert!(raises.contains(&&Value::from("UserFacing")), "{raises:?}");
}

#[test]
fn people_see_every_factor_its_source_and_what_to_do() {
    let run = explain("payments-db-16", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    for part in [
        "Risk of payments/payments-db-16 at 2027-01-20T12:00:00Z: ",
        "(* marks what was assumed)",
        "backout            0.600",
        "taken back by hand, tried",
        "at least: A database cannot be rolled back like a workload",
        "modelFailure: give the records of earlier changes (--records FILE)",
        "Digest of facts and policies: sha256:",
    ] {
        assert!(run.stdout.contains(part), "{part:?} is missing: {run}");
    }
}

#[test]
fn a_change_that_is_not_in_the_estate_is_explained_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("change.yaml");
    let manifest = "apiVersion: gitsm.dev/v1alpha1\nkind: Change\nmetadata: {name: new, namespace: payments}\nspec:\n  \
                    model: normal-database-upgrade\n  reason: Because\n  services: [payments-db]\n  environment: prod\n";
    std::fs::write(&path, manifest).unwrap();
    let found = answer(path.to_str().unwrap(), &[]);
    assert_eq!(found["change"], "payments/new");
    assert_eq!(factor(&found, "missingTests")["source"], "no test is named");
    assert_eq!(factor(&found, "backout")["assumed"], true);
}

#[test]
fn what_cannot_be_explained_says_why() {
    for (change, more, expected) in [
        ("nothing", vec![], "there are checkout-express, "),
        (
            "shop/payments-db-16",
            vec![],
            "no Change \"shop/payments-db-16\" in ",
        ),
        ("README.md", vec![], "README.md"),
        ("examples/acme/gitsm.yaml", vec![], "holds no Change"),
        ("payments-db-16", vec!["--check=ci"], "NAME=passed"),
        ("payments-db-16", vec!["--window-left=never"], "unlimited"),
    ] {
        let run = explain(change, &more);
        assert_eq!(run.code, 2, "{change} {more:?}: {run}");
        assert!(run.stderr.contains(expected), "{change} {more:?}: {run}");
    }
}
