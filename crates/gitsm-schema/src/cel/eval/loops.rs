//! The macros over lists and maps.

use super::{Evaluator, Result, compare, price};
use crate::cel::error::EvalError;
use crate::cel::ir::{Loop, LoopKind};
use crate::cel::value::{Key, List, Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The variables of one round: key or position if there are two, and the value (or key of a map).
type Round<'a> = (Option<Value<'a>>, Value<'a>);

impl<'a> Evaluator<'a, '_> {
    pub(super) fn each(&mut self, each: &'a Loop) -> Result<Value<'a>> {
        let range = self.evaluate(&each.range)?;
        let (list, keys) = match &range {
            Value::List(list) => (Some(list), Vec::new()),
            Value::Map(map) => (None, map.keys()),
            _ => return Err(EvalError::NoSuchOverload),
        };
        let rounds = list.map_or(keys.len(), List::len);
        let mut fold = Fold::new(each.kind);
        let prices = price::rounds(each.kind, &each.body);
        if each.kind == LoopKind::SortBy {
            // The list has a name, which is used twice.
            self.meter.charge(2)?;
        }
        for position in 0..rounds {
            self.meter.charge(prices.go_on)?;
            let (first, second) = match (&range, keys.get(position)) {
                (Value::List(list), _) => {
                    let element = list.get(position).unwrap_or(Err(EvalError::NoSuchOverload));
                    (each.two_variables.then(|| Value::count(position)), element)
                }
                (Value::Map(map), Some(key)) if each.two_variables => {
                    let value = map.get(key)?.ok_or(EvalError::NoSuchOverload);
                    (Some(key.clone()), value)
                }
                (_, Some(key)) => (None, Ok(key.clone())),
                _ => break,
            };
            // An element that cannot be read fails its round only: `exists` may still find another.
            let outcome = second.and_then(|second| self.round(each, (first, second)));
            if gathers(each.kind, &outcome) {
                self.meter.charge(prices.gather)?;
            }
            if fold.take(outcome)? {
                if position + 1 < rounds {
                    self.meter.charge(prices.go_on)?;
                }
                break;
            }
        }
        self.meter.charge(prices.end)?;
        if each.kind == LoopKind::SortBy {
            self.meter.charge(fold.sorting())?;
        }
        fold.finish()
    }

    /// One round: `None` when the filter leaves it out.
    fn round(&mut self, each: &'a Loop, (first, second): Round<'a>) -> Result<Option<Outcome<'a>>> {
        let outer = self.locals.len();
        let key = first.clone();
        let element = second.clone();
        self.locals.extend(first);
        self.locals.push(second);
        let passes = match &each.filter {
            None => Ok(true),
            Some(filter) => match self.evaluate(filter) {
                Ok(Value::Bool(passes)) => Ok(passes),
                Ok(_) => Err(EvalError::NoSuchOverload),
                Err(error) => Err(error),
            },
        };
        let body = match passes {
            Ok(true) => self.evaluate(&each.body).map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        self.locals.truncate(outer);
        Ok(body?.map(|body| Outcome { key, element, body }))
    }
}

/// Whether a round adds to what is gathered. `all` and `exists` join every round to it.
fn gathers(kind: LoopKind, outcome: &Result<Option<Outcome<'_>>>) -> bool {
    match (kind, outcome) {
        (LoopKind::ExistsOne | LoopKind::Filter, Ok(Some(outcome))) => {
            matches!(outcome.body, Value::Bool(true))
        }
        (LoopKind::All | LoopKind::Exists, _) | (_, Ok(Some(_))) => true,
        _ => false,
    }
}

/// What a round gave.
struct Outcome<'a> {
    key: Option<Value<'a>>,
    element: Value<'a>,
    body: Value<'a>,
}

/// What the rounds have given so far.
struct Fold<'a> {
    kind: LoopKind,
    failure: Option<EvalError>,
    count: usize,
    values: Vec<Value<'a>>,
    sort_keys: Vec<Value<'a>>,
    map: BTreeMap<Key<'a>, Value<'a>>,
}

impl<'a> Fold<'a> {
    fn new(kind: LoopKind) -> Self {
        Self {
            kind,
            failure: None,
            count: 0,
            values: Vec::new(),
            sort_keys: Vec::new(),
            map: BTreeMap::new(),
        }
    }

