//! Optional values. `or` and `orValue` evaluate their argument only if needed and are compiled to nodes.

use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::library::time::Timestamp;
use crate::cel::overload::{Definition, global, member};
use crate::cel::value::{List, Value};

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    global("optional.of", &["A"], "optional(A)", of),
    global("optional.ofNonZeroValue", &["A"], "optional(A)", of_non_zero),
    global("optional.none", &[], "optional(A)", none),
    global("optional.unwrap", &["list(optional(A))"], "list(A)", unwrap),
    member("list(optional(A))", "unwrapOpt", &[], "list(A)", unwrap),
    member("optional(A)", "hasValue", &[], "bool", has_value),
    member("optional(A)", "value", &[], "A", value),
    member("optional(A)", "or", &["optional(A)"], "optional(A)", or),
    member("optional(A)", "orValue", &["A"], "A", or),
    member("list(A)", "first", &[], "optional(A)", first),
    member("list(A)", "last", &[], "optional(A)", last),
];

fn of<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [value] => Ok(Value::some(value.clone())),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn of_non_zero<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [value] if is_zero(value) => Ok(Value::Optional(None)),
        [value] => Ok(Value::some(value.clone())),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Optional(None) => true,
        Value::Bool(flag) => !flag,
        Value::Int(number) | Value::Duration(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Timestamp(at) => *at == Timestamp::MIN,
        _ => false,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the type of all functions of a library")]
fn none<'a>(_: &Meter, _: &[Value<'a>]) -> Result<'a> {
    Ok(Value::Optional(None))
}

fn has_value<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Optional(inner)] => Ok(Value::Bool(inner.is_some())),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn value<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Optional(Some(inner))] => Ok((**inner).clone()),
        [Value::Optional(None)] => Err(EvalError::new("optional.none() dereference")),
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// Only its signature is used: the compiler makes calls of it nodes.
fn or<'a>(_: &Meter, _: &[Value<'a>]) -> Result<'a> {
    Err(EvalError::NoSuchOverload)
}

fn unwrap<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let [Value::List(list)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    meter.spend(list.len())?;
    let mut present = Vec::new();
    for element in list.iter() {
        match element? {
            Value::Optional(Some(inner)) => present.push((*inner).clone()),
            Value::Optional(None) => {}
            _ => return Err(EvalError::NoSuchOverload),
        }
    }
    Ok(Value::List(List::new(present)))
}

fn first<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::List(list)] => at(list, 0),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn last<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::List(list)] if list.is_empty() => Ok(Value::Optional(None)),
        [Value::List(list)] => at(list, list.len() - 1),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn at<'a>(list: &List<'a>, position: usize) -> Result<'a> {
    match list.get(position) {
        Some(element) => element.map(Value::some),
        None => Ok(Value::Optional(None)),
    }
}
