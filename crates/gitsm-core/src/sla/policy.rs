//! A service level as a clock needs it.

use super::{Agreement, ConditionName, OnPriorityChange, SlaMetric, TargetPriority};
use crate::Text;
use crate::ident::{BusinessCalendarName, SlaPolicyId};
use crate::text::ValueError;
use crate::vocabulary::{Priority, TimedKind};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A target in minutes of calendar time, 1 to 525600 (a year around the clock).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TargetMinutes(u32);

impl TargetMinutes {
    /// The longest target.
    pub const MAX: u32 = 525_600;

    /// The minutes.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The same length for arithmetic.
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.0))
    }

    /// A share of the target, exact: a percent of a minute is 600 milliseconds.
    pub fn share(self, percent: u32) -> SignedDuration {
        let milliseconds = i64::from(self.0)
            .saturating_mul(600)
            .saturating_mul(i64::from(percent));
        SignedDuration::from_millis(milliseconds)
    }
}

impl TryFrom<u32> for TargetMinutes {
    type Error = ValueError;

    fn try_from(minutes: u32) -> Result<Self, Self::Error> {
        if (1..=Self::MAX).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(ValueError::new(
                "a target in minutes",
                "it is outside 1 to 525600",
                "480",
            ))
        }
    }
}

impl From<TargetMinutes> for u32 {
    fn from(target: TargetMinutes) -> Self {
        target.0
    }
}

impl fmt::Display for TargetMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} min", self.0)
    }
}

/// The targets by priority.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Targets(BTreeMap<TargetPriority, TargetMinutes>);

impl Targets {
    /// The target of a priority: its own, or that of every priority without one. A record without a priority has
    /// only the latter.
    pub fn of(&self, priority: Option<Priority>) -> Option<TargetMinutes> {
        priority
            .and_then(|priority| self.0.get(&TargetPriority::from(priority)))
            .or_else(|| self.0.get(&TargetPriority::Any))
            .copied()
    }

    /// All targets.
    pub fn iter(&self) -> impl Iterator<Item = (TargetPriority, TargetMinutes)> {
        self.0.iter().map(|(priority, target)| (*priority, *target))
    }
}

impl FromIterator<(TargetPriority, TargetMinutes)> for Targets {
    fn from_iter<I: IntoIterator<Item = (TargetPriority, TargetMinutes)>>(targets: I) -> Self {
        Self(targets.into_iter().collect())
    }
}

/// The conditions of a clock: CEL over `record`, the record as it is after an event, and `now`, the instant at
/// which the event was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionTexts {
    /// The clock starts when this becomes true.
    pub start: Text<500>,
    /// The clock does not count while this is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Text<500>>,
    /// A paused clock counts again when this is true; when `pause` is false, where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Text<500>>,
    /// The clock ends when this becomes true.
    pub stop: Text<500>,
    /// The clock starts anew when this becomes true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Text<500>>,
    /// The clock is withdrawn when this becomes true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Text<500>>,
}

impl ConditionTexts {
    /// The text of one condition.
    pub fn get(&self, name: ConditionName) -> Option<&Text<500>> {
        match name {
            ConditionName::Start => Some(&self.start),
            ConditionName::Stop => Some(&self.stop),
            ConditionName::Pause => self.pause.as_ref(),
            ConditionName::Resume => self.resume.as_ref(),
            ConditionName::Reset => self.reset.as_ref(),
            ConditionName::Cancel => self.cancel.as_ref(),
        }
    }

    /// The conditions that are given, in order.
    pub fn iter(&self) -> impl Iterator<Item = (ConditionName, &Text<500>)> {
        ConditionName::ALL
            .iter()
            .filter_map(|name| Some((*name, self.get(*name)?)))
    }
}

/// A share of the target at which somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThresholdRule {
    /// Percent of the target, 1 to 1000.
    pub percent: u32,
    /// Whether the record is escalated then.
    #[serde(default)]
    pub escalate: bool,
}

/// A service level: what is measured, the targets, and when its clocks count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlaPolicy {
    /// Its identity.
    pub id: SlaPolicyId,
    /// Between whom it is agreed.
    pub agreement: Agreement,
    /// The kind of record that it times.
    pub kind: TimedKind,
    /// What is measured.
    pub metric: SlaMetric,
    /// The targets.
    pub targets: Targets,
    /// When a clock starts, pauses, stops: those of the policy, or the default ones of its metric.
    pub conditions: ConditionTexts,
    /// What a change of the target, by a change of priority, does to a running clock.
    #[serde(default)]
    pub on_change: OnPriorityChange,
    /// Whether the pauses so far stay deducted when the target changes.
    #[serde(default = "yes")]
    pub retro_pause: bool,
    /// When somebody is told, in the order in which it is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<ThresholdRule>,
    /// The calendar that the minutes are counted in; `None` for around the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<BusinessCalendarName>,
}

fn yes() -> bool {
    true
}

impl SlaPolicy {
    /// The key of its clocks in the status of a record: policy and metric, `gold.resolve`.
    pub fn clock_name(&self) -> Text<130> {
        Text::clip(format!(
            "{}.{}",
            self.id.name,
            self.metric.as_str().to_lowercase()
        ))
    }
}
