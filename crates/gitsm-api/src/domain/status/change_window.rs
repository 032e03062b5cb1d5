//! Windows at one instant, as their own status and that of changes show them.

use super::columns::names_column;
use super::{number, service_reference};
use crate::v1alpha1::ChangeWindowStatus;
use crate::v1alpha1::change_status::ChangeWindowReference;
use gitsm_core::Text;
use gitsm_core::ident::{ServiceId, WindowOverrideId, WindowOverrideName};
use gitsm_core::time::Instant;
use gitsm_core::window::{
    ChangeWindowType, Interval, Override, PlanFit, SEARCH_DAYS, ScheduleState, Window, WindowReason,
    WindowState,
};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Services that a status holds.
const MOST_SERVICES: usize = 100;

/// Overrides that a status holds.
const MOST_OVERRIDES: usize = 20;

/// Services that the printed column names.
const NAMED_SERVICES: usize = 2;

/// What the status of a window is made of.
#[derive(Debug, Clone, Copy)]
pub struct WindowView<'v> {
    /// The instant.
    pub now: Instant,
    /// The services that the window selects, in the order in which they are shown.
    pub matched: &'v [ServiceId],
    /// Overrides, of any window and of any time.
    pub overrides: &'v [Override],
    /// The status so far: while the state stays, so does the time since when it holds.
    pub previous: Option<&'v ChangeWindowStatus>,
}

impl WindowView<'_> {
    /// Where a window stands by its own schedule. Overrides are listed and do not change the state: they count for one
    /// change each.
    pub fn status_of(&self, window: &Window) -> ChangeWindowStatus {
        let now = self.now;
        let horizon = now.plus(SignedDuration::from_hours(24 * SEARCH_DAYS));
        let (active, next_transition) = match window.schedule.state_at(now) {
            ScheduleState::Active { until } => (true, until),
            ScheduleState::Inactive { next } => (false, next),
        };
        let occurrence = window.schedule.occurrence_at(now, horizon);
        let current = occurrence.filter(|occurrence| occurrence.contains(now));
        let next = window.schedule.occurrence_after(now, horizon);
        let (state, reason) = match (window.kind, active) {
            (ChangeWindowType::Maintenance, true) => (WindowState::Open, "InOccurrence"),
            (ChangeWindowType::Freeze, true) => (WindowState::Closed, WindowReason::InFreeze.as_str()),
            (ChangeWindowType::Maintenance, false) => (WindowState::Closed, outside(next_transition)),
            (ChangeWindowType::Freeze, false) => (WindowState::Open, outside(next_transition)),
        };
        let last = window.schedule.occurrence_before(now);
        let turned = if active {
            last.or(current).map(Interval::start)
        } else {
            last.map(Interval::end)
        };
        ChangeWindowStatus {
            last_transition: self.since(state, turned.filter(|turned| *turned <= now)),
            next_transition,
            effective_from: current.map(Interval::start),
            effective_until: current.map(Interval::end),
            next_open: next.map(Interval::start),
            next_close: occurrence.map(Interval::end),
            ..self.status(state, reason, |lift| lift.window == window.id)
        }
    }

    /// Where a window stands that could not be understood: it is closed, and nobody knows until when.
    pub fn status_of_broken(&self) -> ChangeWindowStatus {
        let state = WindowState::Closed;
        ChangeWindowStatus {
            last_transition: self.since(state, None),
            ..self.status(state, WindowReason::Misconfigured.as_str(), |_| false)
        }
    }

    /// Since when a state holds: what was recorded as long as it stays, else what the schedule says, else now.
    fn since(&self, state: WindowState, turned: Option<Instant>) -> Option<Instant> {
        let before = self.previous.filter(|previous| previous.state.is_some());
        match before {
            Some(before) if before.state == Some(state) => before.last_transition.or(turned),
            Some(_) => turned.or(Some(self.now)),
            None => turned,
        }
    }

    fn status(
        &self,
        state: WindowState,
        reason: &str,
        concerns: impl Fn(&Override) -> bool,
    ) -> ChangeWindowStatus {
        let active: BTreeSet<&WindowOverrideId> = self
            .overrides
            .iter()
            .filter(|lift| lift.during.contains(self.now) && concerns(lift))
            .map(|lift| &lift.id)
            .collect();
        // The status names them without a namespace, and each name once.
        let names: BTreeSet<&WindowOverrideName> = active.iter().map(|id| &id.name).collect();
        ChangeWindowStatus {
            state: Some(state),
            reason: Some(Text::clip(reason)),
            matched: self
                .matched
                .iter()
                .take(MOST_SERVICES)
                .map(service_reference)
                .collect(),
            matched_count: Some(number(self.matched.len())),
            summary: names_column(self.matched.iter().map(|id| id.name.as_str()), NAMED_SERVICES),
            active_override_count: Some(number(active.len())),
            active_overrides: names.into_iter().take(MOST_OVERRIDES).cloned().collect(),
            ..ChangeWindowStatus::default()
        }
    }
}

/// Why nothing takes place.
fn outside(next: Option<Instant>) -> &'static str {
    if next.is_some() {
        "OutsideOccurrence"
    } else {
        "NoFurtherOccurrence"
    }
}

/// The window that decides how a plan fits (`status.window` of a change): the first that is a reason for it. The fit
/// itself is the same word on the wire.
pub fn deciding_window(fit: &PlanFit) -> Option<ChangeWindowReference> {
    let decides = |reason: WindowReason| reason.fit() == fit.fit;
    let mut reasons = fit.reasons.iter().map(|one| &one.reason);
    let window = reasons.find_map(|reason| reason.window.as_ref().filter(|_| decides(reason.reason)))?;
    Some(ChangeWindowReference {
        name: window.name.clone(),
        namespace: Some(window.namespace.clone()),
    })
}
