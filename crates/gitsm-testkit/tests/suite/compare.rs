//! Where two values differ.

use serde_json::Value;
use std::fmt::Write as _;

/// The places where the second differs from the first, as lines; empty when they are equal.
pub(crate) fn differences(real: &Value, ours: &Value) -> String {
    let mut lines = String::new();
    compare("", real, ours, &mut lines);
    lines
}

fn compare(at: &str, real: &Value, ours: &Value, lines: &mut String) {
    match (real, ours) {
        (Value::Object(real), Value::Object(ours)) => {
            let mut keys: Vec<&String> = real.keys().chain(ours.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                match (real.get(key), ours.get(key)) {
                    (Some(real), Some(ours)) => compare(&at, real, ours, lines),
                    (real, ours) => line(&at, real, ours, lines),
                }
            }
        }
        (Value::Array(real), Value::Array(ours)) => {
            for index in 0..real.len().max(ours.len()) {
                let at = format!("{at}/{index}");
                match (real.get(index), ours.get(index)) {
                    (Some(real), Some(ours)) => compare(&at, real, ours, lines),
                    (real, ours) => line(&at, real, ours, lines),
                }
            }
        }
        (real, ours) if real == ours => {}
        // A number has one value, however it is written.
        (Value::Number(real), Value::Number(ours)) if real.as_f64() == ours.as_f64() => {}
        (real, ours) => line(at, Some(real), Some(ours), lines),
    }
}

fn line(at: &str, real: Option<&Value>, ours: Option<&Value>, lines: &mut String) {
    let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let _ = writeln!(
        lines,
        "    {at}\n      real: {}\n      ours: {}",
        shown(real),
        shown(ours)
    );
}

#[test]
fn differences_name_their_places() {
    let real = serde_json::json!({"a": [1, {"b": 2.0}], "c": "x"});
    assert_eq!(differences(&real, &real), "");
    let ours = serde_json::json!({"a": [1, {"b": 2}, 3], "d/e": null});
    let expected = "    /a/2\n      real: nothing\n      ours: 3\n    /c\n      real: \"x\"\n      ours: nothing\n    \
                    /d~1e\n      real: nothing\n      ours: null\n";
    assert_eq!(differences(&real, &ours), expected);
}
