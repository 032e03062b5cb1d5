//! What happens to a record, and what a clock asks about it.

use super::ConditionName;
use crate::Text;
use crate::time::Instant;
use crate::vocabulary::Priority;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One step in the life of a record.
///
/// Events are taken in the order of the instant at which they were recorded, and of their sequence within one
/// instant. An effective time moves what the event does to a clock, not its place in that order: what was recorded
/// in between was recorded without knowing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// Its place among the events of the record.
    pub sequence: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// When it happened, where that was earlier. A later instant counts as the recorded one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Instant>,
    /// The record after the event.
    pub snapshot: Value,
    /// The priority of the record after the event; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Who caused it: a member id, or `system:` and the controller's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Text<100>>,
    /// Why, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
}

impl Event {
    /// The order of events.
    pub fn key(&self) -> (Instant, u64) {
        (self.recorded_at, self.sequence)
    }

    /// When it takes effect.
    pub fn takes_effect_at(&self) -> Instant {
        self.effective_at
            .map_or(self.recorded_at, |effective| effective.min(self.recorded_at))
    }
}

/// Judges the conditions of a policy. They are CEL, of which this crate knows nothing.
pub trait Conditions {
    /// Whether a condition holds for a record; `at` is what it calls `now`. A condition that the policy does not
    /// have does not hold.
    ///
    /// # Errors
    ///
    /// Why it cannot be evaluated for this record.
    fn holds(&self, condition: ConditionName, snapshot: &Value, at: Instant) -> Result<bool, String>;
}

/// Conditions that hold, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<ConditionName>", into = "Vec<ConditionName>")]
pub struct ConditionSet(u8);

impl ConditionSet {
    fn bit(name: ConditionName) -> u8 {
        match name {
            ConditionName::Start => 1,
            ConditionName::Pause => 2,
            ConditionName::Resume => 4,
            ConditionName::Stop => 8,
            ConditionName::Reset => 16,
            ConditionName::Cancel => 32,
        }
    }

    /// Whether the condition is in it.
    pub fn contains(self, name: ConditionName) -> bool {
        self.0 & Self::bit(name) != 0
    }

    /// Adds a condition.
    pub fn insert(&mut self, name: ConditionName) {
        self.0 |= Self::bit(name);
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Its conditions, in order.
    pub fn iter(self) -> impl Iterator<Item = ConditionName> {
        ConditionName::ALL
            .iter()
            .copied()
            .filter(move |name| self.contains(*name))
    }
}

impl FromIterator<ConditionName> for ConditionSet {
    fn from_iter<I: IntoIterator<Item = ConditionName>>(names: I) -> Self {
        let mut set = Self::default();
        for name in names {
            set.insert(name);
        }
        set
    }
}

impl From<Vec<ConditionName>> for ConditionSet {
    fn from(names: Vec<ConditionName>) -> Self {
        names.into_iter().collect()
    }
}

impl From<ConditionSet> for Vec<ConditionName> {
    fn from(set: ConditionSet) -> Self {
        set.iter().collect()
    }
}

/// A condition that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionFault {
    /// The condition.
    pub condition: ConditionName,
    /// Why.
    pub error: Text<300>,
}

/// What was found about the conditions at one event.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    /// The conditions that hold.
    pub(super) holds: ConditionSet,
    /// Those that could not be evaluated. They count as not holding, so that none of them ends, pauses or withdraws
    /// a clock.
    pub(super) faults: Vec<ConditionFault>,
}

impl Truth {
    pub(super) fn of(
        given: impl Iterator<Item = ConditionName>,
        conditions: &dyn Conditions,
        event: &Event,
    ) -> Self {
        let mut truth = Self::default();
        for condition in given {
            match conditions.holds(condition, &event.snapshot, event.recorded_at) {
                Ok(true) => truth.holds.insert(condition),
                Ok(false) => {}
                Err(error) => truth.faults.push(ConditionFault {
                    condition,
                    error: Text::clip(error),
                }),
            }
        }
        truth
    }

    /// The set to compare the next event with: a condition that could not be evaluated is as it was.
    pub(super) fn remembered(&self, before: ConditionSet) -> ConditionSet {
        let unknown = self
            .faults
            .iter()
            .map(|fault| fault.condition)
            .filter(|condition| before.contains(*condition));
        self.holds.iter().chain(unknown).collect()
    }
}
