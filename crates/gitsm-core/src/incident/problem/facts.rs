//! What the decision about a problem is taken from, and what it gives.

use crate::Text;
use crate::change::{ChangeOutcome, ChangePhase};
use crate::ident::{ChangeId, Digest, IncidentId, MemberId, ProblemId};
use crate::incident::record::{Action, Answer, Command, Event, Reason};
use crate::incident::{ProblemActionKind, ProblemPhase, ProblemPhaseRequest, ProblemReason};
use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that the decision about a problem depends on, beside the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facts {
    /// Which one.
    pub problem: ProblemId,
    /// Where it stands.
    pub phase: ProblemPhase,
    /// When its last step was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step_at: Option<Instant>,
    /// When it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// Digest of the last command that was answered, see [`Decision::answered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Digest>,
    /// Who coordinates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator: Option<MemberId>,
    /// Whether its cause is documented.
    #[serde(default)]
    pub root_cause: bool,
    /// Whether a workaround is documented.
    #[serde(default)]
    pub workaround: bool,
    /// Who reviewed the documented error: approved the pull request that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_by: Option<MemberId>,
    /// Who lives with the risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Acceptance>,
    /// `spec.phaseRequest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command<ProblemPhaseRequest>>,
    /// Changes that are to remove the cause.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fixes: BTreeMap<ChangeId, Fix>,
    /// How long no matching incident may occur after the fix.
    #[serde(default = "Facts::default_watch_period")]
    pub watch_period: Duration,
    /// Incidents that match its symptoms or are linked to it, cancelled ones left out, with the time when their
    /// effect began.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub incidents: BTreeMap<IncidentId, Instant>,
}

impl Facts {
    /// A week, the default of the kind.
    pub const DEFAULT_WATCH_PERIOD: Duration = Duration::constant::<{ 7 * 24 * 3_600 }>();

    fn default_watch_period() -> Duration {
        Self::DEFAULT_WATCH_PERIOD
    }

    /// The facts after a decision, as the next decision finds them when nobody does anything in between.
    #[must_use]
    pub fn after(&self, decision: &Decision) -> Self {
        Self {
            phase: decision.phase,
            last_step_at: decision.last_step_at,
            resolved_at: decision.resolved_at,
            answered: decision.answered.clone(),
            ..self.clone()
        }
    }
}

/// Who lives with the risk, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// Who.
    pub by: MemberId,
    /// Until when; from then on not.
    pub until: Instant,
    /// Why.
    pub reason: Text<500>,
}

/// A change that is to remove the cause, as it stands. A change that cannot be read has no phase: it counts as under
/// way, since nothing says that it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fix {
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ChangePhase>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ChangeOutcome>,
    /// When it was in: the watch period begins here. Absent, it begins with the decision that sees it closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
}

impl Fix {
    /// Whether it is over, one way or the other.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Some(ChangePhase::Closed | ChangePhase::Cancelled))
    }

    /// Whether it is going in or in and not yet closed.
    pub fn is_going_in(&self) -> bool {
        matches!(
            self.phase,
            Some(ChangePhase::Implementing | ChangePhase::Validating | ChangePhase::Review)
        )
    }

    /// Whether it is closed and went in. Issues on the way do not matter here: whether the problem is gone is what
    /// the watch period shows.
    pub fn succeeded(&self) -> bool {
        self.phase == Some(ChangePhase::Closed)
            && matches!(
                self.outcome,
                Some(ChangeOutcome::Successful | ChangeOutcome::SuccessfulWithIssues)
            )
    }
}

/// What becomes of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Where it stands now.
    pub phase: ProblemPhase,
    /// When its last step was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step_at: Option<Instant>,
    /// When it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// Until when no matching incident may occur, while a fix is being watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_until: Option<Instant>,
    /// Matching incidents since the last successful fix.
    pub recurrences: u32,
    /// The answer to a command that was not answered before. Absent: the last answer stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Digest of the command that is answered now, to be kept and given back as [`Facts::answered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Digest>,
    /// The steps taken, oldest first. Every move among them is in [`ProblemPhase::TRANSITIONS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event<ProblemPhase, ProblemReason>>,
    /// Why it stands there, the most important first; never empty.
    pub reasons: Vec<Reason<ProblemReason>>,
    /// What else is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action<ProblemActionKind>>,
    /// When time alone changes the decision next. Until then the same facts give no further step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_transition: Option<Instant>,
}
