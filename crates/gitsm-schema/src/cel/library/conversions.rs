//! Conversions between the basic types.

use super::{strings, time};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, global};
use crate::cel::value::Value;

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    global("bool", &["bool"], "bool", to_bool),
    global("bool", &["string"], "bool", to_bool),
    global("bytes", &["bytes"], "bytes", to_bytes),
    global("bytes", &["string"], "bytes", to_bytes),
    global("double", &["double"], "double", to_double),
    global("double", &["int"], "double", to_double),
    global("double", &["string"], "double", to_double),
    global("double", &["uint"], "double", to_double),
    global("duration", &["duration"], "duration", to_duration),
    global("duration", &["int"], "duration", to_duration),
    global("duration", &["string"], "duration", to_duration),
    global("int", &["int"], "int", to_int),
    global("int", &["double"], "int", to_int),
    global("int", &["duration"], "int", to_int),
    global("int", &["string"], "int", to_int),
    global("int", &["timestamp"], "int", to_int),
    global("int", &["uint"], "int", to_int),
    global("string", &["string"], "string", to_string),
    global("string", &["bool"], "string", to_string),
    global("string", &["bytes"], "string", to_string),
    global("string", &["double"], "string", to_string),
    global("string", &["duration"], "string", to_string),
    global("string", &["int"], "string", to_string),
    global("string", &["timestamp"], "string", to_string),
    global("string", &["uint"], "string", to_string),
    global("timestamp", &["timestamp"], "timestamp", to_timestamp),
    global("timestamp", &["int"], "timestamp", to_timestamp),
    global("timestamp", &["string"], "timestamp", to_timestamp),
    global("uint", &["uint"], "uint", to_uint),
    global("uint", &["double"], "uint", to_uint),
    global("uint", &["int"], "uint", to_uint),
    global("uint", &["string"], "uint", to_uint),
];

/// One below and one above what fits an `int`, as doubles; both are exact.
const INT_RANGE: (f64, f64) = (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0);
/// One above what fits a `uint`, as a double.
const UINT_END: f64 = 18_446_744_073_709_551_616.0;

fn conversion_error(value: &Value<'_>, to: &str) -> EvalError {
    let printed = strings::print(value).unwrap_or_default();
    EvalError::new(format!(
        "type conversion error from {} '{printed}' to '{to}'",
        value.type_name()
    ))
}

fn to_bool<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Bool(flag)] => Ok(Value::Bool(*flag)),
        [value @ Value::String(text)] => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(conversion_error(value, "bool")),
        },
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn to_bytes<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [value @ Value::Bytes(_)] => Ok(value.clone()),
        [Value::String(text)] => {
            meter.spend_bytes(text.len())?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the nearest double is what the conversion gives"
)]
fn to_double<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Double(number)] => Ok(Value::Double(*number)),
        [Value::Int(number)] => Ok(Value::Double(*number as f64)),
        [Value::Uint(number)] => Ok(Value::Double(*number as f64)),
        [value @ Value::String(text)] => text
            .parse()
            .map(Value::Double)
            .map_err(|_| conversion_error(value, "double")),
        _ => Err(EvalError::NoSuchOverload),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn to_int<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let number = match arguments {
        [Value::Int(number)] => Some(*number),
        [Value::Uint(number)] => i64::try_from(*number).ok(),
        [Value::Double(number)] => (*number > INT_RANGE.0 && *number < INT_RANGE.1).then_some(*number as i64),
        [Value::Duration(nanoseconds)] => Some(*nanoseconds),
        [Value::Timestamp(at)] => Some(at.as_seconds()),
        [value @ Value::String(text)] => {
            return text
                .parse()
                .map(Value::Int)
                .map_err(|_| conversion_error(value, "int"));
        }
        _ => return Err(EvalError::NoSuchOverload),
    };
    number
        .map(Value::Int)
        .ok_or_else(|| EvalError::overflow("integer"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before"
)]
fn to_uint<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let number = match arguments {
        [Value::Uint(number)] => Some(*number),
        [Value::Int(number)] => u64::try_from(*number).ok(),
        [Value::Double(number)] => (*number >= 0.0 && *number < UINT_END).then_some(*number as u64),
        [value @ Value::String(text)] => {
            return text
                .parse()
                .map(Value::Uint)
                .map_err(|_| conversion_error(value, "uint"));
        }
        _ => return Err(EvalError::NoSuchOverload),
    };
    number
        .map(Value::Uint)
        .ok_or_else(|| EvalError::overflow("unsigned integer"))
}

fn to_string<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [value @ Value::String(_)] => Ok(value.clone()),
        [Value::Bytes(bytes)] => {
            meter.spend_bytes(bytes.len())?;
            match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Value::text(text.to_owned())),
                Err(_) => Err(EvalError::new("invalid UTF-8 in bytes, cannot convert to string")),
            }
        }
        [value] => match strings::print(value) {
            Some(text) => Ok(Value::text(text)),
            None => Err(EvalError::NoSuchOverload),
        },
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn to_duration<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Duration(nanoseconds) | Value::Int(nanoseconds)] => Ok(Value::Duration(*nanoseconds)),
        [value @ Value::String(text)] => {
            let duration = time::parse_duration(text);
            duration
                .map(Value::Duration)
                .ok_or_else(|| conversion_error(value, "duration"))
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn to_timestamp<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [value @ Value::Timestamp(_)] => Ok(value.clone()),
        [Value::Int(seconds)] => time::from_seconds(*seconds)
            .map(Value::Timestamp)
            .ok_or_else(|| EvalError::overflow("timestamp")),
        [value @ Value::String(text)] => {
            let at = time::parse_timestamp(text);
            at.map(Value::Timestamp)
                .ok_or_else(|| conversion_error(value, "timestamp"))
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}
