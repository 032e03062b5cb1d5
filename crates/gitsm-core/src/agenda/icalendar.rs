//! The change calendar for calendar programs: iCalendar, RFC 5545, with the name of the calendar by RFC 7986.
//!
//! Every occurrence is a `VEVENT` of its own, in UTC. A recurrence rule would leave the reading of clock changes to the
//! program; here it is gitsm's own, instant for instant. No `METHOD`: it is a calendar to look at, not an invitation.

use super::{Entry, EntryKind};
use crate::change::ChangePhase;
use crate::time::Instant;
use jiff::{SignedDuration, tz};

/// Octets of a line at most, the end of line not counted (RFC 5545, section 3.1).
const LINE: usize = 75;

/// A calendar with these entries. `stamp` is the instant for which it was made; the same entries and stamp give the
/// same bytes.
///
/// An entry keeps its `UID` as long as its window or change keeps its name; each occurrence of a window has its own,
/// by its start. For that the entries must be laid out singly ([`Layout::Single`](super::Layout)).
pub fn icalendar(name: &str, entries: &[Entry], stamp: Instant) -> String {
    let mut text = Lines::default();
    text.line("BEGIN", "VCALENDAR");
    text.line("VERSION", "2.0");
    text.line("PRODID", "-//gitsm.dev//gitsm//EN");
    text.line("CALSCALE", "GREGORIAN");
    text.text("NAME", name);
    // What programs read that are older than RFC 7986.
    text.text("X-WR-CALNAME", name);
    for entry in entries {
        event(&mut text, entry, stamp);
    }
    if entries.is_empty() {
        // A calendar has at least one component (RFC 5545, section 3.6).
        for (name, value) in UTC {
            text.line(name, value);
        }
    }
    text.line("END", "VCALENDAR");
    text.0
}

const UTC: [(&str, &str); 8] = [
    ("BEGIN", "VTIMEZONE"),
    ("TZID", "Etc/UTC"),
    ("BEGIN", "STANDARD"),
    ("DTSTART", "19700101T000000"),
    ("TZOFFSETFROM", "+0000"),
    ("TZOFFSETTO", "+0000"),
    ("END", "STANDARD"),
    ("END", "VTIMEZONE"),
];

fn event(text: &mut Lines, entry: &Entry, stamp: Instant) {
    let start = moment(entry.during.start());
    text.line("BEGIN", "VEVENT");
    let uid = match entry.kind {
        EntryKind::Change => format!("change/{}@gitsm.dev", entry.id),
        EntryKind::Freeze | EntryKind::Maintenance => format!("window/{}/{start}@gitsm.dev", entry.id),
    };
    text.text("UID", &uid);
    text.line("DTSTAMP", &moment(stamp));
    text.line("DTSTART", &start);
    text.line("DTEND", &moment(up(entry.during.end())));
    let (prefix, category) = match entry.kind {
        EntryKind::Freeze => ("Freeze", "FREEZE"),
        EntryKind::Maintenance => ("Change window", "MAINTENANCE"),
        EntryKind::Change => ("Change", "CHANGE"),
    };
    text.text("SUMMARY", &format!("{prefix}: {}", entry.title));
    let description = description(entry);
    if !description.is_empty() {
        text.text("DESCRIPTION", &description);
    }
    text.line("CATEGORIES", category);
    match entry.kind {
        EntryKind::Change => {
            text.line("STATUS", status(entry.phase));
            text.line("TRANSP", "OPAQUE");
        }
        // A window takes nobody's time.
        EntryKind::Freeze | EntryKind::Maintenance => text.line("TRANSP", "TRANSPARENT"),
    }
    text.line("END", "VEVENT");
}

/// What is approved is confirmed.
fn status(phase: Option<ChangePhase>) -> &'static str {
    use ChangePhase as Phase;
    match phase {
        None
        | Some(Phase::Draft | Phase::Assessing | Phase::AwaitingApproval | Phase::OnHold | Phase::Rejected) => {
            "TENTATIVE"
        }
        Some(Phase::Cancelled | Phase::Expired) => "CANCELLED",
        Some(
            Phase::Approved
            | Phase::Scheduled
            | Phase::Implementing
            | Phase::Validating
            | Phase::Review
            | Phase::Closed
            | Phase::BackedOut,
        ) => "CONFIRMED",
    }
}

fn description(entry: &Entry) -> String {
    let mut lines = Vec::new();
    lines.extend(entry.reason.clone());
    lines.push(entry.id.clone());
    if !entry.services.is_empty() {
        let services: Vec<_> = entry.services.iter().map(ToString::to_string).collect();
        lines.push(format!("Services: {}", services.join(", ")));
    }
    lines.extend(
        entry
            .environment
            .as_ref()
            .map(|environment| format!("Environment: {environment}")),
    );
    lines.extend(entry.phase.map(|phase| format!("Phase: {phase}")));
    lines.extend(entry.backed_out_by.map(|by| format!("If taken back, until {by}")));
    lines.extend(entry.owner.as_ref().map(|owner| format!("Owner: {owner}")));
    lines.join("\n")
}

