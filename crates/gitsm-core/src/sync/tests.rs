//! No commit is applied past a gate, and whatever is refused leaves the last applied commit standing and repaired.

use super::*;
use crate::ident::GitRevision;
use crate::time::Instant;
use std::collections::BTreeMap;

fn revision(digit: char) -> GitRevision {
    digit.to_string().repeat(40).parse().unwrap()
}

fn facts() -> Facts {
    serde_json::from_str("{}").unwrap()
}

fn refused(digit: char) -> RefusedCommit {
    RefusedCommit {
        commit: revision(digit),
        message: "no approval covers it".to_owned(),
    }
}

/// What each step gives.
#[derive(Clone)]
struct World {
    fetched: Fetched,
    ancestry: Ancestry,
    signatures: Signatures,
    judged: Judged,
    authorization: Authorization,
    applied: BTreeMap<GitRevision, Applied>,
}

fn done(objects: u32) -> Applied {
    Applied::Done {
        objects,
        written: 1,
        pruned: 0,
    }
}

/// A world in which everything goes well.
fn good() -> World {
    World {
        fetched: Fetched::Head(revision('b')),
        ancestry: Ancestry::Descendant,
        signatures: Signatures::Trusted {
            key: "ana".to_owned(),
            commits: 1,
        },
        judged: Judged::Valid { objects: 3 },
        authorization: Authorization::Granted,
        applied: BTreeMap::from([(revision('a'), done(2)), (revision('b'), done(3))]),
    }
}

/// Does the steps until the end; what was done, and the verdict.
fn run(mut facts: Facts, world: &World) -> (Vec<Step>, Verdict) {
    let mut steps = Vec::new();
    for _ in 0..20 {
        let step = next(&facts);
        match &step {
            Step::Fetch => facts.fetched = Some(world.fetched.clone()),
            Step::Relate { .. } => facts.ancestry = Some(world.ancestry),
            Step::Verify { .. } => facts.signatures = Some(world.signatures.clone()),
            Step::Judge(_) => facts.judged = Some(world.judged.clone()),
            Step::Authorize { .. } => facts.authorization = Some(world.authorization.clone()),
            Step::Apply(revision) => {
                facts.outcome = Some(Outcome {
                    revision: revision.clone(),
                    applied: world.applied[revision].clone(),
                });
            }
            Step::Rest(verdict) => return (steps, verdict.clone()),
        }
        steps.push(step);
    }
    panic!("it does not end: {steps:?}")
}

fn applied(steps: &[Step]) -> Vec<GitRevision> {
    let applied = steps.iter().filter_map(|step| match step {
        Step::Apply(revision) => Some(revision.clone()),
        _ => None,
    });
    applied.collect()
}

fn strict() -> Facts {
    Facts {
        is_enforced: true,
        demands_signatures: true,
        applied: Some(revision('a')),
        ..facts()
    }
}

#[test]
fn a_good_commit_passes_every_gate_in_order() {
    let (steps, verdict) = run(strict(), &good());
    let (a, b) = (revision('a'), revision('b'));
    let range = || (Some(a.clone()), b.clone());
    let (from, to) = range();
    assert_eq!(
        steps,
        [
            Step::Fetch,
            Step::Relate {
                from: from.clone(),
                to: to.clone()
            },
            Step::Verify {
                from: from.clone(),
                to: to.clone()
            },
            Step::Judge(b.clone()),
            Step::Authorize { from, to },
            Step::Apply(b.clone()),
        ]
    );
    assert!(verdict.is_ready());
    assert_eq!((verdict.applied, verdict.objects), (Some(b), Some(3)));
}

