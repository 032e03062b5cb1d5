//! The conditions that a metric has of its own.
//!
//! They are CEL over `record`, written so that they can be evaluated for a record of any phase, and for one whose
//! status has not been written yet: such a record is new.

use super::{ConditionTexts, SlaMetric};
use crate::Text;
use crate::vocabulary::TimedKind;

/// The texts of one metric for one kind of record.
struct Defaults {
    start: &'static str,
    pause: Option<&'static str>,
    stop: &'static str,
    reset: Option<&'static str>,
    cancel: Option<&'static str>,
}

const INCIDENT_OPEN: &str = "!(record.?status.?phase.orValue('New') in ['Resolved', 'Closed', 'Cancelled'])";
const INCIDENT_CANCELLED: &str = "record.?status.?phase.orValue('New') == 'Cancelled'";
const PROBLEM_OPEN: &str = "!(record.?status.?phase.orValue('New') in ['Resolved', 'Closed'])";

/// Somebody took notice, or started to work, which is notice as well.
const INCIDENT_ACKNOWLEDGE: Defaults = Defaults {
    start: INCIDENT_OPEN,
    pause: None,
    stop: "record.?spec.?ack.hasValue() || record.?status.?acknowledgedAt.hasValue() || \
           !(record.?status.?phase.orValue('New') in ['New', 'Triage', 'Cancelled'])",
    reset: None,
    cancel: Some(INCIDENT_CANCELLED),
};

const INCIDENT_RESPOND: Defaults = Defaults {
    start: INCIDENT_OPEN,
    pause: None,
    stop: "!(record.?status.?phase.orValue('New') in ['New', 'Triage', 'Cancelled'])",
    reset: None,
    cancel: Some(INCIDENT_CANCELLED),
};

/// Only waiting for the requester stops the clock: a supplier, a change or a problem is what the provider answers for.
const INCIDENT_RESOLVE: Defaults = Defaults {
    start: INCIDENT_OPEN,
    pause: Some(
        "record.?status.?phase.orValue('New') == 'OnHold' && \
         record.?spec.?hold.?reason.orValue('AwaitingRequester') == 'AwaitingRequester'",
    ),
    stop: "record.?status.?phase.orValue('New') in ['Resolved', 'Closed']",
    reset: None,
    cancel: Some(INCIDENT_CANCELLED),
};

/// A major incident is closed when its review is merged.
const INCIDENT_REVIEW: Defaults = Defaults {
    start: "record.?status.?phase.orValue('New') == 'Resolved' && record.?status.?major.orValue(false)",
    pause: None,
    stop: "record.?status.?phase.orValue('New') == 'Closed'",
    reset: Some("record.?status.?phase.orValue('New') == 'Resolved'"),
    // Reopened: what was to be reviewed is not over.
    cancel: Some("!(record.?status.?phase.orValue('New') in ['Resolved', 'Closed'])"),
};

const PROBLEM_ACKNOWLEDGE: Defaults = Defaults {
    start: PROBLEM_OPEN,
    pause: None,
    stop: "record.?status.?phase.orValue('New') != 'New'",
    reset: None,
    cancel: None,
};

const PROBLEM_RESPOND: Defaults = Defaults {
    start: PROBLEM_OPEN,
    pause: Some("record.?status.?phase.orValue('New') == 'Deferred'"),
    stop: "!(record.?status.?phase.orValue('New') in ['New', 'Assessed', 'Deferred'])",
    reset: None,
    cancel: None,
};

const PROBLEM_RESOLVE: Defaults = Defaults {
    start: PROBLEM_OPEN,
    pause: Some("record.?status.?phase.orValue('New') == 'Deferred'"),
    stop: "record.?status.?phase.orValue('New') in ['Resolved', 'Closed']",
    reset: None,
    cancel: None,
};

