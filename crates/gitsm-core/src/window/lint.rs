//! What a window says that is allowed and hardly meant. The validator's rules turn these into diagnostics.

use super::interval::Interval;
use super::model::{Schedule, Window, default_lead_time};
use super::recurrence::{DatePattern, OccurrenceLength};
use super::timeline::horizon;
use super::vocabulary::{ChangeWindowType, Overrun};
use crate::time::{Duration, Instant};
use jiff::SignedDuration;

/// Something about a window that deserves a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// No occurrence starts within five years, and none is under way: no date has the pattern, the dates are past, or
    /// exceptions leave nothing.
    NeverOpens,
    /// The shortest of the coming occurrences is shorter than twice the lead time: in half of it nothing may start.
    ShortForLeadTime {
        /// That occurrence.
        occurrence: Interval,
        /// The lead time.
        lead_time: Duration,
    },
    /// A freeze has a lead time of its own, which nothing reads: new work is held back before a freeze by the lead
    /// time of the maintenance window.
    LeadTimeOfFreeze,
    /// A freeze pauses running work at its end, which nothing reads: work runs on when a freeze ends.
    OverrunOfFreeze,
    /// An occurrence starts more than an hour (which a clock change may make) before the one before it has ended: they
    /// merge, so that closing times are not what one occurrence says.
    Overlaps {
        /// The earlier occurrence.
        first: Interval,
        /// The start of the next one.
        next: Instant,
    },
    /// Cron combines day of month and day of week by OR.
    CronDaysByOr,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NeverOpens => f.write_str(
                "no occurrence starts within five years; correct the dates, or remove the window if it is over",
            ),
            Self::ShortForLeadTime { occurrence, lead_time } => write!(
                f,
                "the occurrence from {} to {} is shorter than twice the leadTime of {lead_time}: make it longer or the \
                 leadTime shorter",
                occurrence.start(),
                occurrence.end()
            ),
            Self::LeadTimeOfFreeze => {
                f.write_str("leadTime has no effect on a freeze; it belongs on the maintenance windows before it")
            }
            Self::OverrunOfFreeze => f.write_str(
                "overrun has no effect on a freeze; it belongs on the maintenance windows whose work it is about",
            ),
            Self::Overlaps { first, next } => write!(
                f,
                "the occurrence from {} to {} lasts beyond the start of the next one at {next}; they merge into one",
                first.start(),
                first.end()
            ),
            Self::CronDaysByOr => f.write_str(
                "cron combines day of month and day of week by OR: an occurrence starts on each of those days of the \
                 month and on each of those weekdays; use nthWeekday or dates if both should hold",
            ),
        }
    }
}

/// How many of the coming occurrences are looked at. Their lengths differ around clock changes only, twice a year.
const LOOKED_AT: usize = 800;

/// What a clock change commonly makes of occurrences that join up on other dates.
const CLOCK_CHANGE: SignedDuration = SignedDuration::from_hours(1);

/// What deserves a look, seen from an instant.
pub fn findings(window: &Window, at: Instant) -> Vec<Finding> {
    let mut findings = Vec::new();
    let freeze = window.kind == ChangeWindowType::Freeze;
    if freeze && window.lead_time != default_lead_time() {
        findings.push(Finding::LeadTimeOfFreeze);
    }
    if freeze && window.overrun != Overrun::default() {
        findings.push(Finding::OverrunOfFreeze);
    }
    if let Schedule::Recurrence(recurrence) = &window.schedule
        && matches!(recurrence.pattern(), DatePattern::MonthDaysOrWeekdays { .. })
    {
        findings.push(Finding::CronDaysByOr);
    }
    let coming = Coming::of(&window.schedule, at);
    let Some(shortest) = coming.shortest else {
        findings.push(Finding::NeverOpens);
        return findings;
    };
    if let Some((first, next)) = coming.overlap {
        findings.push(Finding::Overlaps { first, next });
    }
    let twice = window
        .lead_time
        .to_signed()
        .saturating_add(window.lead_time.to_signed());
    if !freeze && length(shortest) < twice {
        findings.push(Finding::ShortForLeadTime {
            occurrence: shortest,
            lead_time: window.lead_time,
        });
    }
    findings
}

fn length(interval: Interval) -> SignedDuration {
    interval.end().since(interval.start())
}

/// What the coming occurrences have in them.
struct Coming {
    shortest: Option<Interval>,
    overlap: Option<(Interval, Instant)>,
}

impl Coming {
    fn of(schedule: &Schedule, at: Instant) -> Self {
        let horizon = horizon(at);
        // Of one length, the first is as short as any.
        let one_length = match schedule {
            Schedule::Interval(_) => true,
            Schedule::Recurrence(recurrence) => matches!(recurrence.length(), OccurrenceLength::Duration(_)),
        };
        let mut found = Self {
            shortest: None,
            overlap: None,
        };
        let mut before: Option<Interval> = None;
        let mut next = schedule.occurrence_at(at, horizon);
        for _ in 0..LOOKED_AT {
            let Some(one) = next else { break };
            if found
                .shortest
                .is_none_or(|shortest| !one_length && length(one) < length(shortest))
            {
                found.shortest = Some(one);
            }
            if let Some(before) = before.filter(|before| before.end().since(one.start()) > CLOCK_CHANGE) {
                found.overlap = Some((before, one.start()));
                break;
            }
            before = Some(one);
            next = schedule.occurrence_after(one.start(), horizon);
        }
        found
    }
}
