//! Objects that the schemas admit, made from arbitrary bytes: what property tests feed to whatever must take any
//! object.
//!
//! Bytes decide everything, so that proptest can shrink a failure. Names come from a small pool, so that references
//! often find something. CEL rules are not looked at: what holds for every object that the schema admits holds for
//! those that its rules admit too.

use crate::{KindInfo, Scope};
use gitsm_core::text::TYPE_MARKER;
use gitsm_core::time::{Duration, Instant};
use jiff::{Timestamp, civil};
use regex_syntax::hir::{Hir, HirKind};
use serde_json::{Map, Value, json};

/// Arbitrary bytes as a source of decisions; when they are used up, every decision is the first one.
pub(crate) struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
}

impl<'b> Choices<'b> {
    /// Decides by these bytes.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    pub(crate) fn byte(&mut self) -> u64 {
        self.bytes.next().copied().map_or(0, u64::from)
    }

    /// A number below `end`, 0 if that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        let wide = (0..if end > 256 { 8 } else { 1 }).fold(0_u64, |sum, _| (sum << 8) | self.byte());
        wide.checked_rem(end).unwrap_or(0)
    }

    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        let length = u64::try_from(from.len()).unwrap();
        &from[usize::try_from(self.below(length)).unwrap()]
    }

    pub(crate) fn yes_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 1
    }

    /// A number from `low` to `high`, often at their ends.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        match self.below(8) {
            0 => low,
            1 => high,
            _ => {
                let span = u64::try_from(i128::from(high) - i128::from(low)).unwrap_or(u64::MAX);
                low.saturating_add_unsigned(self.below(span.saturating_add(1)))
            }
        }
    }
}

/// An object of a kind, as its schema admits it; the few values that a schema cannot describe are right as well.
pub(crate) fn object(info: &KindInfo, choices: &mut Choices<'_>) -> Value {
    let mut object = value(&info.marked_schema(), "", choices);
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), (*choices.pick(&NAMES)).into());
    if info.scope == Scope::Namespaced && choices.yes_in(2) {
        metadata.insert("namespace".to_owned(), (*choices.pick(&NAMES)).into());
    }
    if choices.yes_in(4) {
        metadata.insert(
            "labels".to_owned(),
            json!({ *choices.pick(&NAMES): *choices.pick(&NAMES) }),
        );
    }
    object["apiVersion"] = crate::API_VERSION.into();
    object["kind"] = info.kind.into();
    object["metadata"] = metadata.into();
    object
}

const NAMES: [&str; 3] = ["a", "b", "c"];
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
];
const CRON: [&str; 6] = [
    "0 22 * * 6",
    "*/5 * * * *",
    "0 0 29 2 *",
    "30 2 1,15 * MON-FRI",
    "61 * * * *",
    "0 0 31 4 0-7/2",
];
const RRULES: [&str; 6] = [
    "FREQ=WEEKLY;BYDAY=SA",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=-31",
    "FREQ=WEEKLY;INTERVAL=52;BYDAY=MO",
    "FREQ=DAILY;UNTIL=20270101T000000Z",
    "FREQ=SECONDLY",
];

/// A value of a schema; `name` is the field it is for.
fn value(schema: &Value, name: &str, choices: &mut Choices<'_>) -> Value {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return choices.pick(values).clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => fields(schema, name, choices),
        Some("array") => {
            let bound = |keyword, default| schema.get(keyword).and_then(Value::as_u64).unwrap_or(default);
            let (low, high) = (bound("minItems", 0), bound("maxItems", 4).min(4));
            let length = low + choices.below(high.saturating_sub(low) + 1);
            (0..length)
                .map(|_| value(&schema["items"], name, choices))
                .collect()
        }
        Some("integer") => {
            let bound = |keyword, default| schema.get(keyword).and_then(Value::as_i64).unwrap_or(default);
            let narrow = schema.get("format").and_then(Value::as_str) != Some("int64");
            let (low, high) = if narrow {
                (i64::from(i32::MIN), i64::from(i32::MAX))
            } else {
                (i64::MIN, i64::MAX)
            };
            choices
                .between(bound("minimum", low), bound("maximum", high))
                .into()
        }
        Some("boolean") => choices.yes_in(2).into(),
        Some("string") => text(schema, name, choices).into(),
        _ => Value::Null,
    }
}

fn fields(schema: &Value, name: &str, choices: &mut Choices<'_>) -> Value {
    // The only map whose keys are words of ours: a schema cannot say so.
    let keys = if name == "openIncidents" {
        ["P1", "P3", "P5"]
    } else {
        NAMES
    };
    let mut object = Map::new();
    let required = schema.get("required").and_then(Value::as_array);
    for (name, property) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let needed =
            required.is_some_and(|required| required.iter().any(|field| field == name)) || name == "status";
        if needed || choices.yes_in(2) {
            object.insert(name.clone(), value(property, name, choices));
        }
    }
    if let Some(values) = schema
        .get("additionalProperties")
        .filter(|values| values.is_object())
    {
        for key in &keys[..usize::try_from(choices.below(3)).unwrap()] {
            object.insert((*key).to_owned(), value(values, "", choices));
        }
    }
    object.into()
}

