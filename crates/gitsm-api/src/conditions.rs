//! The condition types and reasons of gitsm's status, and the schema of the list that holds them.
//!
//! Polarity: a *positive* condition is good when `True`; a *negative* one is bad when `True` and absent when
//! all is well. `Ready`, `Reconciling` and `Stalled` follow the rules of kstatus.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Condition types, one word in PascalCase each.
pub mod types {
    /// Positive, on every kind. The object is what it says: current, valid, and everything it asks for holds.
    /// `Unknown` while that is not yet known. Never absent once a controller has seen the object.
    pub const READY: &str = "Ready";
    /// Negative, on every kind. A controller works on the object and it will change by itself. Absent
    /// otherwise.
    pub const RECONCILING: &str = "Reconciling";
    /// Negative, on every kind. Nothing will change until a person acts. Absent otherwise.
    pub const STALLED: &str = "Stalled";
    /// Positive, on every kind. Schema, rules, references and policies hold. Never absent once a controller
    /// has seen the object.
    pub const VALID: &str = "Valid";
    /// Negative, on selectors. The selector matches nothing. Absent when it matches something.
    pub const NO_MATCH: &str = "NoMatch";
    /// Positive, on Repository. The range to be applied carries the signatures demanded. Absent when none are.
    pub const VERIFIED: &str = "Verified";
    /// Negative, on Repository. An approved commit waits for its window. Absent when none waits.
    pub const GATED: &str = "Gated";
    /// Negative, on Repository and Change. Content is in place, or offered, that no approval covers. Absent
    /// otherwise.
    pub const UNAUTHORIZED: &str = "Unauthorized";
    /// Positive, on Repository. The journal's last line is pushed. `False` blocks every decision that must be
    /// journalled.
    pub const JOURNALED: &str = "Journaled";
    /// Positive, on Change. Every rule of approval is met for the head commit.
    pub const APPROVED: &str = "Approved";
    /// Positive, on Change. A window is open for it now.
    pub const WINDOW_OPEN: &str = "WindowOpen";
    /// Negative, on Change. A blocking conflict is not waived. Absent when there is none.
    pub const CONFLICTING: &str = "Conflicting";
    /// Positive, on Change, ServiceRequest. What was to be rolled out is, and healthy. Absent before it goes in.
    pub const ROLLED_OUT: &str = "RolledOut";
    /// Negative, on records with clocks. A service level is broken. Absent otherwise.
    pub const SLA_BREACHED: &str = "SLABreached";
    /// Negative, on Incident. Nobody has taken notice in time. Absent otherwise.
    pub const UNACKNOWLEDGED: &str = "Unacknowledged";
    /// Negative, on ITService, ConfigurationItem, Runbook. A confirmation, observation or test is overdue.
    /// Absent otherwise.
    pub const STALE: &str = "Stale";
    /// Negative, on ITService. A freeze is active for the service. Absent otherwise.
    pub const FROZEN: &str = "Frozen";
    /// Negative, on ChangeModel. Results are below what a standard model must show. Absent otherwise.
    pub const SUSPENDED: &str = "Suspended";
    /// Negative, on records whose review is overdue. Absent otherwise.
    pub const REVIEW_OVERDUE: &str = "ReviewOverdue";

    /// Every condition type.
    pub const ALL: &[&str] = &[
        READY,
        RECONCILING,
        STALLED,
        VALID,
        NO_MATCH,
        VERIFIED,
        GATED,
        UNAUTHORIZED,
        JOURNALED,
        APPROVED,
        WINDOW_OPEN,
        CONFLICTING,
        ROLLED_OUT,
        SLA_BREACHED,
        UNACKNOWLEDGED,
        STALE,
        FROZEN,
        SUSPENDED,
        REVIEW_OVERDUE,
    ];
}

