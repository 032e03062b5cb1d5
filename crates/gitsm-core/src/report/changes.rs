//! Figures about changes.

use super::View;
use super::kpi::{Counted, Definition, Kpi, Sample, Stands, Unit};
use super::record::ChangeRecord;
use crate::change::{ChangeOutcome, ChangePhase};
use crate::risk::TeamScore;
use crate::time::Instant;
use crate::vocabulary::ChangeType;
use jiff::SignedDuration;
use std::collections::BTreeMap;

const DORA: &str = "DORA, dora.dev/guides/dora-metrics";

const LEAD_TIME: Definition = Definition {
    id: "changeLeadTime",
    title: "Change lead time",
    formula: "median of deployedAt - committedAt, for each commit of the production changes deployed in the period",
    source: DORA,
};
const FREQUENCY: Definition = Definition {
    id: "deploymentFrequency",
    title: "Deployment frequency",
    formula: "production changes deployed (reaching Validating) in the period / its days of 24 hours",
    source: DORA,
};
const FAIL_RATE: Definition = Definition {
    id: "changeFailRate",
    title: "Change fail rate",
    formula: "failed / all production changes whose implementing ended in the period; failed: outcome Unsuccessful or \
              BackedOut, or a confirmed caused incident detected within soak + 24 h (one without time of detection counts)",
    source: DORA,
};
const RECOVERY: Definition = Definition {
    id: "failedDeploymentRecoveryTime",
    title: "Failed deployment recovery time",
    formula: "median of restoredAt - finishedAt over the failed production changes whose implementing ended in the \
              period; restoredAt: the last of backing out and of the resolution of its caused incidents",
    source: DORA,
};
const REWORK: Definition = Definition {
    id: "deploymentReworkRate",
    title: "Deployment rework rate",
    formula: "those that serve an incident (spec.relates.incident) / production changes whose implementing ended in the \
              period",
    source: DORA,
};
const SCORE: Definition = Definition {
    id: "changeSuccessScore",
    title: "Change success score",
    formula: "3S - 2I - 5U - 10P1 - 5P2 - 2P3 over the team's changes whose implementing ended in the period; S \
              successful, I with issues, U unsuccessful or backed out, P1 to P3 incidents they caused (one of unknown \
              priority counts as P1)",
    source: "ServiceNow, change success score",
};
const WAIT_SHARE: Definition = Definition {
    id: "approvalWaitShare",
    title: "Approval wait share",
    formula: "sum of business time in AwaitingApproval / sum of business time from the first record to Implementing, \
              over changes whose implementing began in the period",
    source: "gitsm; the aim is that of DORA, streamlining change approval",
};
const EMERGENCY: Definition = Definition {
    id: "emergencyRatio",
    title: "Emergency ratio",
    formula: "emergency changes / all changes whose implementing began in the period",
    source: "ITIL practice",
};
const UNAUTHORIZED: Definition = Definition {
    id: "unauthorizedRatio",
    title: "Unauthorised ratio",
    formula: "changes found without approval / all changes whose implementing began in the period",
    source: "ServiceNow, unauthorized changes",
};
const CONFLICT_ESCAPE: Definition = Definition {
    id: "conflictEscapeRate",
    title: "Conflict escape rate",
    formula: "conflicts first seen when the gate opened / all conflicts of changes whose implementing began in the period",
    source: "gitsm",
};

const NO_ENVIRONMENT: &str = "the environment is not recorded";
const NO_START: &str = "it went in, but when implementing began is not recorded";
const NO_END: &str = "it ended, but when implementing ended is not recorded";
const NO_OUTCOME: &str = "its outcome is not recorded yet";
const DISORDER: &str = "its times are out of order";

