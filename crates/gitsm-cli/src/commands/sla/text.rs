//! Clocks for people.

use super::{ExplainedClock, ExplainedLine, Explanation};
use gitsm_core::sla::SlaClockState;
use jiff::SignedDuration;
use std::fmt::Write as _;

/// The columns of a line but the last.
const HEADS: [&str; 5] = ["AT", "STATE", "ELAPSED", "REMAINING", "BREACH-AT"];

/// All clocks of a record.
pub(super) fn render(explanation: &Explanation) -> String {
    let mut text = format!("{} at {}\n", explanation.record, explanation.at);
    for clock in &explanation.clocks {
        text.push('\n');
        render_clock(clock, &mut text);
    }
    if let Some(source) = &explanation.source {
        text.push_str(&source.line());
    }
    text
}

// Writing to a string does not fail.
fn render_clock(clock: &ExplainedClock, text: &mut String) {
    let reading = &clock.reading;
    let target = reading.target.map_or_else(
        || "no target".to_owned(),
        |target| format!("within {} minutes", target.get()),
    );
    let hours = match (&clock.calendar, &clock.time_zone) {
        (Some(calendar), Some(zone)) => format!("of {calendar} in {zone}"),
        _ => "around the clock".to_owned(),
    };
    let _ = writeln!(text, "{}: {} {target} {hours}", clock.policy, clock.metric);
    let _ = writeln!(text, "  {}", verdict(clock));
    let rows: Vec<[String; 6]> = clock.lines.iter().map(row).collect();
    let widths: Vec<usize> = HEADS
        .iter()
        .enumerate()
        .map(|(column, head)| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default().max(head.len())
        })
        .collect();
    text.push('\n');
    let heads = HEADS.iter().map(|head| (*head).to_owned());
    write_row(
        &heads.chain(["WHY".to_owned()]).collect::<Vec<_>>(),
        &widths,
        text,
    );
    for row in &rows {
        write_row(row, &widths, text);
    }
    if !reading.thresholds.is_empty() {
        text.push('\n');
    }
    for crossing in &reading.thresholds {
        let when = match (crossing.at, crossing.reached) {
            (Some(at), true) => format!("reached at {at}"),
            (Some(at), false) => format!("at {at}, if nothing pauses the clock"),
            (None, _) if ended(reading.state) => "not reached".to_owned(),
            (None, _) => "not known".to_owned(),
        };
        let escalates = if crossing.escalate { ", escalates" } else { "" };
        let _ = writeln!(text, "  {:>4}%  {when}{escalates}", crossing.percent);
    }
    let inputs = &clock.inputs;
    let _ = writeln!(text, "\n  inputs    {}", inputs.digest);
    let _ = writeln!(text, "    policy    {}", inputs.policy);
    if let Some(digest) = &inputs.calendar_digest {
        let _ = writeln!(text, "    calendar  {digest}");
    }
    let _ = writeln!(text, "    events    {}", inputs.events);
    let _ = writeln!(text, "    tzdb      {}", inputs.tzdb_version);
}

fn ended(state: SlaClockState) -> bool {
    matches!(
        state,
        SlaClockState::Met | SlaClockState::Stopped | SlaClockState::Cancelled
    )
}

/// The state in one sentence.
fn verdict(clock: &ExplainedClock) -> String {
    let reading = &clock.reading;
    let elapsed = length(reading.elapsed);
    let late = reading
        .remaining
        .filter(SignedDuration::is_negative)
        .map(|remaining| format!(", {} too long", length(remaining.abs())))
        .unwrap_or_default();
    let breach = reading
        .breach_at
        .map_or_else(|| "never".to_owned(), |at| format!("at {at}"));
    match reading.state {
        SlaClockState::Pending => "Pending: it has not started".to_owned(),
        SlaClockState::Running => format!("Running: {elapsed} elapsed; breach {breach}"),
        SlaClockState::Paused => {
            let remaining = reading.remaining.map(length).unwrap_or_default();
            format!("Paused: {elapsed} elapsed, {remaining} remain")
        }
        SlaClockState::Met => format!("Met: it took {elapsed}"),
        SlaClockState::Breached => format!("Breached {breach}: {elapsed} elapsed{late}"),
        SlaClockState::Stopped => format!("Stopped, breached {breach}: it took {elapsed}{late}"),
        SlaClockState::Cancelled => "Cancelled: it does not count any more".to_owned(),
    }
}

fn row(explained: &ExplainedLine) -> [String; 6] {
    let line = &explained.line;
    let mut why = String::new();
    let said: Vec<&str> = [line.reason.as_deref(), line.actor.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    if !said.is_empty() {
        why = format!("{} | ", said.join(", "));
    }
    if let Some(recorded) = line.recorded_at {
        let _ = write!(why, "recorded at {recorded}; ");
    }
    why.push_str(&explained.why);
    [
        line.at.to_string(),
        line.after.to_string(),
        length(line.elapsed),
        line.remaining.map_or_else(|| "-".to_owned(), length),
        line.breach_at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
        why,
    ]
}

fn write_row(cells: &[String], widths: &[usize], text: &mut String) {
    text.push(' ');
    for (index, cell) in cells.iter().enumerate() {
        match widths.get(index) {
            Some(width) => {
                let _ = write!(text, " {cell:<width$} ");
            }
            None => {
                let _ = write!(text, " {cell}");
            }
        }
    }
    text.push('\n');
}

/// Hours, minutes and seconds: a day of a calendar has no fixed length.
fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().unsigned_abs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut parts = Vec::new();
    if hours > 0 {
        parts.push(format!("{hours}h"));
    }
    if minutes > 0 {
        parts.push(format!("{minutes}m"));
    }
    if rest > 0 || parts.is_empty() {
        parts.push(format!("{rest}s"));
    }
    let sign = if length.is_negative() { "-" } else { "" };
    format!("{sign}{}", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_no_days() {
        for (seconds, shown) in [
            (0, "0s"),
            (60, "1m"),
            (3_600, "1h"),
            (-90_061, "-25h 1m 1s"),
            (59, "59s"),
        ] {
            assert_eq!(length(SignedDuration::from_secs(seconds)), shown);
        }
    }
}
