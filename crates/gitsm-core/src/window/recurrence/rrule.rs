//! Recurrence rules of RFC 5545, section 3.3.10, as far as the closed set of patterns can say the same.
//!
//! `FREQ` with `INTERVAL`, `BYDAY`, `BYMONTHDAY`, `BYMONTH`, `UNTIL` (a date) and `WKST`. What the rule leaves to
//! `DTSTART` is taken from `from`, the first date of the recurrence: the week that `INTERVAL` counts from, the
//! weekday or the day of the month where no `BY` part gives it. Everything else is refused with what to write instead.

use super::pattern::{DatePattern, WeekInterval};
use super::sets::{MonthDays, Months, NthWeekday, NthWeekdays, Weekdays};
use crate::text::ValueError;
use crate::time::LocalDate;
use crate::vocabulary::Weekday;
use std::borrow::Cow;

/// What a recurrence rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The dates.
    pub pattern: DatePattern,
    /// Only these months.
    pub months: Option<Months>,
    /// Last date on which an occurrence may start.
    pub until: Option<LocalDate>,
}

fn error(problem: impl Into<Cow<'static, str>>) -> ValueError {
    ValueError::new(
        "a recurrence rule that gitsm reads",
        problem,
        "FREQ=WEEKLY;BYDAY=SA",
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// The parts of a rule, as written.
#[derive(Default)]
struct Parts {
    frequency: Option<Frequency>,
    interval: Option<i64>,
    /// Number in the month, if given, and weekday.
    days: Option<Vec<(Option<i64>, Weekday)>>,
    month_days: Option<MonthDays>,
    months: Option<Months>,
    until: Option<LocalDate>,
    /// Whether weeks start on Monday; absent: they do.
    monday: Option<bool>,
}

/// Reads a recurrence rule; `from` stands for the `DTSTART` of the calendar entry.
///
/// # Errors
///
/// What of it has no place in the closed set of patterns, and what to write instead. The text itself is not
/// repeated.
pub fn parse(text: &str, from: Option<LocalDate>) -> Result<Rule, ValueError> {
    let upper = text.trim().to_ascii_uppercase();
    let rule = upper.strip_prefix("RRULE:").unwrap_or(&upper);
    let mut parts = Parts::default();
    for part in rule.split(';') {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| error("a part is not a name, `=` and a value; parts are separated by `;`"))?;
        parts.read(name, value)?;
    }
    let frequency = parts.frequency.ok_or_else(|| error("it has no FREQ"))?;
    let interval = parts.interval.unwrap_or(1);
    let months = parts.months_with(frequency, interval, from)?;
    Ok(Rule {
        pattern: parts.pattern(frequency, interval, from)?,
        months,
        until: parts.until,
    })
}

impl Parts {
    fn read(&mut self, name: &str, value: &str) -> Result<(), ValueError> {
        let twice = match name {
            "FREQ" => self.frequency.replace(frequency(value)?).is_some(),
            "INTERVAL" => self.interval.replace(interval(value)?).is_some(),
            "BYDAY" => self.days.replace(days(value)?).is_some(),
            "BYMONTHDAY" => {
                let days = numbers(value, "BYMONTHDAY")?;
                let days = MonthDays::new(days)
                    .map_err(|wrong| error(format!("BYMONTHDAY: {}", wrong.problem())))?;
                self.month_days.replace(days).is_some()
            }
            "BYMONTH" => {
                let months = numbers(value, "BYMONTH")?;
                let months =
                    Months::new(months).map_err(|wrong| error(format!("BYMONTH: {}", wrong.problem())))?;
                self.months.replace(months).is_some()
            }
            "UNTIL" => self.until.replace(until(value)?).is_some(),
            "WKST" => self.monday.replace(weekday(value)? == Weekday::Monday).is_some(),
            "COUNT" => return Err(error("COUNT is not read; write the last date as UNTIL")),
            "BYSETPOS" => {
                return Err(error(
                    "BYSETPOS is not read; write a number before the weekday in BYDAY (`-1FR`), or days in BYMONTHDAY",
                ));
            }
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                return Err(error("times of day are not read from it; write them as `start`"));
            }
            "BYWEEKNO" | "BYYEARDAY" => {
                return Err(error(
                    "BYWEEKNO and BYYEARDAY are not read; write the dates as `dates`",
                ));
            }
            "DTSTART" | "DTEND" => {
                return Err(error(
                    "dates of the entry are not read; write them as `from` and `until`",
                ));
            }
            _ => return Err(error("it has a part that RFC 5545 does not know")),
        };
        if twice {
            return Err(error("it has a part twice"));
        }
        Ok(())
    }

    fn pattern(
        &self,
        frequency: Frequency,
        interval: i64,
        from: Option<LocalDate>,
    ) -> Result<DatePattern, ValueError> {
        let (days, nth) = self.split_days()?;
        if nth.is_some() && matches!(frequency, Frequency::Daily | Frequency::Weekly) {
            return Err(error(
                "a number before a weekday in BYDAY needs FREQ=MONTHLY or FREQ=YEARLY",
            ));
        }
        if frequency == Frequency::Weekly && self.month_days.is_some() {
            return Err(error(
                "BYMONTHDAY cannot stand with FREQ=WEEKLY (RFC 5545, section 3.3.10)",
            ));
        }
        if frequency == Frequency::Yearly
            && self.months.is_none()
            && (self.days.is_some() || self.month_days.is_some() || from.is_none())
        {
            return Err(error("FREQ=YEARLY needs BYMONTH"));
        }
        if self.month_days.is_some() && self.days.is_some() {
            return Err(error(
                "BYDAY and BYMONTHDAY together (Friday the 13th) have no pattern; write the dates as `dates`",
            ));
        }
        if let Some(nth) = nth {
            return Ok(DatePattern::NthWeekdays(nth));
        }
        if let Some(month_days) = self.month_days {
            return Ok(DatePattern::MonthDays(month_days));
        }
        let start = from.map(LocalDate::date);
        match frequency {
            Frequency::Daily => Ok(every_week(days.unwrap_or(Weekdays::ALL))),
            Frequency::Weekly => {
                let from_start = || {
                    let start = start.ok_or_else(|| error("it has no BYDAY; write one, or give `from`"))?;
                    let day = start.weekday().to_monday_zero_offset().unsigned_abs();
                    Weekdays::new(Weekday::ALL.get(usize::from(day)).copied())
                };
                let days = days.map_or_else(from_start, Ok)?;
                if interval == 1 {
                    return Ok(every_week(days));
                }
                if self.monday == Some(false) {
                    return Err(error(
                        "weeks that INTERVAL counts start on Monday; write WKST=MO or leave it out",
                    ));
                }
                let anchor = from.ok_or_else(|| {
                    error("INTERVAL needs a week to count from; give `from`, or write days, weeksEvery and anchor")
                })?;
                let weeks = WeekInterval::new(interval, anchor)
                    .map_err(|_| error("INTERVAL of FREQ=WEEKLY is 1 to 52"))?;
                Ok(DatePattern::Weekdays {
                    days,
                    weeks: Some(weeks),
                })
            }
            Frequency::Monthly | Frequency::Yearly => match (days, start) {
                (Some(days), _) => Ok(every_week(days)),
                (None, Some(start)) => Ok(DatePattern::MonthDays(MonthDays::new([i64::from(start.day())])?)),
                (None, None) => Err(error(
                    "it has neither BYDAY nor BYMONTHDAY; write one, or give `from`",
                )),
            },
        }
    }

    /// The months, from `BYMONTH` or from an interval of months counted from `from`.
    fn months_with(
        &self,
        frequency: Frequency,
        interval: i64,
        from: Option<LocalDate>,
    ) -> Result<Option<Months>, ValueError> {
        match frequency {
            Frequency::Weekly => Ok(self.months),
            Frequency::Daily | Frequency::Monthly if interval == 1 => Ok(self.months),
            Frequency::Daily => Err(error(
                "INTERVAL cannot stand with FREQ=DAILY; write FREQ=WEEKLY with the weekdays, or the dates as `dates`",
            )),
            Frequency::Yearly if interval != 1 => Err(error(
                "INTERVAL cannot stand with FREQ=YEARLY; write the dates as `dates`",
            )),
            Frequency::Yearly => match (self.months, from) {
                (None, Some(from)) => Ok(Some(Months::new([i64::from(from.date().month())])?)),
                (months, _) => Ok(months),
            },
            Frequency::Monthly => {
                if 12 % interval != 0 {
                    return Err(error(
                        "INTERVAL of FREQ=MONTHLY is 1, 2, 3, 4, 6 or 12, so that each year has the same months",
                    ));
                }
                let from = from.ok_or_else(|| {
                    error("INTERVAL needs a month to count from; give `from`, or write the months as BYMONTH")
                })?;
                let first = i64::from(from.date().month());
                let counted =
                    Months::new((1..=12).filter(|month| (month - first).rem_euclid(interval) == 0))?;
                match self.months {
                    None => Ok(Some(counted)),
                    Some(months) => counted.intersect(months).map(Some).ok_or_else(|| {
                        error("INTERVAL, counted from the month of `from`, never meets a month of BYMONTH")
                    }),
                }
            }
        }
    }

    /// `BYDAY` as plain weekdays or as numbered ones.
    fn split_days(&self) -> Result<(Option<Weekdays>, Option<NthWeekdays>), ValueError> {
        let Some(days) = &self.days else {
            return Ok((None, None));
        };
        let numbered: Vec<NthWeekday> = days
            .iter()
            .filter_map(|(nth, weekday)| {
                nth.map(|nth| NthWeekday {
                    nth,
                    weekday: *weekday,
                })
            })
            .collect();
        if numbered.is_empty() {
            return Ok((Some(Weekdays::new(days.iter().map(|(_, day)| *day))?), None));
        }
        if numbered.len() < days.len() {
            return Err(error(
                "BYDAY has weekdays with and without a number; write two windows",
            ));
        }
        let set = NthWeekdays::new(numbered).map_err(|wrong| error(format!("BYDAY: {}", wrong.problem())))?;
        Ok((None, Some(set)))
    }
}

