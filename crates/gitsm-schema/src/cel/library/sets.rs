//! Lists as sets.

use crate::cel::error::EvalError;
use crate::cel::eval::{Meter, compare};
use crate::cel::overload::{Definition, global};
use crate::cel::value::Value;

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    global("sets.contains", &["list(A)", "list(A)"], "bool", contains),
    global("sets.equivalent", &["list(A)", "list(A)"], "bool", equivalent),
    global("sets.intersects", &["list(A)", "list(A)"], "bool", intersects),
];

type Lists<'a> = (Vec<Value<'a>>, Vec<Value<'a>>);

fn lists<'a>(arguments: &[Value<'a>]) -> std::result::Result<Lists<'a>, EvalError> {
    match arguments {
        [Value::List(a), Value::List(b)] => Ok((a.values()?, b.values()?)),
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// Whether every element of `part` is in `whole`.
fn covers<'a>(
    meter: &Meter,
    whole: &[Value<'a>],
    part: &[Value<'a>],
) -> std::result::Result<bool, EvalError> {
    for element in part {
        if !compare::is_among(meter, whole, element)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn contains<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (a, b) = lists(arguments)?;
    covers(meter, &a, &b).map(Value::Bool)
}

fn equivalent<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (a, b) = lists(arguments)?;
    Ok(Value::Bool(covers(meter, &a, &b)? && covers(meter, &b, &a)?))
}

fn intersects<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (a, b) = lists(arguments)?;
    for element in &b {
        if compare::is_among(meter, &a, element)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
