//! JSON values as the API server compares and prints them.
//!
//! Numbers are compared by what they are worth, not by how they are written; values of any type have an order,
//! because sets of paths are kept sorted. The texts are those of Go's `encoding/json`, json-iterator and `fmt`,
//! which end up in `managedFields` and in messages.

use gitsm_schema::values::go_quote;
use serde_json::{Map, Number, Value};
use std::cmp::Ordering;
use std::fmt::Write as _;

/// A number as the API server holds it in memory.
#[derive(Clone, Copy)]
enum Numeric {
    Int(i64),
    Float(f64),
}

fn numeric(number: &Number) -> Numeric {
    match number.as_i64() {
        Some(int) => Numeric::Int(int),
        // What does not fit into 64 signed bits becomes a float there too.
        None => Numeric::Float(number.as_f64().unwrap_or_default()),
    }
}

/// The order of two numbers by their exact worth.
///
/// Upstream converts to `f64` before it compares an integer with a float. That is not a total order beyond 2^53,
/// so the exact one is used; numbers that large do not occur in paths.
fn compare_numbers(left: Numeric, right: Numeric) -> Ordering {
    match (left, right) {
        (Numeric::Int(left), Numeric::Int(right)) => left.cmp(&right),
        (Numeric::Float(left), Numeric::Float(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
        (Numeric::Int(left), Numeric::Float(right)) => compare_int_float(left, right),
        (Numeric::Float(left), Numeric::Int(right)) => compare_int_float(right, left).reverse(),
    }
}

fn compare_int_float(int: i64, float: f64) -> Ordering {
    /// 2^63, the first float that no `i64` reaches.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float >= LIMIT {
        Ordering::Less
    } else if float < -LIMIT {
        Ordering::Greater
    } else {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the float is within the range of i64"
        )]
        let whole = float.trunc() as i64;
        int.cmp(&whole)
            .then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
    }
}

/// Where the type of a value stands in the order of values.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

/// The order of values: by type first, then by content.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(numeric(left), numeric(right)),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => left
            .iter()
            .zip(right)
            .map(|(left, right)| compare(left, right))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| left.len().cmp(&right.len())),
        (Value::Object(left), Value::Object(right)) => compare_maps(left, right),
        _ => rank(left).cmp(&rank(right)),
    }
}

fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

fn compare_maps(left: &Map<String, Value>, right: &Map<String, Value>) -> Ordering {
    let (left, right) = (sorted(left), sorted(right));
    left.iter()
        .zip(&right)
        .map(|((left_key, left), (right_key, right))| {
            left_key.cmp(right_key).then_with(|| compare(left, right))
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// Whether two values are the same to the API server: `1` and `1.0` are.
pub(crate) fn equals(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(numeric(left), numeric(right)).is_eq(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equals(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| equals(left, right)))
        }
        _ => left == right,
    }
}

/// Who writes the JSON text: the two writers differ in small things.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    /// json-iterator, which writes path elements.
    Iterator,
    /// `encoding/json`, which writes annotations.
    Standard,
}

/// Appends `text` as a JSON string; with `html`, characters that are special in HTML are escaped.
pub(crate) fn write_string(out: &mut String, text: &str, html: bool) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' || (html && matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')) => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Appends `value` as compact JSON with sorted keys, as Go writes a `map[string]any`.
pub(crate) fn write_value(out: &mut String, value: &Value, writer: Writer) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match numeric(number) {
            Numeric::Int(int) => {
                let _ = write!(out, "{int}");
            }
            Numeric::Float(float) => out.push_str(&json_float(float, writer)),
        },
        Value::String(text) => write_string(out, text, true),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item, writer);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, value)) in sorted(map).into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key, true);
                out.push(':');
                write_value(out, value, writer);
            }
            out.push('}');
        }
    }
}

/// A float as Go's JSON writers print it: plain digits, except where they would be too many.
fn json_float(float: f64, writer: Writer) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let digits = if writer == Writer::Standard { 1 } else { 2 };
        scientific(float, digits)
    } else {
        format!("{float}")
    }
}

/// Go's `%e` with as many digits as needed and at least `exponent_digits` digits in the exponent.
fn scientific(float: f64, exponent_digits: usize) -> String {
    let text = format!("{float:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    // The standard writer shortens negative exponents only; positive ones have two digits from 21 on.
    format!("{mantissa}e{sign}{digits:0>exponent_digits$}")
}

/// A float as Go's `%v` prints it.
fn printed_float(float: f64) -> String {
    let text = format!("{float:e}");
    let exponent: i32 = text
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or_default();
    if float != 0.0 && !(-4..6).contains(&exponent) {
        scientific(float, 2)
    } else {
        format!("{float}")
    }
}

/// A value as it stands in a path that a message names, such as the `"http"` of `.ports[name="http"]`.
pub(crate) fn write_in_path(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => out.push_str(&go_quote(text)),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_in_path(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            for (key, value) in sorted(map) {
                let _ = write!(out, "{key}=");
                write_in_path(out, value);
            }
        }
        Value::Null => out.push_str("null"),
        Value::Bool(_) | Value::Number(_) => write_plain(out, value),
    }
}

