//! The change calendar: what people see in a calendar of windows, freezes and planned changes.
//!
//! It decides nothing: [`window`](crate::window) does. It lays out what takes place in a stretch of time, for a text, a
//! page or a calendar program ([`icalendar`]).

pub mod icalendar;

use crate::change::ChangePhase;
use crate::choice::choices;
use crate::ident::{ChangeId, ResourceName, ServiceId, TeamName};
use crate::time::Instant;
use crate::window::{ChangeWindowType, Interval, Schedule, Window};
use serde::{Deserialize, Serialize};

choices! {
    /// What an entry is about.
    #[derive(PartialOrd, Ord)]
    pub enum EntryKind {
        /// An occurrence of a freeze.
        Freeze,
        /// An occurrence of a maintenance window.
        Maintenance,
        /// A planned change.
        Change,
    }
}

/// A change with the time it is planned for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedChange {
    /// Which one.
    pub id: ChangeId,
    /// What it is called.
    pub title: String,
    /// The services it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
    /// The environment that is changed.
    pub environment: ResourceName,
    /// From its start to its end, the way back not included.
    pub during: Interval,
    /// When it is over even if it had to be taken back.
    pub backed_out_by: Instant,
    /// Where it stands; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ChangePhase>,
}

/// One line of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// What it is about.
    pub kind: EntryKind,
    /// Namespace and name of the window or change.
    pub id: String,
    /// When it takes place.
    pub during: Interval,
    /// What people read.
    pub title: String,
    /// Why a window exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Team that answers for a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
    /// Services that a change names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
    /// The environment that is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// When a change is over even if it had to be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backed_out_by: Option<Instant>,
    /// Where a change stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ChangePhase>,
}

/// How occurrences of windows are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Occurrences that overlap or adjoin are one entry, cut off at both ends of the stretch: for people.
    Joined,
    /// Each occurrence is an entry of its own and whole, so that it has the same start whatever the stretch is: for
    /// programs that recognise entries.
    Single,
}

/// What takes place in a stretch of time, by start, then freezes, windows and changes, then by name.
///
/// Changes that were given up or refused are left out. Windows are looked for five years from the start of the
/// stretch.
pub fn agenda<'a>(
    windows: impl IntoIterator<Item = &'a Window>,
    changes: impl IntoIterator<Item = &'a PlannedChange>,
    stretch: Interval,
    layout: Layout,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for window in windows {
        let occurrences = occurrences(&window.schedule, stretch, layout);
        entries.extend(occurrences.map(|during| of_window(window, during)));
    }
    let changes = changes.into_iter().filter(|change| {
        change.during.start() < stretch.end() && stretch.start() < change.during.end() && takes_place(change)
    });
    entries.extend(changes.map(of_change));
    entries.sort_by(|one, other| {
        let key = |entry: &Entry| (entry.during.start(), entry.kind, entry.during.end());
        key(one).cmp(&key(other)).then_with(|| one.id.cmp(&other.id))
    });
    entries
}

fn takes_place(change: &PlannedChange) -> bool {
    use ChangePhase as Phase;
    !matches!(
        change.phase,
        Some(Phase::Cancelled | Phase::Rejected | Phase::Expired)
    )
}

fn occurrences(
    schedule: &Schedule,
    stretch: Interval,
    layout: Layout,
) -> Box<dyn Iterator<Item = Interval> + '_> {
    match layout {
        Layout::Joined => Box::new(schedule.between(stretch.start(), stretch.end())),
        Layout::Single => {
            let mut at = stretch.start();
            Box::new(std::iter::from_fn(move || {
                let occurrence = schedule.occurrence_at(at, stretch.end())?;
                at = occurrence.end();
                Some(occurrence)
            }))
        }
    }
}

fn of_window(window: &Window, during: Interval) -> Entry {
    Entry {
        kind: match window.kind {
            ChangeWindowType::Freeze => EntryKind::Freeze,
            ChangeWindowType::Maintenance => EntryKind::Maintenance,
        },
        id: window.id.to_string(),
        during,
        title: window.id.name.to_string(),
        reason: window.reason.as_ref().map(ToString::to_string),
        owner: window.owner.clone(),
        services: Vec::new(),
        environment: None,
        backed_out_by: None,
        phase: None,
    }
}

