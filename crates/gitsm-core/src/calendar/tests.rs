//! Laws and tables of calendars. Vectors of an independent implementation are checked in the workspace's tests.

use super::*;
use crate::ident::BusinessCalendarName;
use crate::time::{ClosingTime, Instant, LocalDate, LocalTime, ZoneName};
use crate::vocabulary::Weekday;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn segment(from: &str, to: &str) -> Segment {
    Segment::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn hours(segments: &[(&str, &str)]) -> DayHours {
    DayHours::new(segments.iter().map(|(from, to)| segment(from, to)).collect()).unwrap()
}

fn rules(zone: &str, weekly: WeekHours) -> CalendarRules {
    CalendarRules {
        name: None,
        time_zone: zone.parse().unwrap(),
        weekly,
        holidays: BTreeMap::new(),
        special_days: BTreeMap::new(),
    }
}

/// Monday to Friday, nine to five.
fn office(zone: &str) -> Calendar {
    let days = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ];
    let weekly = WeekHours::new(days.map(|day| (day, segment("09:00", "17:00")))).unwrap();
    Calendar::new(rules(zone, weekly))
}

#[test]
fn segments_that_touch_are_one_and_those_that_overlap_are_refused() {
    assert_eq!(
        hours(&[("12:00", "17:00"), ("09:00", "12:00")]),
        hours(&[("09:00", "17:00")])
    );
    assert_eq!(
        hours(&[("13:00", "24:00"), ("00:00", "12:00")]).to_string(),
        "00:00-12:00, 13:00-24:00"
    );
    let overlapping = DayHours::new(vec![segment("12:00", "17:00"), segment("09:00", "12:01")]);
    let error = overlapping.unwrap_err().to_string();
    assert_eq!(
        error,
        "09:00-12:01 and 12:00-17:00 overlap on the same day; write them as one"
    );
    let inside = DayHours::new(vec![
        segment("09:00", "17:00"),
        segment("09:00", "10:00"),
        segment("20:00", "21:00"),
    ]);
    assert!(inside.is_err());
    assert!(Segment::new("10:00".parse().unwrap(), "10:00".parse().unwrap()).is_err());
}

#[test]
fn saved_rules_are_checked_when_they_are_read() {
    let calendar = office("Europe/Berlin");
    let text = serde_json::to_string(&calendar).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), calendar);
    for (right, wrong) in [
        (r#""to":"17:00""#, r#""to":"09:00""#),
        ("Berlin", "Berlim"),
        ("weekly", "weekley"),
    ] {
        let text = text.replacen(right, wrong, 1);
        assert!(serde_json::from_str::<Calendar>(&text).is_err(), "{text}");
    }
}

#[test]
fn the_day_has_its_reason() {
    let mut rules = office("Europe/Berlin").rules().clone();
    let date = |text: &str| text.parse::<LocalDate>().unwrap();
    let name = |text: &str| text.parse().unwrap();
    let special = SpecialDay {
        name: name("Short day"),
        hours: hours(&[("10:00", "12:00")]),
    };
    rules.holidays.insert(date("2027-12-24"), name("Christmas Eve"));
    rules.holidays.insert(date("2027-12-25"), name("Christmas Day"));
    rules.special_days.insert(date("2027-12-24"), special.clone());
    let calendar = Calendar::new(rules);
    assert_eq!(calendar.day(date("2027-12-24")), Day::Special(&special));
    assert_eq!(
        calendar.day(date("2027-12-25")),
        Day::Holiday(&name("Christmas Day"))
    );
    assert_eq!(
        calendar.day(date("2027-12-26")),
        Day::Ordinary(&DayHours::default())
    );
    assert_eq!(calendar.holidays_until(), Some(date("2027-12-25")));
    assert_eq!(
        calendar.business_between(at("2027-12-24T00:00:00Z"), at("2027-12-26T00:00:00Z")),
        SignedDuration::from_hours(2)
    );
}

