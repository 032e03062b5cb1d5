//! The verdict about one service, and about all services of a change.

use super::explain;
use super::interval::Interval;
use super::model::{BrokenWindow, Override, Subject, SubjectChange, Window, WindowSet, default_lead_time};
use super::timeline::{Hold, Source, Timeline, Union, all_at, horizon, transition};
use super::verdict::{ChangeVerdict, Reason, Verdict, WindowOutcome, WindowTrace};
use super::vocabulary::{ChangeWindowType, Overrun, WindowDefault, WindowReason, WindowState};
use crate::ident::{NamespaceName, WindowId};
use crate::selector::{Matched, SelectorField};
use crate::time::{Duration, Instant, tzdb_version};
use std::collections::BTreeMap;

/// Whether changes to one service may start at one instant.
///
/// `overrides` are those in force at some time; only those for `change` count.
pub fn evaluate(
    windows: &WindowSet,
    overrides: &[Override],
    subject: &Subject,
    change: &SubjectChange,
    at: Instant,
) -> Verdict {
    judge(windows, overrides, subject, change, at).verdict()
}

/// Whether a change to several services may start at one instant: where all of them are open. A change without
/// services is closed.
pub fn evaluate_change(
    windows: &WindowSet,
    overrides: &[Override],
    subjects: &[Subject],
    change: &SubjectChange,
    at: Instant,
) -> ChangeVerdict {
    let judged: Vec<_> = subjects
        .iter()
        .map(|subject| {
            (
                subject.service.id.clone(),
                judge(windows, overrides, subject, change, at),
            )
        })
        .collect();
    let mut timelines: Vec<_> = judged.iter().map(|(_, judged)| judged.timeline.clone()).collect();
    let ends = Ends::of(at, |at, horizon| all_at(&mut timelines, at, horizon));
    let services: BTreeMap<_, _> = judged
        .into_iter()
        .map(|(id, judged)| (id, judged.verdict()))
        .collect();
    let reasons = if services.is_empty() {
        vec![explain::no_service()]
    } else {
        Vec::new()
    };
    let starts = services.values().filter_map(|verdict| verdict.start_before);
    ChangeVerdict {
        at,
        state: ends.state,
        until: ends.until,
        next: ends.next,
        start_before: starts.min().filter(|_| ends.state == WindowState::Open),
        reasons,
        services,
        tzdb: tzdb_version().to_owned(),
    }
}

/// The timeline of all services of a change together.
pub(super) fn change_timeline<'w>(
    windows: &'w WindowSet,
    overrides: &[Override],
    subjects: &[Subject],
    change: &SubjectChange,
    at: Instant,
) -> Vec<Timeline<'w>> {
    subjects
        .iter()
        .map(|subject| judge(windows, overrides, subject, change, at).timeline)
        .collect()
}

/// What holds at an instant, and its next transitions.
struct Ends {
    state: WindowState,
    until: Option<Instant>,
    next: Option<Instant>,
}

impl Ends {
    fn of(at: Instant, mut timeline: impl FnMut(Instant, Instant) -> Hold) -> Self {
        let horizon = horizon(at);
        let state = timeline(at, horizon).state;
        let until = transition(at, horizon, |at| timeline(at, horizon));
        let next = match state {
            WindowState::Closed => until,
            WindowState::Open => {
                until.and_then(|until| transition(until, horizon, |at| timeline(at, horizon)))
            }
        };
        Self { state, until, next }
    }
}

/// Everything about one service at one instant.
struct Judged<'w> {
    at: Instant,
    timeline: Timeline<'w>,
    reasons: Vec<Reason>,
    traces: Vec<WindowTrace>,
    /// The shortest lead time among the windows that are open.
    lead_time: Duration,
    overrun: Overrun,
    valid_until: Option<Instant>,
}

impl Judged<'_> {
    fn verdict(mut self) -> Verdict {
        let Ends { state, until, next } = Ends::of(self.at, |at, horizon| self.timeline.at(at, horizon));
        let mut start_before = None;
        if state == WindowState::Open {
            start_before = until.map(|until| until.plus(-self.lead_time.to_signed()));
            if let (Some(until), Some(before)) = (until, start_before)
                && self.at >= before
            {
                self.reasons.push(explain::closes_soon(until, before));
            }
        }
        Verdict {
            at: self.at,
            state,
            reasons: self.reasons,
            until,
            next,
            start_before,
            overrun: self.overrun,
            valid_until: self.valid_until,
            windows: self.traces,
            tzdb: tzdb_version().to_owned(),
        }
    }
}