    /// Adds a round; says whether no further round can change the result.
    fn take(&mut self, outcome: Result<Option<Outcome<'a>>>) -> Result<bool> {
        let outcome = match outcome {
            Ok(Some(outcome)) => outcome,
            Ok(None) => return Ok(false),
            Err(EvalError::BudgetExceeded) => return Err(EvalError::BudgetExceeded),
            // A failed round does not hide a deciding one, as with `&&` and `||`.
            Err(error) if matches!(self.kind, LoopKind::All | LoopKind::Exists) => {
                self.failure.get_or_insert(error);
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let flag = match outcome.body {
            Value::Bool(flag) => Some(flag),
            _ => None,
        };
        match (self.kind, flag) {
            (LoopKind::All, Some(flag)) => {
                self.count += usize::from(!flag);
                return Ok(!flag);
            }
            (LoopKind::Exists, Some(flag)) => {
                self.count += usize::from(flag);
                return Ok(flag);
            }
            (LoopKind::All | LoopKind::Exists, None) => {
                self.failure.get_or_insert(EvalError::NoSuchOverload);
            }
            (LoopKind::ExistsOne, Some(flag)) => self.count += usize::from(flag),
            (LoopKind::Filter, Some(flag)) => self.values.extend(flag.then_some(outcome.element)),
            (LoopKind::ExistsOne | LoopKind::Filter, None) => return Err(EvalError::NoSuchOverload),
            (LoopKind::List, _) => self.values.push(outcome.body),
            (LoopKind::SortBy, _) => {
                self.values.push(outcome.element);
                self.sort_keys.push(outcome.body);
            }
            (LoopKind::Map, _) => {
                let key = outcome
                    .key
                    .as_ref()
                    .and_then(Key::new)
                    .ok_or(EvalError::NoSuchOverload)?;
                self.map.insert(key, outcome.body);
            }
            (LoopKind::MapEntry, _) => self.insert_entries(&outcome.body)?,
        }
        Ok(false)
    }

    fn insert_entries(&mut self, entries: &Value<'a>) -> Result<()> {
        let Value::Map(entries) = entries else {
            return Err(EvalError::NoSuchOverload);
        };
        for key in entries.keys() {
            let (Some(known), Some(value)) = (Key::new(&key), entries.get(&key)?) else {
                return Err(EvalError::NoSuchOverload);
            };
            if self.map.insert(known, value).is_some() {
                let key = super::operators::print_key(&key);
                return Err(EvalError::new(format!(
                    "insert failed: key '{key}' already exists"
                )));
            }
        }
        Ok(())
    }

    /// What sorting by the keys costs.
    fn sorting(&self) -> u64 {
        price::sorting(self.sort_keys.len(), self.sort_keys.first())
    }

    fn finish(self) -> Result<Value<'a>> {
        match self.kind {
            LoopKind::All | LoopKind::Exists => {
                let decided = self.count > 0;
                match self.failure {
                    Some(error) if !decided => Err(error),
                    _ => Ok(Value::Bool(decided == (self.kind == LoopKind::Exists))),
                }
            }
            LoopKind::ExistsOne => Ok(Value::Bool(self.count == 1)),
            LoopKind::List | LoopKind::Filter => Ok(Value::List(List::new(self.values))),
            LoopKind::Map | LoopKind::MapEntry => Ok(Value::Map(Map::Values(Rc::new(self.map)))),
            LoopKind::SortBy => {
                sort_by_keys(self.values, &self.sort_keys).map(|list| Value::List(List::new(list)))
            }
        }
    }
}

/// The values in the order of their keys; equal keys keep their order.
pub(crate) fn sort_by_keys<'a>(values: Vec<Value<'a>>, keys: &[Value<'a>]) -> Result<Vec<Value<'a>>> {
    if let Some(first) = keys.first() {
        for key in keys {
            if std::mem::discriminant(first) != std::mem::discriminant(key) {
                return Err(EvalError::new("list elements must have the same type"));
            }
            compare::order(first, key).map_err(|_| EvalError::new("list elements must be comparable"))?;
        }
    }
    let mut keyed: Vec<(&Value<'a>, Value<'a>)> = keys.iter().zip(values).collect();
    // A sort needs a total order, so NaN is put last.
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.total_cmp(b),
        _ => compare::order(a, b).ok().flatten().unwrap_or(Ordering::Equal),
    });
    Ok(keyed.into_iter().map(|(_, value)| value).collect())
}