#[test]
fn ends_of_periods_are_half_open_to_the_nanosecond() {
    let office = office("UTC");
    for (instant, open) in [
        ("2027-02-01T08:59:59.999999999Z", false),
        ("2027-02-01T09:00:00Z", true),
        ("2027-02-01T16:59:59.999999999Z", true),
        ("2027-02-01T17:00:00Z", false),
    ] {
        assert_eq!(office.is_open(at(instant)), open, "{instant}");
    }
    let moment = SignedDuration::from_nanos(1);
    assert_eq!(
        office.business_between(at("2027-02-01T16:59:59.999999999Z"), at("2027-02-01T18:00:00Z")),
        moment
    );
    assert_eq!(
        office.add_business(at("2027-01-31T00:00:00Z"), moment),
        Some(at("2027-02-01T09:00:00.000000001Z"))
    );
    // A length that ends with the day ends then, not when the next day begins; backwards it is the other way round.
    let day = SignedDuration::from_hours(8);
    assert_eq!(
        office.add_business(at("2027-02-01T09:00:00Z"), day),
        Some(at("2027-02-01T17:00:00Z"))
    );
    assert_eq!(
        office.add_business(at("2027-02-02T09:00:00Z"), -day),
        Some(at("2027-02-01T09:00:00Z"))
    );
    assert_eq!(
        office.add_business(at("2027-02-06T09:00:00Z"), SignedDuration::ZERO),
        Some(at("2027-02-06T09:00:00Z"))
    );
}

#[test]
fn next_transitions() {
    let office = office("Europe/Berlin");
    for (instant, open, close, first) in [
        // Sunday.
        (
            "2027-01-31T12:00:00Z",
            "2027-02-01T08:00:00Z",
            "2027-02-01T16:00:00Z",
            "2027-02-01T08:00:00Z",
        ),
        (
            "2027-02-01T08:00:00Z",
            "2027-02-02T08:00:00Z",
            "2027-02-01T16:00:00Z",
            "2027-02-01T08:00:00Z",
        ),
        (
            "2027-02-01T16:00:00Z",
            "2027-02-02T08:00:00Z",
            "2027-02-02T16:00:00Z",
            "2027-02-02T08:00:00Z",
        ),
        // Friday in summer time that ends on Sunday.
        (
            "2027-10-29T15:00:00Z",
            "2027-11-01T08:00:00Z",
            "2027-11-01T16:00:00Z",
            "2027-11-01T08:00:00Z",
        ),
    ] {
        let instant = at(instant);
        assert_eq!(office.next_open(instant), Some(at(open)), "{instant}");
        assert_eq!(office.next_close(instant), Some(at(close)), "{instant}");
        assert_eq!(office.first_open(instant), Some(at(first)), "{instant}");
    }
}

#[test]
fn always_is_physical_time() {
    let always = Calendar::always();
    let (from, until) = (at("1999-12-31T23:59:59.5Z"), at("2501-01-01T00:00:00Z"));
    assert!(always.is_open(Instant::MIN) && always.is_open(Instant::MAX));
    assert_eq!(always.business_between(from, until), until.since(from));
    assert_eq!(
        always.business_between(Instant::MIN, Instant::MAX),
        Instant::MAX.since(Instant::MIN)
    );
    assert_eq!(always.add_business(from, until.since(from)), Some(until));
    assert_eq!(always.add_business(from, SignedDuration::MAX), None);
    assert_eq!(always.next_open(from), None);
    assert_eq!(always.next_close(from), None);
    let whole = OpenPeriod { from, until };
    assert_eq!(always.open_periods(from, until).collect::<Vec<_>>(), [whole]);
}

#[test]
fn what_never_opens_is_never_reached() {
    let never = Calendar::new(rules("Asia/Tokyo", WeekHours::default()));
    let now = at("2027-01-01T00:00:00Z");
    assert_eq!(never.add_business(now, MINUTE), None);
    assert_eq!(never.add_business(now, -MINUTE), None);
    assert_eq!(never.next_open(now), None);
    assert_eq!(
        never.business_between(Instant::MIN, Instant::MAX),
        SignedDuration::ZERO
    );
    assert_eq!(never.open_periods(Instant::MIN, Instant::MAX).count(), 0);

    let mut once = rules("Asia/Tokyo", WeekHours::default());
    let day = SpecialDay {
        name: "Opening".parse().unwrap(),
        hours: hours(&[("10:00", "11:00")]),
    };
    once.special_days.insert("2500-06-01".parse().unwrap(), day);
    let once = Calendar::new(once);
    assert_eq!(once.add_business(now, MINUTE), Some(at("2500-06-01T01:01:00Z")));
    assert_eq!(
        once.add_business(Instant::MAX, -MINUTE),
        Some(at("2500-06-01T01:59:00Z"))
    );
    assert_eq!(once.add_business(now, SignedDuration::from_hours(2)), None);
    assert_eq!(once.next_open(now), None, "farther than the search goes");
    assert_eq!(
        once.business_between(Instant::MIN, Instant::MAX),
        SignedDuration::from_hours(1)
    );
}