/// How long after its soak an incident still counts as a failure of the change.
const AFTER_SOAK: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn kpis(view: &View<'_>, business: &dyn Fn(Instant, Instant) -> u64) -> Vec<Kpi> {
    let mut kpis = vec![
        LEAD_TIME.durations(Stands::Median, lead_times(view)),
        FREQUENCY.frequency(
            view.period(),
            view.changes.iter().map(|change| deployed(view, change)).collect(),
        ),
        FAIL_RATE.share(
            ended(view)
                .map(|one| one.and_then(|change| failed(view, change)))
                .collect(),
        ),
        RECOVERY.durations(
            Stands::Median,
            ended(view)
                .map(|one| one.and_then(|change| recovery(view, change)))
                .collect(),
        ),
        REWORK.share(
            ended(view)
                .map(|one| one.and_then(|change| Counted::Yes(change.serves_incident)))
                .collect(),
        ),
    ];
    kpis.extend(scores(view));
    kpis.extend([
        WAIT_SHARE.quotient(
            Unit::Permille,
            begun(view)
                .map(|one| one.and_then(|(change, start)| wait(change, start, business)))
                .collect(),
        ),
        EMERGENCY.share(
            begun(view)
                .map(|one| {
                    one.and_then(|(change, _)| match change.change_type {
                        None => Counted::Lacks("its type is not recorded"),
                        Some(known) => Counted::Yes(known == ChangeType::Emergency),
                    })
                })
                .collect(),
        ),
        UNAUTHORIZED.share(
            begun(view)
                .map(|one| one.and_then(|(change, _)| Counted::Yes(change.unauthorized)))
                .collect(),
        ),
        CONFLICT_ESCAPE.share(conflicts(view)),
    ]);
    kpis
}

/// Whether implementing has begun as far as anything is recorded.
fn went_in(change: &ChangeRecord) -> bool {
    let by_outcome = change
        .outcome
        .is_some_and(|outcome| outcome != ChangeOutcome::Cancelled);
    by_outcome
        || change.finished_at.is_some()
        || change.deployed_at.is_some()
        || change.backed_out_at.is_some()
}

/// Changes whose implementing began in the period, with that instant.
fn begun<'v>(view: &'v View<'_>) -> impl Iterator<Item = Counted<(&'v ChangeRecord, Instant)>> {
    view.changes.iter().map(|change| match change.started_at {
        Some(start) if view.period().contains(start) => Counted::Yes((*change, start)),
        None if went_in(change) => Counted::Lacks(NO_START),
        Some(_) | None => Counted::No,
    })
}

/// Production changes whose implementing ended in the period.
fn ended<'v>(view: &'v View<'_>) -> impl Iterator<Item = Counted<&'v ChangeRecord>> {
    view.changes.iter().map(|change| match change.finished_at {
        Some(end) if view.period().contains(end) => match view.in_production(change) {
            Some(true) => Counted::Yes(*change),
            Some(false) => Counted::No,
            None => Counted::Lacks(NO_ENVIRONMENT),
        },
        None if went_in(change) && view.in_production(change) != Some(false) => Counted::Lacks(NO_END),
        Some(_) | None => Counted::No,
    })
}

/// A production change that was deployed in the period, with that instant.
fn deployed<'v>(view: &View<'_>, change: &'v ChangeRecord) -> Counted<(&'v ChangeRecord, Instant)> {
    match change.deployed_at {
        Some(at) if view.period().contains(at) => match view.in_production(change) {
            Some(true) => Counted::Yes((change, at)),
            Some(false) => Counted::No,
            None => Counted::Lacks(NO_ENVIRONMENT),
        },
        Some(_) => Counted::No,
        None => {
            let in_place = matches!(
                change.outcome,
                Some(ChangeOutcome::Successful | ChangeOutcome::SuccessfulWithIssues)
            );
            if in_place && view.in_production(change) != Some(false) {
                Counted::Lacks("it is in, but when it was deployed is not recorded")
            } else {
                Counted::No
            }
        }
    }
}

fn lead_times(view: &View<'_>) -> Sample<i64> {
    view.changes
        .iter()
        .flat_map(|change| match deployed(view, change) {
            Counted::Yes((change, _)) if change.committed_at.is_empty() => {
                vec![Counted::Lacks("when its commits were made is not recorded")]
            }
            Counted::Yes((change, at)) => change
                .committed_at
                .iter()
                .map(|commit| between(*commit, at))
                .collect(),
            Counted::No => Vec::new(),
            Counted::Lacks(reason) => vec![Counted::Lacks(reason)],
        })
        .collect()
}

/// Whole seconds from one instant to another, which must not be before it.
pub(super) fn between(from: Instant, to: Instant) -> Counted<i64> {
    if from <= to {
        Counted::Yes(to.since(from).as_secs())
    } else {
        Counted::Lacks(DISORDER)
    }
}

