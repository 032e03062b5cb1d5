//! Suspension and promotion of models.

use super::super::*;
use crate::Percent;
use crate::change::ChangeOutcome;
use crate::time::Instant;
use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::prelude::*;

fn day(number: i64) -> Instant {
    "2026-01-01T00:00:00Z"
        .parse::<Instant>()
        .unwrap()
        .plus(SignedDuration::from_hours(24 * number))
}

fn run(index: i64, at: i64, outcome: ChangeOutcome, p1: u32) -> Run {
    Run {
        change: format!("ns/c{index}").parse().unwrap(),
        model: "standard-patch".parse().unwrap(),
        services: std::collections::BTreeSet::new(),
        team: None,
        finished_at: day(at),
        outcome,
        caused: Caused {
            p1,
            ..Caused::default()
        },
    }
}

fn proven(min_runs: u32, percent: i64) -> ProvenSuccess {
    ProvenSuccess {
        min_runs,
        min_percent: Percent::try_from(percent).unwrap(),
    }
}

#[test]
fn a_model_is_suspended_below_its_rate_and_says_since_when() {
    use ChangeOutcome::{BackedOut, Cancelled, Successful};
    // 9 of 10, then 9 of 11 (81 %), then 10 of 12 (83 %).
    let mut history: Vec<_> = (0..9).map(|index| run(index, index, Successful, 0)).collect();
    history.push(run(9, 9, BackedOut, 0));
    history.push(run(10, 10, Cancelled, 0));
    let bar = Some(proven(10, 90));
    let standing = model_standing(&history, bar, day(20));
    assert!(!standing.suspended, "{standing:?}");
    assert_eq!((standing.runs, standing.success_percent.unwrap().get()), (10, 90));
    history.push(run(11, 12, BackedOut, 0));
    history.push(run(12, 14, Successful, 0));
    let standing = model_standing(&history, bar, day(20));
    assert_eq!((standing.suspended, standing.since), (true, Some(day(12))));
    // Rounded down: 10 of 12 is 83.3 %.
    assert_eq!(standing.success_percent.unwrap().get(), 83);
    assert_eq!(standing.last_used_at, Some(day(14)));
    // 365 days after the first runs too few are left for the share to count.
    let standing = model_standing(&history, bar, day(365 + 2));
    assert!(!standing.suspended, "{standing:?}");
    assert_eq!(model_standing(&history, None, day(20)).since, None);
}

#[test]
fn an_incident_of_priority_1_suspends_until_trust_is_earned_back() {
    use ChangeOutcome::Successful;
    let mut history: Vec<_> = (0..50).map(|index| run(index, index, Successful, 0)).collect();
    history.push(run(50, 60, Successful, 1));
    let bar = Some(proven(3, 90));
    let at = |history: &[Run], at| model_standing(history, bar, day(at));
    assert!(!at(&history, 59).suspended);
    assert_eq!(at(&history, 60).since, Some(day(60)));
    history.extend((0..2).map(|index| run(100 + index, 70 + index, Successful, 0)));
    assert!(at(&history, 80).suspended);
    assert!(
        at(&history, 80)
            .why
            .iter()
            .any(|line| line.contains("2 of the 3")),
        "{:?}",
        at(&history, 80).why
    );
    history.push(run(200, 90, Successful, 0));
    assert!(!at(&history, 90).suspended);
}

#[test]
fn a_model_without_failures_is_a_candidate_for_promotion() {
    use ChangeOutcome::{Successful, SuccessfulWithIssues};
    let mut history: Vec<_> = (0..20).map(|index| run(index, index, Successful, 0)).collect();
    assert!(promotion(&history, proven(20, 95), day(30)).candidate);
    assert!(!promotion(&history, proven(21, 95), day(30)).candidate);
    history.push(run(30, 25, SuccessfulWithIssues, 0));
    assert!(promotion(&history, proven(20, 95), day(30)).candidate);
    assert!(!promotion(&history, proven(20, 96), day(30)).candidate);
    history.push(run(31, 1, Successful, 1));
    assert!(!promotion(&history, proven(5, 50), day(30)).candidate);
    assert!(!promotion(&[], proven(0, 0), day(30)).candidate);
}

fn any_run() -> impl Strategy<Value = Run> {
    (
        0..9_i64,
        -10..900_i64,
        prop::sample::select(ChangeOutcome::ALL),
        0..20_u32,
    )
        .prop_map(|(index, at, outcome, p1)| run(index, at, outcome, u32::from(p1 == 0)))
}

proptest! {
    #[test]
    fn the_sweep_agrees_with_plain_counting(
        mut history in vec(any_run(), 0..30),
        now in -20..900_i64,
        min_runs in 0..6_u32,
        percent in 0..=100_i64,
    ) {
        let bar = proven(min_runs, percent);
        let standing = model_standing(&history, Some(bar), day(now));
        let counts = RunCounts::of(&history, day(now));
        prop_assert_eq!((standing.runs, standing.successful), (counts.runs, counts.successful));
        let below = counts.runs >= min_runs.max(1)
            && i64::from(counts.successful) * 100 < percent * i64::from(counts.runs);
        prop_assert!(!below || standing.suspended);
        if let Some(since) = standing.since {
            prop_assert!(since <= day(now));
            prop_assert!(model_standing(&history, Some(bar), since).suspended);
        }
        history.reverse();
        let reversed = model_standing(&history, Some(bar), day(now));
        prop_assert_eq!((reversed.runs, reversed.successful), (standing.runs, standing.successful));
    }

    #[test]
    fn no_instant_is_too_far(end in any::<bool>(), outcome in prop::sample::select(ChangeOutcome::ALL)) {
        let edge = if end { Instant::MAX } else { Instant::MIN };
        let mut one = run(0, 0, outcome, 0);
        one.finished_at = edge;
        for now in [Instant::MIN, day(0), Instant::MAX] {
            let standing = model_standing(std::slice::from_ref(&one), Some(proven(1, 100)), now);
            prop_assert_eq!(standing.runs, RunCounts::of([&one], now).runs);
        }
    }
}
