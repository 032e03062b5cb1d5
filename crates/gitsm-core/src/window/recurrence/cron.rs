//! Cron expressions of five fields, as POSIX describes them for `crontab`, with steps and names.
//!
//! Minute and hour give the local times of start, the other three fields the dates. Where both the day of the month
//! and the day of the week are restricted, either is enough (POSIX; the trap that [`Cron::combines_days_by_or`] finds
//! for a lint). What implementations read differently is refused: a step in one of the two when the other one is
//! restricted, wrapping ranges, a step of a single number.

use super::Recurrence;
use super::pattern::DatePattern;
use super::sets::{MonthDays, Months, Weekdays};
use crate::text::ValueError;
use crate::time::LocalTime;
use crate::vocabulary::Weekday;
use std::borrow::Cow;

/// What a cron expression says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// Local times of start, sorted.
    pub starts: Vec<LocalTime>,
    /// The dates.
    pub pattern: DatePattern,
    /// Only these months.
    pub months: Option<Months>,
}

impl Cron {
    /// Whether days of the month and days of the week are both restricted, so that either is enough. Who writes
    /// `0 22 13 * 5` mostly means Friday the 13th, and gets every Friday and every 13th.
    pub fn combines_days_by_or(&self) -> bool {
        matches!(self.pattern, DatePattern::MonthDaysOrWeekdays { .. })
    }
}

/// One of the five fields.
struct Field {
    name: &'static str,
    first: u8,
    last: u8,
    names: &'static [&'static str],
    // The number of the first name.
    names_from: u8,
}

const MINUTE: Field = field("minute", 0, 59);
const HOUR: Field = field("hour", 0, 23);
const MONTH_DAY: Field = field("day of month", 1, 31);
const MONTH: Field = Field {
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
    names_from: 1,
    ..field("month", 1, 12)
};
// 0 and 7 are both Sunday.
const WEEKDAY: Field = Field {
    names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    ..field("day of week", 0, 7)
};

const fn field(name: &'static str, first: u8, last: u8) -> Field {
    Field {
        name,
        first,
        last,
        names: &[],
        names_from: 0,
    }
}

/// The values of a field, as bits.
#[derive(Clone, Copy)]
struct Values {
    bits: u64,
    /// It is `*` alone, which restricts nothing.
    every: bool,
    /// It has `*` with a step somewhere.
    stepped_star: bool,
}

impl Values {
    fn iter(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |value| self.bits & 1 << value != 0)
    }
}

fn error(problem: impl Into<Cow<'static, str>>) -> ValueError {
    ValueError::new("a cron expression of five fields", problem, "0 22 * * 6")
}

/// Reads a cron expression: minute, hour, day of month, month, day of week.
///
/// # Errors
///
/// What is wrong, in which field. The text itself is not repeated.
pub fn parse(text: &str) -> Result<Cron, ValueError> {
    if text.trim_start().starts_with('@') {
        return Err(error(
            "names such as `@daily` are not read; write the five fields",
        ));
    }
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let [minute, hour, month_day, month, weekday] = fields[..] else {
        return Err(error(match fields.len() {
            6 | 7 => "it has more than five fields; there are no seconds and no years".into(),
            count => Cow::from(format!("it has {count} fields")),
        }));
    };
    let minutes = values(minute, &MINUTE)?;
    let hours = values(hour, &HOUR)?;
    let month_days = values(month_day, &MONTH_DAY)?;
    let months = values(month, &MONTH)?;
    let weekdays = values(weekday, &WEEKDAY)?;
    if (month_days.stepped_star && !weekdays.every) || (weekdays.stepped_star && !month_days.every) {
        return Err(error(
            "it has a step from `*` in one of day of month and day of week while the other is restricted, which \
             implementations of cron combine in different ways; write the days as a list",
        ));
    }
    let count = minutes.iter().count() * hours.iter().count();
    if count > Recurrence::MAX_STARTS {
        return Err(error(format!(
            "minute and hour give {count} starts a day, more than {}; write fewer and longer occurrences",
            Recurrence::MAX_STARTS
        )));
    }
    let starts = hours
        .iter()
        .flat_map(|hour| {
            minutes
                .iter()
                .map(move |minute| u16::from(hour) * 60 + u16::from(minute))
        })
        .map(LocalTime::from_minute_of_day)
        .collect::<Result<_, _>>()?;
    Ok(Cron {
        starts,
        pattern: pattern(month_days, weekdays)?,
        months: if months.every {
            None
        } else {
            Some(Months::new(months.iter().map(i64::from))?)
        },
    })
}

