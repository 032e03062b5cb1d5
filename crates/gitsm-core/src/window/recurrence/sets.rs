//! Small sets of days and months, kept as bits and written as lists.

use crate::text::ValueError;
use crate::vocabulary::Weekday;
use serde::{Deserialize, Serialize};

/// Declares a set that is never empty, written as a list of its elements.
macro_rules! small_sets {
    ($($(#[$meta:meta])* $name:ident of $element:ty;)*) => {
        $(
            impl TryFrom<Vec<$element>> for $name {
                type Error = ValueError;

                fn try_from(elements: Vec<$element>) -> Result<Self, Self::Error> {
                    Self::new(elements)
                }
            }

            impl From<$name> for Vec<$element> {
                fn from(set: $name) -> Self {
                    set.elements().collect()
                }
            }
        )*
    };
}

small_sets! {
    Weekdays of Weekday;
    Months of i64;
    MonthDays of i64;
    NthWeekdays of NthWeekday;
}

/// Days of the week, at least one. Bit 0 is Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Weekday>", into = "Vec<Weekday>")]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// These days.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn new(days: impl IntoIterator<Item = Weekday>) -> Result<Self, ValueError> {
        let bits = days.into_iter().fold(0, |bits, day| bits | 1 << number(day));
        if bits == 0 {
            return Err(ValueError::new("a set of weekdays", "it is empty", "[Saturday]"));
        }
        Ok(Self(bits))
    }

    /// The days, from Monday on.
    pub fn elements(self) -> impl Iterator<Item = Weekday> {
        Weekday::ALL
            .iter()
            .copied()
            .filter(move |day| self.0 & 1 << number(*day) != 0)
    }

    pub(super) fn bits(self) -> u8 {
        self.0
    }
}