#[test]
fn whatever_is_refused_leaves_the_last_applied_commit_standing_and_repaired() {
    let opens: Instant = "2026-11-07T22:00:00Z".parse().unwrap();
    let failed = |problem| Fetched::Failed {
        problem,
        message: "no".to_owned(),
    };
    let cases: Vec<(World, Reason, Retry)> = vec![
        (
            World {
                fetched: failed(FetchProblem::Unreachable),
                ..good()
            },
            Reason::RepositoryUnreachable,
            Retry::Backoff,
        ),
        (
            World {
                fetched: failed(FetchProblem::BranchMissing),
                ..good()
            },
            Reason::BranchMissing,
            Retry::Interval,
        ),
        (
            World {
                ancestry: Ancestry::Unrelated,
                ..good()
            },
            Reason::HistoryRewritten,
            Retry::Interval,
        ),
        (
            World {
                signatures: Signatures::Refused(refused('b')),
                ..good()
            },
            Reason::SignatureRefused,
            Retry::Interval,
        ),
        (
            World {
                judged: Judged::Invalid {
                    errors: 2,
                    first: "a.yaml:3: no such team".to_owned(),
                },
                ..good()
            },
            Reason::ValidationFailed,
            Retry::Interval,
        ),
        (
            World {
                judged: Judged::Unreadable {
                    message: "a symbolic link".to_owned(),
                },
                ..good()
            },
            Reason::TreeUnreadable,
            Retry::Interval,
        ),
        (
            World {
                authorization: Authorization::Missing(refused('b')),
                ..good()
            },
            Reason::Unauthorized,
            Retry::Interval,
        ),
        (
            World {
                authorization: Authorization::OutsideWindow {
                    commit: revision('b'),
                    opens: Some(opens),
                },
                ..good()
            },
            Reason::OutsideWindow,
            Retry::At(opens),
        ),
        (
            World {
                authorization: Authorization::Unknown {
                    message: "the forge cannot be reached".to_owned(),
                },
                ..good()
            },
            Reason::AuthorizationUnknown,
            Retry::Backoff,
        ),
    ];
    for (world, reason, retry) in cases {
        let (steps, verdict) = run(strict(), &world);
        assert_eq!((verdict.reason, verdict.retry), (reason, retry));
        assert_eq!(applied(&steps), [revision('a')], "{reason}");
        assert_eq!(
            (verdict.applied.clone(), verdict.objects),
            (Some(revision('a')), Some(2)),
            "{reason}"
        );
        assert!(!verdict.message.is_empty(), "{reason}");

        // With nothing applied before, nothing is applied.
        let new = Facts {
            applied: None,
            baseline: Some(revision('a')),
            ..strict()
        };
        let (steps, verdict) = run(new, &world);
        assert_eq!(verdict.reason, reason);
        assert_eq!((applied(&steps), verdict.applied), (Vec::new(), None), "{reason}");
    }
}

#[test]
fn what_enforcement_keeps_out_audit_applies_and_reports() {
    let world = World {
        authorization: Authorization::Missing(refused('b')),
        ..good()
    };
    let audit = Facts {
        is_enforced: false,
        ..strict()
    };
    let (_, verdict) = run(audit, &world);
    assert!(verdict.is_ready());
    assert_eq!(
        (verdict.applied, verdict.unauthorized),
        (Some(revision('b')), Some(revision('b')))
    );
    let (_, verdict) = run(strict(), &world);
    assert_eq!(
        (verdict.applied, verdict.unauthorized),
        (Some(revision('a')), Some(revision('b')))
    );
}

#[test]
fn a_rewritten_history_is_taken_only_by_name_and_is_looked_at_as_one_commit() {
    let world = World {
        ancestry: Ancestry::Unrelated,
        ..good()
    };
    let accepted = |digit| Facts {
        accepted_history: Some(revision(digit)),
        ..strict()
    };
    let (_, verdict) = run(accepted('c'), &world);
    assert_eq!(verdict.reason, Reason::HistoryRewritten);
    assert!(
        verdict.message.contains(revision('b').as_str()),
        "{}",
        verdict.message
    );
    let (steps, verdict) = run(accepted('b'), &world);
    assert!(verdict.is_ready());
    let verified = Step::Verify {
        from: None,
        to: revision('b'),
    };
    assert!(steps.contains(&verified), "{steps:?}");
    // It must still be approved.
    let unapproved = World {
        authorization: Authorization::Missing(refused('b')),
        ..world
    };
    assert_eq!(run(accepted('b'), &unapproved).1.reason, Reason::Unauthorized);
}

#[test]
fn a_commit_that_is_applied_already_is_only_repaired() {
    let world = World {
        fetched: Fetched::Head(revision('a')),
        ancestry: Ancestry::Same,
        // Nobody is asked again about what is applied.
        judged: Judged::Invalid {
            errors: 1,
            first: String::new(),
        },
        authorization: Authorization::Missing(refused('a')),
        ..good()
    };
    let (steps, verdict) = run(strict(), &world);
    assert!(verdict.is_ready());
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert_eq!(applied(&steps), [revision('a')]);
}

