//! The math extension.

use crate::cel::error::EvalError;
use crate::cel::eval::{Meter, compare};
use crate::cel::overload::{Definition, global};
use crate::cel::value::Value;
use std::cmp::Ordering;

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    global("math.@max", &["double"], "double", max),
    global("math.@max", &["int"], "int", max),
    global("math.@max", &["uint"], "uint", max),
    global("math.@max", &["list(double)"], "double", max),
    global("math.@max", &["list(int)"], "int", max),
    global("math.@max", &["list(uint)"], "uint", max),
    global("math.@max", &["double", "double"], "double", max),
    global("math.@max", &["int", "int"], "int", max),
    global("math.@max", &["uint", "uint"], "uint", max),
    global("math.@max", &["int", "uint"], "dyn", max),
    global("math.@max", &["int", "double"], "dyn", max),
    global("math.@max", &["double", "int"], "dyn", max),
    global("math.@max", &["double", "uint"], "dyn", max),
    global("math.@max", &["uint", "int"], "dyn", max),
    global("math.@max", &["uint", "double"], "dyn", max),
    global("math.@min", &["double"], "double", min),
    global("math.@min", &["int"], "int", min),
    global("math.@min", &["uint"], "uint", min),
    global("math.@min", &["list(double)"], "double", min),
    global("math.@min", &["list(int)"], "int", min),
    global("math.@min", &["list(uint)"], "uint", min),
    global("math.@min", &["double", "double"], "double", min),
    global("math.@min", &["int", "int"], "int", min),
    global("math.@min", &["uint", "uint"], "uint", min),
    global("math.@min", &["int", "uint"], "dyn", min),
    global("math.@min", &["int", "double"], "dyn", min),
    global("math.@min", &["double", "int"], "dyn", min),
    global("math.@min", &["double", "uint"], "dyn", min),
    global("math.@min", &["uint", "int"], "dyn", min),
    global("math.@min", &["uint", "double"], "dyn", min),
    global("math.ceil", &["double"], "double", |_, a| double(a, f64::ceil)),
    global("math.floor", &["double"], "double", |_, a| double(a, f64::floor)),
    global("math.round", &["double"], "double", |_, a| double(a, f64::round)),
    global("math.trunc", &["double"], "double", |_, a| double(a, f64::trunc)),
    global("math.sqrt", &["double"], "double", sqrt),
    global("math.sqrt", &["int"], "double", sqrt),
    global("math.sqrt", &["uint"], "double", sqrt),
    global("math.abs", &["double"], "double", abs),
    global("math.abs", &["int"], "int", abs),
    global("math.abs", &["uint"], "uint", abs),
    global("math.sign", &["double"], "double", sign),
    global("math.sign", &["int"], "int", sign),
    global("math.sign", &["uint"], "uint", sign),
    global("math.isNaN", &["double"], "bool", |_, a| test(a, f64::is_nan)),
    global("math.isInf", &["double"], "bool", |_, a| {
        test(a, f64::is_infinite)
    }),
    global("math.isFinite", &["double"], "bool", |_, a| {
        test(a, f64::is_finite)
    }),
    global("math.bitAnd", &["int", "int"], "int", |_, a| {
        bits(a, |a, b| a & b)
    }),
    global("math.bitAnd", &["uint", "uint"], "uint", |_, a| {
        bits(a, |a, b| a & b)
    }),
    global("math.bitOr", &["int", "int"], "int", |_, a| bits(a, |a, b| a | b)),
    global("math.bitOr", &["uint", "uint"], "uint", |_, a| {
        bits(a, |a, b| a | b)
    }),
    global("math.bitXor", &["int", "int"], "int", |_, a| {
        bits(a, |a, b| a ^ b)
    }),
    global("math.bitXor", &["uint", "uint"], "uint", |_, a| {
        bits(a, |a, b| a ^ b)
    }),
    global("math.bitNot", &["int"], "int", bit_not),
    global("math.bitNot", &["uint"], "uint", bit_not),
    global("math.bitShiftLeft", &["int", "int"], "int", |_, a| {
        shift(a, u64::checked_shl)
    }),
    global("math.bitShiftLeft", &["uint", "int"], "uint", |_, a| {
        shift(a, u64::checked_shl)
    }),
    global("math.bitShiftRight", &["int", "int"], "int", |_, a| {
        shift(a, u64::checked_shr)
    }),
    global("math.bitShiftRight", &["uint", "int"], "uint", |_, a| {
        shift(a, u64::checked_shr)
    }),
];

