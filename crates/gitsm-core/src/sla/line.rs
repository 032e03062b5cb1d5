//! What happened to a clock, line by line.

use super::event::{ConditionFault, ConditionSet};
use super::policy::TargetMinutes;
use super::time::iso;
use super::{OnPriorityChange, SlaClockState};
use crate::Text;
use crate::time::Instant;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that happened to a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Step {
    /// It started to count.
    Started,
    /// It started anew, from nothing.
    StartedAnew,
    /// It had ended and goes on with what it had counted.
    Reopened,
    /// It stopped counting for a while.
    Paused,
    /// It counts again.
    Resumed,
    /// It ended within the target.
    Met,
    /// It ended after the target.
    EndedLate,
    /// It was withdrawn by its condition.
    Cancelled,
    /// It was withdrawn because there is no target for the priority.
    Withdrawn,
    /// There is a target for the priority again.
    Returned,
    /// The target was passed.
    TargetPassed,
    /// Another target holds, because the priority changed.
    TargetChanged {
        /// The target before.
        from: TargetMinutes,
        /// The target now.
        to: TargetMinutes,
        /// What that did to what had elapsed.
        how: OnPriorityChange,
    },
    /// The pauses so far are no longer deducted.
    PausesDropped,
    /// It would have started, but its stop condition holds.
    AlreadyOver,
    /// It would have started, but its cancel condition holds.
    AlreadyCancelled,
    /// It would have started, but there is no target for the priority.
    NoTarget,
}

impl Step {
    /// The step in words, where no value belongs into them.
    const fn words(&self) -> &'static str {
        match self {
            Self::Started => "start holds: the clock starts",
            Self::StartedAnew => "reset or start became true: the clock starts anew",
            Self::Reopened => {
                "start became true again and stop does not hold: the clock goes on where it ended"
            }
            Self::Paused => "pause holds: the clock does not count",
            Self::Resumed => "the pause is over: the clock counts again",
            Self::Met => "stop holds: the clock ends within the target",
            Self::EndedLate => "stop holds: the clock ends after the target",
            Self::Cancelled => "cancel holds: the clock is withdrawn",
            Self::Withdrawn => "there is no target for this priority: the clock is withdrawn",
            Self::Returned => "there is a target for this priority again: the clock goes on",
            Self::TargetPassed => "the target is passed",
            Self::TargetChanged { .. } => "the target changes",
            Self::PausesDropped => "the pauses so far count now (retroPause: false)",
            Self::AlreadyOver => "start holds, but stop does too: the clock does not start",
            Self::AlreadyCancelled => "start holds, but cancel does too: the clock does not start",
            Self::NoTarget => {
                "start holds, but there is no target for this priority: the clock does not start"
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::TargetChanged { from, to, how } = self else {
            return f.write_str(self.words());
        };
        let how = match how {
            OnPriorityChange::Restart => "counted from now",
            OnPriorityChange::Retroactive => "counted from the start, as if it had always been so",
            OnPriorityChange::CarryElapsed => "of which the same share has elapsed",
        };
        write!(f, "the target changes from {from} to {to}, {how}")
    }
}

/// What an event, or the passing of the target between two events, did to a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// When it takes effect.
    pub at: Instant,
    /// When it was recorded, where that was later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Instant>,
    /// The event; `None` for what passing time did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Who caused the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Text<100>>,
    /// Why the event happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
    /// The conditions that hold.
    #[serde(default, skip_serializing_if = "ConditionSet::is_empty")]
    pub holds: ConditionSet,
    /// The conditions that could not be evaluated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ConditionFault>,
    /// State before.
    pub before: SlaClockState,
    /// State after.
    pub after: SlaClockState,
    /// What happened, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The target after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetMinutes>,
    /// Calendar time counted after it.
    #[serde(with = "iso")]
    pub elapsed: SignedDuration,
    /// What remains of the target; negative once it is passed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso::optional")]
    pub remaining: Option<SignedDuration>,
    /// When the target is or was used up, as far as is known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach_at: Option<Instant>,
}

impl Line {
    /// Why the state is what it is, in words.
    pub fn why(&self) -> String {
        let mut parts: Vec<String> = self.steps.iter().map(ToString::to_string).collect();
        if parts.is_empty() {
            parts.push(
                match self.after {
                    SlaClockState::Pending => "start does not hold",
                    SlaClockState::Running => "nothing that ends or pauses it holds",
                    SlaClockState::Breached => "nothing that ends or pauses it holds; the target is passed",
                    SlaClockState::Paused => "still paused",
                    SlaClockState::Met | SlaClockState::Stopped => "the clock has ended",
                    SlaClockState::Cancelled => "the clock is withdrawn",
                }
                .to_owned(),
            );
        }
        parts.extend(self.faults.iter().map(|fault| {
            format!(
                "{} cannot be evaluated and counts as not holding: {}",
                fault.condition.field(),
                fault.error
            )
        }));
        parts.join("; ")
    }
}