/// A calendar in one line: its name, whether it has weekly hours, its holidays, its special days, its parent.
type Line<'a> = (&'a str, bool, &'a [&'a str], &'a [&'a str], &'a str);

fn family(lines: &[Line<'_>]) -> Calendars {
    let name = |text: &str| text.parse::<BusinessCalendarName>().unwrap();
    let mut calendars = Calendars::default();
    for (child, weekly, holidays, specials, parent) in lines {
        let definition = CalendarDefinition {
            time_zone: "UTC".parse().unwrap(),
            weekly: weekly.then(|| WeekHours::daily(&hours(&[("09:00", "17:00")]))),
            holidays: holidays
                .iter()
                .map(|date| (date.parse().unwrap(), child.parse().unwrap()))
                .collect(),
            special_days: specials
                .iter()
                .map(|date| {
                    let day = SpecialDay {
                        name: child.parse().unwrap(),
                        hours: hours(&[("12:00", "13:00")]),
                    };
                    (date.parse().unwrap(), day)
                })
                .collect(),
            inherits: (!parent.is_empty()).then(|| name(parent)),
        };
        calendars.definitions.insert(name(child), definition);
    }
    calendars
}

#[test]
fn of_two_calendars_the_nearer_is_right() {
    let calendars = family(&[
        (
            "top",
            true,
            &["2027-01-01", "2027-01-02"],
            &["2027-01-02", "2027-01-03"],
            "",
        ),
        (
            "middle",
            false,
            &["2027-01-03", "2027-01-04"],
            &["2027-01-01"],
            "top",
        ),
        ("leaf", true, &["2027-01-05"], &["2027-01-04"], "middle"),
    ]);
    let day = |calendar: &str, date: &str| {
        let calendar = calendars.resolve(&calendar.parse().unwrap()).unwrap();
        match calendar.day(date.parse().unwrap()) {
            Day::Ordinary(_) => "ordinary".to_owned(),
            Day::Holiday(name) => format!("holiday of {name}"),
            Day::Special(day) => format!("special of {}", day.name),
        }
    };
    for (calendar, days) in [
        (
            "top",
            [
                "holiday of top",
                "special of top",
                "special of top",
                "ordinary",
                "ordinary",
            ],
        ),
        (
            "middle",
            [
                "special of middle",
                "special of top",
                "holiday of middle",
                "holiday of middle",
                "ordinary",
            ],
        ),
        // Its own hours, so that special days of others say nothing; their holidays still count.
        (
            "leaf",
            [
                "holiday of top",
                "holiday of top",
                "holiday of middle",
                "special of leaf",
                "holiday of leaf",
            ],
        ),
    ] {
        for (date, expected) in (1..).zip(days) {
            assert_eq!(
                day(calendar, &format!("2027-01-{date:02}")),
                expected,
                "{calendar}, {date}"
            );
        }
    }
}

#[test]
fn a_broken_chain_is_no_calendar() {
    let mut calendars = family(&[
        ("a", true, &[], &[], "b"),
        ("b", false, &[], &[], "c"),
        ("c", true, &[], &[], "b"),
        ("itself", true, &[], &[], "itself"),
        ("orphan", true, &[], &[], "lost"),
        ("heir-of-invalid", true, &[], &[], "invalid"),
        ("bare", false, &[], &[], "barer"),
        ("barer", false, &[], &[], ""),
    ]);
    calendars
        .invalid
        .insert("invalid".parse().unwrap(), "spec.weekly: it is wrong".to_owned());
    for (name, problem) in [
        (
            "a",
            "the calendars `b`, `c` inherit from each other in a circle; remove one `inherits`",
        ),
        (
            "itself",
            "the calendars `itself` inherit from each other in a circle; remove one `inherits`",
        ),
        (
            "orphan",
            "there is no calendar `lost`, from which `orphan` inherits; add it or name another",
        ),
        ("lost", "there is no calendar `lost`; add it or name another"),
        (
            "heir-of-invalid",
            "the calendar `invalid` cannot be used: spec.weekly: it is wrong",
        ),
        (
            "bare",
            "neither the calendar `bare` nor one it inherits from has weekly hours; give it `weekly`",
        ),
    ] {
        let error = calendars.resolve(&name.parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), problem);
        let json = serde_json::to_string(&error).unwrap();
        assert_eq!(serde_json::from_str::<CalendarProblem>(&json).unwrap(), error);
    }
}