/// The form `DATE-TIME` in UTC, to the second (RFC 5545, section 3.3.5).
fn moment(at: Instant) -> String {
    let time = tz::Offset::UTC.to_datetime(at.timestamp());
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// The next whole second: an end is later than its start also where both lie in one second.
fn up(at: Instant) -> Instant {
    match at.timestamp().as_nanosecond().rem_euclid(1_000_000_000) {
        0 => at,
        rest => at.plus(SignedDuration::from_nanos(
            1_000_000_000 - i64::try_from(rest).unwrap_or(0),
        )),
    }
}

/// Content lines: folded, ended by CRLF.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A property whose value is text.
    fn text(&mut self, name: &str, value: &str) {
        self.line(name, &escaped(value));
    }

    /// A property whose value is written as it is. A line of more than 75 octets goes on in the next one, behind a
    /// blank; no character is cut.
    fn line(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for character in name.chars().chain([':']).chain(value.chars()) {
            if octets + character.len_utf8() > LINE {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(character);
            octets += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// Text with what has a meaning written otherwise (RFC 5545, section 3.3.11). Control characters are left out: no
/// text may hold them.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push('\t'),
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Interval;
    use proptest::prelude::*;

    fn entry(kind: EntryKind, title: &str) -> Entry {
        Entry {
            kind,
            id: "shop/a".to_owned(),
            during: Interval::new(
                "2027-02-06T21:00:00.25Z".parse().unwrap(),
                "2027-02-06T21:00:00.5Z".parse().unwrap(),
            )
            .unwrap(),
            title: title.to_owned(),
            reason: Some("Because; of this, and\nthat".to_owned()),
            owner: None,
            services: vec!["shop/checkout".parse().unwrap()],
            environment: None,
            backed_out_by: None,
            phase: Some(ChangePhase::Scheduled),
        }
    }

    fn stamp() -> Instant {
        "2027-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_event_is_written_as_rfc_5545_says() {
        let text = icalendar("Acme, changes", &[entry(EntryKind::Change, "Upgrade\\")], stamp());
        let expected = "BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//gitsm.dev//gitsm//EN
CALSCALE:GREGORIAN
NAME:Acme\\, changes
X-WR-CALNAME:Acme\\, changes
BEGIN:VEVENT
UID:change/shop/a@gitsm.dev
DTSTAMP:20270101T000000Z
DTSTART:20270206T210000Z
DTEND:20270206T210001Z
SUMMARY:Change: Upgrade\\\\
DESCRIPTION:Because\\; of this\\, and\\nthat\\nshop/a\\nServices: shop/checkout\\
 nPhase: Scheduled
CATEGORIES:CHANGE
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
";
        assert_eq!(text, expected.replace('\n', "\r\n"));
    }

    #[test]
    fn occurrences_of_a_window_are_told_apart_by_their_start() {
        let text = icalendar("x", &[entry(EntryKind::Freeze, "a")], stamp());
        assert!(
            text.contains("UID:window/shop/a/20270206T210000Z@gitsm.dev\r\n"),
            "{text}"
        );
        assert!(text.contains("TRANSP:TRANSPARENT\r\n"), "{text}");
    }

    #[test]
    fn a_calendar_without_entries_still_has_a_component() {
        assert!(icalendar("x", &[], stamp()).contains("BEGIN:VTIMEZONE\r\n"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_line(title in any::<String>()) {
            let text = icalendar(&title, &[entry(EntryKind::Change, &title)], stamp());
            let lines: Vec<_> = text.split("\r\n").collect();
            prop_assert!(text.ends_with("\r\n"));
            prop_assert!(lines.iter().all(|line| line.len() <= LINE && !line.contains(['\r', '\n'])));
            // Unfolded and read back, the text is what it was, but for control characters.
            let unfolded = text.replace("\r\n ", "");
            let summary = unfolded.split("\r\n").find_map(|line| line.strip_prefix("SUMMARY:Change: ")).unwrap();
            let mut read = String::new();
            let mut characters = summary.chars();
            while let Some(character) = characters.next() {
                match character {
                    '\\' => match characters.next().unwrap() {
                        'n' => read.push('\n'),
                        other => read.push(other),
                    },
                    other => read.push(other),
                }
            }
            let kept: String = title
                .replace("\r\n", "\n")
                .chars()
                .filter(|character| !character.is_control() || matches!(character, '\n' | '\t'))
                .collect();
            prop_assert_eq!(read, kept);
        }
    }
}