const REQUEST_FULFIL: Defaults = Defaults {
    start: "!(record.?status.?phase.orValue('Submitted') in \
            ['Rejected', 'Fulfilled', 'Expiring', 'Revoked', 'Cancelled', 'Closed'])",
    pause: None,
    stop: "record.?status.?phase.orValue('Submitted') in ['Fulfilled', 'Expiring', 'Revoked', 'Closed']",
    reset: None,
    cancel: Some("record.?status.?phase.orValue('Submitted') in ['Rejected', 'Cancelled']"),
};

/// Each time that people are asked anew, they have the whole time.
const REQUEST_APPROVE: Defaults = Defaults {
    start: "record.?status.?phase.orValue('Submitted') == 'AwaitingApproval'",
    pause: Some("record.?status.?phase.orValue('Submitted') in ['Submitted', 'Rendered', 'Failed']"),
    stop: "!(record.?status.?phase.orValue('Submitted') in \
           ['Submitted', 'Rendered', 'AwaitingApproval', 'Failed', 'Cancelled'])",
    reset: Some("record.?status.?phase.orValue('Submitted') == 'AwaitingApproval'"),
    cancel: Some("record.?status.?phase.orValue('Submitted') == 'Cancelled'"),
};

/// Each time that people are asked anew, they have the whole time; nobody can answer while the change is not theirs.
const CHANGE_APPROVE: Defaults = Defaults {
    start: "record.?status.?phase.orValue('Draft') == 'AwaitingApproval'",
    pause: Some("record.?status.?phase.orValue('Draft') in ['Draft', 'Assessing', 'OnHold']"),
    stop: "!(record.?status.?phase.orValue('Draft') in \
           ['Draft', 'Assessing', 'AwaitingApproval', 'OnHold', 'Cancelled'])",
    reset: Some("record.?status.?phase.orValue('Draft') == 'AwaitingApproval'"),
    cancel: Some("record.?status.?phase.orValue('Draft') == 'Cancelled'"),
};

const CHANGE_REVIEW: Defaults = Defaults {
    start: "record.?status.?phase.orValue('Draft') == 'Review'",
    pause: None,
    stop: "record.?status.?phase.orValue('Draft') == 'Closed'",
    reset: None,
    cancel: None,
};

/// The conditions of a policy that writes none; `None` where the metric means nothing for the kind, and for `Update`:
/// such a policy must write its own.
pub fn default_conditions(metric: SlaMetric, kind: TimedKind) -> Option<ConditionTexts> {
    let defaults = match (kind, metric) {
        (TimedKind::Incident, SlaMetric::Acknowledge) => INCIDENT_ACKNOWLEDGE,
        (TimedKind::Incident, SlaMetric::Respond) => INCIDENT_RESPOND,
        (TimedKind::Incident, SlaMetric::Resolve) => INCIDENT_RESOLVE,
        (TimedKind::Incident, SlaMetric::Review) => INCIDENT_REVIEW,
        (TimedKind::Problem, SlaMetric::Acknowledge) => PROBLEM_ACKNOWLEDGE,
        (TimedKind::Problem, SlaMetric::Respond) => PROBLEM_RESPOND,
        (TimedKind::Problem, SlaMetric::Resolve) => PROBLEM_RESOLVE,
        (TimedKind::ServiceRequest, SlaMetric::Fulfil) => REQUEST_FULFIL,
        (TimedKind::ServiceRequest, SlaMetric::Approve) => REQUEST_APPROVE,
        (TimedKind::Change, SlaMetric::Approve) => CHANGE_APPROVE,
        (TimedKind::Change, SlaMetric::Review) => CHANGE_REVIEW,
        _ => return None,
    };
    Some(ConditionTexts {
        start: Text::clip(defaults.start),
        pause: defaults.pause.map(Text::clip),
        resume: None,
        stop: Text::clip(defaults.stop),
        reset: defaults.reset.map(Text::clip),
        cancel: defaults.cancel.map(Text::clip),
    })
}
