//! From the wire types of `ChangeWindow` to the domain types of decisions.
//!
//! A window that cannot be understood does not disappear: it becomes a [`BrokenWindow`], which closes what it might be
//! about.

use super::selectors::{Reach, change_selector};
use super::service_catalog::CatalogOf;
use crate::estate::{DEFAULT_NAMESPACE, Estate};
use crate::v1alpha1::change_window::{
    ChangeWindowSpec, Interval as WireInterval, Recurrence as WireRecurrence,
};
use crate::v1alpha1::shared::ChangeSelector;
use gitsm_core::calendar::{Calendar, Calendars, Day};
use gitsm_core::ident::{ServiceId, WindowId};
use gitsm_core::text::ValueError;
use gitsm_core::time::{LocalDate, LocalTime, ZoneName};
use gitsm_core::window::recurrence::{
    DatePattern, Dates, MonthDays, Months, NthWeekday, NthWeekdays, OccurrenceLength, RecurrenceParts,
    WeekInterval, Weekdays, cron, rrule,
};
use gitsm_core::window::{
    BrokenWindow, ChangeWindowType, Freshness, Interval, Recurrence, Schedule, Subject, Window, WindowPolicy,
    WindowSet,
};
use serde_json::Value;
use std::fmt::Display;

/// Why a window cannot be understood: where and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct WindowProblem {
    /// Path of the field, such as `spec.recurrence.cron`.
    pub path: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

fn problem(path: &'static str, problem: impl Display) -> WindowProblem {
    WindowProblem {
        path,
        problem: format!("{problem}"),
    }
}

