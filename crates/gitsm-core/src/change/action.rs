//! What is to be done: data, never deeds.

use super::reason::Reason;
use super::vocabulary::ChangeOutcome;
use crate::choice::choices;
use crate::ident::{GitRevision, TeamName};
use crate::time::Instant;
use crate::vocabulary::BackoutKind;
use serde::{Deserialize, Serialize};

choices! {
    /// Who is told or asked.
    pub enum Audience {
        /// Who wants the change.
        Requester,
        /// Who carries it out.
        Implementer,
        /// The people whom the approval policy names.
        Approvers,
        /// The owners of the affected services.
        ServiceOwners,
        /// The change authority.
        ChangeAuthority,
    }
}

/// Something that the shell does for a change.
///
/// An action says what should be the case, and is repeated by every decision until the facts show that it is: asking
/// for a review that was asked for, or merging what is merged, is nothing. Only [`Action::Notify`] and
/// [`Action::VoidApprovals`] belong to the move itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "action",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Action {
    /// Compute risk, conflicts and blast radius.
    Assess,
    /// Ask the people of the approval policy.
    RequestApproval,
    /// Ask them to approve what has gone in already.
    RequestLateApproval {
        /// By when.
        due: Option<Instant>,
    },
    /// Reviews that are not younger than this instant count no longer.
    VoidApprovals {
        /// The instant.
        until: Instant,
        /// Why.
        why: Reason,
    },
    /// Tell people who can do something about it that it is overdue.
    Escalate {
        /// Whom.
        to: Audience,
        /// Why.
        why: Reason,
    },
    /// Merge the pull request with exactly this head.
    Merge {
        /// The head that was approved.
        expected: GitRevision,
    },
    /// Apply this revision, which people merged.
    Apply {
        /// The revision.
        revision: GitRevision,
    },
    /// Stop at the next safe point.
    Pause,
    /// Watch the rollout.
    ObserveRollout,
    /// Take it back.
    BackOut {
        /// How.
        by: BackoutKind,
        /// The revision to return to, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<GitRevision>,
    },
    /// Say that something else than the approved content went in.
    ReportUnauthorizedContent {
        /// The approved revision.
        approved: Option<GitRevision>,
        /// The revision that was found.
        found: Option<GitRevision>,
    },
    /// Begin a review.
    CreateReview {
        /// By when it is to be merged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Instant>,
        /// How the change ended.
        outcome: ChangeOutcome,
    },
    /// Let no standard model of the team be used until the review is done.
    BlockStandardModels {
        /// The team that owns the model of the change.
        team: TeamName,
    },
    /// Tell people about the move.
    Notify {
        /// Whom.
        to: Audience,
        /// What it is about.
        about: Reason,
    },
}
