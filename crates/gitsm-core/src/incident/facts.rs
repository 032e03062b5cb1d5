//! What the decision about an incident is taken from, and what it gives.

use super::closing::Closing;
use super::major::{MajorReason, MajorRules, MajorSignals};
use super::record::{Acknowledgement, Action, Answer, Command, Event, Reason};
use super::timeline::{EffectiveTimes, Timestamps};
use super::vocabulary::{
    HoldReason, IncidentActionKind, IncidentPhase, IncidentPhaseRequest, IncidentReason, ProblemPhase,
    ResolutionCode,
};
use crate::Text;
use crate::change::ChangePhase;
use crate::ident::{ChangeId, Digest, IncidentId, MemberId, ProblemId};
use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// All that the decision about an incident depends on, beside the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facts {
    /// Which one.
    pub incident: IncidentId,
    /// Where it stands.
    pub phase: IncidentPhase,
    /// When it took its steps so far.
    pub timestamps: Timestamps,
    /// Who took notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<MemberId>,
    /// When its last step was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step_at: Option<Instant>,
    /// How often it was reopened.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reopen_count: u32,
    /// Digest of the last command that was answered, see [`Decision::answered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Digest>,
    /// Who may do what.
    #[serde(default)]
    pub people: People,
    /// When the effect began, entered by a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Instant>,
    /// `spec.ack`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledgement>,
    /// Whether it is declared a major incident, and with what right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration: Option<Declaration>,
    /// `spec.phaseRequest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command<IncidentPhaseRequest>>,
    /// What it waits for, or is to wait for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// How it was resolved, or is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// The incident that was reported first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<IncidentId>,
    /// The linked problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<LinkedProblem>,
    /// The change that is to fix it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixing_change: Option<LinkedChange>,
    /// Whether its review is merged.
    #[serde(default)]
    pub review_merged: bool,
    /// What may make it a major incident.
    #[serde(default)]
    pub major_signals: MajorSignals,
    /// From when on it may be one.
    #[serde(default)]
    pub major_rules: MajorRules,
    /// How long after it was resolved it may be reopened.
    #[serde(default = "Facts::default_reopen_within")]
    pub reopen_within: Duration,
    /// When it is closed after its resolution. Absent where the calendar of its service cannot be read: then it is not
    /// closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<Closing>,
}

impl Facts {
    /// A week: who reported an incident looks at the result within one.
    pub const DEFAULT_REOPEN_WITHIN: Duration = Duration::constant::<{ 7 * 24 * 3_600 }>();

    fn default_reopen_within() -> Duration {
        Self::DEFAULT_REOPEN_WITHIN
    }

    /// The facts after a decision, as the next decision finds them when nobody does anything in between.
    #[must_use]
    pub fn after(&self, decision: &Decision) -> Self {
        Self {
            phase: decision.phase,
            timestamps: decision.timestamps.clone(),
            acknowledged_by: decision.acknowledged_by.clone(),
            last_step_at: decision.last_step_at,
            reopen_count: decision.reopen_count,
            answered: decision.answered.clone(),
            ..self.clone()
        }
    }
}

/// Who may do what with an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct People {
    /// Everybody who is on call for an affected service or its team now.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub on_call: BTreeSet<MemberId>,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<MemberId>,
    /// Who leads it, if it is a major incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commander: Option<MemberId>,
    /// Who reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<MemberId>,
}

/// Somebody declares a major incident (`spec.major: true`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Declaration {
    /// Who, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    /// Whether the writer had the verb `declare`.
    pub authorised: bool,
}

/// What an incident waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hold {
    /// What it waits for.
    pub reason: HoldReason,
    /// When to look again at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// How an incident was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resolution {
    /// In one word.
    pub code: ResolutionCode,
    /// In some sentences.
    pub summary: Text<2000>,
    /// When service was restored, if that was earlier than its entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Instant>,
}

/// A problem that an incident is a symptom of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkedProblem {
    /// Which one.
    pub id: ProblemId,
    /// Where it stands; absent where it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ProblemPhase>,
}

/// A change that is to fix an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkedChange {
    /// Which one.
    pub id: ChangeId,
    /// Where it stands; absent where it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ChangePhase>,
}

/// What becomes of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Where it stands now.
    pub phase: IncidentPhase,
    /// When it took its steps.
    pub timestamps: Timestamps,
    /// When things truly happened.
    pub effective: EffectiveTimes,
    /// Who took notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<MemberId>,
    /// When its last step was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step_at: Option<Instant>,
    /// Whether it is a major incident. Once declared it stays one: its review is owed even if it turns out smaller.
    pub major: bool,
    /// Why those with the verb `declare` should consider to declare it one; empty once it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub major_proposal: Vec<MajorReason>,
    /// How often it was reopened.
    pub reopen_count: u32,
    /// The answer to a command that was not answered before. Absent: the last answer stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Digest of the command that is answered now, to be kept and given back as [`Facts::answered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Digest>,
    /// The steps taken, oldest first. Every move among them is in [`IncidentPhase::TRANSITIONS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event<IncidentPhase, IncidentReason>>,
    /// Why it stands there, the most important first; never empty.
    pub reasons: Vec<Reason<IncidentReason>>,
    /// What else is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action<IncidentActionKind>>,
    /// When time alone changes the decision next. Until then the same facts give no further step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_transition: Option<Instant>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
fn is_zero(count: &u32) -> bool {
    *count == 0
}
