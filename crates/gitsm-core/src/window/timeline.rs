//! How states follow each other: of a schedule, of a union of schedules, of a service, of a change.
//!
//! A timeline answers for one instant what holds and for how long it holds at least. Going on from there finds the
//! next transition, without ever laying out occurrences that do not matter.

use super::interval::Interval;
use super::model::Schedule;
use super::verdict::ScheduleState;
use super::vocabulary::WindowState;
use crate::time::Instant;
use jiff::SignedDuration;

/// How far transitions are looked for: five years of 365 days and the leap days between them.
pub const SEARCH_DAYS: i64 = 5 * 365 + 2;

/// The last instant of a search that begins at `at`.
pub(super) fn horizon(at: Instant) -> Instant {
    at.plus(SignedDuration::from_hours(24 * SEARCH_DAYS))
}

impl Schedule {
    /// The occurrence under way at `at` that ends last, else the next one that starts before `horizon`.
    pub fn occurrence_at(&self, at: Instant, horizon: Instant) -> Option<Interval> {
        match self {
            Self::Recurrence(recurrence) => recurrence.occurrence_at(at, horizon),
            Self::Interval(one) => {
                (at < one.end() && (one.start() < horizon || one.contains(at))).then_some(*one)
            }
        }
    }

    /// The first occurrence that starts after `at` and before `horizon`, whether or not others are under way; of
    /// several that start together the one that ends last.
    pub fn occurrence_after(&self, at: Instant, horizon: Instant) -> Option<Interval> {
        match self {
            Self::Recurrence(recurrence) => recurrence.occurrence_after(at, horizon),
            Self::Interval(one) => (at < one.start() && one.start() < horizon).then_some(*one),
        }
    }

    /// The occurrence that started last, at or before `at`; none earlier than five years before.
    pub fn occurrence_before(&self, at: Instant) -> Option<Interval> {
        match self {
            Self::Recurrence(recurrence) => {
                recurrence.occurrence_before(at, at.plus(SignedDuration::from_hours(-24 * SEARCH_DAYS)))
            }
            Self::Interval(one) => (one.start() <= at).then_some(*one),
        }
    }

    /// Whether it takes place at an instant, and when that changes.
    pub fn state_at(&self, at: Instant) -> ScheduleState {
        let mut source = Source::new(self);
        let horizon = horizon(at);
        match source.at(at, horizon) {
            Hold {
                state: WindowState::Open,
                ..
            } => ScheduleState::Active {
                until: transition(at, horizon, |at| source.at(at, horizon)),
            },
            Hold { until, .. } => ScheduleState::Inactive {
                next: (until <= horizon).then_some(until),
            },
        }
    }

    /// The stretches in which it takes place between two instants, overlapping and adjoining occurrences taken
    /// together, cut to those instants. At most five years after `from`.
    pub fn between(&self, from: Instant, to: Instant) -> impl Iterator<Item = Interval> {
        let mut source = Source::new(self);
        let to = to.min(horizon(from));
        stretches(from, to, move |at| source.at(at, to))
    }
}

/// What holds, and until when it does so at least. `until` is later than the instant it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) state: WindowState,
    pub(super) until: Instant,
}

impl Hold {
    pub(super) fn open(until: Instant) -> Self {
        Self {
            state: WindowState::Open,
            until,
        }
    }

    pub(super) fn closed(until: Instant) -> Self {
        Self {
            state: WindowState::Closed,
            until,
        }
    }

    pub(super) fn is_open(self) -> bool {
        self.state == WindowState::Open
    }
}

/// The first instant after `at` at which another state holds than at `at`, up to `horizon`.
pub(super) fn transition(
    at: Instant,
    horizon: Instant,
    mut timeline: impl FnMut(Instant) -> Hold,
) -> Option<Instant> {
    let Hold { state, mut until } = timeline(at);
    while until <= horizon {
        let next = timeline(until);
        if next.state != state {
            return Some(until);
        }
        // Time stands still only at the end of time.
        if next.until <= until {
            return None;
        }
        until = next.until;
    }
    None
}

/// The open stretches between two instants, cut to them.
pub(super) fn stretches(
    from: Instant,
    to: Instant,
    mut timeline: impl FnMut(Instant) -> Hold,
) -> impl Iterator<Item = Interval> {
    let mut at = Some(from);
    std::iter::from_fn(move || {
        let mut start = at?;
        if !timeline(start).is_open() {
            start = transition(start, to, &mut timeline)?;
        }
        let end = transition(start, to, &mut timeline);
        at = end;
        Interval::new(start, end.unwrap_or(to).min(to)).ok()
    })
}

/// One schedule, with the last answer kept: `Open` while it takes place.
#[derive(Debug, Clone)]
pub(super) struct Source<'w> {
    schedule: Times<'w>,
    /// Overrides of it: while one is in force, it does not count.
    lifted: Vec<Interval>,
    /// The last answer, and from when on it holds.
    known: Option<(Instant, Hold)>,
}

#[derive(Debug, Clone, Copy)]
enum Times<'w> {
    Schedule(&'w Schedule),
    Once(Interval),
}

