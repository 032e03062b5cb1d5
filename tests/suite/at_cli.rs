//! `gitsm at`: each question, of two commits of one repository, with a dirty working tree.

use crate::support::{Run, copy_tree, git, gitsm, root};
use serde_json::Value;
use std::path::Path;

/// A repository whose second commit moved the estate from `old/estate` to `estate` and changed what every question
/// is about; the working tree has gone on, and cannot be read.
struct Repository {
    folder: tempfile::TempDir,
    before: String,
    after: String,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        git(path, &["init", "--quiet", "--initial-branch=main"]);
        let commit = |message: &str| {
            git(path, &["add", "--all"]);
            git(path, &["commit", "--quiet", "--message", message]);
            git(path, &["rev-parse", "HEAD"])
        };
        copy_tree(&root().join("examples/acme"), &path.join("old/estate"));
        let before = commit("before");
        std::fs::rename(path.join("old/estate"), path.join("estate")).unwrap();
        let estate = path.join("estate");
        replace(&estate, "saturday-night", "saturday-late");
        replace(&estate, "payments-db", "ledger-db");
        replace(&estate, "standard-resolve", "standard-solve");
        replace(&estate, "berlin-office", "berlin-desk");
        let after = commit("after");
        std::fs::write(
            estate.join("broken.yaml"),
            "apiVersion: gitsm.dev/v1alpha1\nkind: [",
        )
        .unwrap();
        Self {
            folder,
            before,
            after,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn at(&self, revision: &str, folder: &str, question: &[&str]) -> Run {
        let estate = ["--estate", folder];
        gitsm(self.path(), &[&["at", revision], question, &estate].concat())
    }
}

/// Replaces a text in all files below a folder; somewhere it must stand.
fn replace(folder: &Path, from: &str, to: &str) {
    fn walk(folder: &Path, from: &str, to: &str) -> usize {
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                count += walk(&path, from, to);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                count += text.matches(from).count();
                std::fs::write(&path, text.replace(from, to)).unwrap();
            }
        }
        count
    }
    assert!(
        walk(folder, from, to) > 0,
        "{from:?} is nowhere in {}",
        folder.display()
    );
}

#[test]
fn each_question_is_answered_from_the_commit_that_was_named() {
    let repository = Repository::new();
    let records = root().join("examples/records/january-2027.yaml");
    let records = records.to_str().unwrap();
    let log = root().join("examples/facts/incident-sla.yaml");
    let log = log.to_str().unwrap();
    let (at, to) = ("--at=2027-02-09T00:00:00Z", "--to=2027-02-16");
    // What can be asked of each commit, and what only the answer about that one holds.
    for (before, after, in_before, in_after) in [
        (
            &["window", "list", at, to][..],
            &["window", "list", at, to][..],
            "saturday-night",
            "saturday-late",
        ),
        (
            &["calendar", at, to],
            &["calendar", at, to],
            "saturday-night",
            "saturday-late",
        ),
        (
            &["window", "explain", "checkout", "--environment=prod", at],
            &["window", "explain", "checkout", "--environment=prod", at],
            "service-management/saturday-night",
            "service-management/saturday-late",
        ),
        (
            &["blast-radius", "payments-db"],
            &["blast-radius", "ledger-db"],
            "payments/payments-db",
            "payments/ledger-db",
        ),
        (
            &["risk", "explain", "payments-db-16", at],
            &["risk", "explain", "ledger-db-16", at],
            "payments/payments-db-16",
            "payments/ledger-db-16",
        ),
        (
            &["sla", "explain", log, "--policy=standard-resolve", at],
            &["sla", "explain", log, "--policy=standard-solve", at],
            "standard-resolve",
            "standard-solve",
        ),
    ] {
        for (commit, folder, question, expected, other) in [
            (&repository.before, "old/estate", before, in_before, in_after),
            (&repository.after, "estate", after, in_after, in_before),
        ] {
            let run = repository.at(commit, folder, question);
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{question:?}\n{run}");
            assert!(run.stdout.contains(expected), "{question:?}: {expected:?}\n{run}");
            if before != after || !question.contains(&"explain") {
                assert!(!run.stdout.contains(other), "{question:?}: {other:?}\n{run}");
            }
            let source = format!("Estate: commit {commit}, folder {folder}\n");
            assert!(run.stdout.contains(&source), "{question:?}: {source:?}\n{run}");
            let run = repository.at(commit, folder, &[question, &["--format=json"]].concat());
            let answer: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(answer["revision"], commit.as_str(), "{question:?}");
            assert_eq!(answer["estate"], folder, "{question:?}");
        }
    }
    // The calendar of an older revision is found there, and not in the newer one.
    let report = [
        "report",
        "--period=2027-01",
        "--records",
        records,
        "--calendar=berlin-office",
    ];
    let run = repository.at(&repository.before, "old/estate", &report);
    let source = format!("\nEstate: commit {}, folder old/estate\n", repository.before);
    assert!(run.code == 0 && run.stdout.ends_with(&source), "{run}");
    let run = repository.at(&repository.after, "estate", &report);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("--calendar berlin-office"), "{run}");
}

#[test]
fn the_working_tree_does_not_count() {
    let repository = Repository::new();
    let question = ["blast-radius", "ledger-db"];
    let run = gitsm(repository.path(), &[&question[..], &["--estate=estate"]].concat());
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("estate/broken.yaml"), "{run}");
    // From a folder of the estate it need not be named.
    let inside = repository.path().join("estate/services");
    let run = gitsm(&inside, &[&["at", "main"], &question[..]].concat());
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout
            .contains(&format!("Estate: commit {}, ", repository.after)),
        "{run}"
    );
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let repository = Repository::new();
    let question = ["window", "list"];
    for (revision, folder, message) in [
        ("v9", "estate", "no revision \"v9\""),
        ("main~9", "estate", "no revision \"main~9\""),
        (
            "main~1",
            "estate",
            "there is no estate in estate at main~1; it had a gitsm.yaml then, for --estate, in old/estate",
        ),
        ("main", "old/estate", "for --estate, in estate"),
        ("main", "/", "no git repository"),
    ] {
        let run = repository.at(revision, folder, &question);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (2, ""),
            "{revision} {folder}\n{run}"
        );
        assert!(run.stderr.contains(message), "{message:?} is missing in\n{run}");
    }
    // The hint can be typed where it is given, and `..` leads out of a folder that is gone by now.
    let inside = repository.path().join("estate");
    let run = gitsm(&inside, &["at", "main~1", "window", "list"]);
    assert!(run.stderr.contains("for --estate, in ../old/estate"), "{run}");
    let run = gitsm(
        &inside,
        &["at", "main~1", "window", "list", "--estate=../old/estate"],
    );
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn a_log_that_brings_its_own_policies_is_not_asked_of_a_revision() {
    let repository = Repository::new();
    let log = repository.path().join("log.yaml");
    let text = std::fs::read_to_string(root().join("examples/facts/incident-sla.yaml")).unwrap();
    let objects =
        "\nobjects:\n  - {apiVersion: gitsm.dev/v1alpha1, kind: Team, metadata: {name: a}, spec: {}}\n";
    std::fs::write(&log, text + objects).unwrap();
    let run = gitsm(repository.path(), &["at", "main", "sla", "explain", "log.yaml"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.stderr.contains("brings its own policies in `objects`"),
        "{run}"
    );
}
