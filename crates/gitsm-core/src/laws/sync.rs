//! No commit is applied past a gate, whatever facts there are.

use super::{for_all, saw, survives};
use crate::sync::{Ancestry, Authorization, Facts, Fetched, Judged, Signatures, Step, next};

#[test]
fn no_commit_is_applied_past_a_gate() {
    let seen = for_all::<Facts>(4_000, |facts, _, seen| {
        survives(facts);
        let step = next(facts);
        survives(&step);
        saw(
            seen,
            match &step {
                Step::Fetch => "Fetch",
                Step::Relate { .. } => "Relate",
                Step::Verify { .. } => "Verify",
                Step::Judge(_) => "Judge",
                Step::Authorize { .. } => "Authorize",
                Step::Apply(_) => "Apply",
                Step::Rest(_) => "Rest",
            },
        );
        match &step {
            Step::Apply(revision) if facts.applied.as_ref() != Some(revision) => {
                saw(seen, "a new commit");
                assert!(!facts.is_suspended);
                assert_eq!(facts.fetched, Some(Fetched::Head(revision.clone())));
                let is_accepted = facts.accepted_history.as_ref() == Some(revision);
                assert!(
                    facts
                        .ancestry
                        .is_some_and(|ancestry| ancestry != Ancestry::Unrelated)
                        || is_accepted
                );
                assert!(
                    !facts.demands_signatures || matches!(facts.signatures, Some(Signatures::Trusted { .. }))
                );
                assert!(matches!(facts.judged, Some(Judged::Valid { .. })));
                assert!(facts.authorization.is_some());
                if facts.is_enforced {
                    assert_eq!(facts.authorization, Some(Authorization::Granted));
                    assert!(facts.applied.is_some() || facts.baseline.is_some());
                }
            }
            Step::Apply(_) => {
                saw(seen, "a repair");
                assert_eq!(facts.fight, None);
            }
            Step::Rest(verdict) if verdict.is_ready() => {
                // Whoever is ready has what the branch has.
                assert_eq!(verdict.applied, verdict.head);
            }
            _ => {}
        }
    });
    for step in [
        "Fetch",
        "Relate",
        "Verify",
        "Judge",
        "Authorize",
        "Apply",
        "Rest",
        "a new commit",
        "a repair",
    ] {
        assert!(seen.contains_key(step), "{step} of {seen:?}");
    }
}
