//! What holds for every incident, whatever people do and when.

use super::{at, facts, reread};
use crate::ident::MemberId;
use crate::incident::*;
use crate::phase::can_move;
use crate::time::{Duration, Instant};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

fn member() -> impl Strategy<Value = MemberId> {
    prop::sample::select(vec!["ana", "cleo", "dora", "rita", "zoe"]).prop_map(|name| name.parse().unwrap())
}

fn instant() -> impl Strategy<Value = Instant> {
    (-20_000_i64..2_000_000)
        .prop_map(|seconds| at("2027-02-04T14:00:00Z").plus(SignedDuration::from_secs(seconds)))
}

fn choice<T: std::fmt::Debug + Copy + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

/// What people and other records bring in between two decisions.
#[derive(Debug, Clone)]
struct Move {
    now: Instant,
    command: Option<Command<IncidentPhaseRequest>>,
    hold: Option<Hold>,
    resolution: Option<Resolution>,
    acknowledgement: Option<Acknowledgement>,
    declaration: Option<Declaration>,
    duplicate: bool,
    problem: Option<ProblemPhase>,
    change: Option<crate::change::ChangePhase>,
    review_merged: bool,
    effective_from: Option<Instant>,
    closes_at: Option<Instant>,
}

prop_compose! {
    fn command()(to in choice(IncidentPhaseRequest::ALL), by in member(), reason: bool)
        -> Command<IncidentPhaseRequest>
    {
        Command { to, by, reason: reason.then(|| "because".parse().unwrap()) }
    }
}

prop_compose! {
    fn any_move()(
        now in instant(),
        command in prop::option::weighted(0.9, command()),
        hold in prop::option::of((choice(HoldReason::ALL), prop::option::of(instant()))),
        resolution in prop::option::of((choice(ResolutionCode::ALL), prop::option::of(instant()))),
        acknowledgement in prop::option::of(member()),
        declaration in prop::option::weighted(0.1, any::<bool>()),
        (duplicate, review_merged) in any::<(bool, bool)>(),
        problem in prop::option::of(choice(ProblemPhase::ALL)),
        change in prop::option::of(choice(crate::change::ChangePhase::ALL)),
        effective_from in prop::option::of(instant()),
        closes_at in prop::option::of(instant()),
    ) -> Move {
        Move {
            now,
            command,
            hold: hold.map(|(reason, until)| Hold { reason, until }),
            resolution: resolution.map(|(code, effective_at)| Resolution {
                code, effective_at, summary: "Done.".parse().unwrap(),
            }),
            acknowledgement: acknowledgement.map(|by| Acknowledgement { by }),
            declaration: declaration.map(|authorised| Declaration { by: None, authorised }),
            duplicate, problem, change, review_merged, effective_from, closes_at,
        }
    }
}

fn changed(facts: Facts, by: &Move) -> Facts {
    Facts {
        command: by.command.clone(),
        hold: by.hold.clone(),
        resolution: by.resolution.clone(),
        acknowledgement: by.acknowledgement.clone(),
        declaration: by.declaration.clone(),
        duplicate_of: by.duplicate.then(|| "shop/inc-1".parse().unwrap()),
        problem: by.problem.map(|phase| LinkedProblem {
            id: "shop/p".parse().unwrap(),
            phase: Some(phase),
        }),
        fixing_change: by.change.map(|phase| LinkedChange {
            id: "shop/c".parse().unwrap(),
            phase: Some(phase),
        }),
        review_merged: by.review_merged,
        effective_from: by.effective_from,
        closes_at: by.closes_at,
        ..facts
    }
}

/// The laws of one decision.
fn check(facts: &Facts, now: Instant) -> Result<Decision, TestCaseError> {
    let decision = decide(facts, now);
    // Each move is one of the table, each begins where the last one ended.
    let mut phase = facts.phase;
    let mut last = facts
        .last_step_at
        .unwrap_or(Instant::MIN)
        .max(facts.timestamps.latest());
    for event in &decision.events {
        prop_assert!(event.at >= last, "steps go on in time");
        last = event.at;
        if let (Some(from), Some(to)) = (event.from, event.to) {
            prop_assert_eq!(from, phase);
            prop_assert!(
                from != to && can_move(IncidentPhase::TRANSITIONS, &from, &to),
                "{from} -> {to}"
            );
            phase = to;
        }
    }
    prop_assert_eq!(phase, decision.phase);
    // The timestamps would be accepted again, and detection never changes.
    prop_assert_eq!(&reread(&decision.timestamps), &decision.timestamps);
    prop_assert_eq!(decision.timestamps.detected(), facts.timestamps.detected());
    prop_assert!(decision.effective.began <= decision.timestamps.detected());
    if let Some(restored) = decision.effective.restored {
        prop_assert!(decision.effective.began <= restored);
        prop_assert!(Some(restored) <= decision.timestamps.resolved());
    }
    prop_assert!(!decision.reasons.is_empty());
    prop_assert!(decision.next_transition.is_none_or(|next| next > now));
    // Facts and decision survive being written to a file.
    let replayed = reread(facts);
    prop_assert_eq!(&replayed, facts);
    prop_assert_eq!(&reread(&decide(&replayed, now)), &decision);
    Ok(decision)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_decisions_keeps_the_laws(moves in prop::collection::vec(any_move(), 1..20)) {
        let mut facts = facts(&json!({"reopenWithin": "24h"}));
        let mut reached = facts.phase;
        for one in &moves {
            facts = changed(facts, one);
            let decision = check(&facts, one.now)?;
            facts = facts.after(&decision);
            // Nothing is left to do at the same time.
            let again = check(&facts, one.now)?;
            prop_assert_eq!(&again.events, &[]);
            prop_assert_eq!(again.answer, None);
            // And nothing before the next transition.
            let before = again.next_transition.map_or(Instant::MAX, |next| next.plus(SignedDuration::from_nanos(-1)));
            prop_assert_eq!(&decide(&facts, before).events, &[]);
            reached = decision.phase;
        }
        prop_assert_eq!(facts.phase, reached);
    }

    #[test]
    fn no_facts_are_too_odd(
        phase in choice(IncidentPhase::ALL), one in any_move(), extreme: bool, reopen_within in 1_u32..=Duration::MAX_SECONDS,
    ) {
        // Phase and timestamps that do not belong together, and the ends of time.
        let odd = changed(facts(&json!({"phase": phase, "reopenCount": u32::MAX})), &one);
        let odd = Facts { reopen_within: Duration::from_seconds(u64::from(reopen_within)).unwrap(), ..odd };
        let now = if extreme { Instant::MAX } else { one.now };
        let decision = check(&odd, now)?;
        check(&odd, Instant::MIN)?;
        check(&odd.after(&decision), now)?;
    }
}
