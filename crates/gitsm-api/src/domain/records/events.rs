//! What the events in a status tell.

use crate::v1alpha1::ServiceRequest;
use crate::v1alpha1::shared::RecordEvent;
use gitsm_core::report::Move;
use gitsm_core::time::Instant;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Events that a status keeps; older ones are in the journal only.
const KEPT_EVENTS: usize = 50;

/// When an object was written down: its creation or its first event, whichever is recorded and earlier.
pub(super) fn first(metadata: &ObjectMeta, events: &[RecordEvent]) -> Option<Instant> {
    let created = metadata
        .creation_timestamp
        .as_ref()
        .and_then(|time| Instant::try_from(time.0).ok());
    earliest(created, events.iter().map(|event| event.at).min())
}

pub(super) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// Whether events go back to the beginning, as far as one can see.
pub(super) fn is_complete(events: &[RecordEvent]) -> bool {
    !events.is_empty() && events.len() < KEPT_EVENTS
}

pub(super) fn moves(events: &[RecordEvent]) -> Vec<Move> {
    events
        .iter()
        .filter_map(|event| {
            Some(Move {
                at: event.at,
                to: event.to.as_ref()?.parse().ok()?,
            })
        })
        .collect()
}

pub(super) fn reopened(events: &[RecordEvent]) -> Option<u32> {
    let is = |phase: &Option<gitsm_core::Text<40>>, wanted: &str| {
        phase.as_ref().is_some_and(|phase| phase.as_str() == wanted)
    };
    let count = events
        .iter()
        .filter(|event| is(&event.from, "Resolved") && is(&event.to, "InProgress"))
        .count();
    is_complete(events).then(|| u32::try_from(count).unwrap_or(u32::MAX))
}

/// Whether people did more than to submit, approve or refuse a request.
pub(super) fn edited_by_people(request: &ServiceRequest, events: &[RecordEvent]) -> Option<bool> {
    const DECISIONS: [&str; 5] = [
        "Submitted",
        "AwaitingApproval",
        "Approved",
        "Rejected",
        "Cancelled",
    ];
    if request.spec.retry.is_some() {
        return Some(true);
    }
    let by_hand = |event: &RecordEvent| {
        !event.actor.starts_with("system:")
            && !event
                .to
                .as_ref()
                .is_some_and(|to| DECISIONS.contains(&to.as_str()))
    };
    is_complete(events).then(|| events.iter().skip(1).any(by_hand))
}
