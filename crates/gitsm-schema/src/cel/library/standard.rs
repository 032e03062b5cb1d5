//! The standard functions on text, lists and maps.

use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, global, member};
use crate::cel::value::{Text, Value};

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    global("size", &["string"], "int", size),
    global("size", &["bytes"], "int", size),
    global("size", &["list(A)"], "int", size),
    global("size", &["map(A, B)"], "int", size),
    member("string", "size", &[], "int", size),
    member("bytes", "size", &[], "int", size),
    member("list(A)", "size", &[], "int", size),
    member("map(A, B)", "size", &[], "int", size),
    member("string", "contains", &["string"], "bool", contains),
    member("string", "startsWith", &["string"], "bool", starts_with),
    member("string", "endsWith", &["string"], "bool", ends_with),
    global("type", &["A"], "type(A)", type_of),
    global("dyn", &["A"], "dyn", dynamic),
];

fn size<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::String(text)] => {
            meter.spend_bytes(text.len())?;
            Ok(Value::count(text.chars().count()))
        }
        [Value::Bytes(bytes)] => Ok(Value::count(bytes.len())),
        [Value::List(list)] => Ok(Value::count(list.len())),
        [Value::Map(map)] => Ok(Value::count(map.len())),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn two_texts<'a, 'v>(
    meter: &Meter,
    arguments: &'v [Value<'a>],
) -> std::result::Result<(&'v Text<'a>, &'v Text<'a>), EvalError> {
    match arguments {
        [Value::String(text), Value::String(other)] => {
            meter.spend_bytes(text.len())?;
            Ok((text, other))
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn contains<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, part) = two_texts(meter, arguments)?;
    Ok(Value::Bool(text.contains(&**part)))
}

fn starts_with<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, part) = two_texts(meter, arguments)?;
    Ok(Value::Bool(text.starts_with(&**part)))
}

fn ends_with<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, part) = two_texts(meter, arguments)?;
    Ok(Value::Bool(text.ends_with(&**part)))
}

fn type_of<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [value] => Ok(Value::Type(Text::Borrowed(value.type_name()))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn dynamic<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    arguments.first().cloned().ok_or(EvalError::NoSuchOverload)
}