impl<'w> Source<'w> {
    pub(super) fn new(schedule: &'w Schedule) -> Self {
        Self {
            schedule: Times::Schedule(schedule),
            lifted: Vec::new(),
            known: None,
        }
    }

    pub(super) fn once(interval: Interval) -> Self {
        Self {
            schedule: Times::Once(interval),
            lifted: Vec::new(),
            known: None,
        }
    }

    pub(super) fn lifted_during(mut self, lifted: Vec<Interval>) -> Self {
        self.lifted = lifted;
        self
    }

    /// Starts from an occurrence that was looked up already.
    pub(super) fn knowing(mut self, at: Instant, occurrence: Option<Interval>) -> Self {
        self.known = Some((at, self.hold(at, occurrence)));
        self
    }

    /// Whether it takes place. An answer `until` beyond `horizon` means "not before the horizon".
    pub(super) fn at(&mut self, at: Instant, horizon: Instant) -> Hold {
        if let Some((from, hold)) = self.known
            && from <= at
            && at < hold.until
        {
            return hold;
        }
        // An instant later, so that a start at the horizon itself is still a transition within it.
        let beyond = horizon.plus(SignedDuration::from_nanos(1));
        let occurrence = match self.schedule {
            Times::Schedule(schedule) => schedule.occurrence_at(at, beyond),
            Times::Once(one) => (at < one.end()).then_some(one),
        };
        let hold = self.hold(at, occurrence);
        self.known = Some((at, hold));
        hold
    }

    fn hold(&self, at: Instant, occurrence: Option<Interval>) -> Hold {
        let Some(occurrence) = occurrence else {
            return Hold::closed(Instant::MAX);
        };
        if !occurrence.contains(at) {
            return Hold::closed(occurrence.start());
        }
        let lifted_until = self
            .lifted
            .iter()
            .filter(|lift| lift.contains(at))
            .map(|lift| lift.end())
            .max();
        if let Some(until) = lifted_until {
            return Hold::closed(until.min(occurrence.end()));
        }
        let next_lift = self
            .lifted
            .iter()
            .map(|lift| lift.start())
            .filter(|start| *start > at)
            .min();
        Hold::open(next_lift.map_or(occurrence.end(), |lift| lift.min(occurrence.end())))
    }
}

/// Several schedules: `Open` while at least one takes place.
#[derive(Debug, Clone, Default)]
pub(super) struct Union<'w> {
    sources: Vec<Source<'w>>,
    /// The one that was open last. It is asked first: what repeats soonest needs no look at the others.
    last_open: usize,
    /// The last answer: windows that are closed for long are not asked again at every transition of others.
    known: Option<(Instant, Hold)>,
}

impl<'w> Union<'w> {
    pub(super) fn push(&mut self, source: Source<'w>) {
        self.sources.push(source);
    }

    pub(super) fn at(&mut self, at: Instant, horizon: Instant) -> Hold {
        if let Some((from, hold)) = self.known
            && from <= at
            && at < hold.until
        {
            return hold;
        }
        let hold = self.ask(at, horizon);
        self.known = Some((at, hold));
        hold
    }

    fn ask(&mut self, at: Instant, horizon: Instant) -> Hold {
        let mut closed_until = Instant::MAX;
        let count = self.sources.len();
        for step in 0..count {
            let index = (self.last_open + step) % count;
            let Some(source) = self.sources.get_mut(index) else {
                continue;
            };
            let hold = source.at(at, horizon);
            if hold.is_open() {
                self.last_open = index;
                return hold;
            }
            closed_until = closed_until.min(hold.until);
        }
        Hold::closed(closed_until)
    }
}

/// When changes to one service may start, by its windows.
#[derive(Debug, Clone)]
pub(super) enum Timeline<'w> {
    /// Closed, and nothing that is known will change that.
    Shut,
    /// Open while no freeze is active and, where there are maintenance windows, one is open.
    Windows {
        freezes: Union<'w>,
        /// Absent: open by default.
        maintenance: Option<Union<'w>>,
    },
}

impl Timeline<'_> {
    pub(super) fn at(&mut self, at: Instant, horizon: Instant) -> Hold {
        let Self::Windows { freezes, maintenance } = self else {
            return Hold::closed(Instant::MAX);
        };
        let freeze = freezes.at(at, horizon);
        if freeze.is_open() {
            return Hold::closed(freeze.until);
        }
        match maintenance {
            None => Hold::open(freeze.until),
            Some(windows) => {
                let window = windows.at(at, horizon);
                if window.is_open() {
                    Hold::open(window.until.min(freeze.until))
                } else {
                    window
                }
            }
        }
    }
}

/// Open while all are open; closed if there is none.
pub(super) fn all_at(timelines: &mut [Timeline<'_>], at: Instant, horizon: Instant) -> Hold {
    let mut open_until = Instant::MAX;
    let mut closed_until = None;
    for timeline in &mut *timelines {
        let hold = timeline.at(at, horizon);
        if hold.is_open() {
            open_until = open_until.min(hold.until);
        } else {
            closed_until = closed_until.max(Some(hold.until));
        }
    }
    match closed_until {
        Some(until) => Hold::closed(until),
        None if timelines.is_empty() => Hold::closed(Instant::MAX),
        None => Hold::open(open_until),
    }
}
