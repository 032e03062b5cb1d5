//! Values as Go prints them: with `fmt` (`%v`) and with `encoding/json`.

use super::go_quote;
use serde_json::{Number, Value};
use std::fmt::Write as _;

/// A double as Go's `%v` prints it: the shortest digits, with an exponent from a million on and below 10⁻⁴.
pub fn go_float(float: f64) -> String {
    let shortest = format!("{float:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => float.to_string(),
    }
}

/// A value as an error of the API server shows it: text quoted as Go quotes it, numbers and booleans plain, all
/// else as JSON.
pub fn go_value(value: &Value) -> String {
    match value {
        Value::String(text) => go_quote(text),
        Value::Number(number) => match integer(number) {
            Some(digits) => digits,
            None => go_float(number.as_f64().unwrap_or_default()),
        },
        other => go_json(other),
    }
}

/// A value as Go's `json.Marshal` writes it: keys sorted, `<`, `>` and `&` escaped.
///
/// Works on its own stack, as values may nest deeper than ours.
pub fn go_json(value: &Value) -> String {
    enum Task<'v> {
        Value(&'v Value),
        Name(&'v str),
        Text(char),
    }
    let mut text = String::new();
    let mut tasks = vec![Task::Value(value)];
    while let Some(task) = tasks.pop() {
        match task {
            Task::Text(character) => text.push(character),
            Task::Name(name) => {
                push_json_string(&mut text, name);
                text.push(':');
            }
            Task::Value(Value::Null) => text.push_str("null"),
            Task::Value(Value::Bool(flag)) => text.push_str(if *flag { "true" } else { "false" }),
            Task::Value(Value::String(string)) => push_json_string(&mut text, string),
            Task::Value(Value::Number(number)) => push_json_number(&mut text, number),
            Task::Value(Value::Array(elements)) => {
                text.push('[');
                tasks.push(Task::Text(']'));
                for (position, element) in elements.iter().enumerate().rev() {
                    tasks.push(Task::Value(element));
                    if position > 0 {
                        tasks.push(Task::Text(','));
                    }
                }
            }
            Task::Value(Value::Object(fields)) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_unstable_by_key(|(name, _)| *name);
                text.push('{');
                tasks.push(Task::Text('}'));
                for (position, (name, value)) in fields.into_iter().enumerate().rev() {
                    tasks.extend([Task::Value(value), Task::Name(name)]);
                    if position > 0 {
                        tasks.push(Task::Text(','));
                    }
                }
            }
        }
    }
    text
}

/// Pushes `string` as a JSON string with the escapes of Go.
pub(crate) fn push_json_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{0}'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Pushes a number as Go's `json.Marshal` writes it: with an exponent from 10²¹ on and below 10⁻⁶.
pub(crate) fn push_json_number(text: &mut String, number: &Number) {
    if let Some(digits) = integer(number) {
        text.push_str(&digits);
        return;
    }
    let float = number.as_f64().unwrap_or_default();
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let shortest = format!("{float:e}");
        match shortest.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => {
                let _ = write!(text, "{mantissa}e+{exponent}");
            }
            _ => text.push_str(&shortest),
        }
    } else {
        let _ = write!(text, "{float}");
    }
}

fn integer(number: &Number) -> Option<String> {
    number
        .as_i64()
        .map(|integer| integer.to_string())
        .or_else(|| number.as_u64().map(|integer| integer.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prints_as_go_prints() {
        let floats = [
            (1.0, "1"),
            (1.5, "1.5"),
            (1e6, "1e+06"),
            (123_456.0, "123456"),
            (1e-5, "1e-05"),
        ];
        for (float, text) in floats {
            assert_eq!(go_float(float), text);
        }
        assert_eq!(go_value(&json!("a\"b\u{1}")), "\"a\\\"b\\x01\"");
        assert_eq!(go_value(&json!(10_000_000)), "10000000");
        assert_eq!(go_value(&json!(10_000_000.0)), "1e+07");
        assert_eq!(
            go_value(&json!({"b": [1, 2.50, null], "a": "<&>\u{1}", "c": {}})),
            r#"{"a":"\u003c\u0026\u003e\u0001","b":[1,2.5,null],"c":{}}"#
        );
        assert_eq!(go_json(&json!([1e7, 1e21, 1e-7])), "[10000000,1e+21,1e-7]");
    }
}
