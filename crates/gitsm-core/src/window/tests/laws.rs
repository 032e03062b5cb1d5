//! Laws over any windows: verdicts equal a scan minute by minute that knows nothing of months, bits and searches.

use super::*;
use crate::time::{Duration, LocalTime, ZoneName};
use crate::vocabulary::Weekday;
use crate::window::recurrence::{
    DatePattern, Dates, MonthDays, Months, NthWeekday, NthWeekdays, OccurrenceLength, RecurrenceParts,
    WeekInterval, Weekdays,
};
use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use proptest::prelude::*;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Whether an occurrence starts on a date, read off the definition.
fn is_start(parts: &RecurrenceParts, date: Date) -> bool {
    let month_day = i64::from(date.day());
    let from_end = month_day - i64::from(date.days_in_month()) - 1;
    let weekday = |days: Weekdays| {
        days.elements()
            .any(|day| day.as_str().starts_with(&format!("{:?}", date.weekday())))
    };
    let month_days = |days: MonthDays| days.elements().any(|day| day == month_day || day == from_end);
    let by_pattern = match &parts.pattern {
        DatePattern::Weekdays { days, weeks } => {
            weekday(*days)
                && weeks.is_none_or(|weeks| {
                    let monday = |date: Date| {
                        let back = i32::from(date.weekday().to_monday_zero_offset());
                        date.checked_sub(Span::new().days(back)).unwrap()
                    };
                    let anchor = monday(weeks.anchor().date());
                    let days = (monday(date) - anchor).get_days();
                    (days / 7) % i32::from(weeks.every()) == 0
                })
        }
        DatePattern::NthWeekdays(set) => set.elements().any(|one| {
            let nth = if one.nth > 0 {
                (month_day - 1) / 7 + 1
            } else {
                -((-from_end - 1) / 7 + 1)
            };
            one.nth == nth && one.weekday.as_str().starts_with(&format!("{:?}", date.weekday()))
        }),
        DatePattern::MonthDays(days) => month_days(*days),
        DatePattern::MonthDaysOrWeekdays {
            month_days: days,
            days: week,
        } => month_days(*days) || weekday(*week),
        DatePattern::Dates(dates) => Vec::from(dates.clone()).iter().any(|one| one.date() == date),
    };
    by_pattern
        && parts
            .months
            .is_none_or(|months| months.elements().any(|month| month == i64::from(date.month())))
        && parts.from.is_none_or(|from| from.date() <= date)
        && parts.until.is_none_or(|until| date <= until.date())
        && !parts.except.iter().any(|except| except.date() == date)
}

/// Every occurrence that starts in a stretch of days around an instant.
fn lay_out(schedule: &Schedule, around: Instant, days: i32) -> Vec<(Instant, Instant)> {
    let Schedule::Recurrence(recurrence) = schedule else {
        panic!("only recurrences are laid out");
    };
    let parts = recurrence.parts();
    let zone = parts.time_zone.time_zone();
    let resolve = |date: Date, time: LocalTime| {
        Instant::try_from(zone.to_timestamp(date.to_datetime(time.time())).unwrap()).unwrap()
    };
    let today = zone.to_datetime(around.timestamp()).date();
    let mut found = Vec::new();
    for day in -10..days + 2 {
        let date = today.checked_add(Span::new().days(day)).unwrap();
        if !is_start(&parts, date) {
            continue;
        }
        for start in &parts.starts {
            let begin = resolve(date, *start);
            let end = match parts.length {
                OccurrenceLength::Duration(length) => begin.plus(length.to_signed()),
                OccurrenceLength::EndLocal(end) if end > *start => resolve(date, end),
                OccurrenceLength::EndLocal(end) => resolve(date.tomorrow().unwrap(), end),
            };
            if begin < end {
                found.push((begin, end));
            }
        }
    }
    found
}

