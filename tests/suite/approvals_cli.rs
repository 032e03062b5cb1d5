//! `gitsm approvals explain` through the real command.

use crate::support::{gitsm, gitsm_with_input, root};
use std::fs;

const EXAMPLE: &str = "examples/facts/approvals-not-enough.yaml";

#[test]
fn the_example_is_explained() {
    let run = gitsm(root(), &["approvals", "explain", EXAMPLE]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{run}");
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn the_answer_for_programs_is_the_same_byte_for_byte_and_ends_in_one() {
    let run = gitsm(root(), &["approvals", "explain", "--format=json", EXAMPLE]);
    let again = gitsm(root(), &["approvals", "explain", "--format=json", EXAMPLE]);
    assert_eq!((run.code, &run.stdout), (1, &again.stdout), "{run}");
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["state"], "Pending");
}

#[test]
fn a_missing_approval_makes_it_approved() {
    // The review of mara is for an old commit: with the head in its place it counts.
    let facts = fs::read_to_string(root().join(EXAMPLE)).unwrap();
    let facts = facts.replace(
        "77de68daecd823babbb58edb1c8e14d7106e83bb",
        "3a7bd3e2360a3d29eea436fcfb7e44c735d117c4",
    );
    let run = gitsm_with_input(root(), &["approvals", "explain", "-"], facts.as_bytes());
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.starts_with("APPROVED: pull request 412"), "{run}");
    assert!(run.stdout.contains("valid until 2027-02-11T16:00:00Z"), "{run}");
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (facts, expected) in [
        ("at: 1\nat: 2\n", "line 2"),
        ("[]", "must hold a map"),
        ("", "one document, not 0"),
        ("at: yesterday\n", "at: not an instant"),
        (
            "at: \"2027-02-05T14:00:00Z\"\nlabels: [approved]\n",
            "unknown field `labels`",
        ),
    ] {
        let run = gitsm_with_input(root(), &["approvals", "explain", "-"], facts.as_bytes());
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains(expected), "{expected}: {run}");
    }
    let run = gitsm(root(), &["approvals", "explain", "no-such-file.json"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("cannot read no-such-file.json"), "{run}");
}

#[test]
fn a_login_cannot_command_the_terminal() {
    let facts = fs::read_to_string(root().join(EXAMPLE)).unwrap();
    let facts = facts.replace("login: \"review-helper[bot]\"", "login: \"\\e[2Jx\"");
    let run = gitsm_with_input(root(), &["approvals", "explain", "-"], facts.as_bytes());
    assert_eq!(run.code, 1, "{run}");
    assert!(
        !run.stdout.contains('\u{1b}') && run.stdout.contains("@?[2Jx"),
        "{run}"
    );
}

#[test]
fn every_policy_of_the_example_can_be_met() {
    fn collect(
        folder: &std::path::Path,
        input: gitsm_check::input::MemoryInput,
    ) -> gitsm_check::input::MemoryInput {
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.into_iter().fold(input, |input, path| {
            if path.is_dir() {
                collect(&path, input)
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                input.with(&path.to_string_lossy(), fs::read(&path).unwrap())
            } else {
                input
            }
        })
    }
    let input = collect(
        &root().join("examples/acme"),
        gitsm_check::input::MemoryInput::new(),
    );
    let estate = gitsm_check::estate::read(&input, 1).unwrap();
    let found = estate.unmeetable_policies("2027-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(estate.approval_policies.len(), 8);
    let always: Vec<_> = found
        .iter()
        .filter(|(_, all)| all.iter().any(gitsm_core::approval::Unmeetable::is_always))
        .collect();
    assert_eq!(always, Vec::<&(_, _)>::new());
}
