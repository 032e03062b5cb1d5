//! The condition types and reasons of gitsm's status, and the schema of the list that holds them.
//!
//! Polarity: a *positive* condition is good when `True`; a *negative* one is bad when `True` and absent when
//! all is well. `Ready`, `Reconciling` and `Stalled` follow the rules of kstatus.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Declares words as constants, and `ALL` of them, so that none is missing from it.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$meta])* pub const $name: &str = $text;)*

        /// Every word of this module.
        pub const ALL: &[&str] = &[$($name),*];
    };
}
use words;

/// Condition types, one word in PascalCase each.
pub mod types {
    super::words! {
        /// Positive, on every kind. The object is what it says: current, valid, and everything it asks for holds.
        /// `Unknown` while that is not yet known. Never absent once a controller has seen the object.
        READY = "Ready";
        /// Negative, on every kind. A controller works on the object and it will change by itself. Absent
        /// otherwise.
        RECONCILING = "Reconciling";
        /// Negative, on every kind. Nothing will change until a person acts. Absent otherwise.
        STALLED = "Stalled";
        /// Positive, on every kind. Schema, rules, references and policies hold. Never absent once a controller
        /// has seen the object.
        VALID = "Valid";
        /// Negative, on selectors. The selector matches nothing. Absent when it matches something.
        NO_MATCH = "NoMatch";
        /// Positive, on Repository. The range to be applied carries the signatures demanded. Absent when none are.
        VERIFIED = "Verified";
        /// Negative, on Repository. An approved commit waits for its window. Absent when none waits.
        GATED = "Gated";
        /// Negative, on Repository and Change. Content is in place, or offered, that no approval covers. Absent
        /// otherwise.
        UNAUTHORIZED = "Unauthorized";
        /// Positive, on Repository. The journal's last line is pushed. `False` blocks every decision that must be
        /// journalled.
        JOURNALED = "Journaled";
        /// Positive, on Change. Every rule of approval is met for the head commit.
        APPROVED = "Approved";
        /// Positive, on Change. A window is open for it now.
        WINDOW_OPEN = "WindowOpen";
        /// Negative, on Change. A blocking conflict is not waived. Absent when there is none.
        CONFLICTING = "Conflicting";
        /// Positive, on Change, ServiceRequest. What was to be rolled out is, and healthy. Absent before it goes in.
        ROLLED_OUT = "RolledOut";
        /// Negative, on records with clocks. A service level is broken. Absent otherwise.
        SLA_BREACHED = "SLABreached";
        /// Negative, on Incident. Nobody has taken notice in time. Absent otherwise.
        UNACKNOWLEDGED = "Unacknowledged";
        /// Negative, on ITService, ConfigurationItem, Runbook. A confirmation, observation or test is overdue.
        /// Absent otherwise.
        STALE = "Stale";
        /// Negative, on ITService. A freeze is active for the service. Absent otherwise.
        FROZEN = "Frozen";
        /// Negative, on ChangeModel. Results are below what a standard model must show. Absent otherwise.
        SUSPENDED = "Suspended";
        /// Negative, on records whose review is overdue. Absent otherwise.
        REVIEW_OVERDUE = "ReviewOverdue";
    }
}

/// Reasons, one word in PascalCase each. A reason is an interface: alerts and scripts match on it.
pub mod reasons {
    super::words! {
        /// All is well.
        SUCCEEDED = "Succeeded";
        /// Work is going on.
        PROGRESSING = "Progressing";
        /// A step failed and will be tried again.
        RETRYING = "Retrying";
        /// The object breaks its schema or a rule of its own.
        INVALID = "Invalid";
        /// A referenced object does not exist.
        REFERENCE_NOT_FOUND = "ReferenceNotFound";
        /// A referenced object is in a namespace that may not be referred to.
        REFERENCE_NOT_ALLOWED = "ReferenceNotAllowed";
        /// A policy refuses the object.
        POLICY_VIOLATION = "PolicyViolation";
        /// A policy could not be read or evaluated; it counts as a refusal.
        POLICY_UNREADABLE = "PolicyUnreadable";
        /// The named time zone is not in the database; the window counts as closed.
        UNKNOWN_TIME_ZONE = "UnknownTimeZone";
        /// The machine's clock cannot be trusted; everything timed counts as closed.
        CLOCK_SKEWED = "ClockSkewed";
        /// The forge cannot be reached; approvals count as missing.
        FORGE_UNREACHABLE = "ForgeUnreachable";
        /// The repository cannot be reached.
        REPOSITORY_UNREACHABLE = "RepositoryUnreachable";
        /// The journal cannot be written.
        JOURNAL_UNREACHABLE = "JournalUnreachable";
        /// Cached data is too old to decide on.
        STALE_CACHE = "StaleCache";
        /// A freeze forbids it now.
        IN_FREEZE = "InFreeze";
        /// No maintenance window is open.
        OUTSIDE_WINDOW = "OutsideWindow";
        /// It would not end within the window.
        EXCEEDS_WINDOW = "ExceedsWindow";
        /// The window is inside an occurrence.
        WITHIN_OCCURRENCE = "WithinOccurrence";
        /// The window is between occurrences.
        OUTSIDE_OCCURRENCE = "OutsideOccurrence";
        /// No occurrence follows within five years.
        NO_OCCURRENCE = "NoOccurrence";
    }
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