fn judge<'w>(
    windows: &'w WindowSet,
    overrides: &[Override],
    subject: &Subject,
    change: &SubjectChange,
    at: Instant,
) -> Judged<'w> {
    let mut overrides_of: BTreeMap<&WindowId, Vec<&Override>> = BTreeMap::new();
    if let Some(id) = &change.id {
        for lift in overrides.iter().filter(|lift| lift.change == *id) {
            overrides_of.entry(&lift.window).or_default().push(lift);
        }
    }
    let mut survey = Survey::new(subject, change, at, &overrides_of);
    survey
        .traces
        .reserve(windows.windows.len() + windows.broken.len());
    for broken in &windows.broken {
        survey.broken(broken);
    }
    for window in &windows.windows {
        survey.window(window);
    }
    let valid_until = windows.freshness.as_ref().map(|freshness| {
        let max_age = freshness.max_age.to_signed();
        if at.since(freshness.observed_at).abs() > max_age {
            survey.shut.push(explain::stale(freshness));
        }
        freshness.observed_at.plus(max_age)
    });
    survey.judged(valid_until)
}

/// What is gathered while the windows are gone through.
struct Survey<'w, 'q> {
    subject: &'q Subject,
    change: &'q SubjectChange,
    at: Instant,
    horizon: Instant,
    overrides: &'q BTreeMap<&'q WindowId, Vec<&'q Override>>,
    traces: Vec<WindowTrace>,
    /// Reasons that no passing of time will end.
    shut: Vec<Reason>,
    freezes: Union<'w>,
    in_freeze: Vec<Reason>,
    maintenance: Union<'w>,
    /// Maintenance windows that select for certain: how many, and the next opening among the closed ones.
    selecting: usize,
    next_occurrence: Option<(Instant, &'w WindowId)>,
    /// Maintenance windows that might select, or are broken.
    possible: Vec<Reason>,
    open_lead_time: Option<Duration>,
    overrun: Overrun,
}

impl<'w, 'q> Survey<'w, 'q> {
    fn new(
        subject: &'q Subject,
        change: &'q SubjectChange,
        at: Instant,
        overrides: &'q BTreeMap<&'q WindowId, Vec<&'q Override>>,
    ) -> Self {
        Self {
            subject,
            change,
            at,
            horizon: horizon(at),
            overrides,
            traces: Vec::new(),
            shut: Vec::new(),
            freezes: Union::default(),
            in_freeze: Vec::new(),
            maintenance: Union::default(),
            selecting: 0,
            next_occurrence: None,
            possible: Vec::new(),
            open_lead_time: None,
            overrun: Overrun::default(),
        }
    }

    /// Whether a window of that namespace may select the service at all.
    fn reaches(&self, namespace: &NamespaceName) -> bool {
        *namespace == self.subject.service.id.namespace
            || self
                .subject
                .policy
                .as_ref()
                .is_some_and(|policy| policy.window_namespaces.contains(namespace))
    }

    fn trace(&mut self, window: &WindowId, kind: Option<ChangeWindowType>, outcome: WindowOutcome) {
        self.traces.push(WindowTrace {
            window: window.clone(),
            kind,
            outcome,
        });
    }

    fn broken(&mut self, broken: &BrokenWindow) {
        let matched = broken.selector.as_ref().map_or(Matched::Yes, |selector| {
            selector.matches(&self.subject.service, &self.change.subject)
        });
        let outcome = match matched {
            Matched::No(field) => WindowOutcome::NotSelected(field),
            _ if !self.reaches(&broken.id.namespace) => WindowOutcome::OutOfReach,
            Matched::Yes | Matched::Unknown(_) => {
                let reason = explain::broken(broken);
                if broken.kind == Some(ChangeWindowType::Maintenance) {
                    self.possible.push(reason);
                } else {
                    self.shut.push(reason);
                }
                WindowOutcome::Broken(broken.problem.clone())
            }
        };
        self.trace(&broken.id, broken.kind, outcome);
    }

    fn window(&mut self, window: &'w Window) {
        let matched = window
            .selector
            .matches(&self.subject.service, &self.change.subject);
        let outcome = match matched {
            Matched::No(field) => WindowOutcome::NotSelected(field),
            _ if !self.reaches(&window.id.namespace) => WindowOutcome::OutOfReach,
            Matched::Yes => self.selecting(window, None),
            Matched::Unknown(field) => self.selecting(window, Some(field)),
        };
        self.trace(&window.id, Some(window.kind), outcome);
    }