#[test]
fn a_commit_that_the_server_refuses_is_not_applied() {
    for (outcome, reason) in [
        (
            Applied::Refused {
                failed: 1,
                first: "a.yaml:1: Team/a: no".to_owned(),
                in_dry_run: true,
            },
            Reason::ApplyFailed,
        ),
        (
            Applied::Interrupted {
                message: "connection reset".to_owned(),
            },
            Reason::Interrupted,
        ),
    ] {
        let mut world = good();
        world.applied.insert(revision('b'), outcome);
        let (_, verdict) = run(strict(), &world);
        assert_eq!((verdict.reason, verdict.retry), (reason, Retry::Backoff));
        assert_eq!(verdict.applied, Some(revision('a')));
    }
}

#[test]
fn a_blocked_prune_is_an_applied_commit_that_waits_for_people() {
    let mut world = good();
    let why = prune::Blocked::TooMany {
        would_go: 60,
        of: 100,
    };
    world
        .applied
        .insert(revision('b'), Applied::PruneBlocked { objects: 40, why });
    let (_, verdict) = run(strict(), &world);
    assert_eq!(verdict.reason, Reason::PruneBlocked);
    assert_eq!(verdict.applied, Some(revision('b')));
    assert!(verdict.message.contains("60 of 100"), "{}", verdict.message);
    assert!(
        verdict
            .message
            .contains(&format!("allow-prune={}", revision('b')))
    );
}

#[test]
fn without_a_baseline_enforcement_applies_nothing() {
    let new = Facts {
        applied: None,
        ..strict()
    };
    let (steps, verdict) = run(new, &good());
    assert_eq!(steps, [Step::Fetch]);
    assert_eq!(verdict.reason, Reason::BaselineMissing);
}

#[test]
fn a_suspended_repository_is_not_even_fetched() {
    let suspended = Facts {
        is_suspended: true,
        ..strict()
    };
    let (steps, verdict) = run(suspended, &good());
    assert_eq!((steps.len(), verdict.reason), (0, Reason::Suspended));
    assert_eq!(verdict.applied, Some(revision('a')));
}

#[test]
fn facts_and_verdicts_can_be_saved() {
    let facts = Facts {
        fetched: Some(good().fetched),
        ancestry: Some(Ancestry::Unrelated),
        judged: Some(good().judged),
        authorization: Some(Authorization::Missing(refused('b'))),
        ..strict()
    };
    let text = crate::digest::canonical_json(&facts).unwrap();
    assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
    let step = next(&facts);
    let text = crate::digest::canonical_json(&step).unwrap();
    assert_eq!(serde_json::from_str::<Step>(&text).unwrap(), step);
}

#[test]
fn a_fight_lets_repairs_rest_and_nothing_else() {
    let until: Instant = "2026-11-02T09:15:00Z".parse().unwrap();
    let fight = Fight {
        until,
        objects: "Team/payments".to_owned(),
    };
    let before = Facts {
        fight: Some(fight),
        applied: Some(revision('b')),
        ..facts()
    };
    let (steps, verdict) = run(before.clone(), &good());
    assert!(
        !steps.iter().any(|step| matches!(step, Step::Apply(_))),
        "{steps:?}"
    );
    assert_eq!(
        (verdict.reason, verdict.retry),
        (Reason::DriftFlapping, Retry::At(until))
    );
    assert!(verdict.message.contains("Team/payments"), "{}", verdict.message);
    assert_eq!(verdict.applied, Some(revision('b')));

    // A new commit is applied, and one that may not be leaves everything as it is.
    let before = Facts {
        applied: Some(revision('a')),
        ..before
    };
    let (steps, verdict) = run(before.clone(), &good());
    assert!(steps.contains(&Step::Apply(revision('b'))), "{steps:?}");
    assert!(verdict.is_ready());
    let bad = World {
        judged: Judged::Invalid {
            errors: 1,
            first: "a.yaml:1: it is wrong".to_owned(),
        },
        ..good()
    };
    let (steps, verdict) = run(before, &bad);
    assert!(
        !steps.iter().any(|step| matches!(step, Step::Apply(_))),
        "{steps:?}"
    );
    assert_eq!(verdict.reason, Reason::ValidationFailed);
}
