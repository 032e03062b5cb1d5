//! What people said, as the state machine asks it.

use super::facts::Facts;
use crate::Text;
use crate::approval::RequirementState;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// What the approval policy came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalInput {
    /// The state of its tree of rules.
    pub state: RequirementState,
    /// Who is missing or who refused, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text<500>>,
    /// The oldest review that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_review: Option<Instant>,
    /// When the first of the reviews that count lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

impl Default for ApprovalInput {
    fn default() -> Self {
        Self {
            state: RequirementState::Pending,
            message: None,
            oldest_review: None,
            expires_at: None,
        }
    }
}

/// What the approvals come to at one instant.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The state of the tree of rules.
    pub(super) state: RequirementState,
    /// Who is missing or who refused, one sentence.
    pub(super) message: String,
    /// The next instant at which the view can be another one.
    pub(super) changes: Option<Instant>,
    /// Whether those who were asked let their time pass.
    pub(super) overdue: bool,
}

/// What the approvals come to at `at`.
pub(super) fn view(facts: &Facts, at: Instant) -> View {
    let input = &facts.approvals;
    let lapsed = input.expires_at.is_some_and(|end| end <= at);
    let void = facts.record.approvals_void_until;
    let is_void = void.is_some_and(|void| input.oldest_review.is_none_or(|oldest| oldest <= void));
    let approved = input.state == RequirementState::Approved;
    let (state, message) = if approved && is_void {
        (
            RequirementState::Pending,
            "the reviews that were given are void".to_owned(),
        )
    } else if approved && lapsed {
        (RequirementState::Pending, "an approval has lapsed".to_owned())
    } else {
        let message = input
            .message
            .as_ref()
            .map_or("the policy is not met", |text| text.as_str());
        (input.state, message.to_owned())
    };
    View {
        state,
        message,
        changes: input.expires_at.filter(|_| approved),
        overdue: false,
    }
}
