//! The guards of the state machine of incidents, judged.

use super::decide::Run;
use super::facts::{Facts, Hold};
use super::record::Command;
use super::rules::Guard;
use super::timeline::Timestamps;
use super::vocabulary::{HoldReason, IncidentPhaseRequest, IncidentReason, ProblemPhase};
use crate::change::ChangePhase;
use crate::time::Instant;

/// The guards that do not hold, each as a sentence that says what to do.
pub(super) fn failing_guards(
    guards: &[Guard],
    run: &Run<'_>,
    command: Option<&Command<IncidentPhaseRequest>>,
) -> Vec<String> {
    guards
        .iter()
        .filter_map(|guard| failure(*guard, run, command))
        .collect()
}

fn failure(guard: Guard, run: &Run<'_>, command: Option<&Command<IncidentPhaseRequest>>) -> Option<String> {
    let facts = run.facts;
    let has_reason = command.is_some_and(|command| command.reason.is_some());
    match guard {
        Guard::ReasonGiven => (!has_reason).then(|| "Give the reason in phaseRequest.reason.".to_owned()),
        Guard::ReasonOrDuplicate => (!has_reason && run.other_incident().is_none()).then(|| {
            "Give the reason in phaseRequest.reason, or name in links.duplicateOf another incident that was \
             reported first."
                .to_owned()
        }),
        Guard::HoldGiven => hold_missing(facts),
        Guard::HoldStillNeeded => facts
            .hold
            .as_ref()
            .and_then(|_| hold_end(facts, run.now))
            .map(|(_, words)| format!("{words} There is nothing to wait for.")),
        Guard::ResolutionGiven => facts
            .resolution
            .is_none()
            .then(|| "Say in resolution how it was resolved, with a code.".to_owned()),
        Guard::EffectiveTimeRight => effective_time_wrong(facts, run.at),
        Guard::WithinReopenPeriod => (run.at >= run.reopen_end()).then(|| {
            format!(
                "It could be reopened until {}; open a new incident and link it.",
                run.reopen_end()
            )
        }),
        Guard::HoldOver => hold_end(facts, run.now)
            .is_none()
            .then(|| "What it waits for is still to come.".to_owned()),
        Guard::ClosingTimeReached => run
            .closes_at()
            .is_none_or(|at| run.now < at)
            .then(|| "Its closing time has not come.".to_owned()),
        Guard::ReviewMergedIfMajor => (run.times.declared().is_some() && !facts.review_merged)
            .then(|| "It is a major incident and its review is not merged.".to_owned()),
    }
}

fn hold_missing(facts: &Facts) -> Option<String> {
    let Some(hold) = &facts.hold else {
        return Some("Say in hold what it waits for.".to_owned());
    };
    let (linked, link) = match hold.reason {
        HoldReason::AwaitingProblem => (facts.problem.is_some(), "links.problem"),
        HoldReason::AwaitingChange => (facts.fixing_change.is_some(), "links.fixedBy"),
        // People end these waits.
        HoldReason::AwaitingRequester | HoldReason::AwaitingSupplier => return None,
    };
    (!linked && hold.until.is_none()).then(|| {
        format!(
            "It is to wait ({}), and nothing says when that ends: name the record in {link}, or a time in hold.until.",
            hold.reason
        )
    })
}

/// Why the hold of an incident is over, if it is.
pub(super) fn hold_end(facts: &Facts, now: Instant) -> Option<(IncidentReason, String)> {
    let Some(hold) = &facts.hold else {
        return Some((
            IncidentReason::HoldWithdrawn,
            "What it waited for is no longer written in hold.".to_owned(),
        ));
    };
    awaited_end(hold, facts).or_else(|| {
        hold.until.filter(|until| *until <= now).map(|until| {
            (
                IncidentReason::HoldExpired,
                format!("The hold was until {until}, and that has come."),
            )
        })
    })
}

fn awaited_end(hold: &Hold, facts: &Facts) -> Option<(IncidentReason, String)> {
    match hold.reason {
        HoldReason::AwaitingProblem => {
            let problem = facts.problem.as_ref()?;
            matches!(problem.phase?, ProblemPhase::Resolved | ProblemPhase::Closed).then(|| {
                (
                    IncidentReason::ProblemResolved,
                    format!("Problem {} is resolved.", problem.id),
                )
            })
        }
        HoldReason::AwaitingChange => {
            let change = facts.fixing_change.as_ref()?;
            match change.phase? {
                ChangePhase::Closed => Some((
                    IncidentReason::ChangeClosed,
                    format!("Change {} is closed.", change.id),
                )),
                ChangePhase::Cancelled => Some((
                    IncidentReason::ChangeCancelled,
                    format!("Change {} was given up.", change.id),
                )),
                _ => None,
            }
        }
        HoldReason::AwaitingRequester | HoldReason::AwaitingSupplier => None,
    }
}

/// When the effect began: what a person entered, never after the detection.
pub(super) fn effective_begin(facts: &Facts) -> Instant {
    let detected = facts.timestamps.detected();
    facts
        .effective_from
        .map_or(detected, |entered| entered.min(detected))
}

/// When service was restored: what a person entered if it can be right, else the time of record.
pub(super) fn effective_restoration(facts: &Facts, times: &Timestamps) -> Option<Instant> {
    let recorded = times.resolved()?;
    let entered = facts
        .resolution
        .as_ref()
        .and_then(|resolution| resolution.effective_at)
        .filter(|entered| (effective_begin(facts)..=recorded).contains(entered));
    Some(entered.unwrap_or(recorded))
}

fn effective_time_wrong(facts: &Facts, recorded: Instant) -> Option<String> {
    let entered = facts.resolution.as_ref()?.effective_at?;
    let began = effective_begin(facts);
    if entered < began {
        Some(format!(
            "resolution.effectiveAt says {entered}, before the effect began at {began}; correct the one or the other."
        ))
    } else if entered > recorded {
        Some(format!(
            "resolution.effectiveAt says {entered}, which is still to come; resolve it then, or enter a time up to \
             {recorded}."
        ))
    } else {
        None
    }
}
