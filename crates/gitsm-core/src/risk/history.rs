//! What earlier changes came to.

use crate::change::ChangeOutcome;
use crate::ident::{ChangeId, ChangeModelName, ServiceId, TeamName};
use crate::time::Instant;
use crate::vocabulary::Priority;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far back earlier changes count: 365 days of 24 hours.
pub const HISTORY: SignedDuration = SignedDuration::from_hours(365 * 24);

/// One change that went in, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// Which change.
    pub change: ChangeId,
    /// Its model.
    pub model: ChangeModelName,
    /// The services it affected.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
    /// The team that carried it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// When it ended.
    pub finished_at: Instant,
    /// How it ended.
    pub outcome: ChangeOutcome,
    /// Incidents that it caused, as confirmed by people.
    #[serde(default)]
    pub caused: Caused,
}

impl Run {
    /// Whether it went in at all. A change that was cancelled did not.
    pub fn went_in(&self) -> bool {
        self.outcome != ChangeOutcome::Cancelled
    }

    /// Whether it went as planned and caused no incident.
    pub fn is_success(&self) -> bool {
        self.outcome == ChangeOutcome::Successful && self.caused == Caused::default()
    }

    /// Whether it counts at an instant: it had ended, at most [`HISTORY`] before.
    pub fn counts_at(&self, now: Instant) -> bool {
        self.went_in() && self.finished_at <= now && now < self.finished_at.plus(HISTORY)
    }
}

/// Incidents that a change caused, by priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caused {
    /// Of priority 1. An incident whose priority is not known is counted here.
    #[serde(default)]
    pub p1: u32,
    /// Of priority 2.
    #[serde(default)]
    pub p2: u32,
    /// Of priority 3.
    #[serde(default)]
    pub p3: u32,
    /// Of priorities 4 and 5.
    #[serde(default)]
    pub lower: u32,
}

impl Caused {
    /// Counts one more incident. Unknown is the worst.
    pub fn add(&mut self, priority: Option<Priority>) {
        let count = match priority {
            None | Some(Priority::P1) => &mut self.p1,
            Some(Priority::P2) => &mut self.p2,
            Some(Priority::P3) => &mut self.p3,
            Some(Priority::P4 | Priority::P5) => &mut self.lower,
        };
        *count = count.saturating_add(1);
    }
}

/// How many changes went in, and how many of them were successful.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunCounts {
    /// All that went in.
    pub runs: u32,
    /// Those that went as planned and caused no incident.
    pub successful: u32,
}

impl RunCounts {
    /// Counts the runs that [count](Run::counts_at) at `now`.
    pub fn of<'r>(runs: impl IntoIterator<Item = &'r Run>, now: Instant) -> Self {
        let mut counts = Self::default();
        for run in runs.into_iter().filter(|run| run.counts_at(now)) {
            counts.runs = counts.runs.saturating_add(1);
            counts.successful = counts.successful.saturating_add(u32::from(run.is_success()));
        }
        counts
    }

    /// Runs that were not successful.
    pub fn failed(self) -> u32 {
        self.runs.saturating_sub(self.successful)
    }
}
