//! Equality and order.
//!
//! Numbers of different types are equal when they are the same number; values of different kinds are not equal.
//! Lists with the semantics of sets and map lists are compared without order.

use super::{Meter, Result};
use crate::cel::decl::ListSemantics;
use crate::cel::error::EvalError;
use crate::cel::ir::Comparison;
use crate::cel::value::{List, Map, Value};
use std::cmp::Ordering;

/// `left comparison right`.
pub(super) fn compare<'a>(
    meter: &Meter,
    comparison: Comparison,
    left: &Value<'a>,
    right: &Value<'a>,
) -> Result<bool> {
    match comparison {
        Comparison::Equal => equal(meter, left, right),
        Comparison::NotEqual => equal(meter, left, right).map(|equal| !equal),
        _ => {
            // Numbers that are not comparable (NaN) make every order false.
            let Some(ordering) = order(left, right)? else {
                return Ok(false);
            };
            Ok(match comparison {
                Comparison::Less => ordering.is_lt(),
                Comparison::LessOrEqual => ordering.is_le(),
                Comparison::Greater => ordering.is_gt(),
                _ => ordering.is_ge(),
            })
        }
    }
}

/// The order of two values; `None` when there is none because of NaN.
pub(crate) fn order(left: &Value<'_>, right: &Value<'_>) -> Result<Option<Ordering>> {
    if let Some(ordering) = order_numbers(left, right) {
        return Ok(ordering);
    }
    Ok(Some(match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => (**a).cmp(&**b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        _ => return Err(EvalError::NoSuchOverload),
    }))
}

/// The order of two numbers; the outer `None` says that they are not both numbers.
#[expect(
    clippy::option_option,
    reason = "no order of numbers and no numbers are different answers"
)]
fn order_numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Option<Ordering>> {
    Some(match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Int(a), Value::Double(b)) => order_whole(i128::from(*a), *b),
        (Value::Uint(a), Value::Double(b)) => order_whole(i128::from(*a), *b),
        (Value::Double(a), Value::Int(b)) => order_whole(i128::from(*b), *a).map(Ordering::reverse),
        (Value::Double(a), Value::Uint(b)) => order_whole(i128::from(*b), *a).map(Ordering::reverse),
        _ => return None,
    })
}

/// The order of a 64-bit whole number and a double: that of the nearest double, as CEL defines it.
#[expect(clippy::cast_precision_loss, reason = "the definition compares as doubles")]
fn order_whole(whole: i128, double: f64) -> Option<Ordering> {
    (whole as f64).partial_cmp(&double)
}

/// `left == right`.
pub(crate) fn equal<'a>(meter: &Meter, left: &Value<'a>, right: &Value<'a>) -> Result<bool> {
    meter.spend(1)?;
    if let Some(ordering) = order_numbers(left, right) {
        return Ok(ordering == Some(Ordering::Equal));
    }
    match (left, right) {
        (Value::Null, Value::Null) | (Value::Optional(None), Value::Optional(None)) => Ok(true),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::String(a), Value::String(b)) => {
            meter.spend(a.len().min(b.len()) / 64)?;
            Ok(**a == **b)
        }
        (Value::Bytes(a), Value::Bytes(b)) => Ok(a == b),
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(a == b),
        (Value::Duration(a), Value::Duration(b)) => Ok(a == b),
        (Value::Type(a), Value::Type(b)) => Ok(**a == **b),
        (Value::List(a), Value::List(b)) => meter.nested(|| equal_lists(meter, a, b)),
        (Value::Map(a), Value::Map(b)) => meter.nested(|| equal_maps(meter, a, b)),
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => meter.nested(|| equal(meter, a, b)),
        (Value::Opaque(a), Value::Opaque(b)) => Ok(a == b),
        _ => Ok(false),
    }
}

