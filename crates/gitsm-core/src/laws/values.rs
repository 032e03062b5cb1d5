//! What texts, numbers and small wholes are made of, by the names of their types. Names and instants come from small
//! pools, so that things often refer to each other and happen at once.

use super::arbitrary::{Dice, arbitrary};
use crate::time::Instant;
use crate::window::Recurrence;
use crate::window::recurrence::RecurrenceParts;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Some instants: mostly in one month, sometimes the ends of time.
pub(super) fn instant(dice: &mut Dice) -> Instant {
    let base: Instant = "2027-03-20T12:00:00Z".parse().unwrap();
    let step = i64::try_from(dice.below(400)).unwrap() - 200;
    match dice.below(24) {
        0 => Instant::MIN,
        1 => Instant::MAX,
        2 => base.plus(SignedDuration::from_hours(step * 24 * 365)),
        3 => base.plus(SignedDuration::from_nanos(step)),
        _ => base.plus(SignedDuration::from_hours(step)),
    }
}

fn date(dice: &mut Dice) -> String {
    let years = ["2027", "2027", "2027", "2028", "2026", "0001", "9999"];
    let days = ["01-01", "02-28", "03-28", "03-29", "10-31", "11-07", "12-31"];
    format!("{}-{}", dice.pick(&years), dice.pick(&days))
}

/// The text of a type.
pub(super) fn text(full: &str, short: &str, dice: &mut Dice) -> String {
    let name = |dice: &mut Dice| (*dice.pick(&["a", "b", "c"])).to_owned();
    match short {
        "Instant" => instant(dice).to_string(),
        "LocalDate" => date(dice),
        "LocalTime" => (*dice.pick(&["00:00", "02:30", "09:00", "23:59"])).to_owned(),
        "ClosingTime" => (*dice.pick(&["24:00", "23:59", "17:00"])).to_owned(),
        "Duration" => (*dice.pick(&["1s", "5m", "1h", "26h", "168h", "720h", "87600h"])).to_owned(),
        "ZoneName" => {
            (*dice.pick(&["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"])).to_owned()
        }
        "NodeId" => format!(
            "{}/a/{}",
            dice.pick(&["ITService", "ConfigurationItem"]),
            name(dice)
        ),
        "GitRevision" => dice.pick(&["a", "b", "c"]).repeat(40),
        "Digest" => format!("sha256:{}", dice.pick(&["a", "b"]).repeat(64)),
        "Email" => format!("{}@example.com", name(dice)),
        "RepositoryPath" => (*dice.pick(&["a", "a/b", "a/b/c.yaml"])).to_owned(),
        "LabelKey" => (*dice.pick(&["a", "example.com/b"])).to_owned(),
        // A length of the service level engine, the only ones that are written by a function of their own.
        "__DeserializeWith" => (*dice.pick(&[
            "PT0S",
            "PT36H",
            "-PT1H",
            "PT2562047788015215H",
            "-PT2562047788015215H",
        ]))
        .to_owned(),
        "Text" => {
            let most = full
                .rsplit("Text<")
                .next()
                .and_then(|rest| rest.split('>').next());
            let most: usize = most.and_then(|most| most.parse().ok()).unwrap_or(20);
            words(most, dice)
        }
        id if id.ends_with("Id") && !["MemberId", "RuleId"].contains(&id) => format!("a/{}", name(dice)),
        "String" => words(40, dice),
        _ => name(dice),
    }
}

/// Any text, at most so long.
fn words(most: usize, dice: &mut Dice) -> String {
    let piece = *dice.pick(&[
        "a",
        "disk full ",
        "db\u{1b}[31m\n",
        "😀",
        "\u{202e}ä",
        "P1, \"x\"; ",
        "\\,;:\r\n",
    ]);
    let count = if dice.one_in(8) { most } else { dice.below(4) + 1 };
    let text: String = piece.repeat(count).chars().take(most).collect();
    if text.trim().is_empty() {
        "a".to_owned()
    } else {
        text
    }
}

