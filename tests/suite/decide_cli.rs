//! `gitsm decide` as it is used: replays, instants, comparisons.

use crate::support::{gitsm, gitsm_with_input, root};

const SCHEDULED: &str = "examples/facts/change-scheduled.yaml";
const EMERGENCY: &str = "examples/facts/change-emergency.yaml";

#[test]
fn the_same_facts_give_the_same_bytes_in_either_format() {
    for file in [SCHEDULED, EMERGENCY] {
        let run = gitsm(root(), &["decide", "--format=json", file]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
        let again = gitsm(root(), &["decide", "--format=json", file]);
        assert_eq!(run.stdout, again.stdout);
        let text = std::fs::read(root().join(file)).unwrap();
        let piped = gitsm_with_input(root(), &["decide", "--format=json", "-"], &text);
        assert_eq!(run.stdout, piped.stdout);
    }
}

#[test]
fn the_instant_is_that_of_the_facts_unless_another_is_asked_for() {
    let run = gitsm(root(), &["decide", SCHEDULED]);
    assert!(
        run.stdout
            .starts_with("Change payments/payments-db-16 at 2027-02-03T09:00:00Z\n  stays Scheduled\n"),
        "{run}"
    );
    assert!(run.stdout.contains("OutsideWindow: "), "{run}");
    assert!(run.stdout.contains("\n  next: 2027-02-06T20:00:00Z\n"), "{run}");
    let run = gitsm(root(), &["decide", "--at=2027-02-06T20:00:00Z", SCHEDULED]);
    assert!(
        run.stdout.contains("Scheduled -> Implementing (GateOpen)"),
        "{run}"
    );
    assert!(run.stdout.contains("\"action\":\"merge\""), "{run}");
    let run = gitsm(
        root(),
        &["decide", "--at=2027-02-07T00:00:00Z", "--settle", SCHEDULED],
    );
    assert!(run.stdout.contains("Scheduled -> Expired (StartPassed)"), "{run}");
    assert!(
        run.stdout.contains("Expired -> AwaitingApproval (Expired)"),
        "{run}"
    );
    assert!(run.stdout.contains("stays AwaitingApproval"), "{run}");
}

#[test]
fn an_emergency_with_an_override_goes_in_at_once() {
    let run = gitsm(root(), &["decide", EMERGENCY]);
    assert!(
        run.stdout
            .contains("Draft -> Implementing (EmergencyWithOverride)"),
        "{run}"
    );
}

#[test]
fn a_stored_decision_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let stored = folder.path().join("decision.json");
    let stored_path = stored.to_str().unwrap();
    let decision = gitsm(root(), &["decide", "--format=json", SCHEDULED]).stdout;
    std::fs::write(&stored, &decision).unwrap();
    let run = gitsm(root(), &["decide", "--expect", stored_path, SCHEDULED]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "The decision is the expected one.\n"),
        "{run}"
    );
    let other = decision.replace("\"phase\":\"Scheduled\"", "\"phase\":\"Implementing\"");
    assert_ne!(other, decision);
    std::fs::write(&stored, other).unwrap();
    let run = gitsm(root(), &["decide", "--expect", stored_path, SCHEDULED]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(
        run.stdout,
        "/0/phase: expected \"Implementing\", decided \"Scheduled\"\n"
    );
}

#[test]
fn facts_that_cannot_be_read_are_told_by_their_path() {
    for (facts, words) in [
        ("facts: change/v2\n", "unknown variant"),
        ("facts: change/v1\nnow: 2027\n", "now: "),
        ("facts: change/v1\nsurprise: 1\n", "surprise"),
        ("[]", "map"),
    ] {
        let run = gitsm_with_input(root(), &["decide", "-"], facts.as_bytes());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
        assert!(run.stderr.contains(words), "{facts}: {run}");
    }
}
