//! `gitsm blast-radius` as it is used, on the example estate.

use crate::support::{Run, gitsm, hermetic, root};
use serde_json::Value;
use std::io::Write as _;
use std::process::Stdio;

fn ask(arguments: &[&str]) -> Run {
    let folder = root().join("examples/acme");
    let all: Vec<_> = ["blast-radius"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    gitsm(&folder, &all)
}

fn answer(arguments: &[&str]) -> String {
    let run = ask(arguments);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
    run.stdout
}

fn json(arguments: &[&str]) -> Value {
    let all: Vec<_> = arguments.iter().copied().chain(["--format", "json"]).collect();
    serde_json::from_str(&answer(&all)).unwrap()
}

fn nodes(answer: &Value, list: &str) -> Vec<String> {
    let list = answer[list].as_array().unwrap();
    list.iter()
        .map(|impact| impact["node"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_answer_is_a_tree_with_reasons() {
    let text = answer(&["payments-db", "--environment", "prod"]);
    // The sentence is longer than a line.
    let (first, _) = text.split_once("\n\n").unwrap();
    let first = first.replace('\n', " ");
    assert!(
        first.starts_with("If payments/payments-db fails in prod, ")
            && first.contains("most critical tier 1"),
        "{first}"
    );
    assert!(text.contains("\npayments/payments-db (tier 1) fails\n"), "{text}");
    assert!(
        text.lines()
            .any(|line| line.ends_with("payments/payments-api (tier 1) is down: needs it")),
        "{text}"
    );
    assert!(
        text.contains("payments/gift-cards (tier 3, user-facing) is down"),
        "{text}"
    );
}

#[test]
fn one_member_is_lost_redundancy_and_two_are_a_failure() {
    let one = json(&["ci/payments-db-1", "--environment", "prod"]);
    assert_eq!(one["count"], 0);
    let group = &one["redundancyLost"][0];
    assert_eq!(
        (&group["up"], &group["needed"]),
        (&Value::from(2), &Value::from(2))
    );
    assert!(answer(&["ci/payments-db-1"]).contains("Redundancy that is lost"));

    let two = json(&[
        "ci/payments-db-1",
        "--also",
        "ci/payments/payments-db-2",
        "--environment",
        "prod",
    ]);
    let down = nodes(&two, "down");
    assert!(
        down.contains(&"ITService/payments/payments-db".to_owned()),
        "{down:?}"
    );
    let text = answer(&[
        "ci/payments-db-1",
        "--also",
        "ci/payments/payments-db-2",
        "--environment",
        "prod",
    ]);
    assert!(
        text.contains("payments/payments-db (tier 1) is down: database-nodes has 1 of 3 up and needs 2"),
        "{text}"
    );

    // The cluster contains all three.
    let cluster = json(&["ci/payments-db-cluster"]);
    assert!(nodes(&cluster, "down").contains(&"ConfigurationItem/payments/payments-db-2".to_owned()));
    // There is no second node in staging to lose.
    let staging = json(&[
        "ci/payments-db-1",
        "--also",
        "ci/payments-db-2",
        "--environment",
        "staging",
    ]);
    assert_eq!(staging["count"], 0);
}

#[test]
fn json_is_the_same_every_time_and_most_critical_first() {
    let once = answer(&["edge-network", "--format", "json"]);
    assert_eq!(once, answer(&["platform/edge-network", "--format", "json"]));
    let answer: Value = serde_json::from_str(&once).unwrap();
    let tiers: Vec<_> = answer["down"]
        .as_array()
        .unwrap()
        .iter()
        .map(|impact| impact["tier"].as_i64().unwrap_or(9))
        .collect();
    assert!(tiers.is_sorted(), "{tiers:?}");
    assert_eq!(answer["failed"][0], "ITService/platform/edge-network");
}

#[test]
fn a_name_that_is_not_there_is_guessed_at() {
    for (arguments, says) in [
        (&["payment-db"][..], "did you mean payments/payments-db?"),
        (&["payments-db-1"], "did you mean ci/payments/payments-db-1?"),
        (&["ci/payments-db"], "did you mean payments/payments-db?"),
        (&["ci/payments-db-9"], "did you mean ci/payments/payments-db-"),
        (&["payments/payment-db"], "did you mean payments/payments-db?"),
        (&["nothing-like-this"], "no service \""),
        (&["payments-db", "--also", "nothing-like-this"], "no service \""),
        (&["payments-db", "--environment", "prodd"], "did you mean prod?"),
        (
            &["payments-db", "--environment", "moon"],
            "there are prod, staging",
        ),
    ] {
        let run = ask(arguments);
        assert_ne!(run.code, 0, "{arguments:?}");
        assert!(run.stderr.contains(says), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn the_picture_stands_alone_and_can_be_read_aloud() {
    let svg = answer(&["edge-network", "--format", "svg"]);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let image = document.root_element();
    assert_eq!(image.attribute("role"), Some("img"));
    let labels: Vec<_> = image.attribute("aria-labelledby").unwrap().split(' ').collect();
    for label in labels {
        let text = document
            .descendants()
            .find(|node| node.attribute("id") == Some(label))
            .unwrap();
        assert!(
            text.text()
                .is_some_and(|text| text.contains("platform/edge-network")),
            "{label}"
        );
    }
    let names: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "g")))
        .filter_map(|group| group.first_element_child()?.text())
        .collect();
    let answer = json(&["edge-network"]);
    let hit = nodes(&answer, "down").len() + nodes(&answer, "degraded").len();
    assert_eq!(names.len(), hit + 1, "one box for each node");
    // Nothing from elsewhere, and nothing outside the picture.
    let attributes = |name: &'static str| {
        document
            .descendants()
            .filter_map(move |node| node.attribute(name))
    };
    assert_eq!(attributes("href").count(), 0);
    let size = |name| image.attribute(name).unwrap().parse::<usize>().unwrap();
    for rect in document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "rect")))
    {
        let number = |name| rect.attribute(name).unwrap().parse::<usize>().unwrap();
        assert!(number("x") + number("width") <= size("width"));
        assert!(number("y") + number("height") <= size("height"));
    }
}

#[test]
fn graphviz_reads_the_graph() {
    let graph = answer(&["ci/bus-broker-1", "--also", "ci/bus-broker-2", "--format", "dot"]);
    assert!(graph.starts_with("digraph \"blast radius\" {\n") && graph.ends_with("}\n"));
    assert!(
        graph.contains("\"ConfigurationItem/platform/bus-broker-1\" -> \"ITService/platform/message-bus\" [style=solid, label=\"brokers\""),
        "{graph}"
    );
    assert_eq!(graph.matches('"').count() % 2, 0);
    // Where graphviz is installed, it is the judge.
    let Ok(mut dot) = hermetic("dot", root())
        .arg("-Tcanon")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
    else {
        return;
    };
    dot.stdin.take().unwrap().write_all(graph.as_bytes()).unwrap();
    assert!(dot.wait().unwrap().success());
}

#[test]
fn help_shows_how_it_is_asked() {
    let help = answer(&["--help"]);
    for part in [
        "Examples:",
        "--also <NODE>",
        "--environment <ENVIRONMENT>",
        "[possible values: text, dot, svg, json]",
    ] {
        assert!(
            help.contains(part) || part.starts_with("[possible"),
            "{part}: {help}"
        );
    }
}