fn equal_lists<'a>(meter: &Meter, a: &List<'a>, b: &List<'a>) -> Result<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    match a.semantics {
        ListSemantics::Ordered => {
            for (left, right) in a.iter().zip(b.iter()) {
                if !equal(meter, &left?, &right?)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        ListSemantics::Set => {
            // Both ways, so that a repeated element on one side does not hide a missing one.
            let (left, right) = (a.values()?, b.values()?);
            Ok(all_among(meter, &right, &left)? && all_among(meter, &left, &right)?)
        }
        ListSemantics::Map(keys) => {
            let (left, right) = (a.values()?, b.values()?);
            for value in &right {
                match position_by_keys(meter, &left, value, keys)? {
                    Some(position) if equal(meter, &left[position], value)? => {}
                    _ => return Ok(false),
                }
            }
            for value in &left {
                if position_by_keys(meter, &right, value, keys)?.is_none() {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

fn all_among<'a>(meter: &Meter, elements: &[Value<'a>], list: &[Value<'a>]) -> Result<bool> {
    for element in elements {
        if !is_among(meter, list, element)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an equal value is in `list`.
pub(crate) fn is_among<'a>(meter: &Meter, list: &[Value<'a>], element: &Value<'a>) -> Result<bool> {
    for candidate in list {
        if equal(meter, candidate, element)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where in a map list the element with the same key fields is.
pub(super) fn position_by_keys<'a>(
    meter: &Meter,
    list: &[Value<'a>],
    element: &Value<'a>,
    keys: &[String],
) -> Result<Option<usize>> {
    for (position, candidate) in list.iter().enumerate() {
        let mut same = true;
        for key in keys {
            meter.spend(1)?;
            same = same && same_key_field(meter, candidate, element, key)?;
        }
        if same {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

fn same_key_field<'a>(meter: &Meter, a: &Value<'a>, b: &Value<'a>, key: &str) -> Result<bool> {
    let (Value::Map(a), Value::Map(b)) = (a, b) else {
        return Ok(false);
    };
    match (a.property(key)?, b.property(key)?) {
        (Some(a), Some(b)) => equal(meter, &a, &b),
        (None, None) => Ok(true),
        _ => Ok(false),
    }
}

fn equal_maps<'a>(meter: &Meter, a: &Map<'a>, b: &Map<'a>) -> Result<bool> {
    if let (Map::Object(left, decl), Map::Object(right, _)) = (a, b) {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (name, value) in *left {
            // Properties that rules cannot name are compared as the JSON they are.
            let same = if decl.property(name).is_some() {
                match (a.property(name)?, b.property(name)?) {
                    (Some(left), Some(right)) => equal(meter, &left, &right)?,
                    (None, None) => true,
                    _ => false,
                }
            } else {
                meter.spend(1)?;
                right.get(name).is_none_or(|other| other == value)
            };
            if !same {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let keys = a.keys();
    if keys.len() != b.keys().len() {
        return Ok(false);
    }
    for key in keys {
        let same = match (a.get(&key)?, b.get(&key)?) {
            (Some(left), Some(right)) => equal(meter, &left, &right)?,
            (None, None) => true,
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `element in container`.
pub(super) fn contains<'a>(meter: &Meter, container: &Value<'a>, element: &Value<'a>) -> Result<bool> {
    match container {
        Value::List(list) => {
            for candidate in list.iter() {
                if equal(meter, &candidate?, element)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Value::Map(map) => Ok(map.get(element)?.is_some()),
        _ => Err(EvalError::NoSuchOverload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_different_types_compare_by_value() {
        let big = Value::Int(i64::MAX);
        assert_eq!(
            order(&big, &Value::Double(9_223_372_036_854_775_808.0)),
            Ok(Some(Ordering::Equal))
        );
        assert_eq!(
            order(&Value::Int(-1), &Value::Double(-0.5)),
            Ok(Some(Ordering::Less))
        );
        assert_eq!(
            order(&Value::Uint(u64::MAX), &Value::Double(f64::INFINITY)),
            Ok(Some(Ordering::Less))
        );
        assert_eq!(order(&Value::Int(0), &Value::Double(f64::NAN)), Ok(None));
        let meter = Meter::new(10);
        assert_eq!(equal(&meter, &Value::Uint(1), &Value::Double(1.0)), Ok(true));
        assert_eq!(
            equal(&meter, &Value::Double(f64::NAN), &Value::Double(f64::NAN)),
            Ok(false)
        );
    }
}
