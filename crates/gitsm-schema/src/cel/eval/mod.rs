//! The evaluator.
//!
//! It recurses once per level of the compiled expression, whose depth is bounded when it is compiled. What it does
//! is counted as the API server counts it ([`price`]) and taken from a budget; comparing and copying data takes
//! steps from a second one, because the API server counts a comparison of large values as cheap. So it ends and
//! does not overflow on any input.

pub(crate) mod compare;
mod loops;
pub(crate) use loops::sort_by_keys;
pub(crate) mod operators;
pub(crate) mod price;

use super::cost::amount::{LIST_BASE, MAP_BASE};
use super::environment::Variable;
use super::error::EvalError;
use super::ir::{Binary, Call, Literal, Node, Select};
use super::json;
use super::overload;
use super::program::{Activation, Binding};
use super::value::{Key, List, Map, Text, Value};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

type Result<T> = std::result::Result<T, EvalError>;

/// How deep two values that are compared may be nested.
const MAX_DATA_DEPTH: usize = 200;

/// How many steps one evaluation may take: elements compared, and parts of texts read or written.
const MAX_STEPS: u64 = 1_000_000;
/// How many steps are free; those beyond are counted at the end, ten for a unit of cost.
const FREE_STEPS: u64 = 100_000;

/// What bounds one evaluation: the cost and the steps that are left, and how deep data is being compared.
#[derive(Debug)]
pub(crate) struct Meter {
    cost: Cell<u64>,
    steps: Cell<u64>,
    depth: Cell<usize>,
}

impl Meter {
    /// A meter with this cost to spend.
    pub(crate) fn new(cost: u64) -> Self {
        Self {
            cost: Cell::new(cost),
            steps: Cell::new(MAX_STEPS),
            depth: Cell::new(0),
        }
    }

    /// Runs a comparison of elements of containers, unless they are nested too deep.
    pub(crate) fn nested<T>(&self, compare: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.depth.get();
        if depth >= MAX_DATA_DEPTH {
            return Err(EvalError::new("values are nested too deeply to be compared"));
        }
        self.depth.set(depth + 1);
        let result = compare();
        self.depth.set(depth);
        result
    }

    /// Takes steps for work of this size.
    pub(crate) fn spend(&self, steps: usize) -> Result<()> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(EvalError::BudgetExceeded)
    }

    /// Takes steps for reading or writing this many bytes of text.
    pub(crate) fn spend_bytes(&self, bytes: usize) -> Result<()> {
        self.spend(1 + bytes / 16)
    }

    /// Takes cost.
    pub(crate) fn charge(&self, cost: u64) -> Result<()> {
        let left = self.cost.get().checked_sub(cost);
        self.cost.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(EvalError::BudgetExceeded)
    }

    /// The cost that is left in the middle of an evaluation.
    fn cost_left(&self) -> u64 {
        self.cost.get()
    }

    /// Gives back cost that turned out not to be counted.
    fn refund(&self, cost: u64) {
        self.cost.set(self.cost.get().saturating_add(cost));
    }

    /// The cost that is left after an evaluation.
    pub(crate) fn left(&self) -> u64 {
        let taken = MAX_STEPS - self.steps.get();
        self.cost
            .get()
            .saturating_sub(taken.saturating_sub(FREE_STEPS) / 10)
    }
}

/// One evaluation.
pub(crate) struct Evaluator<'a, 'm> {
    variables: &'a [Arc<Variable>],
    activation: &'a Activation<'a>,
    meter: &'m Meter,
    locals: Vec<Value<'a>>,
}

impl<'a, 'm> Evaluator<'a, 'm> {
    pub(crate) fn new(
        variables: &'a [Arc<Variable>],
        activation: &'a Activation<'a>,
        meter: &'m Meter,
    ) -> Self {
        Self {
            variables,
            activation,
            meter,
            locals: Vec::new(),
        }
    }