fn zones() -> impl Strategy<Value = (ZoneName, Instant)> {
    prop::sample::select(vec![
        ("UTC", "2027-12-31T00:00:00Z"),
        ("Europe/Berlin", "2027-03-28T00:00:00Z"),
        ("Europe/Berlin", "2027-10-31T00:00:00Z"),
        ("America/New_York", "2028-03-12T06:00:00Z"),
        ("America/Santiago", "2027-09-05T03:00:00Z"),
        ("America/Santiago", "2027-04-04T03:00:00Z"),
        ("Australia/Lord_Howe", "2027-10-02T15:00:00Z"),
        ("Africa/Casablanca", "2027-02-07T02:00:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
    ])
    .prop_map(|(zone, near)| (zone.parse().unwrap(), at(near)))
}

fn local_time() -> impl Strategy<Value = LocalTime> {
    // Mostly where clocks change.
    prop_oneof![3 => 0_u16..240, 1 => 0_u16..1440]
        .prop_map(|minute| LocalTime::from_minute_of_day(minute).unwrap())
}

fn weekdays() -> impl Strategy<Value = Weekdays> {
    prop::sample::subsequence(Weekday::ALL.to_vec(), 1..=7).prop_map(|days| Weekdays::new(days).unwrap())
}

fn month_days() -> impl Strategy<Value = MonthDays> {
    prop::collection::vec(prop_oneof![1_i64..=31, -31_i64..=-1], 1..8)
        .prop_map(|days| MonthDays::new(days).unwrap())
}

fn pattern() -> impl Strategy<Value = DatePattern> {
    let nth = (
        prop_oneof![1_i64..=5, -5_i64..=-1],
        prop::sample::select(Weekday::ALL.to_vec()),
    )
        .prop_map(|(nth, weekday)| NthWeekday { nth, weekday });
    let anchor = (2000_u16..2040, 1_u8..=12, 1_u8..=28)
        .prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}").parse().unwrap());
    let weeks = (1_i64..=5, anchor).prop_map(|(every, anchor)| WeekInterval::new(every, anchor).unwrap());
    let dates = prop::sample::subsequence(
        vec![
            "2027-03-28",
            "2027-03-27",
            "2027-10-31",
            "2011-12-30",
            "2011-12-29",
            "2028-02-29",
            "2027-12-31",
        ],
        1..=7,
    );
    prop_oneof![
        3 => (weekdays(), prop::option::of(weeks)).prop_map(|(days, weeks)| DatePattern::Weekdays { days, weeks }),
        1 => prop::collection::vec(nth, 1..6).prop_map(|all| DatePattern::NthWeekdays(NthWeekdays::new(all).unwrap())),
        1 => month_days().prop_map(DatePattern::MonthDays),
        1 => (month_days(), weekdays()).prop_map(|(month_days, days)| DatePattern::MonthDaysOrWeekdays { month_days, days }),
        1 => dates.prop_map(|dates| {
            let dates: Vec<_> = dates.iter().map(|date| date.parse().unwrap()).collect();
            DatePattern::Dates(Dates::try_from(dates).unwrap())
        }),
    ]
}

fn schedule(time_zone: ZoneName) -> impl Strategy<Value = Schedule> {
    let length = prop_oneof![
        (1_u64..=300)
            .prop_map(|minutes| OccurrenceLength::Duration(Duration::from_seconds(minutes * 60).unwrap())),
        (1_u64..=168)
            .prop_map(|hours| OccurrenceLength::Duration(Duration::from_seconds(hours * 3_600).unwrap())),
        local_time().prop_map(OccurrenceLength::EndLocal),
    ];
    let months = prop::option::weighted(0.2, prop::collection::vec(1_i64..=12, 1..12));
    (
        pattern(),
        prop::collection::vec(local_time(), 1..4),
        length,
        months,
        any::<bool>(),
    )
        .prop_map(move |(pattern, starts, length, months, excepted)| {
            let except = ["2027-03-28", "2027-11-01", "2011-12-31", "2028-01-01"];
            let parts = RecurrenceParts {
                time_zone: time_zone.clone(),
                pattern,
                months: months.map(|months| Months::new(months).unwrap()),
                starts,
                length,
                from: None,
                until: None,
                except: except
                    .iter()
                    .filter(|_| excepted)
                    .map(|date| date.parse().unwrap())
                    .collect(),
            };
            Schedule::Recurrence(parts.try_into().unwrap())
        })
}