fn failed(view: &View<'_>, change: &ChangeRecord) -> Counted<bool> {
    let watched = change
        .soak_until
        .max(change.finished_at)
        .map(|end| end.plus(AFTER_SOAK));
    let caused = change.caused_incidents.iter().any(|id| {
        let detected = view.by_id.get(id).and_then(|incident| incident.detected_at);
        match (detected, watched) {
            (Some(detected), Some(until)) => detected <= until,
            // People confirmed that the change caused it; without a time there is nothing to acquit it.
            _ => true,
        }
    });
    match change.outcome {
        _ if caused => Counted::Yes(true),
        None => Counted::Lacks(NO_OUTCOME),
        Some(ChangeOutcome::Unsuccessful | ChangeOutcome::BackedOut) => Counted::Yes(true),
        Some(ChangeOutcome::Successful | ChangeOutcome::SuccessfulWithIssues | ChangeOutcome::Cancelled) => {
            Counted::Yes(false)
        }
    }
}

fn recovery(view: &View<'_>, change: &ChangeRecord) -> Counted<i64> {
    match failed(view, change) {
        Counted::Yes(true) => {}
        Counted::Yes(false) | Counted::No => return Counted::No,
        Counted::Lacks(reason) => return Counted::Lacks(reason),
    }
    let mut restored = change.backed_out_at;
    for id in &change.caused_incidents {
        match view.by_id.get(id).and_then(|incident| incident.resolved_at) {
            None => return Counted::Lacks("a caused incident has no recorded resolution"),
            resolved => restored = restored.max(resolved),
        }
    }
    match (change.finished_at, restored) {
        (Some(finished), Some(restored)) => between(finished, restored),
        _ => Counted::Lacks("when service was restored is not recorded"),
    }
}

fn scores(view: &View<'_>) -> Vec<Kpi> {
    let priority = |id: &_| view.by_id.get(id).and_then(|incident| incident.priority);
    let counted = view.changes.iter().map(|change| {
        let team = change.team.as_ref().map(ToString::to_string);
        let points = match (change.finished_at, change.outcome) {
            (_, Some(ChangeOutcome::Cancelled)) => Counted::No,
            (None, _) if went_in(change) => Counted::Lacks(NO_END),
            (None, _) => Counted::No,
            (Some(end), _) if !view.period().contains(end) => Counted::No,
            (Some(_), _) if team.is_none() => Counted::Lacks("the team that carried it out is not recorded"),
            (Some(_), None) => Counted::Lacks(NO_OUTCOME),
            (Some(_), Some(outcome)) => {
                let mut score = TeamScore::default();
                score.add(outcome, change.caused(&priority));
                Counted::Yes(score.points)
            }
        };
        (team, points)
    });
    SCORE.grouped(counted, Definition::points)
}

fn wait(
    change: &ChangeRecord,
    start: Instant,
    business: &dyn Fn(Instant, Instant) -> u64,
) -> Counted<(u64, u64)> {
    let Some(created) = change.created_at else {
        return Counted::Lacks("when it was written down is not recorded");
    };
    if created > start {
        return Counted::Lacks(DISORDER);
    }
    if !change.moves_complete {
        return Counted::Lacks("its moves are not recorded in full");
    }
    let waited = waiting(change, created, start)
        .into_iter()
        .fold(0_u64, |sum, (from, to)| sum.saturating_add(business(from, to)));
    let whole = business(created, start);
    Counted::Yes((waited.min(whole), whole))
}

/// The times between `created` and `start` that a change was awaiting approval.
fn waiting(change: &ChangeRecord, created: Instant, start: Instant) -> Vec<(Instant, Instant)> {
    // Of several moves at one instant the last by the order of phases counts, so that their order in the record
    // does not show.
    let moves: BTreeMap<(Instant, u8), bool> = change
        .moves
        .iter()
        .map(|one| {
            let awaiting = one.to == ChangePhase::AwaitingApproval;
            ((one.at.max(created).min(start), u8::from(awaiting)), awaiting)
        })
        .collect();
    let mut times = Vec::new();
    let mut since = None;
    for ((at, _), awaiting) in moves {
        match (since, awaiting) {
            (None, true) => since = Some(at),
            (Some(from), false) => {
                times.push((from, at));
                since = None;
            }
            _ => {}
        }
    }
    if let Some(from) = since {
        times.push((from, start));
    }
    times
}

fn conflicts(view: &View<'_>) -> Sample<bool> {
    begun(view)
        .flat_map(|one| match one {
            Counted::Yes((change, _)) => change
                .conflicts
                .iter()
                .map(|conflict| match conflict.first_seen_at_gate {
                    Some(late) => Counted::Yes(late),
                    None => Counted::Lacks("when the conflict was first seen is not recorded"),
                })
                .collect(),
            Counted::No => Vec::new(),
            // A change without recorded start that has no conflict would add nothing.
            Counted::Lacks(reason) => vec![Counted::Lacks(reason)],
        })
        .collect()
}