    /// The value of a node. The arms only call, so that the frame of this recursive function stays small.
    pub(crate) fn evaluate(&mut self, node: &'a Node) -> Result<Value<'a>> {
        match node {
            Node::Literal(literal) => Ok(literal_value(literal)),
            Node::Variable(slot) => self.variable(*slot),
            Node::Local(slot) => self.local(*slot),
            Node::Select(select) => self.select(select),
            Node::Has(select) => self.has(select),
            Node::OptionalSelect(select) => self.optional_select(select),
            Node::Index(pair) => self.index(pair),
            Node::OptionalIndex(pair) => self.optional_index(pair),
            Node::And(terms) => self.logical(terms, false),
            Node::Or(terms) => self.logical(terms, true),
            Node::Not(operand) => self.not(operand),
            Node::Negate(operand) => self.negate(operand),
            Node::Conditional(parts) => self.conditional(parts),
            Node::Chain(first, rest) => self.chain(first, rest),
            Node::Call(call) => self.call(call),
            Node::Matches(text, regex, pattern) => self.matches(text, regex, *pattern),
            Node::List(elements) => self.list(elements),
            Node::Map(entries) => self.map(entries),
            Node::Loop(each) => self.each(each),
            Node::Bind(pair) => self.bind(pair),
            Node::OptionalMap(pair, is_flat) => self.optional_map(pair, *is_flat),
            Node::OptionalOr(pair) => self.optional_or(pair, true),
            Node::OptionalOrValue(pair) => self.optional_or(pair, false),
            Node::Undeclared(name) => Err(EvalError::new(format!("no such attribute(s): {name}"))),
        }
    }

    fn variable(&self, slot: usize) -> Result<Value<'a>> {
        self.meter.charge(1)?;
        let variable: &'a Variable = self.variables.get(slot).ok_or(EvalError::NoSuchOverload)?;
        match self.activation.get(&variable.name) {
            Some(Binding::Json(json)) => json::typed(json, &variable.decl),
            Some(Binding::Absent) => Ok(Value::Optional(None)),
            Some(Binding::Value(value)) => Ok(value.clone()),
            None => Err(EvalError::new(format!("no such attribute(s): {}", variable.name))),
        }
    }