fn of_change(change: &PlannedChange) -> Entry {
    Entry {
        kind: EntryKind::Change,
        id: change.id.to_string(),
        during: change.during,
        title: change.title.clone(),
        reason: None,
        owner: None,
        services: change.services.clone(),
        environment: Some(change.environment.clone()),
        backed_out_by: Some(change.backed_out_by),
        phase: change.phase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn interval(start: &str, end: &str) -> Interval {
        Interval::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    }

    fn window(name: &str, kind: &str, schedule: &serde_json::Value) -> Window {
        serde_json::from_value(json!({
            "id": format!("ops/{name}"), "kind": kind, "selector": {"service": {}}, "schedule": schedule,
        }))
        .unwrap()
    }

    fn daily(start: &str, length: &str) -> serde_json::Value {
        let days = [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ];
        json!({"recurrence": {
            "timeZone": "UTC", "pattern": {"weekdays": {"days": days}}, "starts": [start],
            "length": {"duration": length},
        }})
    }

    fn change(name: &str, start: &str, phase: Option<ChangePhase>) -> PlannedChange {
        let start: Instant = start.parse().unwrap();
        let hour = jiff::SignedDuration::from_hours(1);
        PlannedChange {
            id: format!("shop/{name}").parse().unwrap(),
            title: format!("Change {name}"),
            services: vec!["shop/checkout".parse().unwrap()],
            environment: "prod".parse().unwrap(),
            during: Interval::new(start, start.plus(hour)).unwrap(),
            backed_out_by: start.plus(hour + hour),
            phase,
        }
    }

    fn lines(entries: &[Entry]) -> Vec<String> {
        let line = |entry: &Entry| {
            format!(
                "{} {} {} {}",
                entry.during.start(),
                entry.during.end(),
                entry.kind,
                entry.id
            )
        };
        entries.iter().map(line).collect()
    }

    #[test]
    fn entries_come_by_start_and_freezes_first() {
        let windows = [
            window("night", "Maintenance", &daily("22:00", "4h")),
            window(
                "stop",
                "Freeze",
                &json!({"interval": {"start": "2027-02-01T22:00:00Z", "end": "2027-02-09T00:00:00Z"}}),
            ),
        ];
        let changes = [
            change("b", "2027-02-01T22:00:00Z", None),
            change("a", "2027-02-01T22:00:00Z", Some(ChangePhase::Scheduled)),
            change("cancelled", "2027-02-01T22:00:00Z", Some(ChangePhase::Cancelled)),
            change("later", "2027-02-03T00:00:00Z", None),
        ];
        let stretch = interval("2027-02-01T00:00:00Z", "2027-02-02T23:00:00Z");
        assert_eq!(
            lines(&agenda(&windows, &changes, stretch, Layout::Joined)),
            [
                "2027-02-01T00:00:00Z 2027-02-01T02:00:00Z Maintenance ops/night",
                "2027-02-01T22:00:00Z 2027-02-02T23:00:00Z Freeze ops/stop",
                "2027-02-01T22:00:00Z 2027-02-02T02:00:00Z Maintenance ops/night",
                "2027-02-01T22:00:00Z 2027-02-01T23:00:00Z Change shop/a",
                "2027-02-01T22:00:00Z 2027-02-01T23:00:00Z Change shop/b",
                "2027-02-02T22:00:00Z 2027-02-02T23:00:00Z Maintenance ops/night",
            ]
        );
    }

    #[test]
    fn single_occurrences_are_whole_and_joined_ones_are_one() {
        let windows = [window("always", "Maintenance", &daily("00:00", "24h"))];
        let stretch = interval("2027-02-01T12:00:00Z", "2027-02-02T12:00:00Z");
        assert_eq!(
            lines(&agenda(&windows, [], stretch, Layout::Joined)),
            ["2027-02-01T12:00:00Z 2027-02-02T12:00:00Z Maintenance ops/always"]
        );
        assert_eq!(
            lines(&agenda(&windows, [], stretch, Layout::Single)),
            [
                "2027-02-01T00:00:00Z 2027-02-02T00:00:00Z Maintenance ops/always",
                "2027-02-02T00:00:00Z 2027-02-03T00:00:00Z Maintenance ops/always",
            ]
        );
    }
}