fn every_week(days: Weekdays) -> DatePattern {
    DatePattern::Weekdays { days, weeks: None }
}

fn frequency(value: &str) -> Result<Frequency, ValueError> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        _ => Err(error("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY")),
    }
}

fn interval(value: &str) -> Result<i64, ValueError> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(count @ 1..) if digits => Ok(count),
        _ => Err(error("INTERVAL is a number above 0")),
    }
}

fn numbers(value: &str, name: &str) -> Result<Vec<i64>, ValueError> {
    value
        .split(',')
        .map(|number| {
            number
                .parse()
                .map_err(|_| error(format!("{name}: a value is not a number")))
        })
        .collect()
}

fn days(value: &str) -> Result<Vec<(Option<i64>, Weekday)>, ValueError> {
    value
        .split(',')
        .map(|day| {
            let split = day.len().checked_sub(2).and_then(|at| day.split_at_checked(at));
            let (nth, day) = split.ok_or_else(|| error("BYDAY: a weekday is missing"))?;
            let nth = match nth {
                "" => None,
                nth => Some(
                    nth.parse()
                        .map_err(|_| error("BYDAY: what stands before a weekday is not a number"))?,
                ),
            };
            Ok((nth, weekday(day)?))
        })
        .collect()
}

fn weekday(value: &str) -> Result<Weekday, ValueError> {
    match value {
        "MO" => Ok(Weekday::Monday),
        "TU" => Ok(Weekday::Tuesday),
        "WE" => Ok(Weekday::Wednesday),
        "TH" => Ok(Weekday::Thursday),
        "FR" => Ok(Weekday::Friday),
        "SA" => Ok(Weekday::Saturday),
        "SU" => Ok(Weekday::Sunday),
        _ => Err(error("weekdays are MO, TU, WE, TH, FR, SA and SU")),
    }
}

