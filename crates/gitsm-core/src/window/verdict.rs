//! What an evaluation answers.

use super::interval::Interval;
use super::vocabulary::{ChangeWindowType, Overrun, WindowReason, WindowState};
use crate::ident::{ServiceId, WindowId, WindowOverrideId};
use crate::selector::SelectorField;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a schedule says of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ScheduleState {
    /// It takes place. `until` is when it ends, overlapping and adjoining occurrences taken together; absent: not
    /// within five years.
    Active {
        /// The first instant at which it does not take place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Instant>,
    },
    /// It does not. `next` is when it starts; absent: not within five years.
    Inactive {
        /// The first instant at which it takes place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Instant>,
    },
}

/// One reason why changes may not start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reason {
    /// The reason as one word.
    pub reason: WindowReason,
    /// The window it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowId>,
    /// One sentence for people: what holds and until when. Instants are in UTC.
    pub message: String,
}

/// What a window had to do with a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WindowOutcome {
    /// It selects the change (`possible` is absent) or might, because that field of the change is not known.
    Selects {
        /// The field that is not known. A freeze that might select counts, a maintenance window does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        possible: Option<SelectorField>,
        /// Whether an occurrence is under way.
        active: bool,
        /// The occurrence under way that ends last, else the next one; absent: none within five years.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        occurrence: Option<Interval>,
        /// An override of it that is in force for the change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lifted_by: Option<WindowOverrideId>,
    },
    /// It does not select the change, because of this field.
    NotSelected(SelectorField),
    /// Its namespace may not select services of other namespaces.
    OutOfReach,
    /// It could not be understood, and selects the change or might.
    Broken(String),
}

/// One window and what it had to do with a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowTrace {
    /// The window.
    pub window: WindowId,
    /// What it is; absent where that could not be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ChangeWindowType>,
    /// What it had to do with the verdict.
    pub outcome: WindowOutcome,
}

/// Whether changes to one service may start at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// The instant.
    pub at: Instant,
    /// Whether windows are open. New work may start if they are and there is no reason against it: see
    /// [`Verdict::may_start`].
    pub state: WindowState,
    /// Why new work may not start. Empty exactly if it may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// When `state` ends; absent: not within five years, or not foreseeable (stale, misconfigured).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// The next opening: when `state` next turns from closed to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Instant>,
    /// While open: new work starts before this instant (`until` less the lead time).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_before: Option<Instant>,
    /// What happens to work that still runs at `until`. `Pause` if an active window says so.
    #[serde(default)]
    pub overrun: Overrun,
    /// When the facts get too old for this verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Instant>,
    /// Every window, in the order given, and what it had to do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowTrace>,
    /// The release of the time zone database.
    pub tzdb: String,
}

impl Verdict {
    /// Whether new work may start.
    pub fn may_start(&self) -> bool {
        self.state == WindowState::Open && self.reasons.is_empty()
    }
}

/// Whether a change may start at one instant: open where all its services are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeVerdict {
    /// The instant.
    pub at: Instant,
    /// Open if windows are open for all services.
    pub state: WindowState,
    /// When `state` ends; absent: not within five years, or not foreseeable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// The next instant at which `state` turns to open: all services are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Instant>,
    /// While open: new work starts before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_before: Option<Instant>,
    /// Reasons that concern no single service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// The verdict about each service.
    pub services: BTreeMap<ServiceId, Verdict>,
    /// The release of the time zone database.
    pub tzdb: String,
}

impl ChangeVerdict {
    /// Whether new work may start.
    pub fn may_start(&self) -> bool {
        self.state == WindowState::Open
            && self.reasons.is_empty()
            && self.services.values().all(Verdict::may_start)
    }

    /// Every reason, with the service it concerns.
    pub fn all_reasons(&self) -> impl Iterator<Item = (Option<&ServiceId>, &Reason)> {
        let own = self.reasons.iter().map(|reason| (None, reason));
        let services = self.services.iter();
        own.chain(
            services.flat_map(|(id, verdict)| verdict.reasons.iter().map(move |reason| (Some(id), reason))),
        )
    }
}