fn extreme<'a>(meter: &Meter, arguments: &[Value<'a>], wanted: Ordering, name: &str) -> Result<'a> {
    let values = match arguments {
        [Value::List(list)] => {
            meter.spend(list.len())?;
            list.values()?
        }
        values => values.to_vec(),
    };
    let mut values = values.into_iter();
    let mut best = values
        .next()
        .ok_or_else(|| EvalError::new(format!("math.@{name}(list) argument must not be empty")))?;
    if !matches!(best, Value::Int(_) | Value::Uint(_) | Value::Double(_)) {
        return Err(EvalError::NoSuchOverload);
    }
    for value in values {
        if compare::order(&value, &best)? == Some(wanted) {
            best = value;
        }
    }
    Ok(best)
}

fn max<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    extreme(meter, arguments, Ordering::Greater, "max")
}

fn min<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    extreme(meter, arguments, Ordering::Less, "min")
}

fn double<'a>(arguments: &[Value<'a>], run: impl Fn(f64) -> f64) -> Result<'a> {
    match arguments {
        [Value::Double(number)] => Ok(Value::Double(run(*number))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the root of the nearest double is what the extension gives"
)]
fn sqrt<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Double(number)] => Ok(Value::Double(number.sqrt())),
        [Value::Int(number)] => Ok(Value::Double((*number as f64).sqrt())),
        [Value::Uint(number)] => Ok(Value::Double((*number as f64).sqrt())),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn abs<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Double(number)] => Ok(Value::Double(number.abs())),
        [Value::Int(number)] => number
            .checked_abs()
            .map(Value::Int)
            .ok_or_else(|| EvalError::overflow("integer")),
        [Value::Uint(number)] => Ok(Value::Uint(*number)),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn sign<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Double(number)] if number.is_nan() || *number == 0.0 => Ok(Value::Double(*number)),
        [Value::Double(number)] => Ok(Value::Double(number.signum())),
        [Value::Int(number)] => Ok(Value::Int(number.signum())),
        [Value::Uint(number)] => Ok(Value::Uint(u64::from(*number > 0))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn test<'a>(arguments: &[Value<'a>], run: impl Fn(f64) -> bool) -> Result<'a> {
    match arguments {
        [Value::Double(number)] => Ok(Value::Bool(run(*number))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn bits<'a>(arguments: &[Value<'a>], run: impl Fn(u64, u64) -> u64) -> Result<'a> {
    match arguments {
        [Value::Int(a), Value::Int(b)] => Ok(Value::Int(
            run(a.cast_unsigned(), b.cast_unsigned()).cast_signed(),
        )),
        [Value::Uint(a), Value::Uint(b)] => Ok(Value::Uint(run(*a, *b))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn bit_not<'a>(_: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::Int(number)] => Ok(Value::Int(!number)),
        [Value::Uint(number)] => Ok(Value::Uint(!number)),
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// Shifts bits; what is shifted out is lost, and the sign is a bit like any other.
fn shift<'a>(arguments: &[Value<'a>], run: impl Fn(u64, u32) -> Option<u64>) -> Result<'a> {
    let [value, Value::Int(by)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    if *by < 0 {
        return Err(EvalError::new(format!("math.bitShift() negative offset: {by}")));
    }
    let by = u32::try_from(*by).unwrap_or(u32::MAX);
    match value {
        Value::Int(number) => Ok(Value::Int(
            run(number.cast_unsigned(), by).unwrap_or(0).cast_signed(),
        )),
        Value::Uint(number) => Ok(Value::Uint(run(*number, by).unwrap_or(0))),
        _ => Err(EvalError::NoSuchOverload),
    }
}
