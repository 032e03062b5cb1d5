//! What an evaluation is given.

use super::interval::Interval;
use super::recurrence::Recurrence;
use super::vocabulary::{ChangeWindowType, Overrun, WindowDefault};
use crate::ident::{ChangeId, NamespaceName, TeamName, WindowId, WindowOverrideId};
use crate::selector::{ChangeSelector, ChangeSubject, ServiceSubject};
use crate::text::Text;
use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// When a window takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Schedule {
    /// Again and again.
    Recurrence(Recurrence),
    /// Once.
    Interval(Interval),
}

/// A change window that could be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    /// Which one.
    pub id: WindowId,
    /// Whether it allows changes or forbids them.
    pub kind: ChangeWindowType,
    /// The changes it is about. Services outside its own namespace are in its reach only where their
    /// [`WindowPolicy`] lists the window's namespace.
    pub selector: ChangeSelector,
    /// When it takes place.
    pub schedule: Schedule,
    /// Of a freeze: whether an override may lift it.
    #[serde(default)]
    pub overridable: bool,
    /// What happens to work still running when it closes.
    #[serde(default)]
    pub overrun: Overrun,
    /// New work starts at least this long before it closes.
    #[serde(default = "default_lead_time")]
    pub lead_time: Duration,
    /// Why it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<500>>,
    /// Team that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
}

/// Five minutes: the lead time of a window that says nothing, and of a change that no window governs.
pub(super) fn default_lead_time() -> Duration {
    Duration::constant::<300>()
}

/// A window that could not be understood. What is known of it decides whom it closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BrokenWindow {
    /// Which one.
    pub id: WindowId,
    /// What it is; unknown counts as a freeze.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ChangeWindowType>,
    /// The changes it is about; unknown counts as every change in its reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<ChangeSelector>,
    /// What is wrong with it, where, and what to do.
    pub problem: String,
}

/// How old facts about windows may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Freshness {
    /// When windows and overrides were last known to be complete.
    pub observed_at: Instant,
    /// How long that may be relied on. As much in the other direction: facts from the future mean that a clock is
    /// wrong.
    pub max_age: Duration,
}

/// All windows that may concern a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowSet {
    /// Windows that could be understood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Windows that could not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenWindow>,
    /// How old they may be. Absent where they cannot age: they were read from files or from a revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness: Option<Freshness>,
}

/// What the catalogue of a service says about windows (`spec.changePolicy`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowPolicy {
    /// What holds for a change that no maintenance window selects.
    pub default_when_no_window: WindowDefault,
    /// Namespaces whose windows may select services of other namespaces.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub window_namespaces: BTreeSet<NamespaceName>,
}

/// One service that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subject {
    /// The service.
    pub service: ServiceSubject,
    /// What its catalogue says. Absent where no catalogue has it, or several have, or none could be read: closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<WindowPolicy>,
}

/// The change that is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectChange {
    /// Which one; overrides count for it alone. Absent for a question in general.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ChangeId>,
    /// What selectors see of it.
    #[serde(default)]
    pub subject: ChangeSubject,
}

/// An override in force: two people agreed to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Override {
    /// Which one.
    pub id: WindowOverrideId,
    /// The window that it lifts (a freeze) or opens (a maintenance window).
    pub window: WindowId,
    /// The only change that profits.
    pub change: ChangeId,
    /// When it is in force.
    pub during: Interval,
}
