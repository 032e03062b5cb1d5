//! Columns and cells of custom kinds.

use super::{CREATED_DESCRIPTION, NAME_DESCRIPTION, age, definition, paths};
use crate::kind::Column;
use jiff::Timestamp;
use serde_json::{Number, Value};

/// The headings: the name, the CRD's columns, and the age where it declares none.
pub(super) fn definitions(columns: &[Column]) -> Value {
    let name = definition("Name", "string", "name", NAME_DESCRIPTION, 0);
    let mut definitions = vec![name];
    if columns.is_empty() {
        definitions.push(definition("Age", "date", "", CREATED_DESCRIPTION, 0));
    }
    definitions.extend(columns.iter().map(|column| {
        let path = format!(
            "Custom resource definition column (in JSONPath format): {}",
            column.json_path
        );
        let description = if column.description.is_empty() {
            &path
        } else {
            &column.description
        };
        definition(
            &column.name,
            &column.ty,
            &column.format,
            description,
            column.priority,
        )
    }));
    definitions.into()
}

/// The cells of one object.
pub(super) fn cells(columns: &[Column], object: &Value, now: Timestamp) -> Vec<Value> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let mut cells = vec![Value::from(name)];
    if columns.is_empty() {
        let created = paths::first(".metadata.creationTimestamp", object);
        cells.push(created.map_or(Value::Null, |created| cell("date", created, now)));
    }
    cells.extend(columns.iter().map(|column| {
        paths::first(&column.json_path, object).map_or(Value::Null, |found| cell(&column.ty, found, now))
    }));
    cells
}

/// A value in a column of a type; null where it does not fit.
fn cell(ty: &str, value: &Value, now: Timestamp) -> Value {
    match (ty, value) {
        ("string", _) => text(value).into(),
        ("integer", Value::Number(number)) => match Figure::of(number) {
            Figure::Whole(whole) => whole.into(),
            // A float outside of the range has no whole part in Go either.
            #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
            Figure::Float(float) => (float.trunc() as i64).into(),
        },
        ("number", Value::Number(number)) => match Figure::of(number) {
            Figure::Whole(whole) => whole.into(),
            Figure::Float(float) => float.into(),
        },
        ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(time)) => age::since(time, now).into(),
        _ => Value::Null,
    }
}

/// A value in a text column, as Go prints it: lists and objects as JSON, null as `<no value>`.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match Figure::of(number) {
            Figure::Whole(whole) => whole.to_string(),
            Figure::Float(float) => go_float(float),
        },
        // Go's JSON is safe inside HTML. In JSON these characters occur only in texts.
        other => other
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"),
    }
}

/// A number as Kubernetes reads it back from its store: whole where it can be.
enum Figure {
    Whole(i64),
    Float(f64),
}

impl Figure {
    fn of(number: &Number) -> Self {
        if let Some(whole) = number.as_i64() {
            return Self::Whole(whole);
        }
        let float = number.as_f64().unwrap_or_default();
        // 2^63: what is less and has no fraction is stored without one.
        if float.fract() == 0.0 && float.abs() < 9_223_372_036_854_775_808.0 {
            #[expect(clippy::cast_possible_truncation, reason = "it was compared with the range")]
            return Self::Whole(float as i64);
        }
        Self::Float(float)
    }
}

/// A float as Go's `%v` prints it: the shortest digits, with an exponent below 1e-4 and from 1e6 on (`1e+07`).
fn go_float(float: f64) -> String {
    let scientific = format!("{float:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        float.to_string()
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    }
}
