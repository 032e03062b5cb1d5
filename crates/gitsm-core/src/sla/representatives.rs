//! Records of every phase, to try conditions on.

use crate::change::ChangePhase;
use crate::incident::{HoldReason, IncidentPhase, ProblemPhase};
use crate::vocabulary::{Priority, TimedKind};
use serde_json::{Value, json};

/// The phases of a service request, whose type stands with its wire type.
pub const REQUEST_PHASES: &[&str] = &[
    "Submitted",
    "Rendered",
    "AwaitingApproval",
    "Approved",
    "Rejected",
    "Fulfilling",
    "Fulfilled",
    "Expiring",
    "Revoked",
    "Failed",
    "Cancelled",
    "Closed",
];

/// A record that stands for many.
#[derive(Debug, Clone, PartialEq)]
pub struct Representative {
    /// What is special about it, in words. Example: `phase OnHold, hold AwaitingSupplier, acknowledged`.
    pub about: String,
    /// Whether it has a phase: one that has none is so new that its status has not been written.
    pub has_phase: bool,
    /// The record.
    pub snapshot: Value,
}

/// One variation of a record.
type Variation = (String, fn(&mut Value, &str), String);

/// Records of a kind: every phase and none, each with and without the fields that people write to drive a record.
///
/// They are not all records that there can be: fields that are not varied are absent, or have one ordinary value. What
/// is said of all of them holds for a condition over the phase and the varied fields; for others it is a guess.
pub fn representatives(kind: TimedKind) -> Vec<Representative> {
    let phases: Vec<&'static str> = match kind {
        TimedKind::Incident => IncidentPhase::ALL.iter().map(|phase| phase.as_str()).collect(),
        TimedKind::Problem => ProblemPhase::ALL.iter().map(|phase| phase.as_str()).collect(),
        TimedKind::Change => ChangePhase::ALL.iter().map(|phase| phase.as_str()).collect(),
        TimedKind::ServiceRequest => REQUEST_PHASES.to_vec(),
    };
    let mut found = vec![Representative {
        about: "no status".to_owned(),
        has_phase: false,
        snapshot: base(kind),
    }];
    for phase in phases {
        let mut snapshot = base(kind);
        set(&mut snapshot, "/status/phase", json!(phase));
        found.push(Representative {
            about: format!("phase {phase}"),
            has_phase: true,
            snapshot,
        });
    }
    for variation in variations(kind) {
        let varied: Vec<Representative> = found
            .iter()
            .flat_map(|known| {
                variation.iter().map(|(about, change, value)| {
                    let mut snapshot = known.snapshot.clone();
                    change(&mut snapshot, value);
                    Representative {
                        about: format!("{}, {about}", known.about),
                        has_phase: known.has_phase,
                        snapshot,
                    }
                })
            })
            .collect();
        found.extend(varied);
    }
    found
}

/// The ways in which a record of the kind is varied; each is left out, too.
fn variations(kind: TimedKind) -> Vec<Vec<Variation>> {
    let named =
        |about: &str, change: fn(&mut Value, &str), value: &str| (about.to_owned(), change, value.to_owned());
    match kind {
        TimedKind::Incident => vec![
            Priority::ALL
                .iter()
                .map(|priority| {
                    named(
                        priority.as_str(),
                        |record, value| set(record, "/status/priority", json!(value)),
                        priority.as_str(),
                    )
                })
                .collect(),
            HoldReason::ALL
                .iter()
                .map(|reason| {
                    named(
                        &format!("hold {reason}"),
                        |record, value| set(record, "/spec/hold", json!({ "reason": value })),
                        reason.as_str(),
                    )
                })
                .collect(),
            vec![named(
                "acknowledged",
                |record, _| {
                    set(record, "/spec/ack", json!({"by": "ana"}));
                    set(record, "/status/acknowledgedAt", json!("2027-02-06T20:05:00Z"));
                    set(record, "/status/acknowledgedBy", json!("ana"));
                },
                "",
            )],
            vec![named(
                "with an update",
                |record, _| {
                    let update = json!({"at": "2027-02-06T20:10:00Z", "by": "ana", "text": "We are on it."});
                    set(record, "/spec/updates", json!([update]));
                },
                "",
            )],
            vec![named(
                "major",
                |record, _| {
                    set(record, "/spec/major", json!(true));
                    set(record, "/status/major", json!(true));
                },
                "",
            )],
        ],
        TimedKind::Problem => vec![vec![named(
            "known error",
            |record, _| set(record, "/spec/knownError", json!(true)),
            "",
        )]],
        TimedKind::Change => vec![
            ["Standard", "Normal", "Emergency"]
                .iter()
                .map(|kind| {
                    named(
                        kind,
                        |record, value| set(record, "/status/type", json!(value)),
                        kind,
                    )
                })
                .collect(),
            vec![named(
                "unauthorised",
                |record, _| set(record, "/status/unauthorized", json!(true)),
                "",
            )],
        ],
        TimedKind::ServiceRequest => vec![vec![named(
            "with a cancel command",
            |record, _| set(record, "/spec/cancel", json!({"by": "ana"})),
            "",
        )]],
    }
}

/// A record with the fields that its kind requires, and those with defaults.
fn base(kind: TimedKind) -> Value {
    let spec = match kind {
        TimedKind::Incident => json!({
            "title": "5xx above 8 percent",
            "services": ["checkout"],
            "major": false,
            "visibility": "Internal",
        }),
        TimedKind::Problem => json!({
            "statement": "Connections are not returned",
            "services": ["checkout"],
            "knownError": false,
        }),
        TimedKind::Change => json!({
            "model": "normal",
            "reason": "PostgreSQL 14 reaches end of life",
            "services": ["checkout"],
            "environment": "prod",
        }),
        TimedKind::ServiceRequest => json!({"template": "database", "requester": "ana"}),
    };
    json!({
        "apiVersion": "gitsm.dev/v1alpha1",
        "kind": kind.as_str(),
        "metadata": {"name": "record", "namespace": "shop", "creationTimestamp": "2027-02-06T20:00:00Z"},
        "spec": spec,
    })
}

/// Sets `/a/b`, making `a` where it is missing.
fn set(record: &mut Value, pointer: &str, value: Value) {
    let mut place = record;
    for part in pointer.split('/').skip(1) {
        let Value::Object(fields) = place else {
            return;
        };
        place = fields.entry(part).or_insert_with(|| json!({}));
    }
    *place = value;
}