/// Reasons, one word in PascalCase each. A reason is an interface: alerts and scripts match on it.
pub mod reasons {
    /// All is well.
    pub const SUCCEEDED: &str = "Succeeded";
    /// Work is going on.
    pub const PROGRESSING: &str = "Progressing";
    /// A step failed and will be tried again.
    pub const RETRYING: &str = "Retrying";
    /// The object breaks its schema or a rule of its own.
    pub const INVALID: &str = "Invalid";
    /// A referenced object does not exist.
    pub const REFERENCE_NOT_FOUND: &str = "ReferenceNotFound";
    /// A referenced object is in a namespace that may not be referred to.
    pub const REFERENCE_NOT_ALLOWED: &str = "ReferenceNotAllowed";
    /// A policy refuses the object.
    pub const POLICY_VIOLATION: &str = "PolicyViolation";
    /// A policy could not be read or evaluated; it counts as a refusal.
    pub const POLICY_UNREADABLE: &str = "PolicyUnreadable";
    /// The named time zone is not in the database; the window counts as closed.
    pub const UNKNOWN_TIME_ZONE: &str = "UnknownTimeZone";
    /// The machine's clock cannot be trusted; everything timed counts as closed.
    pub const CLOCK_SKEWED: &str = "ClockSkewed";
    /// The forge cannot be reached; approvals count as missing.
    pub const FORGE_UNREACHABLE: &str = "ForgeUnreachable";
    /// The repository cannot be reached.
    pub const REPOSITORY_UNREACHABLE: &str = "RepositoryUnreachable";
    /// The journal cannot be written.
    pub const JOURNAL_UNREACHABLE: &str = "JournalUnreachable";
    /// Cached data is too old to decide on.
    pub const STALE_CACHE: &str = "StaleCache";
    /// A freeze forbids it now.
    pub const IN_FREEZE: &str = "InFreeze";
    /// No maintenance window is open.
    pub const OUTSIDE_WINDOW: &str = "OutsideWindow";
    /// It would not end within the window.
    pub const EXCEEDS_WINDOW: &str = "ExceedsWindow";
    /// The window is inside an occurrence.
    pub const WITHIN_OCCURRENCE: &str = "WithinOccurrence";
    /// The window is between occurrences.
    pub const OUTSIDE_OCCURRENCE: &str = "OutsideOccurrence";
    /// No occurrence follows within five years.
    pub const NO_OCCURRENCE: &str = "NoOccurrence";
    /// Every rule of approval is met.
    pub const QUORUM_REACHED: &str = "QuorumReached";
    /// Approvals are missing.
    pub const AWAITING_APPROVAL: &str = "AwaitingApproval";
    /// Somebody eligible asked for changes.
    pub const CHANGES_REQUESTED: &str = "ChangesRequested";
    /// An approval passed its longest age.
    pub const APPROVAL_EXPIRED: &str = "ApprovalExpired";
    /// The content changed after it was approved.
    pub const CONTENT_CHANGED: &str = "ContentChanged";
    /// What was applied is not what was approved.
    pub const UNAUTHORIZED_CONTENT: &str = "UnauthorizedContent";
    /// A commit carries no signature, or one that is not trusted.
    pub const SIGNATURE_NOT_TRUSTED: &str = "SignatureNotTrusted";
    /// The branch does not descend from what was applied before.
    pub const HISTORY_REWRITTEN: &str = "HistoryRewritten";
    /// No baseline is set, so nothing is applied under Enforce.
    pub const BASELINE_MISSING: &str = "BaselineMissing";
    /// An authorised person accepted it.
    pub const ACCEPTED: &str = "Accepted";
    /// Somebody paused it.
    pub const SUSPENDED: &str = "Suspended";
    /// A limit was reached.
    pub const LIMIT_EXCEEDED: &str = "LimitExceeded";

    /// Every reason.
    pub const ALL: &[&str] = &[
        SUCCEEDED,
        PROGRESSING,
        RETRYING,
        INVALID,
        REFERENCE_NOT_FOUND,
        REFERENCE_NOT_ALLOWED,
        POLICY_VIOLATION,
        POLICY_UNREADABLE,
        UNKNOWN_TIME_ZONE,
        CLOCK_SKEWED,
        FORGE_UNREACHABLE,
        REPOSITORY_UNREACHABLE,
        JOURNAL_UNREACHABLE,
        STALE_CACHE,
        IN_FREEZE,
        OUTSIDE_WINDOW,
        EXCEEDS_WINDOW,
        WITHIN_OCCURRENCE,
        OUTSIDE_OCCURRENCE,
        NO_OCCURRENCE,
        QUORUM_REACHED,
        AWAITING_APPROVAL,
        CHANGES_REQUESTED,
        APPROVAL_EXPIRED,
        CONTENT_CHANGED,
        UNAUTHORIZED_CONTENT,
        SIGNATURE_NOT_TRUSTED,
        HISTORY_REWRITTEN,
        BASELINE_MISSING,
        ACCEPTED,
        SUSPENDED,
        LIMIT_EXCEEDED,
    ];
}

/// Most conditions that one object may have.
pub const MAX_CONDITIONS: usize = 20;

/// The schema of `status.conditions`: the standard condition of Kubernetes with the limits that its Go type
/// states and its generated schema lacks.
pub(crate) fn conditions_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": MAX_CONDITIONS,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "description": "One fact about the object.",
            "required": ["type", "status", "lastTransitionTime", "reason", "message"],
            "properties": {
                "type": {
                    "type": "string",
                    "description": "Type of the condition, in PascalCase. Example: `Ready`.",
                    "minLength": 1,
                    "maxLength": 316,
                    "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
                },
                "status": {
                    "type": "string",
                    "description": "Whether it holds.",
                    "enum": ["True", "False", "Unknown"],
                },
                "observedGeneration": {
                    "type": "integer",
                    "format": "int64",
                    "minimum": 0,
                    "description": "The `metadata.generation` that the condition was computed from.",
                },
                "lastTransitionTime": {
                    "type": "string",
                    "format": "date-time",
                    "maxLength": 64,
                    "description": "When `status` last changed, UTC.",
                },
                "reason": {
                    "type": "string",
                    "description": "Why, as one word in PascalCase. Example: `OutsideWindow`.",
                    "minLength": 1,
                    "maxLength": 1024,
                    "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                },
                "message": {
                    "type": "string",
                    "description": "Why, in a sentence for people, and what to do next. May be empty.",
                    "maxLength": 32768,
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_words_in_pascal_case() {
        for names in [types::ALL, reasons::ALL] {
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
            for name in names {
                assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{name}");
                assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
            }
        }
    }
}