/// A value as Go's `%v` prints it inside another value.
pub(crate) fn write_plain(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(flag) => {
            let _ = write!(out, "{flag}");
        }
        Value::Number(number) => match numeric(number) {
            Numeric::Int(int) => {
                let _ = write!(out, "{int}");
            }
            Numeric::Float(float) => out.push_str(&printed_float(float)),
        },
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write_plain(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push_str("map[");
            for (index, (key, value)) in sorted(map).into_iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                let _ = write!(out, "{key}:");
                write_plain(out, value);
            }
            out.push(']');
        }
    }
}

/// A value as Go's `%#v` prints it.
pub(crate) fn write_go_syntax(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("interface {}(nil)"),
        Value::String(text) => out.push_str(&go_quote(text)),
        Value::Array(items) => {
            out.push_str("[]interface {}{");
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_go_syntax(out, item);
            }
            out.push('}');
        }
        Value::Object(map) => {
            out.push_str("map[string]interface {}{");
            for (index, (key, value)) in sorted(map).into_iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                let _ = write!(out, "{}:", go_quote(key));
                write_go_syntax(out, value);
            }
            out.push('}');
        }
        Value::Bool(_) | Value::Number(_) => write_plain(out, value),
    }
}

/// The Go type that holds a value (`%T`).
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) => match numeric(number) {
            Numeric::Int(_) => "int64",
            Numeric::Float(_) => "float64",
        },
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(value: &Value, writer: Writer) -> String {
        let mut out = String::new();
        write_value(&mut out, value, writer);
        out
    }

    #[test]
    fn numbers_are_compared_by_worth() {
        assert!(equals(&json!(1), &json!(1.0)));
        assert!(!equals(&json!(1), &json!("1")));
        assert_eq!(compare(&json!(1), &json!(1.5)), Ordering::Less);
        assert_eq!(compare(&json!(-1), &json!(-1.5)), Ordering::Greater);
        assert_eq!(compare(&json!(i64::MAX), &json!(1e19)), Ordering::Less);
        assert_eq!(compare(&json!(i64::MIN), &json!(-1e19)), Ordering::Greater);
        assert_eq!(compare(&json!(u64::MAX), &json!(i64::MAX)), Ordering::Greater);
    }

    #[test]
    fn types_are_ordered_number_string_bool_list_map_null() {
        let values = [
            json!(2),
            json!("a"),
            json!(false),
            json!([1]),
            json!([1, 0]),
            json!({"a": 1}),
            json!({"a": 1, "b": 0}),
            json!({"b": 0}),
            json!(null),
        ];
        assert!(values.is_sorted_by(|left, right| compare(left, right).is_lt()));
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (float, iterator, standard) in [
            (80.0, "80", "80"),
            (0.5, "0.5", "0.5"),
            (1e21, "1e+21", "1e+21"),
            (1e20, "100000000000000000000", "100000000000000000000"),
            (1.5e-7, "1.5e-07", "1.5e-7"),
            (1e-10, "1e-10", "1e-10"),
        ] {
            assert_eq!(text(&json!(float), Writer::Iterator), iterator);
            assert_eq!(text(&json!(float), Writer::Standard), standard);
        }
    }

    #[test]
    fn strings_are_escaped_as_go_escapes_them() {
        assert_eq!(
            text(&json!("<a>&\u{2028}\"\\\n\u{1}é"), Writer::Iterator),
            r#""\u003ca\u003e\u0026\u2028\"\\\n\u0001é""#
        );
    }

    #[test]
    fn values_in_messages_look_as_go_prints_them() {
        let value = json!({"b": [1, "x", null], "a": true});
        let mut out = String::new();
        write_plain(&mut out, &value);
        assert_eq!(out, "map[a:true b:[1 x <nil>]]");
        out.clear();
        write_go_syntax(&mut out, &value);
        assert_eq!(
            out,
            r#"map[string]interface {}{"a":true, "b":[]interface {}{1, "x", interface {}(nil)}}"#
        );
        out.clear();
        write_in_path(&mut out, &json!(["x", 1.5]));
        assert_eq!(out, r#"["x",1.5]"#);
    }
}