fn windows() -> impl Strategy<Value = (WindowSet, Instant)> {
    let schedules = |zone: &ZoneName| {
        (
            prop::collection::vec(schedule(zone.clone()), 0..4),
            prop::collection::vec(schedule(zone.clone()), 0..3),
        )
    };
    (zones(), -4_000_i64..4_000, 0_i64..60).prop_flat_map(move |((zone, near), minutes, seconds)| {
        let at = near
            .plus(MINUTE * i32::try_from(minutes).unwrap())
            .plus(SignedDuration::from_secs(seconds));
        schedules(&zone).prop_map(move |(maintenance, freezes)| {
            let one = |(index, schedule): (usize, Schedule), kind: &str| {
                let mut one = window(&format!("shop/{}{index}", kind.to_lowercase()), kind, &json!({}));
                one.schedule = schedule;
                one
            };
            let maintenance = maintenance
                .into_iter()
                .enumerate()
                .map(|all| one(all, "Maintenance"));
            let freezes = freezes.into_iter().enumerate().map(|all| one(all, "Freeze"));
            (set(maintenance.chain(freezes).collect()), at)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_verdict_equals_a_scan_of_all_minutes((set, at) in windows(), default in prop::sample::select(vec!["Open", "Closed"])) {
        const DAYS: i32 = 12;
        let laid_out: Vec<_> = set.windows.iter().map(|window| (window.kind, lay_out(&window.schedule, at, DAYS))).collect();
        let has_maintenance = set.windows.iter().any(|window| window.kind == ChangeWindowType::Maintenance);
        let covered = |kind, at: Instant| {
            laid_out.iter().filter(|(of, _)| *of == kind).any(|(_, all)| all.iter().any(|(start, end)| *start <= at && at < *end))
        };
        let is_open = |at| {
            let allowed = if has_maintenance { covered(ChangeWindowType::Maintenance, at) } else { default == "Open" };
            allowed && !covered(ChangeWindowType::Freeze, at)
        };
        let subject = subject("shop/basket", Some(default));
        let verdict = evaluate(&set, &[], &subject, &SubjectChange::default(), at);
        prop_assert_eq!(verdict.state == WindowState::Open, is_open(at));
        // Boundaries lie on whole minutes, so that nothing changes between two of them.
        let start = at.plus(-SignedDuration::from_secs(at.timestamp().as_second().rem_euclid(60)));
        let minutes = (1..DAYS * 24 * 60).map(|minute| start.plus(MINUTE * minute));
        let until = minutes.clone().find(|minute| is_open(*minute) != is_open(at));
        let next = minutes.clone().find(|minute| is_open(*minute) && !is_open(minute.plus(-MINUTE)));
        let limit = start.plus(MINUTE * (DAYS * 24 * 60 - 1));
        let seen = |instant: Option<Instant>| instant.filter(|instant| *instant <= limit);
        prop_assert_eq!(seen(verdict.until), until);
        prop_assert_eq!(seen(verdict.next), next);
        if let Some(until) = verdict.until {
            let nano = SignedDuration::from_nanos(1);
            let before = evaluate(&set, &[], &subject, &SubjectChange::default(), until.plus(-nano));
            prop_assert_eq!(before.state, verdict.state);
            let after = evaluate(&set, &[], &subject, &SubjectChange::default(), until);
            prop_assert!(after.state != verdict.state);
        }
    }

    #[test]
    fn what_is_not_known_opens_nothing_that_knowledge_would_close(
        kinds in prop::collection::vec((any::<bool>(), 0_usize..6, any::<bool>()), 0..4), lifted in any::<bool>(),
        default in prop::sample::select(vec!["Open", "Closed"]), known in any::<[bool; 5]>(),
        tier in 1_u8..=2, class in prop::sample::select(vec!["a", "b"]), environment in prop::sample::select(vec!["a", "b"]),
        kind in prop::sample::select(vec!["Normal", "Standard"]), risk in prop::sample::select(vec!["Low", "High"]),
    ) {
        let selectors = [
            json!({}), json!({"service": {"tiers": [1]}}), json!({"service": {"dataClasses": ["a"]}}),
            json!({"environments": ["a"]}), json!({"changeTypes": ["Normal"]}), json!({"riskLevels": ["Low"]}),
        ];
        let windows = kinds.iter().enumerate().map(|(index, (freeze, selector, open))| {
            let kind = if *freeze { "Freeze" } else { "Maintenance" };
            let schedule = if *open { during("02T00", "02T06") } else { during("03T00", "03T06") };
            window(&format!("shop/w{index}"), kind, &json!({"selector": selectors[*selector], "schedule": schedule}))
        });
        let set = set(windows.collect());
        let overrides: Vec<Override> = (0..usize::from(lifted) * set.windows.len()).map(|index| serde_json::from_value(json!({
            "id": "shop/o", "window": format!("shop/w{index}"), "change": "shop/fix",
            "during": {"start": "2027-01-02T00:30:00Z", "end": "2027-01-02T05:00:00Z"},
        })).unwrap()).collect();
        let judge = |known: [bool; 5]| {
            let given = |index: usize, value: serde_json::Value| if known[index] { value } else { serde_json::Value::Null };
            let subject: Subject = serde_json::from_value(json!({
                "service": {"id": "shop/basket", "tier": given(0, json!(tier)), "dataClass": given(1, json!(class))},
                "policy": {"defaultWhenNoWindow": default},
            })).unwrap();
            let change: SubjectChange = serde_json::from_value(json!({"id": "shop/fix", "subject": {
                "environment": given(2, json!(environment)), "changeType": given(3, json!(kind)), "risk": given(4, json!(risk)),
            }})).unwrap();
            evaluate(&set, &overrides, &subject, &change, at("2027-01-02T01:00:00Z")).may_start()
        };
        prop_assert!(!judge(known) || judge([true; 5]));
    }

    #[test]
    fn schedules_agree_forward_and_backward((set, at) in windows()) {
        for window in &set.windows {
            let laid_out = lay_out(&window.schedule, at, 12);
            let limit = at.plus(SignedDuration::from_hours(12 * 24));
            let next = laid_out.iter().filter(|(start, _)| *start > at).map(|(start, _)| *start).min().filter(|start| *start < limit);
            let found = window.schedule.occurrence_after(at, limit).map(Interval::start);
            prop_assert_eq!(found, next);
            let last = laid_out.iter().filter(|(start, _)| *start <= at).max_by_key(|(start, end)| (*start, *end)).copied();
            // The naive list begins ten days before.
            let reach = at.plus(SignedDuration::from_hours(-8 * 24));
            let found = window.schedule.occurrence_before(at).filter(|found| found.start() >= reach);
            prop_assert_eq!(found.map(|found| (found.start(), found.end())), last.filter(|(start, _)| *start >= reach));
        }
    }

    #[test]
    fn nothing_panics_at_the_ends_of_time(
        (mut set, _) in windows(),
        nanos in prop::sample::select(vec![0_i64, 1, 1_000_000_000, 86_400_000_000_000, 864_000_000_000_000]),
        first in any::<bool>(),
        length in prop::sample::select(vec!["1s", "24h", "87600h"]),
    ) {
        let at = if first {
            Instant::MIN.plus(SignedDuration::from_nanos(nanos))
        } else {
            Instant::MAX.plus(SignedDuration::from_nanos(-nanos))
        };
        let interval = Interval::new(Instant::MIN, Instant::MAX).unwrap();
        let mut forever = window("shop/forever", "Maintenance", &json!({"leadTime": "87600h"}));
        forever.schedule = Schedule::Interval(interval);
        set.windows.push(forever);
        let subjects = [subject("shop/a", Some("Open"))];
        let change = SubjectChange { id: Some("shop/fix".parse().unwrap()), ..SubjectChange::default() };
        let overrides = [Override {
            id: "shop/o".parse().unwrap(),
            window: set.windows[0].id.clone(),
            change: "shop/fix".parse().unwrap(),
            during: interval,
        }];
        let length: Duration = length.parse().unwrap();
        let plan = PlannedTime { start: at, duration: length, backout: length, preparation: Some(length) };
        let verdict = evaluate_change(&set, &overrides, &subjects, &change, at);
        prop_assert!(verdict.until.is_none_or(|until| until > at));
        let _ = fits(&set, &overrides, &subjects, &change, plan);
        let _ = first_fit(&set, &overrides, &subjects, &change, plan, at);
        for window in &set.windows {
            let _ = lint::findings(window, at);
            let _ = window.schedule.occurrence_before(at);
            let _ = window.schedule.between(at, Instant::MAX).take(3).count();
        }
    }
}

/// Any parts at all: what is refused is refused, what is taken does not panic.
#[test]
fn extreme_dates_are_searched_without_harm() {
    for date in ["0000-01-01", "0001-01-01", "9999-12-31", "9999-12-30"] {
        for length in [json!({"duration": "168h"}), json!({"endLocal": "00:00"})] {
            for zone in ["Pacific/Kiritimati", "Etc/GMT+12"] {
                let schedule = json!({"recurrence": {"timeZone": zone, "pattern": {"dates": [date]}, "starts": ["00:00", "23:59"],
                    "length": length}});
                let window = window("shop/m", "Maintenance", &json!({"schedule": schedule}));
                for at in [
                    Instant::MIN,
                    at("0001-01-01T12:00:00Z"),
                    at("9999-12-29T00:00:00Z"),
                    Instant::MAX,
                ] {
                    let state = window.schedule.state_at(at);
                    assert_eq!(
                        serde_json::from_value::<ScheduleState>(serde_json::to_value(state).unwrap())
                            .unwrap(),
                        state
                    );
                    let _ = window.schedule.occurrence_before(at);
                }
            }
        }
    }
}
