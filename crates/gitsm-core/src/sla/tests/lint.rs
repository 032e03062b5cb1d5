//! Traps, and policies without.

use super::*;
use crate::sla::{Trap, representatives, traps_of_conditions, traps_of_targets};

/// Conditions over the phase, as lists of phases.
struct Phases(Vec<(ConditionName, Vec<&'static str>)>);

impl Conditions for Phases {
    fn holds(&self, condition: ConditionName, snapshot: &Value, _: Instant) -> Result<bool, String> {
        let phase = snapshot.pointer("/status/phase").and_then(Value::as_str);
        let listed = self.0.iter().find(|(name, _)| *name == condition);
        match listed {
            Some((_, phases)) if phases.contains(&"?") => Err("no such key: x".to_owned()),
            Some((_, phases)) => Ok(phases.contains(&phase.unwrap_or("New"))),
            None => Ok(false),
        }
    }
}

fn found(rows: &[(ConditionName, &[&'static str])]) -> Vec<Trap> {
    let mut policy = policy();
    let given = |name| {
        rows.iter()
            .any(|(row, _)| *row == name)
            .then(|| Text::clip("given"))
    };
    policy.conditions.pause = given(ConditionName::Pause);
    policy.conditions.resume = given(ConditionName::Resume);
    policy.conditions.reset = None;
    policy.conditions.cancel = given(ConditionName::Cancel);
    let conditions = Phases(
        rows.iter()
            .map(|(name, phases)| (*name, phases.to_vec()))
            .collect(),
    );
    traps_of_conditions(
        &policy,
        &conditions,
        &representatives(TimedKind::Incident),
        at("10:00"),
    )
}

#[test]
fn traps_in_conditions_are_found() {
    use ConditionName::{Cancel, Pause, Resume, Start, Stop};
    let start: (ConditionName, &[&'static str]) = (Start, &["New", "Triage", "InProgress"]);
    let stop: (ConditionName, &[&'static str]) = (Stop, &["Resolved", "Closed"]);
    assert_eq!(
        found(&[start, stop, (Pause, &["OnHold"]), (Cancel, &["Cancelled"])]),
        []
    );
    for (rows, trap) in [
        (
            vec![start, (Stop, &["New", "Triage", "InProgress", "Closed"][..])],
            Trap::StartImpliesStop,
        ),
        (
            vec![start, stop, (Cancel, &["New", "Triage", "InProgress"])],
            Trap::StartImpliesCancel,
        ),
        (
            vec![start, stop, (Pause, &["New", "Triage", "InProgress"])],
            Trap::StartImpliesPause,
        ),
        (
            vec![start, stop, (Pause, &["OnHold"]), (Cancel, &["OnHold"])],
            Trap::PauseImpliesCancel,
        ),
        (vec![start, stop, (Pause, &["Resolved"])], Trap::PauseImpliesStop),
        (
            vec![start, stop, (Pause, &["OnHold"]), (Resume, &[])],
            Trap::PauseNeverEnds,
        ),
        (vec![start, (Stop, &["resolved"])], Trap::StopNeverHolds),
        (vec![(Start, &["Open"]), stop], Trap::StartNeverHolds),
        (
            vec![start, stop, (Pause, &["?"])],
            Trap::NeverEvaluates {
                condition: Pause,
                error: "no such key: x".to_owned(),
            },
        ),
    ] {
        assert_eq!(found(&rows), std::slice::from_ref(&trap), "{rows:?}");
        assert!(trap.is_from_samples());
        assert!(trap.field().starts_with("conditions."));
    }
}

#[test]
fn a_condition_that_cannot_be_evaluated_excuses_the_others() {
    use ConditionName::{Start, Stop};
    // Stop may hold or not: nothing is said of it but that it cannot be evaluated.
    let traps = found(&[(Start, &["New"]), (Stop, &["?"])]);
    assert_eq!(traps.len(), 1, "{traps:?}");
    assert!(matches!(traps[0], Trap::NeverEvaluates { condition: Stop, .. }));
}

#[test]
fn traps_in_targets_are_found() {
    assert_eq!(traps_of_targets(&policy(), &AroundTheClock, at("10:00")), []);
    let target = |minutes: u32| TargetMinutes::try_from(minutes).unwrap();
    let thresholds = [75, 50, 50].map(|percent| ThresholdRule {
        percent,
        escalate: false,
    });
    let policy = SlaPolicy {
        targets: [TargetPriority::P1, TargetPriority::P2, TargetPriority::P3]
            .map(|priority| (priority, target(60)))
            .into_iter()
            .collect(),
        thresholds: thresholds.to_vec(),
        ..policy()
    };
    let traps = traps_of_targets(&policy, &AroundTheClock, at("10:00"));
    assert_eq!(
        traps,
        [
            Trap::NoTarget {
                priority: Some(Priority::P4)
            },
            Trap::NoTarget {
                priority: Some(Priority::P5)
            },
            Trap::ThresholdsUnordered {
                index: 1,
                percent: 50
            },
            Trap::ThresholdsUnordered {
                index: 2,
                percent: 50
            },
        ]
    );
    assert_eq!(traps[2].field(), "thresholds[1]");
    let closed = traps_of_targets(&policy, &Closed, at("10:00"));
    assert_eq!(
        closed
            .iter()
            .filter(|trap| matches!(trap, Trap::TargetBeyondCalendar { .. }))
            .count(),
        3
    );
    let of_changes = SlaPolicy {
        kind: TimedKind::Change,
        thresholds: Vec::new(),
        ..policy
    };
    assert_eq!(
        traps_of_targets(&of_changes, &AroundTheClock, at("10:00")),
        [Trap::NoTarget { priority: None }]
    );
}

#[test]
fn representatives_differ_and_cover_every_phase() {
    for kind in TimedKind::ALL {
        let records = representatives(*kind);
        let abouts: std::collections::BTreeSet<_> = records.iter().map(|record| &record.about).collect();
        assert_eq!(abouts.len(), records.len(), "{kind}");
        assert!(records.len() < 3_000, "{kind}: {}", records.len());
        for (index, record) in records.iter().enumerate() {
            assert!(
                records
                    .iter()
                    .skip(index + 1)
                    .take(200)
                    .all(|other| other.snapshot != record.snapshot),
                "{kind}: {}",
                record.about
            );
        }
    }
}