fn until(value: &str) -> Result<LocalDate, ValueError> {
    if value.contains('T') {
        return Err(error(
            "UNTIL with a time is not read; write the last date, such as `UNTIL=20271231`",
        ));
    }
    let wrong = || error("UNTIL is not a date of eight digits, such as `20271231`");
    let digits = value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = value.split_at_checked(4).filter(|_| digits).ok_or_else(wrong)?;
    let (month, day) = rest.split_at_checked(2).ok_or_else(wrong)?;
    format!("{year}-{month}-{day}").parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn rules_are_read_into_patterns() {
        let from = "2027-03-10"; // a Wednesday
        let all = json!([
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday"
        ]);
        let fortnight = json!({"every": 2, "anchor": from});
        for (text, from, pattern, months) in [
            (
                "FREQ=DAILY",
                None,
                json!({"weekdays": {"days": all}}),
                json!(null),
            ),
            (
                "rrule:freq=weekly;byday=sa,SU;wkst=su",
                None,
                json!({"weekdays": {"days": ["Saturday", "Sunday"]}}),
                json!(null),
            ),
            (
                "FREQ=WEEKLY",
                Some(from),
                json!({"weekdays": {"days": ["Wednesday"]}}),
                json!(null),
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=MO",
                Some(from),
                json!({"weekdays": {"days": ["Monday"], "weeks": fortnight}}),
                json!(null),
            ),
            (
                "FREQ=DAILY;BYDAY=MO;BYMONTH=12,1",
                None,
                json!({"weekdays": {"days": ["Monday"]}}),
                json!([1, 12]),
            ),
            (
                "FREQ=MONTHLY;BYDAY=+2TU,-1FR",
                None,
                json!({"nthWeekdays": [{"nth": 2, "weekday": "Tuesday"}, {"nth": -1, "weekday": "Friday"}]}),
                json!(null),
            ),
            (
                "FREQ=MONTHLY;BYDAY=MO",
                None,
                json!({"weekdays": {"days": ["Monday"]}}),
                json!(null),
            ),
            (
                "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1",
                Some(from),
                json!({"monthDays": [-1]}),
                json!([3, 6, 9, 12]),
            ),
            (
                "FREQ=MONTHLY",
                Some(from),
                json!({"monthDays": [10]}),
                json!(null),
            ),
            ("FREQ=YEARLY", Some(from), json!({"monthDays": [10]}), json!([3])),
            (
                "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
                None,
                json!({"nthWeekdays": [{"nth": 4, "weekday": "Thursday"}]}),
                json!([11]),
            ),
        ] {
            let rule = parse(text, from.map(|from| from.parse().unwrap())).unwrap();
            assert_eq!(serde_json::to_value(&rule.pattern).unwrap(), pattern, "{text}");
            assert_eq!(serde_json::to_value(rule.months).unwrap(), months, "{text}");
            assert_eq!(rule.until, None);
        }
        let rule = parse("FREQ=DAILY;UNTIL=20280229", None).unwrap();
        assert_eq!(rule.until, Some("2028-02-29".parse().unwrap()));
    }

    #[test]
    fn what_has_no_pattern_is_refused_with_what_to_write() {
        for (text, says) in [
            ("", "a part is not a name"),
            ("BYDAY=MO", "no FREQ"),
            ("FREQ=HOURLY", "FREQ is DAILY"),
            ("FREQ=DAILY;FREQ=DAILY", "a part twice"),
            ("FREQ=DAILY;X=1", "RFC 5545 does not know"),
            ("FREQ=DAILY;COUNT=3", "write the last date as UNTIL"),
            ("FREQ=DAILY;INTERVAL=2", "INTERVAL cannot stand with FREQ=DAILY"),
            ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number above 0"),
            ("FREQ=DAILY;INTERVAL=+1", "INTERVAL is a number above 0"),
            ("FREQ=WEEKLY", "no BYDAY"),
            ("FREQ=WEEKLY;BYDAY=", "a weekday is missing"),
            ("FREQ=WEEKLY;BYDAY=XX", "weekdays are MO"),
            ("FREQ=WEEKLY;BYDAY=xMO", "not a number"),
            ("FREQ=WEEKLY;BYDAY=1MO", "needs FREQ=MONTHLY"),
            (
                "FREQ=WEEKLY;BYDAY=MO;BYMONTHDAY=1",
                "cannot stand with FREQ=WEEKLY",
            ),
            ("FREQ=WEEKLY;BYDAY=MO;INTERVAL=2", "a week to count from"),
            ("FREQ=WEEKLY;BYDAY=MO;INTERVAL=2;WKST=SU", "start on Monday"),
            ("FREQ=MONTHLY", "neither BYDAY nor BYMONTHDAY"),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "Friday the 13th"),
            ("FREQ=MONTHLY;BYDAY=1MO,TU", "with and without a number"),
            ("FREQ=MONTHLY;BYDAY=6MO", "nth is 1 to 5"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", "month days are 1 to 31"),
            ("FREQ=MONTHLY;BYMONTHDAY=x", "BYMONTHDAY: a value is not a number"),
            ("FREQ=MONTHLY;BYMONTHDAY=1;INTERVAL=5", "1, 2, 3, 4, 6 or 12"),
            ("FREQ=MONTHLY;BYMONTHDAY=1;INTERVAL=3", "a month to count from"),
            ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "BYSETPOS is not read"),
            ("FREQ=YEARLY;BYDAY=1MO", "needs BYMONTH"),
            ("FREQ=YEARLY;BYMONTHDAY=1", "needs BYMONTH"),
            ("FREQ=YEARLY;BYMONTH=13", "months are 1 to 12"),
            ("FREQ=DAILY;UNTIL=20270101T000000Z", "UNTIL with a time"),
            ("FREQ=DAILY;UNTIL=20270230", "not a date of eight digits"),
            ("FREQ=DAILY;BYHOUR=3", "write them as `start`"),
        ] {
            let message = parse(text, None).unwrap_err().to_string();
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(
            text in "\\PC*",
            parts in proptest::collection::vec(
                ("FREQ|INTERVAL|BYDAY|BYMONTHDAY|BYMONTH|UNTIL|WKST|COUNT",
                 "DAILY|WEEKLY|MONTHLY|YEARLY|[-+]?[0-9]{0,20}(MO|SU)?|[0-9,-]{0,9}|ä"),
                0..5,
            ),
            from in proptest::option::of(0_u8..28),
        ) {
            let from = from.map(|day| format!("2027-02-{:02}", day + 1).parse().unwrap());
            let _ = parse(&text, from);
            let parts: Vec<String> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let _ = parse(&parts.join(";"), from);
        }
    }
}