fn pattern(month_days: Values, weekdays: Values) -> Result<DatePattern, ValueError> {
    let days = || {
        let all = Weekday::ALL.iter().copied();
        // Bit 0 and bit 7 are Sunday, which comes last in ours.
        Weekdays::new(
            all.zip(1_u8..)
                .filter(|(_, number)| {
                    weekdays.bits & 1 << number != 0 || (*number == 7 && weekdays.bits & 1 != 0)
                })
                .map(|(day, _)| day),
        )
    };
    let month_days_set = || MonthDays::new(month_days.iter().map(i64::from));
    Ok(match (month_days.every, weekdays.every) {
        (true, true) => DatePattern::Weekdays {
            days: Weekdays::ALL,
            weeks: None,
        },
        (true, false) => DatePattern::Weekdays {
            days: days()?,
            weeks: None,
        },
        (false, true) => DatePattern::MonthDays(month_days_set()?),
        (false, false) => DatePattern::MonthDaysOrWeekdays {
            month_days: month_days_set()?,
            days: days()?,
        },
    })
}

fn values(text: &str, field: &Field) -> Result<Values, ValueError> {
    let wrong = |problem: &str| error(format!("{}: {problem}", field.name));
    let mut all = Values {
        bits: 0,
        every: text == "*",
        stepped_star: false,
    };
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            None => (item, None),
            Some((range, step)) => match number(step) {
                Some(step @ 1..) => (range, Some(step)),
                _ => return Err(wrong("the step after `/` is not a number above 0")),
            },
        };
        let (from, to) = if range == "*" {
            all.stepped_star |= step.is_some();
            (field.first, field.last)
        } else if let Some((from, to)) = range.split_once('-') {
            let (from, to) = (value(from, field)?, value(to, field)?);
            // A week may be written to end with Sunday by its name.
            let to = if field.last == 7 && to == 0 && from > 0 {
                7
            } else {
                to
            };
            if to < from {
                return Err(wrong("a range ends before it begins; write it as two ranges"));
            }
            (from, to)
        } else {
            let value = value(range, field)?;
            if step.is_some() {
                return Err(wrong(
                    "a step after a single number is read in different ways; write a range before `/`",
                ));
            }
            (value, value)
        };
        let steps = (from..=to).step_by(usize::from(step.unwrap_or(1)));
        all.bits = steps.fold(all.bits, |bits, value| bits | 1 << value);
    }
    Ok(all)
}

/// A number or a name of the field.
fn value(text: &str, field: &Field) -> Result<u8, ValueError> {
    let wrong = |problem: &str| error(format!("{}: {problem}", field.name));
    if let Some(value) = number(text) {
        return if (field.first..=field.last).contains(&value) {
            Ok(value)
        } else {
            Err(wrong(&format!("numbers are {} to {}", field.first, field.last)))
        };
    }
    let named = field.names.iter().zip(field.names_from..);
    let mut named = named.filter(|(name, _)| name.eq_ignore_ascii_case(text));
    if let Some((_, value)) = named.next() {
        return Ok(value);
    }
    Err(wrong(match text {
        "" => "a value is missing",
        "?" => "`?` is not part of cron; write `*`",
        _ if text.contains('#') => "`#` is not part of cron; use the nthWeekday of the recurrence",
        _ if text.ends_with(['L', 'l']) => "`L` is not part of cron; use monthDays: [-1] or nthWeekday",
        _ if text.ends_with(['W', 'w']) => "`W` is not part of cron; write the dates",
        _ if field.names.is_empty() => "a value is not a number",
        _ => "a value is neither a number nor a name of three letters",
    }))
}