const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "America/Sao_Paulo",
    "Asia/Dhaka",
    "Europe/Dublin",
    "Antarctica/Troll",
];

fn any_hours() -> impl Strategy<Value = DayHours> {
    proptest::collection::btree_set(0_u16..=1440, 0..7).prop_map(|minutes| {
        let text = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let minutes: Vec<u16> = minutes.into_iter().collect();
        let segments = minutes.chunks_exact(2).map(|pair| {
            let (from, to): (LocalTime, ClosingTime) =
                (text(pair[0]).parse().unwrap(), text(pair[1]).parse().unwrap());
            Segment::new(from, to).unwrap()
        });
        DayHours::new(segments.collect()).unwrap()
    })
}

/// An instant near a change of the clocks, if the zone has one after the given one.
fn near_change(zone: &ZoneName, second: i64, minutes: i64) -> Instant {
    let base = Timestamp::from_second(second).unwrap();
    let change = zone
        .time_zone()
        .following(base)
        .next()
        .map_or(base, |change| change.timestamp());
    let minute = change.as_second().div_euclid(60) + minutes;
    Instant::try_from(Timestamp::from_second(minute * 60).unwrap()).unwrap()
}

prop_compose! {
    /// A calendar, and an instant near a change of its clocks; exceptions lie near that instant.
    fn any_calendar()(
        zone in proptest::sample::select(ZONES),
        days in proptest::array::uniform7(any_hours()),
        second in 0_i64..4_200_000_000,
        minutes in -3000_i64..3000,
        holidays in proptest::collection::vec(-5_i64..5, 0..3),
        specials in proptest::collection::vec((-5_i64..5, any_hours()), 0..3),
    ) -> (Calendar, Instant) {
        let zone: ZoneName = zone.parse().unwrap();
        let near = near_change(&zone, second, minutes);
        let date = |day: i64| {
            let local = zone.time_zone().to_datetime(near.plus(SignedDuration::from_hours(24 * day)).timestamp());
            LocalDate::from_date(local.date()).unwrap()
        };
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = days;
        let rules = CalendarRules {
            name: None,
            weekly: WeekHours { monday, tuesday, wednesday, thursday, friday, saturday, sunday },
            holidays: holidays.into_iter().map(|day| (date(day), "x".parse().unwrap())).collect(),
            special_days: specials
                .into_iter()
                .map(|(day, hours)| (date(day), SpecialDay { name: "x".parse().unwrap(), hours }))
                .collect(),
            time_zone: zone,
        };
        (Calendar::new(rules), near)
    }
}

/// Whether each of so many minutes is open, by what the clocks show at each minute around them.
fn by_minutes(calendar: &Calendar, from: Instant, count: usize) -> Vec<bool> {
    const MARGIN: usize = 3 * 1440;
    let zone = calendar.rules().time_zone.time_zone();
    let minute =
        |index: usize| from.plus(MINUTE * (i32::try_from(index).unwrap() - i32::try_from(MARGIN).unwrap()));
    let shown: Vec<_> = (0..count + 2 * MARGIN)
        .map(|index| zone.to_datetime(minute(index).timestamp()))
        .collect();
    let mut open = vec![false; shown.len()];
    let mut date = shown[1440].date();
    while date < shown[shown.len() - 1440].date() {
        let hours = match calendar.day(LocalDate::from_date(date).unwrap()) {
            Day::Ordinary(hours) => hours.clone(),
            Day::Special(day) => day.hours.clone(),
            Day::Holiday(_) => DayHours::default(),
        };
        for segment in hours.segments() {
            let midnight = date.to_datetime(jiff::civil::Time::midnight());
            let opens = midnight + MINUTE * i32::from(segment.from().minute_of_day());
            let closes = midnight + MINUTE * i32::from(segment.to().minute_of_day());
            let skipped = |local| shown.iter().position(|other| *other > local).unwrap();
            let begin = shown
                .iter()
                .position(|other| *other == opens)
                .unwrap_or_else(|| skipped(opens));
            let end = shown
                .iter()
                .rposition(|other| *other == closes)
                .unwrap_or_else(|| skipped(closes));
            if begin < end {
                open[begin..end].fill(true);
            }
        }
        date = date.tomorrow().unwrap();
    }
    open[MARGIN..MARGIN + count].to_vec()
}

