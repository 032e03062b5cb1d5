//! Arithmetic.

use super::{Meter, Result, compare};
use crate::cel::decl::ListSemantics;
use crate::cel::error::EvalError;
use crate::cel::ir::Arithmetic;
use crate::cel::library::{strings, time};
use crate::cel::value::{List, Value};
use std::rc::Rc;

/// `left operator right`.
pub(crate) fn arithmetic<'a>(
    meter: &Meter,
    operator: Arithmetic,
    left: Value<'a>,
    right: &Value<'a>,
) -> Result<Value<'a>> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => integer(operator, a, *b).map(Value::Int),
        (Value::Uint(a), Value::Uint(b)) => unsigned(operator, a, *b).map(Value::Uint),
        (Value::Double(a), Value::Double(b)) => double(operator, a, *b).map(Value::Double),
        (Value::Timestamp(at), Value::Duration(by)) => match operator {
            Arithmetic::Add => time::shift(at, Some(*by)),
            Arithmetic::Subtract => time::shift(at, by.checked_neg()),
            _ => Err(EvalError::NoSuchOverload),
        },
        (Value::Duration(by), Value::Timestamp(at)) if operator == Arithmetic::Add => {
            time::shift(*at, Some(by))
        }
        (Value::Timestamp(a), Value::Timestamp(b)) if operator == Arithmetic::Subtract => {
            time::between(*b, a)
        }
        (Value::Duration(a), Value::Duration(b)) => {
            let sum = match operator {
                Arithmetic::Add => a.checked_add(*b),
                Arithmetic::Subtract => a.checked_sub(*b),
                _ => return Err(EvalError::NoSuchOverload),
            };
            sum.map(Value::Duration)
                .ok_or_else(|| EvalError::overflow("duration"))
        }
        (left, right) if operator == Arithmetic::Add => add(meter, left, right),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn integer(operator: Arithmetic, a: i64, b: i64) -> Result<i64> {
    let result = match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide if b == 0 => return Err(EvalError::new("division by zero")),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Remainder if b == 0 => return Err(EvalError::new("modulus by zero")),
        Arithmetic::Remainder => a.checked_rem(b),
    };
    result.ok_or_else(|| EvalError::overflow("integer"))
}

fn unsigned(operator: Arithmetic, a: u64, b: u64) -> Result<u64> {
    let result = match operator {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide if b == 0 => return Err(EvalError::new("division by zero")),
        Arithmetic::Divide => a.checked_div(b),
        Arithmetic::Remainder if b == 0 => return Err(EvalError::new("modulus by zero")),
        Arithmetic::Remainder => a.checked_rem(b),
    };
    result.ok_or_else(|| EvalError::overflow("unsigned integer"))
}

fn double(operator: Arithmetic, a: f64, b: f64) -> Result<f64> {
    match operator {
        Arithmetic::Add => Ok(a + b),
        Arithmetic::Subtract => Ok(a - b),
        Arithmetic::Multiply => Ok(a * b),
        Arithmetic::Divide => Ok(a / b),
        Arithmetic::Remainder => Err(EvalError::NoSuchOverload),
    }
}

fn add<'a>(meter: &Meter, left: Value<'a>, right: &Value<'a>) -> Result<Value<'a>> {
    match (left, right) {
        (Value::String(a), Value::String(b)) => {
            meter.spend_bytes(a.len() + b.len())?;
            let mut joined = String::with_capacity(a.len() + b.len());
            joined.push_str(&a);
            joined.push_str(b);
            Ok(Value::text(joined))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            meter.spend_bytes(a.len() + b.len())?;
            Ok(Value::Bytes(Rc::from([&*a, &**b].concat())))
        }
        (Value::List(a), Value::List(b)) => join_lists(meter, &a, b).map(Value::List),
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// `a + b` for lists: sets take what is new, map lists overwrite elements with the same keys.
fn join_lists<'a>(meter: &Meter, a: &List<'a>, b: &List<'a>) -> Result<List<'a>> {
    meter.spend(a.len() + b.len())?;
    let mut values = a.values()?;
    match a.semantics {
        ListSemantics::Ordered => values.extend(b.values()?),
        ListSemantics::Set => {
            for value in b.iter() {
                let value = value?;
                if !compare::is_among(meter, &values, &value)? {
                    values.push(value);
                }
            }
        }
        ListSemantics::Map(keys) => {
            for value in b.iter() {
                let value = value?;
                match compare::position_by_keys(meter, &values, &value, keys)? {
                    Some(position) => values[position] = value,
                    None => values.push(value),
                }
            }
        }
    }
    Ok(List::with_semantics(values, a.semantics))
}

/// `-operand`.
pub(super) fn negate<'a>(operand: &Value<'a>) -> Result<Value<'a>> {
    match operand {
        Value::Int(number) => number
            .checked_neg()
            .map(Value::Int)
            .ok_or_else(|| EvalError::overflow("integer")),
        Value::Double(number) => Ok(Value::Double(-number)),
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// A list position from an index value: `None` when it is no position of any list.
pub(super) fn position(index: &Value<'_>) -> Result<Option<usize>> {
    match index {
        Value::Int(number) => Ok(usize::try_from(*number).ok()),
        Value::Uint(number) => Ok(usize::try_from(*number).ok()),
        Value::Double(_) => match crate::cel::value::Key::new(index) {
            Some(key) => position(&key.to_value()),
            None => Err(EvalError::new("unsupported index value")),
        },
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// A key as error messages print it.
pub(super) fn print_key(key: &Value<'_>) -> String {
    strings::print(key).unwrap_or_default()
}
