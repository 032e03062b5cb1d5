//! From the wire types of `BusinessCalendar` to the domain types of decisions.

use crate::estate::Estate;
use crate::v1alpha1::BusinessCalendarSpec;
use gitsm_core::calendar::{
    Calendar, CalendarDefinition, CalendarProblem, Calendars, DayHours, HoursError, Segment, SpecialDay,
    WeekHours,
};
use gitsm_core::ident::BusinessCalendarName;
use gitsm_core::time::LocalDate;

/// Why a `BusinessCalendar` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// A segment is none, or two of one weekday overlap.
    #[error("spec.weekly: {0}")]
    Weekly(String),
    /// Hours of a special day are none.
    #[error("spec.specialDays, {date}: {error}")]
    SpecialDay {
        /// The date.
        date: LocalDate,
        /// What is wrong with its hours.
        error: HoursError,
    },
    /// A date stands twice in a list.
    #[error("{list}: {date} stands there twice")]
    Twice {
        /// The list.
        list: &'static str,
        /// The date.
        date: LocalDate,
    },
}

impl TryFrom<&BusinessCalendarSpec> for CalendarDefinition {
    type Error = DefinitionError;

    fn try_from(spec: &BusinessCalendarSpec) -> Result<Self, Self::Error> {
        let mut definition = Self {
            time_zone: spec.time_zone.clone(),
            weekly: None,
            holidays: [].into(),
            special_days: [].into(),
            inherits: spec.inherits.clone(),
        };
        let mut segments = Vec::new();
        for hours in &spec.weekly {
            let segment = Segment::new(hours.from, hours.to)
                .map_err(|error| DefinitionError::Weekly(error.to_string()))?;
            segments.extend(hours.days.iter().map(|day| (*day, segment)));
        }
        if !segments.is_empty() {
            let week = WeekHours::new(segments)
                .map_err(|(day, error)| DefinitionError::Weekly(format!("{day}: {error}")))?;
            definition.weekly = Some(week);
        }
        for holiday in &spec.holidays {
            let earlier = definition.holidays.insert(holiday.date, holiday.name.clone());
            unless_twice("spec.holidays", holiday.date, earlier.as_ref())?;
        }
        for day in &spec.special_days {
            let date = day.date;
            let hours = day
                .hours
                .iter()
                .map(|hours| Segment::new(hours.from, hours.to))
                .collect::<Result<Vec<_>, _>>()
                .and_then(DayHours::new)
                .map_err(|error| DefinitionError::SpecialDay { date, error })?;
            let name = day.name.clone();
            let earlier = definition.special_days.insert(date, SpecialDay { name, hours });
            unless_twice("spec.specialDays", date, earlier.as_ref())?;
        }
        Ok(definition)
    }
}

fn unless_twice<T>(list: &'static str, date: LocalDate, earlier: Option<&T>) -> Result<(), DefinitionError> {
    match earlier {
        Some(_) => Err(DefinitionError::Twice { list, date }),
        None => Ok(()),
    }
}

impl Estate {
    /// All calendars, those that cannot be used with the reason.
    pub fn business_calendars(&self) -> Calendars {
        let mut calendars = Calendars::default();
        for (_, name, object) in self.calendars.iter() {
            // A name that is none cannot be referred to either.
            let Ok(name) = name.parse::<BusinessCalendarName>() else {
                continue;
            };
            match CalendarDefinition::try_from(&object.spec) {
                Ok(definition) => {
                    calendars.definitions.insert(name, definition);
                }
                Err(error) => {
                    calendars.invalid.insert(name, error.to_string());
                }
            }
        }
        calendars
    }

    /// The calendar of a name, with all that it inherits.
    ///
    /// # Errors
    ///
    /// [`CalendarProblem`]: whoever needs the calendar takes it for closed. For many calendars ask
    /// [`Estate::business_calendars`] once.
    pub fn business_calendar(&self, name: &BusinessCalendarName) -> Result<Calendar, CalendarProblem> {
        self.business_calendars().resolve(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitsm_core::calendar::Day;
    use serde_json::json;

    fn estate(calendars: &[(&str, serde_json::Value)]) -> Estate {
        let mut estate = Estate::default();
        for (name, spec) in calendars {
            let object = json!({"apiVersion": crate::API_VERSION, "kind": "BusinessCalendar", "metadata": {"name": name}, "spec": spec});
            estate.insert(&object).unwrap();
        }
        estate
    }

    #[test]
    fn a_calendar_is_joined_with_what_it_inherits() {
        let estate = estate(&[
            (
                "country",
                json!({
                    "timeZone": "Europe/Berlin",
                    "weekly": [{"days": ["Monday"], "from": "09:00", "to": "17:00"}],
                    "holidays": [{"date": "2027-02-01", "name": "Founders"}],
                }),
            ),
            (
                "office",
                json!({
                    "timeZone": "Europe/Berlin",
                    "specialDays": [{"date": "2027-02-08", "name": "Stocktaking", "hours": [{"from": "12:00", "to": "14:00"}]}],
                    "inherits": "country",
                }),
            ),
        ]);
        let office = estate.business_calendar(&"office".parse().unwrap()).unwrap();
        assert!(
            matches!(office.day("2027-02-01".parse().unwrap()), Day::Holiday(name) if name.as_str() == "Founders")
        );
        assert!(office.is_open("2027-02-08T11:00:00Z".parse().unwrap()));
        assert!(!office.is_open("2027-02-08T10:59:59Z".parse().unwrap()));
        assert!(office.is_open("2027-02-15T08:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_used_says_what_is_wrong_and_where() {
        let broken = |spec: serde_json::Value| {
            let estate = estate(&[("a", spec)]);
            let problem = estate.business_calendar(&"a".parse().unwrap()).unwrap_err();
            problem.to_string()
        };
        let hours = |from: &str, to: &str| json!({"days": ["Monday", "Friday"], "from": from, "to": to});
        assert_eq!(
            broken(json!({"timeZone": "UTC", "weekly": [hours("09:00", "12:00"), hours("11:59", "17:00")]})),
            "the calendar `a` cannot be used: spec.weekly: Monday: 09:00-12:00 and 11:59-17:00 overlap on the same day; write them as one"
        );
        assert!(
            broken(json!({"timeZone": "UTC", "weekly": [hours("09:00", "09:00")]}))
                .contains("09:00 to 09:00")
        );
        let day = |hours| json!({"date": "2027-02-08", "name": "x", "hours": hours});
        let overlapping = json!([{"from": "01:00", "to": "03:00"}, {"from": "02:00", "to": "04:00"}]);
        assert!(
            broken(json!({"timeZone": "UTC", "weekly": [hours("09:00", "10:00")], "specialDays": [day(overlapping)]}))
                .contains("spec.specialDays, 2027-02-08")
        );
        let holiday = json!({"date": "2027-02-08", "name": "x"});
        assert!(
            broken(json!({"timeZone": "UTC", "weekly": [hours("09:00", "10:00")], "holidays": [holiday, holiday]}))
                .contains("spec.holidays: 2027-02-08 stands there twice")
        );
    }
}