fn any_instant() -> impl Strategy<Value = Instant> {
    let seconds = prop_oneof![
        8 => 0_i64..4_300_000_000,
        1 => -62_135_596_800_i64..253_402_207_200,
        1 => proptest::sample::select(vec![-62_135_596_800_i64, -1, 0, 1 << 32, 253_402_207_200]),
    ];
    (seconds, 0..1_000_000_000_i32)
        .prop_map(|(second, nanos)| Instant::try_from(Timestamp::new(second, nanos).unwrap()).unwrap())
}

fn any_length() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        8 => (-400_000_000_i64..400_000_000, -999_999_999..1_000_000_000_i32).prop_map(|(secs, nanos)| SignedDuration::new(secs, nanos)),
        1 => proptest::sample::select(vec![SignedDuration::MIN, SignedDuration::MAX, SignedDuration::ZERO]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_calendar_is_what_a_scan_of_all_minutes_finds((calendar, near) in any_calendar()) {
        let count = 3 * 1440;
        let from = near.plus(SignedDuration::from_hours(-36));
        let open = by_minutes(&calendar, from, count);
        let minute = |index: usize| from.plus(MINUTE * i32::try_from(index).unwrap());
        let mut until_now = 0;
        for (index, is_open) in open.iter().enumerate() {
            prop_assert_eq!(calendar.is_open(minute(index)), *is_open, "{}", minute(index));
            prop_assert_eq!(calendar.business_between(from, minute(index)), MINUTE * until_now, "{}", minute(index));
            until_now += i32::from(*is_open);
            if *is_open {
                prop_assert_eq!(calendar.add_business(from, MINUTE * until_now), Some(minute(index + 1)));
            }
            if index > 0 && *is_open != open[index - 1] {
                let before = minute(index - 1);
                let next = if *is_open { calendar.next_open(before) } else { calendar.next_close(before) };
                prop_assert_eq!(next, Some(minute(index)));
            }
        }
        let sum: SignedDuration = calendar
            .open_periods(from, minute(count))
            .map(OpenPeriod::length)
            .fold(SignedDuration::ZERO, |sum, length| sum + length);
        prop_assert_eq!(sum, MINUTE * until_now);
    }

    #[test]
    fn time_between_adds_up((calendar, near) in any_calendar(), a in any_instant(), b in any_instant(), offset in -9_000_000_i64..9_000_000) {
        let c = near.plus(SignedDuration::from_secs(offset));
        let between = |from, until| calendar.business_between(from, until);
        prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
        prop_assert_eq!(between(a, b), -between(b, a));
        prop_assert!(between(a.min(b), a.max(b)) <= a.max(b).since(a.min(b)));
        prop_assert!(!between(a.min(b), a.max(b)).is_negative());
    }

    #[test]
    fn adding_is_the_inverse_of_measuring((calendar, _) in any_calendar(), from in any_instant(), length in any_length()) {
        if let Some(reached) = calendar.add_business(from, length) {
            prop_assert_eq!(calendar.business_between(from, reached), length);
            // Nothing nearer would do.
            if !length.is_zero() {
                let moment = SignedDuration::from_nanos(if length.is_positive() { -1 } else { 1 });
                prop_assert_ne!(calendar.business_between(from, reached.plus(moment)), length);
            }
        } else {
            let end = if length.is_negative() { Instant::MIN } else { Instant::MAX };
            let open = calendar.business_between(from, end);
            let too_little = if length.is_negative() { open > length } else { open < length };
            prop_assert!(too_little, "{open} of {length}");
        }
    }

    #[test]
    fn periods_are_apart_and_maximal((calendar, near) in any_calendar(), from in any_instant(), days in -3_i64..900) {
        let from = if days % 2 == 0 { from } else { near };
        let until = from.plus(SignedDuration::from_hours(24 * days));
        let periods: Vec<_> = calendar.open_periods(from, until).collect();
        for pair in periods.windows(2) {
            prop_assert!(pair[0].until < pair[1].from);
            prop_assert!(!calendar.is_open(pair[0].until));
        }
        let mut sum = SignedDuration::ZERO;
        for period in &periods {
            prop_assert!(from <= period.from && period.from < period.until && period.until <= until);
            prop_assert!(calendar.is_open(period.from));
            prop_assert_eq!(calendar.first_open(period.from), Some(period.from));
            sum += period.length();
        }
        prop_assert_eq!(sum, calendar.business_between(from, until.max(from)));
    }
}