    fn local(&self, slot: usize) -> Result<Value<'a>> {
        self.meter.charge(1)?;
        self.locals.get(slot).cloned().ok_or(EvalError::NoSuchOverload)
    }

    /// Evaluates a node with one more local.
    fn with_local(&mut self, value: Value<'a>, node: &'a Node) -> Result<Value<'a>> {
        self.locals.push(value);
        let result = self.evaluate(node);
        self.locals.pop();
        result
    }

    fn select(&mut self, select: &'a Select) -> Result<Value<'a>> {
        let operand = self.evaluate(&select.operand)?;
        self.meter.charge_access(&select.operand, None)?;
        match &operand {
            Value::Optional(_) => optional_field(&operand, &select.field),
            Value::Map(map) => match map.field(&select.field)? {
                Some(value) => Ok(value),
                None => Err(EvalError::NoSuchKey(select.field.clone())),
            },
            // What is known only when it is evaluated, and then has no fields, lacks this one.
            Value::String(_) | Value::Int(_) | Value::Double(_) | Value::Bool(_)
                if price::is_attribute(&select.operand) =>
            {
                Err(EvalError::NoSuchKey(select.field.clone()))
            }
            _ => Err(EvalError::NoSuchOverload),
        }
    }

    fn has(&mut self, select: &'a Select) -> Result<Value<'a>> {
        let operand = self.evaluate(&select.operand)?;
        if !price::is_attribute(&select.operand) {
            self.meter.charge(1)?;
        }
        let present = match &operand {
            Value::Optional(None) => false,
            Value::Optional(Some(inner)) => match &**inner {
                Value::Map(map) => map.field(&select.field)?.is_some(),
                _ => return Err(EvalError::NoSuchOverload),
            },
            Value::Map(map) => map.field(&select.field)?.is_some(),
            _ => return Err(EvalError::NoSuchOverload),
        };
        Ok(Value::Bool(present))
    }

    fn optional_select(&mut self, select: &'a Select) -> Result<Value<'a>> {
        let operand = self.evaluate(&select.operand)?;
        let value = optional_field(&operand, &select.field)?;
        self.charge_optional(&select.operand, None, &value)?;
        Ok(value)
    }

    /// Takes the cost of reading what may be absent; the step to it is not counted if it is.
    fn charge_optional(&self, operand: &Node, key: Option<&Node>, value: &Value<'a>) -> Result<()> {
        if matches!(value, Value::Optional(None)) {
            return self.meter.charge(u64::from(!price::is_attribute(operand)));
        }
        self.meter.charge_access(operand, key)
    }

    fn pair(&mut self, pair: &'a [Node; 2]) -> Result<(Value<'a>, Value<'a>)> {
        let [left, right] = pair;
        let left = self.evaluate(left)?;
        Ok((left, self.evaluate(right)?))
    }

    fn index(&mut self, pair: &'a [Node; 2]) -> Result<Value<'a>> {
        let (operand, key) = self.pair(pair)?;
        if matches!(operand, Value::Optional(_)) {
            let value = optional_entry(&operand, &key)?;
            self.charge_optional(&pair[0], Some(&pair[1]), &value)?;
            return Ok(value);
        }
        self.meter.charge_access(&pair[0], Some(&pair[1]))?;
        match entry(&operand, &key)? {
            Some(value) => Ok(value),
            None if matches!(operand, Value::List(_)) => Err(EvalError::new(format!(
                "index out of bounds: {}",
                operators::print_key(&key)
            ))),
            None => Err(EvalError::NoSuchKey(operators::print_key(&key))),
        }
    }

    fn optional_index(&mut self, pair: &'a [Node; 2]) -> Result<Value<'a>> {
        let (operand, key) = self.pair(pair)?;
        let value = optional_entry(&operand, &key)?;
        self.charge_optional(&pair[0], Some(&pair[1]), &value)?;
        Ok(value)
    }

    /// `&&` and `||`: the deciding value wins over errors, wherever they stand.
    fn logical(&mut self, terms: &'a [Node], deciding: bool) -> Result<Value<'a>> {
        let mut failure = None;
        for term in terms {
            match self.evaluate(term) {
                Ok(Value::Bool(flag)) if flag == deciding => return Ok(Value::Bool(deciding)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => failure = failure.or(Some(EvalError::NoSuchOverload)),
                Err(EvalError::BudgetExceeded) => return Err(EvalError::BudgetExceeded),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn not(&mut self, operand: &'a Node) -> Result<Value<'a>> {
        let operand = self.evaluate(operand)?;
        self.meter.charge(1)?;
        match operand {
            Value::Bool(flag) => Ok(Value::Bool(!flag)),
            _ => Err(EvalError::NoSuchOverload),
        }
    }

    fn negate(&mut self, operand: &'a Node) -> Result<Value<'a>> {
        let operand = self.evaluate(operand)?;
        self.meter.charge(1)?;
        operators::negate(&operand)
    }

    fn conditional(&mut self, parts: &'a [Node; 3]) -> Result<Value<'a>> {
        let [condition, yes, no] = parts;
        let branch = match self.evaluate(condition)? {
            Value::Bool(true) => yes,
            Value::Bool(false) => no,
            _ => return Err(EvalError::NoSuchOverload),
        };
        let value = self.evaluate(branch)?;
        self.meter.refund(price::unnamed(branch));
        Ok(value)
    }

    fn chain(&mut self, first: &'a Node, rest: &'a [(Binary, Node)]) -> Result<Value<'a>> {
        let mut value = self.evaluate(first)?;
        for (operator, node) in rest {
            let right = self.evaluate(node)?;
            self.meter
                .charge(price::binary(*operator, &value, &right, node))?;
            value = match operator {
                Binary::Arithmetic(operator) => operators::arithmetic(self.meter, *operator, value, &right)?,
                Binary::Compare(comparison) => {
                    Value::Bool(compare::compare(self.meter, *comparison, &value, &right)?)
                }
                Binary::In => Value::Bool(compare::contains(self.meter, &right, &value)?),
            };
        }
        Ok(value)
    }

    fn call(&mut self, call: &'a Call) -> Result<Value<'a>> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.evaluate(argument)?);
        }
        match overload::select(&call.overloads, &arguments) {
            Some(overload) => {
                let result = (overload.run)(self.meter, &arguments);
                // A call that fails is counted as well.
                let counted = result.as_ref().unwrap_or(&Value::Null);
                self.meter.charge(call.price.of(&arguments, counted))?;
                result
            }
            None => Err(EvalError::NoSuchOverload),
        }
    }

    fn matches(
        &mut self,
        text: &'a Node,
        regex: &'a regex::Regex,
        pattern: Option<u64>,
    ) -> Result<Value<'a>> {
        match self.evaluate(text)? {
            Value::String(text) => {
                let cost = pattern.map_or(1, |pattern| price::search_text(&text, pattern));
                self.meter.charge(cost)?;
                self.meter.spend_bytes(text.len())?;
                Ok(Value::Bool(regex.is_match(&text)))
            }
            _ => Err(EvalError::NoSuchOverload),
        }
    }

    fn list(&mut self, elements: &'a [(Node, bool)]) -> Result<Value<'a>> {
        let mut values = Vec::with_capacity(elements.len());
        for (element, is_optional) in elements {
            let value = self.evaluate(element)?;
            values.extend(unless_absent(value, *is_optional)?);
        }
        if !elements
            .iter()
            .all(|(element, is_optional)| !is_optional && price::is_constant(element))
        {
            self.meter.charge(LIST_BASE)?;
        }
        Ok(Value::List(List::new(values)))
    }

    fn map(&mut self, entries: &'a [(Node, Node, bool)]) -> Result<Value<'a>> {
        let mut map = BTreeMap::new();
        for (key, value, is_optional) in entries {
            let key = self.evaluate(key)?;
            let value = self.evaluate(value)?;
            let Some(value) = unless_absent(value, *is_optional)? else {
                continue;
            };
            let known = match &key {
                Value::Double(_) => None,
                key => Key::new(key),
            };
            let known = known.ok_or_else(|| EvalError::new("unsupported key type"))?;
            if map.insert(known, value).is_some() {
                return Err(EvalError::new(format!(
                    "Failed with repeated key: {}",
                    operators::print_key(&key)
                )));
            }
        }
        let is_constant = entries.iter().all(|(key, value, is_optional)| {
            !is_optional && price::is_constant(key) && price::is_constant(value)
        });
        if !is_constant {
            self.meter.charge(MAP_BASE)?;
        }
        Ok(Value::Map(Map::Values(Rc::new(map))))
    }

    fn bind(&mut self, pair: &'a [Node; 2]) -> Result<Value<'a>> {
        let [value, body] = pair;
        let value = self.evaluate(value)?;
        self.with_local(value, body)
    }

    fn optional_map(&mut self, pair: &'a [Node; 2], is_flat: bool) -> Result<Value<'a>> {
        let [operand, body] = pair;
        let before = self.meter.cost_left();
        let operand = self.evaluate(operand)?;
        let spent = before.saturating_sub(self.meter.cost_left());
        // `operand.hasValue() ? optional.of(body with operand.value()) : optional.none()`
        self.meter.charge(1)?;
        match operand {
            Value::Optional(None) => {
                self.meter.charge(1)?;
                Ok(Value::Optional(None))
            }
            Value::Optional(Some(inner)) => {
                self.meter.charge(spent + 1 + u64::from(!is_flat))?;
                let value = self.with_local((*inner).clone(), body)?;
                Ok(if is_flat { value } else { Value::some(value) })
            }
            _ => Err(EvalError::NoSuchOverload),
        }
    }

    fn optional_or(&mut self, pair: &'a [Node; 2], stays_optional: bool) -> Result<Value<'a>> {
        let [operand, other] = pair;
        match self.evaluate(operand)? {
            value @ Value::Optional(Some(_)) if stays_optional => Ok(value),
            Value::Optional(Some(inner)) => Ok((*inner).clone()),
            Value::Optional(None) => self.evaluate(other),
            _ => Err(EvalError::NoSuchOverload),
        }
    }
}

fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(flag) => Value::Bool(*flag),
        Literal::Int(number) => Value::Int(*number),
        Literal::Uint(number) => Value::Uint(*number),
        Literal::Double(number) => Value::Double(*number),
        Literal::String(text) => Value::String(Text::Borrowed(text)),
        Literal::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
        Literal::Type(name) => Value::Type(Text::Borrowed(name)),
    }
}

/// An element of a literal: `None` when it is optional and absent.
fn unless_absent(value: Value<'_>, is_optional: bool) -> Result<Option<Value<'_>>> {
    match value {
        value if !is_optional => Ok(Some(value)),
        Value::Optional(inner) => Ok(inner.map(|inner| (*inner).clone())),
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// `operand.?field`.
fn optional_field<'a>(operand: &Value<'a>, field: &'a str) -> Result<Value<'a>> {
    let target = match operand {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => inner,
        value => value,
    };
    match target {
        Value::Map(map) => Ok(Value::Optional(map.field(field)?.map(Rc::new))),
        _ => Err(EvalError::NoSuchOverload),
    }
}

/// `operand[?key]`.
fn optional_entry<'a>(operand: &Value<'a>, key: &Value<'a>) -> Result<Value<'a>> {
    let target = match operand {
        Value::Optional(None) => return Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => inner,
        value => value,
    };
    Ok(Value::Optional(entry(target, key)?.map(Rc::new)))
}

/// The element or entry at `key`, if it is there.
fn entry<'a>(operand: &Value<'a>, key: &Value<'a>) -> Result<Option<Value<'a>>> {
    match operand {
        Value::List(list) => match operators::position(key)? {
            Some(position) => list.get(position).transpose(),
            None => Ok(None),
        },
        Value::Map(map) => map.get(key),
        _ => Err(EvalError::NoSuchOverload),
    }
}