fn text(schema: &Value, name: &str, choices: &mut Choices<'_>) -> String {
    let of_type = schema
        .get(TYPE_MARKER)
        .and_then(Value::as_str)
        .unwrap_or_default();
    match (of_type, name) {
        ("ZoneName", _) => (*choices.pick(&ZONES)).to_owned(),
        ("Instant", _) => instant(choices).to_string(),
        ("LocalDate", _) => date(choices).to_string(),
        ("Duration", _) => {
            let most = i64::from(Duration::MAX_SECONDS);
            let high = *choices.pick(&[600, 86_400, 604_800, most]);
            let seconds = u64::try_from(choices.between(1, high)).unwrap();
            Duration::from_seconds(seconds).unwrap().to_string()
        }
        ("Text", "cron") => (*choices.pick(&CRON)).to_owned(),
        ("Text", "rrule") => (*choices.pick(&RRULES)).to_owned(),
        (named, _) if named.ends_with("Name") || named == "MemberId" => (*choices.pick(&NAMES)).to_owned(),
        _ => match schema.get("pattern").and_then(Value::as_str) {
            Some(pattern) => matching(pattern, choices),
            // A time of Kubernetes' own types.
            None if schema.get("format").and_then(Value::as_str) == Some("date-time") => {
                instant(choices).to_string()
            }
            None => {
                let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
                let most = schema
                    .get("maxLength")
                    .and_then(Value::as_u64)
                    .unwrap_or(20)
                    .min(20);
                let length = least.max(choices.below(most + 1));
                (0..length)
                    .map(|_| *choices.pick(&['a', 'Z', '0', ' ', '/', 'ä', '😀', '\'']))
                    .collect()
            }
        },
    }
}

pub(crate) fn instant(choices: &mut Choices<'_>) -> Instant {
    // Mostly around the days that decisions are about, sometimes at the ends of time.
    let seconds = match choices.below(6) {
        0 => choices.between(-62_135_596_800, 253_402_207_200),
        _ => 1_798_761_600 + choices.between(-40_000_000, 40_000_000),
    };
    Instant::try_from(Timestamp::from_second(seconds).unwrap()).unwrap()
}

fn date(choices: &mut Choices<'_>) -> civil::Date {
    let year = match choices.below(6) {
        0 => choices.between(1, 9999),
        _ => choices.between(2026, 2029),
    };
    let first = civil::date(i16::try_from(year).unwrap(), 1, 1);
    let day = i16::try_from(choices.below(366)).unwrap() + 1;
    first
        .with()
        .day_of_year(day.min(first.days_in_year()))
        .build()
        .unwrap()
}

/// A text that a pattern admits, short where the pattern leaves it open.
fn matching(pattern: &str, choices: &mut Choices<'_>) -> String {
    let mut text = String::new();
    append(&regex_syntax::parse(pattern).unwrap(), &mut text, choices);
    text
}

fn append(hir: &Hir, text: &mut String, choices: &mut Choices<'_>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).unwrap()),
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            // A negated class admits more than its type does: control characters, for example.
            let allowed = |one: &char| {
                let mut ranges = class.ranges().iter();
                ranges.any(|range| (range.start()..=range.end()).contains(one))
            };
            let visible: Vec<char> = ('!'..='~').filter(allowed).collect();
            text.push(*choices.pick(&visible));
        }
        HirKind::Class(regex_syntax::hir::Class::Bytes(_)) => unreachable!("patterns are about characters"),
        HirKind::Repetition(repetition) => {
            // Long enough for what asks for a few characters in all.
            let least = u64::from(repetition.min) + if repetition.max.is_none() { 2 } else { 0 };
            let most = u64::from(repetition.max.unwrap_or(repetition.min + 5)).min(least + 3);
            for _ in 0..least + choices.below(most - least + 1) {
                append(&repetition.sub, text, choices);
            }
        }
        HirKind::Capture(capture) => append(&capture.sub, text, choices),
        HirKind::Concat(parts) => parts.iter().for_each(|part| append(part, text, choices)),
        HirKind::Alternation(parts) => append(choices.pick(parts), text, choices),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_made_decodes(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            for info in kinds() {
                let object = object(info, &mut Choices::new(&bytes));
                prop_assert!(info.decode(&object).is_ok(), "{} {object:#}", info.decode(&object).unwrap_err());
            }
        }
    }
}
