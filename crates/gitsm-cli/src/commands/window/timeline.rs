//! A week of verdicts as text.

use crate::when;
use gitsm_core::time::Instant;
use gitsm_core::window::{ChangeVerdict, WindowReason, WindowState};
use jiff::SignedDuration;
use std::fmt::Write as _;

const DAYS: i64 = 7;
/// One character is half an hour.
const CELL: SignedDuration = SignedDuration::from_mins(30);
const CELLS: i64 = 48;

/// A line for each of the seven days from the day of `at` on, in UTC.
pub(super) fn timeline(at: Instant, verdict: impl Fn(Instant) -> ChangeVerdict) -> String {
    let time = when::utc(at);
    let since_midnight = SignedDuration::from_mins(i64::from(time.hour()) * 60 + i64::from(time.minute()))
        + SignedDuration::new(i64::from(time.second()), time.subsec_nanosecond());
    let midnight = at.plus(-since_midnight);
    let mut text = String::from(
        "Timeline in UTC, half an hour a character: = open  . closed  x freeze  ? unknown  + changes within\n",
    );
    let mut hours = String::new();
    for hour in ["00", "06", "12", "18"] {
        hours.push_str(&format!("{hour:<12}"));
    }
    let _ = writeln!(text, "  {:<16}{hours}24", "");
    for day in 0..DAYS {
        let start = midnight.plus(SignedDuration::from_hours(24 * day));
        let date = when::utc(start);
        let cells: String = (0..CELLS)
            .map(|cell| start.plus(SignedDuration::from_mins(30 * cell)))
            .map(|from| cell(&verdict(from), from.plus(CELL)))
            .collect();
        let _ = writeln!(text, "  {} {}  {cells}", when::day(date.weekday()), date.date());
        if day == 0 {
            let before = usize::try_from(since_midnight.as_mins() / 30).unwrap_or(0);
            let _ = writeln!(text, "  {:<16}{}^ asked", "", " ".repeat(before));
        }
    }
    text
}

fn cell(verdict: &ChangeVerdict, end: Instant) -> char {
    if verdict.until.is_some_and(|until| until < end) {
        return '+';
    }
    if verdict.state == WindowState::Open {
        return '=';
    }
    let has = |wanted: &[WindowReason]| {
        verdict
            .all_reasons()
            .any(|(_, reason)| wanted.contains(&reason.reason))
    };
    if has(&[WindowReason::Misconfigured, WindowReason::Stale]) {
        '?'
    } else if has(&[WindowReason::InFreeze]) {
        'x'
    } else {
        '.'
    }
}
