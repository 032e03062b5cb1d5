//! JSON data as values, read by declared type. Nothing is copied: containers stay borrowed.

use super::decl::{DeclKind, DeclType};
use super::error::EvalError;
use super::library::time;
use super::types::Type;
use super::value::{List, Map, Text, Value};
use serde_json::Value as Json;

/// Reads JSON by its declared type.
///
/// # Errors
///
/// Data that does not fit its schema, in the words of the API server.
pub(crate) fn typed<'a>(json: &'a Json, decl: &'a DeclType) -> Result<Value<'a>, EvalError> {
    if json.is_null() && !matches!(decl.kind, DeclKind::Json) {
        return if decl.nullable {
            Ok(Value::Null)
        } else {
            Err(EvalError::new(
                "invalid data, got null for schema with nullable=false",
            ))
        };
    }
    match &decl.kind {
        DeclKind::Json => Ok(untyped(json)),
        DeclKind::IntOrString => match (json, json.as_i64()) {
            (Json::String(text), _) => Ok(Value::String(Text::Borrowed(text))),
            (_, Some(number)) => Ok(Value::Int(number)),
            _ => Err(EvalError::new(
                "invalid data, expected XIntOrString value to be either a string or integer",
            )),
        },
        DeclKind::Scalar(ty) => scalar(json, ty),
        DeclKind::Date => {
            let text = string(json)?;
            time::parse_date(text)
                .map(Value::Timestamp)
                .ok_or_else(|| EvalError::new(format!("Invalid date formatted string {text}")))
        }
        DeclKind::List(list) => match json {
            Json::Array(elements) => Ok(Value::List(List::typed(elements, list))),
            _ => Err(EvalError::new(
                "invalid data, expected an array for the provided schema with type=array",
            )),
        },
        DeclKind::Map(value) => Ok(Value::Map(Map::Typed(object(json)?, value))),
        DeclKind::Object(decl) => Ok(Value::Map(Map::Object(object(json)?, decl))),
        DeclKind::Optional(inner) => typed(json, inner).map(Value::some),
    }
}

fn object(json: &Json) -> Result<&serde_json::Map<String, Json>, EvalError> {
    json.as_object().ok_or_else(|| {
        EvalError::new("invalid data, expected a map for the provided schema with type=object")
    })
}

fn string(json: &Json) -> Result<&str, EvalError> {
    json.as_str().ok_or_else(|| mismatch("string", json))
}

fn mismatch(expected: &str, json: &Json) -> EvalError {
    let found = match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float64",
        Json::Number(_) => "int64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    };
    EvalError::new(format!("invalid data, expected {expected}, got {found}"))
}

fn scalar<'a>(json: &'a Json, ty: &Type) -> Result<Value<'a>, EvalError> {
    match ty {
        Type::String => string(json).map(|text| Value::String(Text::Borrowed(text))),
        Type::Bool => json
            .as_bool()
            .map(Value::Bool)
            .ok_or_else(|| mismatch("bool", json)),
        Type::Int => json.as_i64().map(Value::Int).ok_or_else(|| mismatch("int", json)),
        Type::Double => json
            .as_f64()
            .map(Value::Double)
            .ok_or_else(|| mismatch("float", json)),
        Type::Bytes => {
            let text = string(json)?;
            super::library::encoders::decode_base64(text)
                .map(|bytes| Value::Bytes(bytes.into()))
                .ok_or_else(|| EvalError::new(format!("Invalid byte formatted string {text}")))
        }
        Type::Duration => {
            let text = string(json)?;
            time::parse_format_duration(text)
                .map(Value::Duration)
                .ok_or_else(|| EvalError::new(format!("Invalid duration {text}")))
        }
        Type::Timestamp => {
            let text = string(json)?;
            time::parse_format_timestamp(text)
                .map(Value::Timestamp)
                .ok_or_else(|| EvalError::new(format!("Invalid date-time formatted string {text}")))
        }
        _ => Ok(untyped(json)),
    }
}

/// Reads JSON without a schema.
pub(crate) fn untyped(json: &Json) -> Value<'_> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::Double(number),
            (None, None) => Value::Null,
        },
        Json::String(text) => Value::String(Text::Borrowed(text)),
        Json::Array(elements) => Value::List(List::json(elements)),
        Json::Object(map) => Value::Map(Map::Json(map)),
    }
}
