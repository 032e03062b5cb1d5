//! The status after a decision.

use super::status::{Seen, fold};
use gitsm_api::v1alpha1::RepositoryStatus;
use gitsm_api::v1alpha1::repository::SourceFinding;
use gitsm_core::Text;
use gitsm_core::ident::GitRevision;
use gitsm_core::sync::{Ancestry, Applied, Authorization};
use gitsm_core::sync::{Facts, Fetched, Judged, Outcome, Step, Verdict, next};
use gitsm_core::time::Instant;
use jiff::SignedDuration;

fn revision(digit: char) -> GitRevision {
    digit.to_string().repeat(40).parse().unwrap()
}

fn now() -> Instant {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

fn valid(head: char, applied: Option<char>) -> Facts {
    let outcome = Outcome {
        revision: revision(head),
        applied: Applied::Done {
            objects: 3,
            written: 1,
            pruned: 0,
        },
    };
    Facts {
        is_suspended: false,
        is_enforced: false,
        demands_signatures: false,
        baseline: None,
        applied: applied.map(revision),
        accepted_history: None,
        fetched: Some(Fetched::Head(revision(head))),
        ancestry: Some(Ancestry::Descendant),
        signatures: None,
        judged: Some(Judged::Valid { objects: 3 }),
        authorization: Some(Authorization::Granted),
        fight: None,
        outcome: Some(outcome),
    }
}

fn verdict(facts: &Facts) -> Verdict {
    match next(facts) {
        Step::Rest(verdict) => verdict,
        step => panic!("{step:?}"),
    }
}

fn after(
    old: &RepositoryStatus,
    facts: &Facts,
    findings: &[SourceFinding],
    now: Instant,
) -> RepositoryStatus {
    let verdict = verdict(facts);
    let seen = Seen {
        generation: Some(1),
        facts,
        verdict: &verdict,
        findings,
        finding_count: findings.len(),
        now,
    };
    fold(old, &seen)
}

fn of(status: &RepositoryStatus) -> Vec<String> {
    let conditions = status.conditions.iter();
    conditions
        .map(|known| format!("{}={} {}", known.type_, known.status, known.reason))
        .collect()
}

#[test]
fn nothing_is_written_where_nothing_has_changed() {
    let first = after(&RepositoryStatus::default(), &valid('a', None), &[], now());
    assert_eq!(of(&first), ["Ready=True Applied"]);
    assert_eq!((first.object_count, first.history.len()), (Some(3), 1));
    let later = now().plus(SignedDuration::from_mins(9));
    assert_eq!(after(&first, &valid('a', Some('a')), &[], later), first);
    // The time of the last fetch is kept to within ten minutes.
    let later = now().plus(SignedDuration::from_mins(10));
    let again = after(&first, &valid('a', Some('a')), &[], later);
    assert_eq!(again.last_fetch_at, Some(later));
    assert_eq!(
        RepositoryStatus {
            last_fetch_at: first.last_fetch_at,
            ..again
        },
        first
    );
}

#[test]
fn a_bad_commit_is_named_and_the_last_good_one_stays() {
    let good = after(&RepositoryStatus::default(), &valid('a', None), &[], now());
    let mut facts = valid('b', Some('a'));
    facts.judged = Some(Judged::Invalid {
        errors: 30,
        first: "a.yaml:3: it is wrong".to_owned(),
    });
    facts.outcome = Some(Outcome {
        revision: revision('a'),
        applied: Applied::Done {
            objects: 3,
            written: 0,
            pruned: 0,
        },
    });
    let finding = SourceFinding {
        place: Text::clip("a.yaml:3"),
        rule: Some(Text::clip("GS301")),
        message: Text::clip("it is wrong"),
    };
    let findings = vec![finding; 30];
    let later = now().plus(SignedDuration::from_mins(1));
    let bad = after(&good, &facts, &findings, later);
    assert_eq!(
        of(&bad),
        ["Ready=False ValidationFailed", "Stalled=True ValidationFailed"]
    );
    assert_eq!(bad.applied_revision, Some(revision('a')));
    assert_eq!(bad.head_revision, Some(revision('b')));
    assert_eq!(bad.last_applied_at, good.last_applied_at);
    assert_eq!((bad.finding_count, bad.findings.len()), (Some(30), 20));
    assert!(
        bad.conditions[0].message.contains("a.yaml:3: it is wrong"),
        "{bad:?}"
    );
    let reasons: Vec<&str> = bad.history.iter().map(|line| line.reason.as_str()).collect();
    assert_eq!(reasons, ["ValidationFailed", "Applied"]);

    // The next good one leaves nothing of it but the history.
    let mended = after(&bad, &valid('c', Some('a')), &[], later);
    assert_eq!(of(&mended), ["Ready=True Applied"]);
    assert_eq!((mended.finding_count, mended.findings.len()), (None, 0));
    assert_eq!(mended.applied_revision, Some(revision('c')));
}

#[test]
fn the_history_has_a_bound() {
    let mut status = RepositoryStatus::default();
    for digit in "0123456789abcdef".chars() {
        status = after(&status, &valid(digit, None), &[], now());
    }
    assert_eq!(status.history.len(), 10);
    assert_eq!(status.history[0].revision, revision('f'));
}
