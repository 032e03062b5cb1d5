//! Calendars as they are written, and how one becomes of a chain of them.

use super::calendar::{Calendar, CalendarRules};
use super::hours::{DayHours, WeekHours};
use crate::Text;
use crate::ident::BusinessCalendarName;
use crate::time::{LocalDate, ZoneName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A day with hours of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecialDay {
    /// Why.
    pub name: Text<120>,
    /// The hours.
    pub hours: DayHours,
}

/// A calendar as it is written, before it is joined with those it inherits from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalendarDefinition {
    /// The zone in which its hours are read.
    pub time_zone: ZoneName,
    /// Hours of an ordinary week; `None` for those inherited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<WeekHours>,
    /// Days without hours, by date, with their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub holidays: BTreeMap<LocalDate, Text<120>>,
    /// Days with hours of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub special_days: BTreeMap<LocalDate, SpecialDay>,
    /// The calendar whose holidays count here too, and whose hours count where `weekly` is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherits: Option<BusinessCalendarName>,
}

/// Why there is no calendar to ask. Whoever needs it takes it for closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "camelCase", deny_unknown_fields)]
pub enum CalendarProblem {
    /// Nothing of this name exists.
    #[error("there is no calendar `{name}`{}; add it or name another", inherited(inherited_by.as_ref()))]
    #[serde(rename_all = "camelCase")]
    Missing {
        /// The name.
        name: BusinessCalendarName,
        /// The calendar that inherits from it, where it was not asked for itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inherited_by: Option<BusinessCalendarName>,
    },
    /// A calendar inherits from itself.
    #[error(
        "the calendars {} inherit from each other in a circle; remove one `inherits`",
        chain(path)
    )]
    Cycle {
        /// The names along the circle; the first follows the last.
        path: Vec<BusinessCalendarName>,
    },
    /// Neither the calendar nor any it inherits from has weekly hours.
    #[error("neither the calendar `{name}` nor one it inherits from has weekly hours; give it `weekly`")]
    NoHours {
        /// The calendar asked for.
        name: BusinessCalendarName,
    },
    /// What is written is not a calendar.
    #[error("the calendar `{name}` cannot be used: {message}")]
    Invalid {
        /// The calendar that is wrong; the one asked for or one it inherits from.
        name: BusinessCalendarName,
        /// What is wrong with it.
        message: String,
    },
}

fn inherited(by: Option<&BusinessCalendarName>) -> String {
    by.map(|name| format!(", from which `{name}` inherits"))
        .unwrap_or_default()
}

fn chain(path: &[BusinessCalendarName]) -> String {
    let names: Vec<_> = path.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The calendars of an estate, those that cannot be used included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Calendars {
    /// Those that were understood, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<BusinessCalendarName, CalendarDefinition>,
    /// What is wrong with the others, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub invalid: BTreeMap<BusinessCalendarName, String>,
}

impl Calendars {
    /// The calendar of this name, joined with those it inherits from.
    ///
    /// # Errors
    ///
    /// [`CalendarProblem`] when it or one it inherits from is missing or wrong.
    pub fn resolve(&self, name: &BusinessCalendarName) -> Result<Calendar, CalendarProblem> {
        let chain = self.chain(name)?;
        let Some(((_, nearest), _)) = chain.split_first() else {
            return Err(CalendarProblem::NoHours { name: name.clone() });
        };
        let mut rules = CalendarRules {
            name: Some(name.clone()),
            time_zone: nearest.time_zone.clone(),
            weekly: WeekHours::default(),
            holidays: BTreeMap::new(),
            special_days: BTreeMap::new(),
        };
        let mut has_hours = false;
        for (_, definition) in chain {
            // The nearer calendar has spoken of the dates that are in either map already.
            let settled = |rules: &CalendarRules, date: &LocalDate| {
                rules.holidays.contains_key(date) || rules.special_days.contains_key(date)
            };
            let special_days: Vec<_> = if has_hours {
                Vec::new()
            } else {
                definition
                    .special_days
                    .iter()
                    .filter(|(date, _)| !settled(&rules, date))
                    .collect()
            };
            let holidays: Vec<_> = definition
                .holidays
                .iter()
                .filter(|(date, _)| !settled(&rules, date))
                .collect();
            for (date, day) in special_days {
                rules.special_days.insert(*date, day.clone());
            }
            for (date, holiday) in holidays {
                rules.holidays.insert(*date, holiday.clone());
            }
            if let (false, Some(weekly)) = (has_hours, &definition.weekly) {
                rules.weekly = weekly.clone();
                has_hours = true;
            }
        }
        if has_hours {
            Ok(Calendar::new(rules))
        } else {
            Err(CalendarProblem::NoHours { name: name.clone() })
        }
    }

    /// The calendar of this name and those it inherits from, nearest first.
    fn chain<'a>(
        &'a self,
        name: &'a BusinessCalendarName,
    ) -> Result<Vec<(&'a BusinessCalendarName, &'a CalendarDefinition)>, CalendarProblem> {
        let mut chain: Vec<(&BusinessCalendarName, &CalendarDefinition)> = Vec::new();
        let mut next = Some(name);
        while let Some(name) = next {
            if let Some(start) = chain.iter().position(|(seen, _)| *seen == name) {
                return Err(CalendarProblem::Cycle {
                    path: chain
                        .iter()
                        .skip(start)
                        .map(|(name, _)| (*name).clone())
                        .collect(),
                });
            }
            if let Some(message) = self.invalid.get(name) {
                return Err(CalendarProblem::Invalid {
                    name: name.clone(),
                    message: message.clone(),
                });
            }
            let Some(definition) = self.definitions.get(name) else {
                return Err(CalendarProblem::Missing {
                    name: name.clone(),
                    inherited_by: chain.last().map(|(name, _)| (*name).clone()),
                });
            };
            chain.push((name, definition));
            next = definition.inherits.as_ref();
        }
        Ok(chain)
    }
}
