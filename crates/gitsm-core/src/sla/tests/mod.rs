//! Tests of clocks. The records of these tests say of each condition whether it holds.

mod counting;
mod laws;
mod lint;
mod scenarios;
mod speed;

use super::*;
use crate::Text;
use crate::time::Instant;
use crate::vocabulary::{Priority, TimedKind};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Reads a condition off the record: `true`, `false` (or absent), or a text that is its error.
pub(super) struct Said;

impl Conditions for Said {
    fn holds(&self, condition: ConditionName, snapshot: &Value, _: Instant) -> Result<bool, String> {
        match snapshot.get(condition.field()) {
            Some(Value::String(error)) => Err(error.clone()),
            said => Ok(said == Some(&Value::Bool(true))),
        }
    }
}

/// Open from 09:00 to 17:00 UTC on every day.
pub(super) struct Office;

const DAY: i64 = 24 * 3_600;
const OPENS: i64 = 9 * 3_600;
const HOURS: i64 = 8 * 3_600;

impl Office {
    /// Open nanoseconds since the beginning of time.
    fn until(at: Instant) -> i128 {
        let nanoseconds = at.timestamp().as_nanosecond();
        let day = i128::from(DAY) * 1_000_000_000;
        let (days, within) = (nanoseconds.div_euclid(day), nanoseconds.rem_euclid(day));
        let open = i128::from(HOURS) * 1_000_000_000;
        days * open + (within - i128::from(OPENS) * 1_000_000_000).clamp(0, open)
    }
}

impl BusinessTime for Office {
    fn business_between(&self, from: Instant, until: Instant) -> SignedDuration {
        length(Self::until(until) - Self::until(from))
    }

    fn add_business(&self, at: Instant, add: SignedDuration) -> Option<Instant> {
        if add.is_zero() {
            return Some(at);
        }
        let goal = Self::until(at) + add.as_nanos();
        let open = i128::from(HOURS) * 1_000_000_000;
        // What is reached at the end of a day is reached on that day.
        let days = (goal - 1).div_euclid(open);
        let nanoseconds =
            days * i128::from(DAY) * 1_000_000_000 + i128::from(OPENS) * 1_000_000_000 + goal - days * open;
        let timestamp = jiff::Timestamp::from_nanosecond(nanoseconds).ok()?;
        Instant::try_from(timestamp).ok()
    }
}

fn length(nanoseconds: i128) -> SignedDuration {
    SignedDuration::new(
        i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap(),
        i32::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap(),
    )
}

/// Closed for ever.
pub(super) struct Closed;

impl BusinessTime for Closed {
    fn business_between(&self, _: Instant, _: Instant) -> SignedDuration {
        SignedDuration::ZERO
    }

    fn add_business(&self, at: Instant, length: SignedDuration) -> Option<Instant> {
        length.is_zero().then_some(at)
    }
}

/// P1 30 minutes, P2 60, others 120; no resume condition.
pub(super) fn policy() -> SlaPolicy {
    let target = |minutes: u32| TargetMinutes::try_from(minutes).unwrap();
    SlaPolicy {
        id: "shop/gold".parse().unwrap(),
        agreement: Agreement::SLA,
        kind: TimedKind::Incident,
        metric: SlaMetric::Resolve,
        targets: [
            (TargetPriority::P1, target(30)),
            (TargetPriority::P2, target(60)),
            (TargetPriority::Any, target(120)),
        ]
        .into_iter()
        .collect(),
        conditions: ConditionTexts {
            start: Text::clip("start"),
            pause: Some(Text::clip("pause")),
            resume: None,
            stop: Text::clip("stop"),
            reset: Some(Text::clip("reset")),
            cancel: Some(Text::clip("cancel")),
        },
        on_change: OnPriorityChange::Retroactive,
        retro_pause: true,
        thresholds: [50, 75, 100, 150]
            .map(|percent| ThresholdRule {
                percent,
                escalate: percent >= 100,
            })
            .to_vec(),
        calendar: None,
    }
}

/// `2027-02-01T` and this time of day, UTC: a Monday.
pub(super) fn at(time: &str) -> Instant {
    match time.split_once('T') {
        Some(_) => format!("2027-02-{time}:00Z"),
        None => format!("2027-02-01T{time}:00Z"),
    }
    .parse()
    .unwrap()
}

/// An event at which these conditions hold; `P1` among them sets the priority, and `recorded<-effective` the time.
pub(super) fn event(sequence: u64, time: &str, says: &str) -> Event {
    let (recorded, effective) = time.split_once("<-").map_or((time, None), |(a, b)| (a, Some(b)));
    let mut snapshot = json!({});
    let mut priority = None;
    for word in says.split_whitespace() {
        match (word.parse::<Priority>(), word.strip_suffix('?')) {
            (Ok(given), _) => priority = Some(given),
            (_, Some(unknown)) => snapshot[unknown] = json!("no such key"),
            _ => snapshot[word] = json!(true),
        }
    }
    Event {
        sequence,
        recorded_at: at(recorded),
        effective_at: effective.map(at),
        snapshot,
        priority,
        actor: None,
        reason: None,
    }
}

pub(super) fn events(rows: &[(&str, &str)]) -> Vec<Event> {
    (1..)
        .zip(rows)
        .map(|(sequence, (time, says))| event(sequence, time, says))
        .collect()
}

pub(super) fn timer<'a>(policy: &'a SlaPolicy, time: &'a dyn BusinessTime) -> Timer<'a> {
    Timer {
        policy,
        conditions: &Said,
        time,
    }
}

pub(super) fn minutes(length: SignedDuration) -> i64 {
    assert_eq!(length.as_nanos() % 60_000_000_000, 0, "{length}");
    length.as_mins()
}