    fn selecting(&mut self, window: &'w Window, possible: Option<SelectorField>) -> WindowOutcome {
        let occurrence = window.schedule.occurrence_at(self.at, self.horizon);
        let active = occurrence.is_some_and(|occurrence| occurrence.contains(self.at));
        let lifts = self
            .overrides
            .get(&window.id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let lift = lifts.iter().find(|lift| lift.during.contains(self.at));
        let lifted_by = match window.kind {
            ChangeWindowType::Freeze => {
                let during = |lift: &&Override| lift.during;
                let lifted: Vec<Interval> = if window.overridable {
                    lifts.iter().map(during).collect()
                } else {
                    Vec::new()
                };
                let lift = lift.filter(|_| window.overridable);
                if let Some(occurrence) = occurrence.filter(|_| active && lift.is_none()) {
                    self.in_freeze
                        .push(explain::in_freeze(window, occurrence, possible));
                }
                let source = Source::new(&window.schedule).lifted_during(lifted);
                self.freezes.push(self.known(source, occurrence));
                lift
            }
            ChangeWindowType::Maintenance => {
                // An override opens a window for a change that the window is for. Whether it is for this one must be
                // known: of what becomes known later, nothing may close what was open.
                let lift = lift.filter(|_| possible.is_none());
                if possible.is_none() {
                    for lift in lifts {
                        self.maintenance.push(Source::once(lift.during));
                    }
                }
                if let Some(field) = possible {
                    self.possible.push(explain::might_select(window, field));
                } else {
                    self.selecting += 1;
                    self.maintenance
                        .push(self.known(Source::new(&window.schedule), occurrence));
                }
                if lift.is_some() || (active && possible.is_none()) {
                    let shortest = self
                        .open_lead_time
                        .map_or(window.lead_time, |lead| lead.min(window.lead_time));
                    self.open_lead_time = Some(shortest);
                    if window.overrun == Overrun::Pause {
                        self.overrun = Overrun::Pause;
                    }
                } else if let Some(occurrence) = occurrence.filter(|_| possible.is_none()) {
                    let next = (occurrence.start(), &window.id);
                    self.next_occurrence = Some(self.next_occurrence.map_or(next, |best| best.min(next)));
                }
                lift
            }
        };
        WindowOutcome::Selects {
            possible,
            active,
            occurrence,
            lifted_by: lifted_by.map(|lift| lift.id.clone()),
        }
    }

    /// A source that need not look up again what was looked up, unless that was "nothing": a source looks an
    /// instant further.
    fn known<'s>(&self, source: Source<'s>, occurrence: Option<Interval>) -> Source<'s> {
        match occurrence {
            Some(_) => source.knowing(self.at, occurrence),
            None => source,
        }
    }

    fn judged(self, valid_until: Option<Instant>) -> Judged<'w> {
        let mut reasons = self.shut;
        let mut shut = !reasons.is_empty();
        let any_window = self.selecting > 0 || !self.possible.is_empty();
        let mut outside = None;
        let mut maintenance = Some(self.maintenance);
        if any_window {
            if self.open_lead_time.is_none() {
                outside =
                    (self.selecting > 0).then(|| explain::outside(self.selecting, self.next_occurrence));
            }
        } else {
            match self
                .subject
                .policy
                .as_ref()
                .map(|policy| policy.default_when_no_window)
            {
                Some(WindowDefault::Open) => maintenance = None,
                Some(WindowDefault::Closed) => outside = Some(explain::closed_by_default()),
                None => {}
            }
        }
        if self.subject.policy.is_none() {
            shut = true;
            reasons.push(explain::no_policy(&self.subject.service.id));
        }
        reasons.extend(self.in_freeze);
        reasons.extend(outside);
        if self.open_lead_time.is_none() && maintenance.is_some() {
            reasons.extend(self.possible);
        }
        Judged {
            at: self.at,
            timeline: if shut {
                Timeline::Shut
            } else {
                Timeline::Windows {
                    freezes: self.freezes,
                    maintenance,
                }
            },
            reasons,
            traces: self.traces,
            lead_time: self.open_lead_time.unwrap_or_else(default_lead_time),
            overrun: self.overrun,
            valid_until,
        }
    }
}

/// The word that weighs most among the reasons.
pub(super) fn weightiest<'r>(reasons: impl Iterator<Item = &'r Reason>) -> Option<WindowReason> {
    reasons
        .map(|reason| reason.reason)
        .min_by_key(|reason| match reason {
            WindowReason::Stale => 0,
            WindowReason::Misconfigured => 1,
            WindowReason::InFreeze => 2,
            WindowReason::OutsideWindow => 3,
            WindowReason::ExceedsWindow => 4,
        })
}
