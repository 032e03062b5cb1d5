//! Lists: the extension of CEL (version 3) and the library of Kubernetes.

use crate::cel::error::EvalError;
use crate::cel::eval::operators::arithmetic;
use crate::cel::eval::{Meter, compare, sort_by_keys};
use crate::cel::ir::Arithmetic;
use crate::cel::overload::{Definition, global, member};
use crate::cel::value::{List, Value};
use std::cmp::Ordering;

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const EXTENSION: &[Definition] = &[
    member("list(A)", "slice", &["int", "int"], "list(A)", slice),
    member("list(list(A))", "flatten", &[], "list(A)", flatten),
    member("list(dyn)", "flatten", &["int"], "list(dyn)", flatten),
    global("lists.range", &["int"], "list(int)", range),
    member("list(A)", "reverse", &[], "list(A)", reverse),
    member("list(A)", "distinct", &[], "list(A)", distinct),
    member("list(int)", "sort", &[], "list(int)", sort),
    member("list(uint)", "sort", &[], "list(uint)", sort),
    member("list(double)", "sort", &[], "list(double)", sort),
    member("list(bool)", "sort", &[], "list(bool)", sort),
    member("list(duration)", "sort", &[], "list(duration)", sort),
    member("list(timestamp)", "sort", &[], "list(timestamp)", sort),
    member("list(string)", "sort", &[], "list(string)", sort),
    member("list(bytes)", "sort", &[], "list(bytes)", sort),
];

pub(super) const KUBERNETES: &[Definition] = &[
    member("list(int)", "isSorted", &[], "bool", is_sorted),
    member("list(uint)", "isSorted", &[], "bool", is_sorted),
    member("list(double)", "isSorted", &[], "bool", is_sorted),
    member("list(bool)", "isSorted", &[], "bool", is_sorted),
    member("list(duration)", "isSorted", &[], "bool", is_sorted),
    member("list(timestamp)", "isSorted", &[], "bool", is_sorted),
    member("list(string)", "isSorted", &[], "bool", is_sorted),
    member("list(bytes)", "isSorted", &[], "bool", is_sorted),
    // One implementation per type: the sum of an empty list is the zero of the declared type.
    member("list(int)", "sum", &[], "int", |meter, list| {
        sum(meter, list, Value::Int(0))
    }),
    member("list(uint)", "sum", &[], "uint", |meter, list| {
        sum(meter, list, Value::Uint(0))
    }),
    member("list(double)", "sum", &[], "double", |meter, list| {
        sum(meter, list, Value::Double(0.0))
    }),
    member("list(duration)", "sum", &[], "duration", |meter, list| {
        sum(meter, list, Value::Duration(0))
    }),
    member("list(int)", "min", &[], "int", min),
    member("list(uint)", "min", &[], "uint", min),
    member("list(double)", "min", &[], "double", min),
    member("list(bool)", "min", &[], "bool", min),
    member("list(duration)", "min", &[], "duration", min),
    member("list(timestamp)", "min", &[], "timestamp", min),
    member("list(string)", "min", &[], "string", min),
    member("list(bytes)", "min", &[], "bytes", min),
    member("list(int)", "max", &[], "int", max),
    member("list(uint)", "max", &[], "uint", max),
    member("list(double)", "max", &[], "double", max),
    member("list(bool)", "max", &[], "bool", max),
    member("list(duration)", "max", &[], "duration", max),
    member("list(timestamp)", "max", &[], "timestamp", max),
    member("list(string)", "max", &[], "string", max),
    member("list(bytes)", "max", &[], "bytes", max),
    member("list(A)", "indexOf", &["A"], "int", index_of),
    member("list(A)", "lastIndexOf", &["A"], "int", last_index_of),
];

/// The longest list that `lists.range` and `flatten` make; larger ones would only exhaust memory.
const MAX_LENGTH: usize = 1_000_000;

