//! Whether a planned time fits into the windows.

use super::evaluate::{change_timeline, evaluate_change, weightiest};
use super::explain;
use super::model::{Override, Subject, SubjectChange, WindowSet};
use super::timeline::{all_at, horizon, stretches};
use super::verdict::Reason;
use super::vocabulary::{WindowFit, WindowReason, WindowState};
use crate::ident::ServiceId;
use crate::time::{Duration, Instant};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// When a change is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedTime {
    /// When it starts.
    pub start: Instant,
    /// How long it takes.
    pub duration: Duration,
    /// How long it would take to take it back.
    pub backout: Duration,
    /// Time before the start during which services are already disturbed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Duration>,
}

impl PlannedTime {
    fn preparation(self) -> SignedDuration {
        self.preparation.map_or(SignedDuration::ZERO, Duration::to_signed)
    }

    /// When services are first disturbed.
    pub fn begin(self) -> Instant {
        self.start.plus(-self.preparation())
    }

    /// When it is over even if it had to be taken back.
    pub fn end(self) -> Instant {
        self.start
            .plus(self.duration.to_signed())
            .plus(self.backout.to_signed())
    }
}

/// How a planned time relates to the windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanFit {
    /// The relation as one word.
    pub fit: WindowFit,
    /// When services are first disturbed.
    pub begin: Instant,
    /// When it is over even if it had to be taken back.
    pub end: Instant,
    /// When the windows that are open at `begin` close; absent: not within five years, or none is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Instant>,
    /// Why it does not fit, with the service it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ServiceReason>,
}

/// A reason and the service that it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceReason {
    /// The service; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// The reason.
    pub reason: Reason,
}

/// Whether a change fits at its planned time: preparation, work and backout lie in one open stretch of all its
/// services, and it begins early enough before the closing. What ends exactly at the closing fits.
///
/// A freeze that begins before the end is `InFreeze`, whichever maintenance window is open then.
pub fn fits(
    windows: &WindowSet,
    overrides: &[Override],
    subjects: &[Subject],
    change: &SubjectChange,
    plan: PlannedTime,
) -> PlanFit {
    let (begin, end) = (plan.begin(), plan.end());
    let verdict = evaluate_change(windows, overrides, subjects, change, begin);
    let with_service = |(service, reason): (Option<&ServiceId>, &Reason)| ServiceReason {
        service: service.cloned(),
        reason: reason.clone(),
    };
    let mut reasons: Vec<_> = verdict.all_reasons().map(with_service).collect();
    let closes = verdict.until.filter(|_| verdict.state == WindowState::Open);
    if let Some(closes) = closes.filter(|closes| *closes < end) {
        let closing = evaluate_change(windows, overrides, subjects, change, closes);
        let freezes = closing
            .all_reasons()
            .filter(|(_, reason)| reason.reason == WindowReason::InFreeze);
        reasons.extend(freezes.map(with_service));
        reasons.push(ServiceReason {
            service: None,
            reason: explain::exceeds(closes, end),
        });
    }
    PlanFit {
        fit: weightiest(reasons.iter().map(|one| &one.reason)).map_or(WindowFit::Fits, WindowReason::fit),
        begin,
        end,
        closes,
        reasons,
    }
}

/// The first start, at which a change of this length fits, whose preparation begins at `from` or later; `None`: not
/// within five years. The `start` of the plan does not matter.
pub fn first_fit(
    windows: &WindowSet,
    overrides: &[Override],
    subjects: &[Subject],
    change: &SubjectChange,
    plan: PlannedTime,
    from: Instant,
) -> Option<Instant> {
    let mut timelines = change_timeline(windows, overrides, subjects, change, from);
    let to = horizon(from);
    let preparation = plan.preparation();
    let starting_at = |begin: Instant| PlannedTime {
        start: begin.plus(preparation),
        ..plan
    };
    stretches(from, to, |at| all_at(&mut timelines, at, to))
        .map(|open| (open, starting_at(open.start())))
        .filter(|(open, plan)| plan.end() <= open.end())
        .find(|(open, _)| evaluate_change(windows, overrides, subjects, change, open.start()).may_start())
        .map(|(_, plan)| plan.start)
}