/// A number of one to three digits; larger ones are none that any field takes.
fn number(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn expressions_are_read_into_patterns() {
        let every_day = json!([
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday"
        ]);
        for (text, starts, pattern, months) in [
            (
                "0 22 * * 6",
                vec!["22:00"],
                json!({"weekdays": {"days": ["Saturday"]}}),
                json!(null),
            ),
            (
                "30 9-17/4 * * *",
                vec!["09:30", "13:30", "17:30"],
                json!({"weekdays": {"days": every_day}}),
                json!(null),
            ),
            (
                "0,30 1 * jan,DEC mon-fri",
                vec!["01:00", "01:30"],
                json!({"weekdays": {"days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]}}),
                json!([1, 12]),
            ),
            (
                "0 0 1,15 1-12/3 *",
                vec!["00:00"],
                json!({"monthDays": [1, 15]}),
                json!([1, 4, 7, 10]),
            ),
            (
                "0 0 13 * 5",
                vec!["00:00"],
                json!({"monthDaysOrWeekdays": {"monthDays": [13], "days": ["Friday"]}}),
                json!(null),
            ),
            (
                "0 0 * * 0,7",
                vec!["00:00"],
                json!({"weekdays": {"days": ["Sunday"]}}),
                json!(null),
            ),
            (
                "0 0 * * 5-7",
                vec!["00:00"],
                json!({"weekdays": {"days": ["Friday", "Saturday", "Sunday"]}}),
                json!(null),
            ),
            (
                "0 0 * * FRI-SUN",
                vec!["00:00"],
                json!({"weekdays": {"days": ["Friday", "Saturday", "Sunday"]}}),
                json!(null),
            ),
            (
                "0 0 */10 * *",
                vec!["00:00"],
                json!({"monthDays": [1, 11, 21, 31]}),
                json!(null),
            ),
        ] {
            let cron = parse(text).unwrap();
            let times: Vec<String> = cron.starts.iter().map(ToString::to_string).collect();
            assert_eq!(times, starts, "{text}");
            assert_eq!(serde_json::to_value(&cron.pattern).unwrap(), pattern, "{text}");
            assert_eq!(serde_json::to_value(cron.months).unwrap(), months, "{text}");
            assert_eq!(cron.combines_days_by_or(), text == "0 0 13 * 5", "{text}");
        }
    }

    #[test]
    fn wrong_expressions_say_where_and_why() {
        for (text, says) in [
            ("", "0 fields"),
            ("0 22 * *", "4 fields"),
            ("0 0 22 * * 6", "no seconds"),
            ("@daily", "five fields"),
            ("60 22 * * 6", "minute: numbers are 0 to 59"),
            ("0 24 * * *", "hour: numbers are 0 to 23"),
            ("0 0 0 * *", "day of month: numbers are 1 to 31"),
            ("0 0 * 13 *", "month: numbers are 1 to 12"),
            ("0 0 * * 8", "day of week: numbers are 0 to 7"),
            ("0 0 * foo *", "month: a value is neither"),
            ("x 0 * * *", "minute: a value is not a number"),
            ("0 5-3 * * *", "hour: a range ends before it begins"),
            ("0 0 * * SAT-MON", "day of week: a range ends"),
            ("0 0/2 * * *", "hour: a step after a single number"),
            ("*/0 0 * * *", "minute: the step"),
            ("0 0 L * *", "monthDays: [-1]"),
            ("0 0 ? * 1", "`?` is not part of cron"),
            ("0 0 * * 5#2", "nthWeekday"),
            ("0 0 15W * *", "`W` is not part of cron"),
            ("0, 0 * * *", "minute: a value is missing"),
            ("*/5 * * * *", "288 starts a day"),
            ("0 0 */2 * 1", "in different ways"),
            ("0 0 1 * */2", "in different ways"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in "\\PC*", fields in "[-0-9*/,A-Za-z#? ]{0,40}") {
            let _ = parse(&text);
            if let Ok(cron) = parse(&fields) {
                prop_assert!(!cron.starts.is_empty() && cron.starts.is_sorted());
            }
        }
    }
}