impl Estate {
    /// All windows. Objects that could not even be added to the estate are not among them: give those to
    /// [`salvage`] and add what it returns to `broken`.
    pub fn window_set(&self, freshness: Option<Freshness>) -> WindowSet {
        let calendars = self.business_calendars();
        let mut set = WindowSet {
            freshness,
            ..WindowSet::default()
        };
        for (namespace, name, object) in self.windows.iter() {
            // An estate takes no object of another name.
            let Ok(id) = format!("{namespace}/{name}").parse::<WindowId>() else {
                continue;
            };
            match window(id.clone(), &object.spec, &calendars) {
                Ok(window) => set.windows.push(window),
                Err(problem) => set.broken.push(BrokenWindow {
                    kind: Some(object.spec.r#type),
                    selector: Some(change_selector(
                        &object.spec.selector,
                        Reach::Beyond(&id.namespace),
                    )),
                    id,
                    problem: problem.to_string(),
                }),
            }
        }
        set
    }

    /// One service with what its catalogue says about windows; `None` where there is no such service.
    pub fn window_subject(&self, id: &ServiceId) -> Option<Subject> {
        let service = self.services.get(id.namespace.as_str(), id.name.as_str())?;
        Some(Subject {
            service: self.subject(id)?,
            policy: window_policy(self.catalog_of(service)),
        })
    }
}

/// What a catalogue says about windows; `None` unless it is exactly one.
pub fn window_policy(catalog: CatalogOf<'_>) -> Option<WindowPolicy> {
    let policy = &catalog.one()?.spec.change_policy;
    Some(WindowPolicy {
        default_when_no_window: policy.default_when_no_window,
        window_namespaces: policy.window_namespaces.iter().cloned().collect(),
    })
}

/// What is left of a manifest of a window that is not a `ChangeWindow`: enough to close what it might be about. `None`
/// if it is no window. A name that no window can have is given in the nearest form that one can.
pub fn salvage(object: &Value, problem: &str) -> Option<BrokenWindow> {
    if object.get("kind")?.as_str()? != "ChangeWindow" {
        return None;
    }
    let metadata = |field| object.get("metadata").and_then(|all| all.get(field)?.as_str());
    let namespace = label_like(metadata("namespace").unwrap_or(DEFAULT_NAMESPACE));
    let name = label_like(metadata("name").unwrap_or_default());
    let id = format!("{namespace}/{name}").parse::<WindowId>().ok()?;
    let field = |name| object.get("spec").and_then(|spec| spec.get(name)).cloned();
    let selector =
        field("selector").and_then(|selector| serde_json::from_value::<ChangeSelector>(selector).ok());
    Some(BrokenWindow {
        kind: field("type").and_then(|kind| serde_json::from_value::<ChangeWindowType>(kind).ok()),
        selector: selector
            .filter(is_written)
            .map(|selector| change_selector(&selector, Reach::Beyond(&id.namespace))),
        problem: problem.to_owned(),
        id,
    })
}

/// The nearest DNS label to a text.
fn label_like(text: &str) -> String {
    let lower = text.chars().map(|c| c.to_ascii_lowercase());
    let allowed = lower.map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let label: String = allowed.skip_while(|c| *c == '-').take(63).collect();
    match label.trim_end_matches('-') {
        "" => "unnamed".to_owned(),
        label => label.to_owned(),
    }
}

/// Whether a selector says what it selects: an empty one is a mistake, not "everything".
fn is_written(selector: &ChangeSelector) -> bool {
    let any_field = !(selector.namespaces.is_empty()
        && selector.services.is_empty()
        && selector.tiers.is_empty()
        && selector.labels.is_empty()
        && selector.environments.is_empty()
        && selector.change_types.is_empty()
        && selector.change_models.is_empty()
        && selector.risk_levels.is_empty()
        && selector.data_classes.is_empty());
    selector.all != any_field
}

/// One window.
///
/// # Errors
///
/// What in it cannot be understood. A schema would have refused most of it.
pub fn window(id: WindowId, spec: &ChangeWindowSpec, calendars: &Calendars) -> Result<Window, WindowProblem> {
    if !is_written(&spec.selector) {
        return Err(problem(
            "spec.selector",
            "write either all: true or at least one other field of the selector",
        ));
    }
    let schedule = match (&spec.recurrence, &spec.interval) {
        (Some(one), None) => Schedule::Recurrence(recurrence(one, &spec.time_zone, calendars)?),
        (None, Some(one)) => Schedule::Interval(interval(one)?),
        _ => return Err(problem("spec", "write exactly one of recurrence and interval")),
    };
    Ok(Window {
        kind: spec.r#type,
        selector: change_selector(&spec.selector, Reach::Beyond(&id.namespace)),
        id,
        schedule,
        overridable: spec.overridable,
        overrun: spec.overrun,
        lead_time: spec.lead_time,
        reason: spec.reason.clone(),
        owner: spec.owner.clone(),
    })
}

fn interval(interval: &WireInterval) -> Result<Interval, WindowProblem> {
    Interval::new(interval.start, interval.end).map_err(|error| problem("spec.interval.end", error))
}

/// The dates and starts of a recurrence, whichever notation gives them.
struct Dated {
    pattern: DatePattern,
    starts: Vec<LocalTime>,
    months: Option<Months>,
    until: Option<LocalDate>,
}

/// A recurrence in a zone, its calendars looked up.
///
/// # Errors
///
/// What in it cannot be understood.
pub fn recurrence(
    wire: &WireRecurrence,
    time_zone: &ZoneName,
    calendars: &Calendars,
) -> Result<Recurrence, WindowProblem> {
    let dated = dated(wire)?;
    let length = match (wire.duration, wire.end_local) {
        (Some(duration), None) => OccurrenceLength::Duration(duration),
        (None, Some(end)) => OccurrenceLength::EndLocal(end),
        _ => {
            return Err(problem(
                "spec.recurrence",
                "write exactly one of duration and endLocal",
            ));
        }
    };
    let mut except = wire.except_dates.clone();
    for name in &wire.except_holidays_of {
        let calendar = calendars
            .resolve(name)
            .map_err(|error| problem("spec.recurrence.exceptHolidaysOf", error))?;
        except.extend(holidays(&calendar));
    }
    Recurrence::try_from(RecurrenceParts {
        time_zone: time_zone.clone(),
        pattern: dated.pattern,
        months: months(&wire.months, dated.months)?,
        starts: dated.starts,
        length,
        from: wire.from,
        until: match (wire.until, dated.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
        except,
    })
    .map_err(|error| problem("spec.recurrence", error))
}

/// The holidays of a calendar on which it has no hours of their own.
fn holidays(calendar: &Calendar) -> impl Iterator<Item = LocalDate> {
    let dates = calendar.rules().holidays.keys().copied();
    dates.filter(|date| matches!(calendar.day(*date), Day::Holiday(_)))
}

fn months(given: &[i32], from_pattern: Option<Months>) -> Result<Option<Months>, WindowProblem> {
    let path = "spec.recurrence.months";
    if given.is_empty() {
        return Ok(from_pattern);
    }
    let given = Months::new(given.iter().copied().map(i64::from)).map_err(|error| wrong(path, &error))?;
    match from_pattern {
        None => Ok(Some(given)),
        Some(_) => Err(problem(
            path,
            "write months once: here, or in the cron expression or RRULE",
        )),
    }
}

fn wrong(path: &'static str, error: &ValueError) -> WindowProblem {
    problem(path, error)
}

fn dated(wire: &WireRecurrence) -> Result<Dated, WindowProblem> {
    let given = [
        !wire.days.is_empty(),
        wire.nth_weekday.is_some(),
        !wire.month_days.is_empty(),
        !wire.dates.is_empty(),
        wire.rrule.is_some(),
        wire.cron.is_some(),
    ];
    if given.into_iter().filter(|given| *given).count() != 1 {
        return Err(problem(
            "spec.recurrence",
            "write exactly one of days, nthWeekday, monthDays, dates, rrule, cron",
        ));
    }
    if wire.start.is_some() == wire.cron.is_some() {
        return Err(problem(
            "spec.recurrence.start",
            "write start, except with cron, which contains it",
        ));
    }
    if wire.weeks_every.is_some() && wire.days.is_empty() {
        return Err(problem("spec.recurrence.weeksEvery", "weeksEvery needs days"));
    }
    if let Some(text) = &wire.cron {
        let cron = cron::parse(text).map_err(|error| wrong("spec.recurrence.cron", &error))?;
        return Ok(Dated {
            pattern: cron.pattern,
            starts: cron.starts,
            months: cron.months,
            until: None,
        });
    }
    let starts = wire.start.into_iter().collect();
    if let Some(text) = &wire.rrule {
        let rule = rrule::parse(text, wire.from).map_err(|error| wrong("spec.recurrence.rrule", &error))?;
        return Ok(Dated {
            pattern: rule.pattern,
            starts,
            months: rule.months,
            until: rule.until,
        });
    }
    Ok(Dated {
        pattern: pattern(wire)?,
        starts,
        months: None,
        until: None,
    })
}

fn pattern(wire: &WireRecurrence) -> Result<DatePattern, WindowProblem> {
    if let Some(nth) = &wire.nth_weekday {
        let nth = NthWeekday {
            nth: nth.nth.into(),
            weekday: nth.weekday,
        };
        let set = NthWeekdays::new([nth]).map_err(|error| wrong("spec.recurrence.nthWeekday", &error))?;
        return Ok(DatePattern::NthWeekdays(set));
    }
    if !wire.month_days.is_empty() {
        let days = wire.month_days.iter().copied().map(i64::from);
        let set = MonthDays::new(days).map_err(|error| wrong("spec.recurrence.monthDays", &error))?;
        return Ok(DatePattern::MonthDays(set));
    }
    if !wire.dates.is_empty() {
        let dates =
            Dates::try_from(wire.dates.clone()).map_err(|error| wrong("spec.recurrence.dates", &error))?;
        return Ok(DatePattern::Dates(dates));
    }
    let weeks = match (wire.weeks_every, wire.anchor) {
        (Some(every), Some(anchor)) => Some(
            WeekInterval::new(every.into(), anchor)
                .map_err(|error| wrong("spec.recurrence.weeksEvery", &error))?,
        ),
        (None, None) => None,
        _ => {
            return Err(problem(
                "spec.recurrence.anchor",
                "weeksEvery and anchor go together",
            ));
        }
    };
    let days =
        Weekdays::new(wire.days.iter().copied()).map_err(|error| wrong("spec.recurrence.days", &error))?;
    Ok(DatePattern::Weekdays { days, weeks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitsm_core::time::Instant;
    use gitsm_core::window::ScheduleState;
    use serde_json::json;

    fn spec(fields: &Value) -> ChangeWindowSpec {
        let mut whole =
            json!({"type": "Maintenance", "selector": {"all": true}, "timeZone": "Europe/Berlin"});
        for (key, value) in fields.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn calendars() -> Calendars {
        let mut estate = Estate::default();
        let special = json!({"date": "2027-02-02", "name": "B", "hours": [{"from": "09:00", "to": "12:00"}]});
        let office = json!({"apiVersion": crate::API_VERSION, "kind": "BusinessCalendar",
        "metadata": {"name": "office"},
        "spec": {
            "timeZone": "Europe/Berlin",
            "weekly": [{"days": ["Monday"], "from": "09:00", "to": "17:00"}],
            "holidays": [{"date": "2027-02-01", "name": "A"}, {"date": "2027-02-02", "name": "B"}],
            "specialDays": [special],
        }});
        estate.insert(&office).unwrap();
        estate.business_calendars()
    }

    fn next(recurrence: &Value, at: &str) -> Option<String> {
        let spec = spec(&json!({"recurrence": recurrence}));
        let window = window("a/w".parse().unwrap(), &spec, &calendars()).unwrap();
        match window.schedule.state_at(at.parse::<Instant>().unwrap()) {
            ScheduleState::Active { .. } => panic!("active"),
            ScheduleState::Inactive { next } => next.map(|next| next.to_string()),
        }
    }

    #[test]
    fn every_notation_of_a_recurrence_is_understood() {
        let common = |mut recurrence: Value| {
            recurrence["duration"] = json!("2h");
            recurrence
        };
        for (recurrence, expected) in [
            (
                json!({"days": ["Saturday"], "start": "22:00"}),
                Some("2027-02-06T21:00:00Z"),
            ),
            (
                json!({"days": ["Monday"], "weeksEvery": 2, "anchor": "2027-01-06", "start": "22:00"}),
                Some("2027-02-01T21:00:00Z"),
            ),
            (
                json!({"nthWeekday": {"nth": 2, "weekday": "Tuesday"}, "start": "22:00"}),
                Some("2027-02-09T21:00:00Z"),
            ),
            (
                json!({"nthWeekday": {"nth": 4, "weekday": "Thursday"}, "months": [11], "start": "22:00"}),
                Some("2027-11-25T21:00:00Z"),
            ),
            (
                json!({"monthDays": [-1], "start": "22:00"}),
                Some("2027-02-28T21:00:00Z"),
            ),
            (
                json!({"dates": ["2027-05-01", "2026-05-01"], "start": "22:00"}),
                Some("2027-05-01T20:00:00Z"),
            ),
            (
                json!({"rrule": "FREQ=MONTHLY;BYDAY=1SA", "start": "22:00"}),
                Some("2027-02-06T21:00:00Z"),
            ),
            (
                json!({"rrule": "FREQ=DAILY;UNTIL=20270131", "until": "2027-03-01", "start": "22:00"}),
                None,
            ),
            (json!({"cron": "30 1 5 * *"}), Some("2027-02-05T00:30:00Z")),
            (
                json!({"days": ["Monday", "Tuesday", "Wednesday"], "start": "00:00", "exceptHolidaysOf": ["office"], "exceptDates": ["2027-02-03"]}),
                Some("2027-02-01T23:00:00Z"),
            ),
        ] {
            let found = next(&common(recurrence.clone()), "2027-01-31T23:30:00Z");
            assert_eq!(found.as_deref(), expected, "{recurrence}");
        }
    }

    #[test]
    fn what_cannot_be_understood_says_where() {
        let recurrence = |recurrence: Value| json!({"recurrence": recurrence});
        for (fields, says) in [
            (json!({}), "spec: write exactly one"),
            (json!({"selector": {}}), "spec.selector: write either"),
            (
                json!({"interval": {"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}}),
                "spec.interval.end: its end is not after",
            ),
            (
                recurrence(json!({"cron": "0 22 * * *", "rrule": "FREQ=DAILY", "duration": "1h"})),
                "spec.recurrence: write exactly one of days",
            ),
            (
                recurrence(json!({"days": ["Monday"], "duration": "1h"})),
                "spec.recurrence.start: write start",
            ),
            (
                recurrence(json!({"days": ["Monday"], "start": "22:00"})),
                "exactly one of duration and endLocal",
            ),
            (
                recurrence(json!({"days": ["Monday"], "start": "22:00", "duration": "169h"})),
                "longer than 168h",
            ),
            (
                recurrence(json!({"cron": "0 22 * 3 *", "months": [4], "duration": "1h"})),
                "spec.recurrence.months: write months once",
            ),
            (
                recurrence(json!({"rrule": "FREQ=DAILY;COUNT=2", "start": "22:00", "duration": "1h"})),
                "spec.recurrence.rrule: not a recurrence rule",
            ),
            (
                recurrence(
                    json!({"days": ["Monday"], "start": "22:00", "duration": "1h", "exceptHolidaysOf": ["x"]}),
                ),
                "spec.recurrence.exceptHolidaysOf: there is no calendar `x`",
            ),
        ] {
            let problem = window("a/w".parse().unwrap(), &spec(&fields), &calendars()).unwrap_err();
            let message = problem.to_string();
            assert!(message.contains(says), "{fields}: {message}");
        }
    }

    #[test]
    fn a_window_that_is_not_understood_is_kept_as_broken() {
        let mut estate = Estate::default();
        let mut object = json!({"apiVersion": crate::API_VERSION, "kind": "ChangeWindow",
            "metadata": {"name": "w", "namespace": "a"},
            "spec": {"type": "Freeze", "reason": "x", "selector": {"tiers": [1]}, "timeZone": "UTC"}});
        estate.insert(&object).unwrap();
        let set = estate.window_set(None);
        assert_eq!((set.windows.len(), set.broken.len()), (0, 1));
        let of_estate = &set.broken[0];
        assert_eq!(of_estate.kind, Some(ChangeWindowType::Freeze));
        // A manifest that is no ChangeWindow at all gives the same, as far as it can be read.
        object["spec"]["timeZone"] = json!("Mars/Base");
        assert!(estate.insert(&object).is_err());
        assert_eq!(salvage(&object, &of_estate.problem).as_ref(), Some(of_estate));
        object["spec"] = json!({"type": "Frieze", "selector": {}});
        let salvaged = salvage(&object, "x").unwrap();
        assert_eq!((salvaged.kind, salvaged.selector), (None, None));
        for (name, namespace, id) in [
            (json!(7), json!("a"), "a/unnamed"),
            (json!("Peak_2027."), json!("Shop"), "shop/peak-2027"),
            (json!("--"), json!(null), "default/unnamed"),
            (json!("é".repeat(70)), json!("a"), "a/unnamed"),
            (
                json!("x".repeat(70)),
                json!("a"),
                &format!("a/{}", "x".repeat(63)),
            ),
        ] {
            object["metadata"] = json!({"name": name, "namespace": namespace});
            assert_eq!(salvage(&object, "x").unwrap().id.to_string(), id);
        }
        object["kind"] = json!("Pod");
        assert_eq!(salvage(&object, "x"), None);
    }
}
