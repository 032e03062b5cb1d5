//! Traps in service levels: policies whose clocks never run, never stop, or never can be kept.

use super::event::Conditions;
use super::policy::SlaPolicy;
use super::representatives::Representative;
use super::time::BusinessTime;
use super::{ConditionName, TargetPriority};
use crate::time::Instant;
use crate::vocabulary::{Priority, TimedKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What is wrong with a service level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trap", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Trap {
    /// A condition cannot be evaluated for any record.
    NeverEvaluates {
        /// The condition.
        condition: ConditionName,
        /// Why, for the first record.
        error: String,
    },
    /// No record starts the clock.
    StartNeverHolds,
    /// Every record that would start the clock stops it: it never runs.
    StartImpliesStop,
    /// Every record that would start the clock withdraws it: it never runs.
    StartImpliesCancel,
    /// Every record that starts the clock pauses it, too.
    StartImpliesPause,
    /// Every record that would pause the clock ends it.
    PauseImpliesStop,
    /// Every record that would pause the clock withdraws it.
    PauseImpliesCancel,
    /// A paused clock never counts again.
    PauseNeverEnds,
    /// No record ends the clock.
    StopNeverHolds,
    /// A threshold stands before a lower or equal one.
    ThresholdsUnordered {
        /// Its index.
        index: usize,
        /// Its percentage.
        percent: u32,
    },
    /// A priority has no target.
    NoTarget {
        /// The priority; `None` for records without one.
        priority: Option<Priority>,
    },
    /// The calendar does not have so many hours.
    TargetBeyondCalendar {
        /// The priority of the target.
        priority: TargetPriority,
        /// The target.
        minutes: u32,
    },
}

impl Trap {
    /// The field below `spec` that it is about.
    pub fn field(&self) -> String {
        match self {
            Self::NeverEvaluates { condition, .. } => format!("conditions.{}", condition.field()),
            Self::StartNeverHolds => "conditions.start".to_owned(),
            Self::StartImpliesStop | Self::StopNeverHolds => "conditions.stop".to_owned(),
            Self::StartImpliesCancel => "conditions.cancel".to_owned(),
            Self::StartImpliesPause
            | Self::PauseImpliesStop
            | Self::PauseImpliesCancel
            | Self::PauseNeverEnds => "conditions.pause".to_owned(),
            Self::ThresholdsUnordered { index, .. } => format!("thresholds[{index}]"),
            Self::NoTarget { .. } | Self::TargetBeyondCalendar { .. } => "targets".to_owned(),
        }
    }

    /// Whether it was found by trying records that stand for all others, which a condition over other fields may
    /// escape.
    pub fn is_from_samples(&self) -> bool {
        !matches!(
            self,
            Self::ThresholdsUnordered { .. } | Self::NoTarget { .. } | Self::TargetBeyondCalendar { .. }
        )
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::NeverEvaluates { condition, error } => {
                return write!(
                    f,
                    "{} cannot be evaluated for a record of any phase: {error}; guard optional fields, for example \
                     with `has()`",
                    condition.field()
                );
            }
            Self::StartNeverHolds => "start holds in no phase: no clock ever starts",
            Self::StartImpliesStop => "stop holds wherever start does: no clock ever starts",
            Self::StartImpliesCancel => "cancel holds wherever start does: no clock ever starts",
            Self::StartImpliesPause => "pause holds wherever start does: every clock starts paused",
            Self::PauseImpliesStop => "stop holds wherever pause does: the clock ends instead of pausing",
            Self::PauseImpliesCancel => {
                "cancel holds wherever pause does: the clock is withdrawn instead of pausing"
            }
            Self::PauseNeverEnds => "a clock that pauses never counts again",
            Self::StopNeverHolds => "stop holds in no phase: every clock is broken sooner or later",
            Self::ThresholdsUnordered { percent, .. } => {
                return write!(
                    f,
                    "the threshold of {percent} percent stands behind a higher or equal one; write them in rising order"
                );
            }
            Self::NoTarget {
                priority: Some(priority),
            } => {
                return write!(
                    f,
                    "records of priority {priority} have no target, and no clock; add one, or one without priority"
                );
            }
            Self::NoTarget { priority: None } => {
                "records of this kind have no priority, and there is no target without one: no clock ever starts"
            }
            Self::TargetBeyondCalendar { minutes, .. } => {
                return write!(
                    f,
                    "the calendar never reaches {minutes} minutes: the target cannot be missed; give it hours"
                );
            }
        };
        f.write_str(words)
    }
}

/// What is known of a condition for one record; `None` where it cannot be evaluated and may be either.
struct Known {
    start: Option<bool>,
    pause: Option<bool>,
    resume: Option<bool>,
    stop: Option<bool>,
    cancel: Option<bool>,
}