/// A number for a type, which may be too large for it.
pub(super) fn number(short: &str, dice: &mut Dice) -> i128 {
    let edge = [
        0,
        1,
        2,
        3,
        50,
        100,
        101,
        1_000,
        86_400,
        i128::from(u32::MAX),
        i128::from(i64::MIN),
        i128::from(u64::MAX),
    ];
    match short {
        "Tier" => *dice.pick(&[1, 2, 3, 4]),
        "Percent" => *dice.pick(&[0, 1, 50, 99, 100]),
        "Weight" => *dice.pick(&[1, 20, 1_000]),
        "TargetMinutes" => *dice.pick(&[1, 60, 480, 525_600]),
        "AccountId" => *dice.pick(&[1, 2, 3, 4, i128::from(u64::MAX)]),
        "NonZero" => (*dice.pick(&edge)).max(1),
        _ if dice.one_in(2) => *dice.pick(&edge[..5]),
        _ => *dice.pick(&edge),
    }
}

/// A value whose parts must fit each other.
pub(super) fn whole(short: &str, dice: &mut Dice) -> Option<Value> {
    Some(match short {
        "Interval" => {
            let (start, end) = two(dice);
            json!({"start": start, "end": end})
        }
        "Period" => {
            let (from, to) = two(dice);
            json!({"from": from, "to": to})
        }
        "Timestamps" => {
            let mut times: Vec<_> = (0..6).map(|_| instant(dice)).collect();
            times.sort_unstable();
            let names = [
                "detected",
                "declared",
                "acknowledged",
                "mitigated",
                "resolved",
                "closed",
            ];
            let kept = names.iter().zip(times).enumerate();
            kept.filter(|(index, _)| *index == 0 || dice.one_in(2))
                .map(|(_, (name, time))| ((*name).to_owned(), json!(time)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        "DayHours" => dice
            .pick(&[
                json!([]),
                json!([{"from": "00:00", "to": "24:00"}]),
                json!([{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:00"}]),
                json!([{"from": "02:30", "to": "02:31"}]),
            ])
            .clone(),
        "WeekInterval" => json!({"every": dice.pick(&[1, 2, 51, 52]), "anchor": date(dice)}),
        "NthWeekday" => {
            json!({"nth": dice.pick(&[-5, -1, 1, 2, 5]), "weekday": dice.pick(&["Monday", "Sunday"])})
        }
        "Months" => dice.pick(&[json!([2]), json!([1, 12]), json!([4, 6, 9])]).clone(),
        "MonthDays" => dice
            .pick(&[json!([29]), json!([31]), json!([-31, 1]), json!([-1])])
            .clone(),
        "Weekdays" => dice
            .pick(&[json!(["Monday"]), json!(["Saturday", "Sunday"])])
            .clone(),
        "Dates" => json!([date(dice), date(dice)]),
        "NthWeekdays" => json!([whole("NthWeekday", dice)]),
        "Recurrence" => loop {
            let mut parts: RecurrenceParts = arbitrary(dice);
            parts.except.truncate(2);
            if let Ok(recurrence) = Recurrence::try_from(parts) {
                break json!(recurrence);
            }
        },
        "Evidence" => match dice.below(3) {
            0 => json!({"kind": "none"}),
            1 => json!({"kind": "signed", "key": digest(dice), "digest": digest(dice)}),
            _ => json!({"kind": "hardware", "key": digest(dice), "digest": digest(dice)}),
        },
        _ => return None,
    })
}

fn digest(dice: &mut Dice) -> String {
    text("", "Digest", dice)
}

fn two(dice: &mut Dice) -> (Instant, Instant) {
    loop {
        let (one, other) = (instant(dice), instant(dice));
        if one != other {
            return (one.min(other), one.max(other));
        }
    }
}

/// Any small JSON: what a record is.
pub(super) fn json(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 4 } else { 6 }) {
        0 => Value::Null,
        1 => json!(dice.one_in(2)),
        2 => json!(dice.pick(&[0_i64, -1, i64::MAX])),
        3 => json!(words(20, dice)),
        4 => (0..dice.below(3)).map(|_| json(dice, depth - 1)).collect(),
        _ => {
            let names = [
                "start", "pause", "resume", "stop", "reset", "cancel", "status", "spec", "priority",
            ];
            let count = dice.below(5);
            let fields = (0..count).map(|_| ((*dice.pick(&names)).to_owned(), json(dice, depth - 1)));
            Value::Object(fields.collect::<Vec<_>>().into_iter().collect())
        }
    }
}
