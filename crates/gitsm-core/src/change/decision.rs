//! What is decided.

use super::action::Action;
use super::machine::Guard;
use super::reason::Explanation;
use super::record::{CommandAnswer, Record};
use super::vocabulary::{ChangeOutcome, ChangePhase};
use crate::ident::Digest;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// What is decided about a change at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// The instant that it is decided for.
    pub at: Instant,
    /// Digest of the facts. Facts and instant together give this decision again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts_digest: Option<Digest>,
    /// The phase before; absent when the change is seen for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ChangePhase>,
    /// The phase after; the same where nothing moves.
    pub phase: ChangePhase,
    /// The guard that let it move; absent where nothing moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// Why it moved, or what it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Explanation>,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// The next instant at which another decision can come out with nothing else having changed: that of the
    /// decision itself after a move, because the next phase has guards of its own. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_transition: Option<Instant>,
    /// How it ended, from the moment that this can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ChangeOutcome>,
    /// The answer to a command that was not answered before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<CommandAnswer>,
    /// What is recorded from now on.
    pub record: Record,
}

impl Decision {
    /// Whether the change moves.
    pub fn moves(&self) -> bool {
        self.from != Some(self.phase)
    }
}