fn may(known: Option<bool>) -> bool {
    known != Some(false)
}

fn must(known: Option<bool>) -> bool {
    known == Some(true)
}

/// Traps in the conditions of a policy, found by trying them on records that stand for all others.
///
/// A condition that cannot be evaluated for a record with a phase may be either: what it could avoid is no trap. A
/// condition that looks at fields which the records do not vary can still be taken for one that never holds: these are warnings.
pub fn traps_of_conditions(
    policy: &SlaPolicy,
    conditions: &dyn Conditions,
    records: &[Representative],
    at: Instant,
) -> Vec<Trap> {
    let mut traps = Vec::new();
    let mut columns = BTreeMap::new();
    for (name, _) in policy.conditions.iter() {
        let answers: Vec<Result<bool, String>> = records
            .iter()
            .map(|record| conditions.holds(name, &record.snapshot, at))
            .collect();
        if let Some(Err(error)) = answers.first()
            && answers.iter().all(Result::is_err)
        {
            traps.push(Trap::NeverEvaluates {
                condition: name,
                error: error.clone(),
            });
        }
        columns.insert(name, answers);
    }
    let has = |name| columns.contains_key(&name);
    let known: Vec<Known> = records
        .iter()
        .enumerate()
        .map(|(row, record)| {
            let ask = |name| match columns.get(&name).and_then(|answers| answers.get(row)) {
                Some(Ok(holds)) => Some(*holds),
                Some(Err(_)) if record.has_phase => None,
                // What is not given holds for no record; what fails only for want of a status, not for new ones.
                _ => Some(false),
            };
            Known {
                start: ask(ConditionName::Start),
                pause: ask(ConditionName::Pause),
                resume: ask(ConditionName::Resume),
                stop: ask(ConditionName::Stop),
                cancel: ask(ConditionName::Cancel),
            }
        })
        .collect();
    if known.is_empty() {
        return traps;
    }
    let starting = || known.iter().filter(|known| may(known.start));
    if starting().next().is_none() {
        traps.push(Trap::StartNeverHolds);
    } else if starting().all(|known| must(known.stop)) {
        traps.push(Trap::StartImpliesStop);
    } else if starting().all(|known| must(known.cancel)) {
        traps.push(Trap::StartImpliesCancel);
    } else if starting()
        .filter(|known| !must(known.stop) && !must(known.cancel))
        .all(|known| must(known.pause))
    {
        traps.push(Trap::StartImpliesPause);
    }
    if !known.iter().any(|known| may(known.stop)) {
        traps.push(Trap::StopNeverHolds);
    }
    let pausing = || known.iter().filter(|known| may(known.pause));
    if has(ConditionName::Pause) && pausing().next().is_some() {
        let ends = |known: &Known| must(known.stop) || must(known.cancel);
        let counts_again = |known: &Known| {
            if has(ConditionName::Resume) {
                may(known.resume)
            } else {
                !must(known.pause)
            }
        };
        if pausing().all(|known| must(known.cancel)) {
            traps.push(Trap::PauseImpliesCancel);
        } else if pausing().all(|known| must(known.stop)) {
            traps.push(Trap::PauseImpliesStop);
        } else if !known.iter().any(|known| counts_again(known) && !ends(known)) {
            traps.push(Trap::PauseNeverEnds);
        }
    }
    traps
}

/// Traps in the targets and thresholds of a policy; `at` is where the calendar is tried.
pub fn traps_of_targets(policy: &SlaPolicy, time: &dyn BusinessTime, at: Instant) -> Vec<Trap> {
    let mut traps = Vec::new();
    let missing: Vec<Option<Priority>> = match policy.kind {
        TimedKind::Incident | TimedKind::Problem => Priority::ALL.iter().copied().map(Some).collect(),
        TimedKind::ServiceRequest | TimedKind::Change => vec![None],
    };
    traps.extend(
        missing
            .into_iter()
            .filter(|priority| policy.targets.of(*priority).is_none())
            .map(|priority| Trap::NoTarget { priority }),
    );
    traps.extend(
        policy
            .targets
            .iter()
            .filter(|(_, target)| time.add_business(at, target.length()).is_none())
            .map(|(priority, target)| Trap::TargetBeyondCalendar {
                priority,
                minutes: target.get(),
            }),
    );
    traps.extend(
        policy
            .thresholds
            .iter()
            .zip(policy.thresholds.iter().skip(1))
            .enumerate()
            .filter(|(_, (before, after))| before.percent >= after.percent)
            .map(|(index, (_, after))| Trap::ThresholdsUnordered {
                index: index.saturating_add(1),
                percent: after.percent,
            }),
    );
    traps
}