fn one_list<'v, 'a>(
    meter: &Meter,
    arguments: &'v [Value<'a>],
) -> std::result::Result<&'v List<'a>, EvalError> {
    match arguments {
        [Value::List(list), ..] => {
            meter.spend(1 + list.len())?;
            Ok(list)
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn slice<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let list = one_list(meter, arguments)?;
    let [_, Value::Int(start), Value::Int(end)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    let refuse = |reason: &str| Err(EvalError::new(format!("cannot slice({start}, {end}), {reason}")));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return refuse("negative indexes not supported");
    };
    if from > to {
        return refuse("start index must be less than or equal to end index");
    }
    if to > list.len() {
        return refuse(&format!("list is length {}", list.len()));
    }
    let values = list
        .iter()
        .skip(from)
        .take(to - from)
        .collect::<std::result::Result<_, _>>()?;
    Ok(Value::List(List::new(values)))
}

fn flatten<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let list = one_list(meter, arguments)?;
    let depth = match arguments {
        [_] => 1,
        [_, Value::Int(depth)] => {
            usize::try_from(*depth).map_err(|_| EvalError::new("level must be non-negative"))?
        }
        _ => return Err(EvalError::NoSuchOverload),
    };
    // Lists that wait to be read, with the depth left for their elements; the innermost is last.
    let mut waiting = vec![(list.values()?.into_iter(), depth)];
    let mut flat = Vec::new();
    while let Some((elements, depth)) = waiting.last_mut() {
        let depth = *depth;
        match elements.next() {
            None => {
                waiting.pop();
            }
            Some(Value::List(inner)) if depth > 0 => {
                meter.spend(1 + inner.len())?;
                waiting.push((inner.values()?.into_iter(), depth - 1));
            }
            Some(value) => flat.push(value),
        }
    }
    Ok(Value::List(List::new(flat)))
}

fn range<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let [Value::Int(end)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    let length = usize::try_from(*end).unwrap_or(0);
    meter.spend(1 + length)?;
    if length > MAX_LENGTH {
        return Err(EvalError::BudgetExceeded);
    }
    Ok(Value::List(List::new((0..*end).map(Value::Int).collect())))
}

fn reverse<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let mut values = one_list(meter, arguments)?.values()?;
    values.reverse();
    Ok(Value::List(List::new(values)))
}

fn distinct<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let mut kept: Vec<Value<'a>> = Vec::new();
    for value in one_list(meter, arguments)?.iter() {
        let value = value?;
        if !compare::is_among(meter, &kept, &value)? {
            kept.push(value);
        }
    }
    Ok(Value::List(List::new(kept)))
}

fn sort<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let values = one_list(meter, arguments)?.values()?;
    let keys = values.clone();
    Ok(Value::List(List::new(sort_by_keys(values, &keys)?)))
}

fn is_sorted<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let mut previous: Option<Value<'a>> = None;
    for value in one_list(meter, arguments)?.iter() {
        let value = value?;
        if let Some(previous) = &previous
            && compare::order(previous, &value)? == Some(Ordering::Greater)
        {
            return Ok(Value::Bool(false));
        }
        previous = Some(value);
    }
    Ok(Value::Bool(true))
}

fn sum<'a>(meter: &Meter, arguments: &[Value<'a>], zero: Value<'a>) -> Result<'a> {
    let mut total = zero;
    for value in one_list(meter, arguments)?.iter() {
        total = arithmetic(meter, Arithmetic::Add, total, &value?)?;
    }
    Ok(total)
}

/// The element that stands before all others in the wanted order.
fn extreme<'a>(meter: &Meter, arguments: &[Value<'a>], wanted: Ordering, name: &str) -> Result<'a> {
    let mut best: Option<Value<'a>> = None;
    for value in one_list(meter, arguments)?.iter() {
        let value = value?;
        let is_better = match &best {
            None => true,
            Some(best) => compare::order(&value, best)? == Some(wanted),
        };
        if is_better {
            best = Some(value);
        }
    }
    best.ok_or_else(|| EvalError::new(format!("{name} called on empty list")))
}

fn min<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    extreme(meter, arguments, Ordering::Less, "min")
}

fn max<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    extreme(meter, arguments, Ordering::Greater, "max")
}

/// The positions of elements that equal the second argument.
fn positions(meter: &Meter, arguments: &[Value<'_>]) -> std::result::Result<Vec<usize>, EvalError> {
    let list = one_list(meter, arguments)?;
    let [_, wanted] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    let mut found = Vec::new();
    for (position, value) in list.iter().enumerate() {
        if compare::equal(meter, &value?, wanted)? {
            found.push(position);
        }
    }
    Ok(found)
}

fn index_of<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let found = positions(meter, arguments)?;
    Ok(found
        .first()
        .map_or(Value::Int(-1), |position| Value::count(*position)))
}

fn last_index_of<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let found = positions(meter, arguments)?;
    Ok(found
        .last()
        .map_or(Value::Int(-1), |position| Value::count(*position)))
}