/// 0 for Monday to 6 for Sunday.
pub(super) fn number(day: Weekday) -> u8 {
    match day {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// Months of the year, 1 to 12, at least one. Bit 1 is January.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<i64>", into = "Vec<i64>")]
pub struct Months(u16);

impl Months {
    /// These months, 1 for January.
    ///
    /// # Errors
    ///
    /// When there is none, or one is not 1 to 12.
    pub fn new(months: impl IntoIterator<Item = i64>) -> Result<Self, ValueError> {
        let error = |problem| ValueError::new("a set of months", problem, "[1, 12]");
        let bits = months.into_iter().try_fold(0, |bits, month| match month {
            1..=12 => Ok(bits | 1 << month),
            _ => Err(error("months are 1 to 12")),
        })?;
        if bits == 0 {
            return Err(error("it is empty"));
        }
        Ok(Self(bits))
    }

    /// The months, from January on.
    pub fn elements(self) -> impl Iterator<Item = i64> {
        (1..=12).filter(move |month| self.0 & 1 << month != 0)
    }

    /// Whether it holds a month, 1 to 12.
    pub(super) fn contains(self, month: i8) -> bool {
        (1..=12).contains(&month) && self.0 & 1 << month != 0
    }

    /// The months of both; `None` if there is none.
    pub(super) fn intersect(self, other: Self) -> Option<Self> {
        let bits = self.0 & other.0;
        (bits != 0).then_some(Self(bits))
    }
}

/// Days of a month, at least one: 1 to 31, or -1 (the last) to -31 counted from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<i64>", into = "Vec<i64>")]
pub struct MonthDays {
    // Bit 0 is the first day.
    forward: u32,
    // Bit 0 is the last day.
    backward: u32,
}

impl MonthDays {
    /// These days.
    ///
    /// # Errors
    ///
    /// When there is none, or one is 0 or beyond 31.
    pub fn new(days: impl IntoIterator<Item = i64>) -> Result<Self, ValueError> {
        let error = |problem| ValueError::new("a set of days of the month", problem, "[1, -1]");
        let (mut forward, mut backward) = (0, 0);
        for day in days {
            match day {
                1..=31 => forward |= 1 << (day - 1),
                -31..=-1 => backward |= 1 << (-day - 1),
                _ => return Err(error("month days are 1 to 31, or -1 to -31 from the end")),
            }
        }
        if forward == 0 && backward == 0 {
            return Err(error("it is empty"));
        }
        Ok(Self { forward, backward })
    }

    /// The days: 1 to 31, then -1 to -31.
    pub fn elements(self) -> impl Iterator<Item = i64> {
        let forward = (1..=31).filter(move |day| self.forward & 1 << (day - 1) != 0);
        let backward = (1..=31).filter(move |day| self.backward & 1 << (day - 1) != 0);
        forward.chain(backward.map(|day| -day))
    }

    /// Its days in a month of `days` days, bit 0 for the first.
    pub(super) fn bits_in(self, days: u8) -> u32 {
        let full = full(days);
        let from_end = self.backward.reverse_bits() >> 32_u8.saturating_sub(days).min(31);
        (self.forward | from_end) & full
    }
}

/// Bits 0 to `days` - 1.
pub(super) fn full(days: u8) -> u32 {
    u32::MAX >> 32_u8.saturating_sub(days).min(31)
}

/// One weekday of each month: the second Tuesday, the last Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NthWeekday {
    /// 1 (first) to 5, or -1 (last) to -5. Months without a fifth have none.
    pub nth: i64,
    /// The weekday.
    pub weekday: Weekday,
}

/// Weekdays of each month, by their number in it; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<NthWeekday>", into = "Vec<NthWeekday>")]
pub struct NthWeekdays {
    // By weekday from Monday on; bit 0 is the first, and the last.
    forward: [u8; 7],
    backward: [u8; 7],
}

impl NthWeekdays {
    /// These weekdays.
    ///
    /// # Errors
    ///
    /// When there is none, or a number is 0 or beyond 5.
    pub fn new(elements: impl IntoIterator<Item = NthWeekday>) -> Result<Self, ValueError> {
        let error = |problem| {
            ValueError::new(
                "a set of weekdays of the month",
                problem,
                "[{nth: 2, weekday: Tuesday}]",
            )
        };
        let mut set = Self {
            forward: [0; 7],
            backward: [0; 7],
        };
        for NthWeekday { nth, weekday } in elements {
            let (bits, count) = match nth {
                1..=5 => (&mut set.forward, nth),
                -5..=-1 => (&mut set.backward, -nth),
                _ => return Err(error("nth is 1 to 5, or -1 to -5 from the end")),
            };
            if let Some(bits) = bits.get_mut(usize::from(number(weekday))) {
                *bits |= 1 << (count - 1);
            }
        }
        if set.forward == [0; 7] && set.backward == [0; 7] {
            return Err(error("it is empty"));
        }
        Ok(set)
    }

    /// The weekdays, from Monday on: 1 to 5, then -1 to -5.
    pub fn elements(self) -> impl Iterator<Item = NthWeekday> {
        let days = Weekday::ALL
            .iter()
            .copied()
            .zip(self.forward.into_iter().zip(self.backward));
        days.flat_map(|(weekday, (forward, backward))| {
            let nths = |bits: u8, sign: i64| {
                (1..=5)
                    .filter(move |nth| bits & 1 << (nth - 1) != 0)
                    .map(move |nth| NthWeekday {
                        nth: sign * nth,
                        weekday,
                    })
            };
            nths(forward, 1).chain(nths(backward, -1))
        })
    }

    /// Its days in a month of `days` days that begins on the weekday `first` (0 for Monday); bit 0 for the first.
    pub(super) fn bits_in(self, first: u8, days: u8) -> u32 {
        let mut bits = 0_u32;
        for (weekday, (forward, backward)) in (0_u8..7).zip(self.forward.into_iter().zip(self.backward)) {
            if forward == 0 && backward == 0 {
                continue;
            }
            // The days of this weekday: every seventh from `start` on.
            let start = (weekday + 7 - first % 7) % 7;
            let count = days.saturating_sub(start).div_ceil(7);
            for index in 0..count {
                let from_end = count - 1 - index;
                if forward & 1 << index != 0 || backward & 1 << from_end != 0 {
                    bits |= 1 << (start + 7 * index).min(31);
                }
            }
        }
        bits & full(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sets_are_written_as_sorted_lists() {
        let days: Weekdays = serde_json::from_value(json!(["Sunday", "Monday", "Sunday"])).unwrap();
        assert_eq!(serde_json::to_value(days).unwrap(), json!(["Monday", "Sunday"]));
        let months: Months = serde_json::from_value(json!([12, 1])).unwrap();
        assert_eq!(serde_json::to_value(months).unwrap(), json!([1, 12]));
        let days: MonthDays = serde_json::from_value(json!([-31, 31, -1, 1])).unwrap();
        assert_eq!(serde_json::to_value(days).unwrap(), json!([1, 31, -1, -31]));
        let nth = json!([{"nth": 5, "weekday": "Monday"}, {"nth": -1, "weekday": "Monday"}]);
        let set: NthWeekdays = serde_json::from_value(nth.clone()).unwrap();
        assert_eq!(serde_json::to_value(set).unwrap(), nth);
    }

    #[test]
    fn what_is_outside_a_set_is_refused() {
        assert!(Weekdays::new([]).is_err());
        for wrong in [json!([]), json!([0]), json!([13]), json!([i64::MIN])] {
            assert!(
                serde_json::from_value::<Months>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
        for wrong in [
            json!([]),
            json!([0]),
            json!([32]),
            json!([-32]),
            json!([i64::MIN]),
        ] {
            assert!(
                serde_json::from_value::<MonthDays>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
        for nth in [0, 6, -6, i64::MIN] {
            let weekday = Weekday::Monday;
            assert!(NthWeekdays::new([NthWeekday { nth, weekday }]).is_err(), "{nth}");
        }
    }

    #[test]
    fn days_of_a_month_are_counted_from_both_ends() {
        let days = MonthDays::new([1, 30, -1, -30]).unwrap();
        // 1, 30, 31 and 2 of a month of 31; 1, 28 and nothing else of one of 28.
        assert_eq!(days.bits_in(31), 1 | 1 << 29 | 1 << 30 | 1 << 1);
        assert_eq!(days.bits_in(28), 1 | 1 << 27);
        // A month of 30 days that begins on a Saturday has five Saturdays and Sundays.
        let nth = |nth, weekday| NthWeekdays::new([NthWeekday { nth, weekday }]).unwrap();
        assert_eq!(nth(5, Weekday::Sunday).bits_in(5, 30), 1 << 29);
        assert_eq!(nth(-5, Weekday::Saturday).bits_in(5, 30), 1);
        assert_eq!(nth(5, Weekday::Monday).bits_in(5, 30), 0);
        assert_eq!(nth(1, Weekday::Monday).bits_in(5, 30), 1 << 2);
        assert_eq!(nth(-1, Weekday::Friday).bits_in(5, 30), 1 << 27);
    }
}
