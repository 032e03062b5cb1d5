//! What an evaluation really costs, counted as the API server counts it.
//!
//! The rules are those of cel-go (`interpreter/runtimecost.go`) and of apiserver (`pkg/cel/library/cost.go`). The
//! API server plans constants ahead: a constant list costs nothing, nor does looking for something in it.
//!
//! Known to be counted another way: after an argument failed (the API server counts the call all the same, and the
//! rounds of `map`, `filter` and `exists_one` that follow), an `optMap` whose body does not use its variable, and
//! `in` on data whose type is known only at run time.

use super::Meter;
use super::Result;
use crate::cel::cost::amount::{LIST_BASE, PATTERN_FACTOR, TEXT_FACTOR, scaled, scaled_down};
use crate::cel::ir::{Arithmetic, Binary, Comparison, Literal, LoopKind, Node};
use crate::cel::library::opaque::Opaque;
use crate::cel::value::Value;

/// How a call is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Price {
    /// Nothing: the API server computes it when the rule is compiled.
    Nothing,
    /// One.
    One,
    /// Reading the first operand this often.
    Text(f64),
    /// Making text of bytes or bytes of text; other conversions cost one.
    Conversion,
    /// Writing the result twice.
    Result,
    /// Looking at every element of the first operand, down to the last text.
    Elements,
    /// Looking for a pattern, the second operand, in the first.
    Search,
    /// Looking for a text, the second operand, in the first.
    Contains,
    /// Checking a text, the second operand, against a format.
    Format,
    /// Comparing addresses; the flag says that they are masked too.
    Addresses(bool),
    /// Making a list of the size of the result.
    NewList,
    /// Making a list from a list of lists.
    Flatten,
    /// Comparing every element with every other.
    Sort,
    /// Comparing every element of one list with every one of another, this often.
    Sets(f64),
}

/// How calls of a function are counted.
pub(crate) fn price(name: &str, is_member: bool, arguments: &[Node]) -> Price {
    match (name, is_member) {
        (
            "bool" | "bytes" | "double" | "duration" | "dyn" | "int" | "string" | "timestamp" | "type"
            | "uint",
            false,
        ) if matches!(arguments, [argument] if is_constant(argument)) => Price::Nothing,
        ("bytes" | "string", false) => Price::Conversion,
        ("isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf", true) => Price::Elements,
        (
            "url" | "lowerAscii" | "upperAscii" | "substring" | "trim" | "cidr" | "isIP" | "isCIDR"
            | "quantity" | "isQuantity" | "semver" | "isSemver" | "startsWith" | "endsWith" | "strings.quote"
            | "format",
            _,
        )
        | ("ip", false) => Price::Text(1.0),
        ("replace" | "split" | "ip.isCanonical", _) => Price::Text(2.0),
        ("join", true) => Price::Result,
        ("find" | "findAll" | "matches", true) => Price::Search,
        ("contains", true) => Price::Contains,
        ("validate", true) => Price::Format,
        ("containsIP", true) => Price::Addresses(false),
        ("containsCIDR", true) => Price::Addresses(true),
        ("slice" | "reverse", true) | ("lists.range", false) => Price::NewList,
        ("flatten", true) => Price::Flatten,
        ("distinct" | "sort", true) => Price::Sort,
        ("sets.contains" | "sets.intersects", false) => Price::Sets(1.0),
        ("sets.equivalent", false) => Price::Sets(2.0),
        _ => Price::One,
    }
}

impl Price {
    /// What a call with these operands and this result costs.
    pub(super) fn of(self, arguments: &[Value<'_>], result: &Value<'_>) -> u64 {
        let size_of = |position: usize| arguments.get(position).map_or(0, size);
        match self {
            Self::Nothing => 0,
            Self::One => 1,
            Self::Text(factor) => scaled(size_of(0), factor * TEXT_FACTOR),
            Self::Conversion => match (arguments, result) {
                ([Value::String(_)], Value::Bytes(_)) | ([Value::Bytes(_)], Value::String(_)) => {
                    scaled(size_of(0), TEXT_FACTOR)
                }
                _ => 1,
            },
            Self::Result => scaled(size(result), 2.0 * TEXT_FACTOR),
            Self::Elements => arguments
                .first()
                .map_or(0, |value| traversal(value, MAX_TRAVERSED)),
            Self::Search => search(size_of(0), pattern(size_of(1))),
            Self::Contains => scaled(size_of(0), TEXT_FACTOR).saturating_mul(scaled(size_of(1), TEXT_FACTOR)),
            Self::Format => match arguments.first() {
                Some(Value::Opaque(Opaque::Format(format))) => {
                    search(size_of(1), pattern(format.max_regex_size()))
                }
                _ => 1,
            },
            Self::Addresses(masks) => {
                let own = size_of(0);
                let mut cost = scaled(own * 2, TEXT_FACTOR);
                if masks {
                    cost += scaled(own, TEXT_FACTOR) + 1;
                }
                if let Some(Value::String(text)) = arguments.get(1) {
                    cost += scaled(characters(text), TEXT_FACTOR);
                }
                cost
            }
            Self::NewList => size(result).saturating_add(1 + LIST_BASE),
            Self::Flatten => {
                let depth = match arguments.get(1) {
                    Some(Value::Int(depth)) => u64::try_from(*depth).unwrap_or(0),
                    _ => 1,
                };
                size_of(0).saturating_mul(depth).saturating_add(1 + LIST_BASE)
            }
            Self::Sort => match arguments.first() {
                Some(Value::List(list)) => {
                    let first = list.get(0).and_then(std::result::Result::ok);
                    sorting(list.len(), first.as_ref())
                }
                _ => 1,
            },
            Self::Sets(factor) => {
                scaled_down(size_of(0).saturating_mul(size_of(1)), factor).saturating_add(1)
            }
        }
    }
}

/// The cost of comparing every one of `count` keys with every other.
pub(super) fn sorting(count: usize, first: Option<&Value<'_>>) -> u64 {
    let is_text = matches!(first, Some(Value::String(_) | Value::Bytes(_)));
    let factor = if is_text { 2.0 + TEXT_FACTOR } else { 2.0 };
    let size = count as u64;
    scaled_down(size.saturating_mul(size), factor).saturating_add(1 + LIST_BASE)
}

/// The cost of an operator between two values; `right_node` is what the right one was computed by.
pub(super) fn binary(operator: Binary, left: &Value<'_>, right: &Value<'_>, right_node: &Node) -> u64 {
    match (operator, left, right) {
        (Binary::Arithmetic(Arithmetic::Add), Value::String(a), Value::String(b)) => {
            scaled(characters(a) + characters(b), TEXT_FACTOR)
        }
        (Binary::Arithmetic(Arithmetic::Add), Value::Bytes(a), Value::Bytes(b)) => {
            scaled((a.len() + b.len()) as u64, TEXT_FACTOR)
        }
        (Binary::Compare(Comparison::Equal), Value::Opaque(_), _) => 1,
        (Binary::Compare(Comparison::Equal | Comparison::NotEqual), _, _)
        | (Binary::Compare(_), Value::String(_), Value::String(_))
        | (Binary::Compare(_), Value::Bytes(_), Value::Bytes(_)) => comparison(left, right),
        (Binary::In, _, Value::List(_)) if is_set(right_node) => 0,
        (Binary::In, _, Value::List(list)) => list.len() as u64,
        _ => 1,
    }
}

/// Both are compared up to the end of the shorter one.
fn comparison(left: &Value<'_>, right: &Value<'_>) -> u64 {
    // Short texts need not be counted: one to ten characters cost the same.
    if let (Value::String(a), Value::String(b)) = (left, right)
        && a.len().min(b.len()) <= 10
    {
        return u64::from(!a.is_empty() && !b.is_empty());
    }
    scaled(size(left).min(size(right)), TEXT_FACTOR)
}

/// The size of a value: characters, bytes, elements, entries; one for everything else.
fn size(value: &Value<'_>) -> u64 {
    match value {
        Value::String(text) => characters(text),
        Value::Bytes(bytes) => bytes.len() as u64,
        Value::List(list) => list.len() as u64,
        Value::Map(map) => map.len() as u64,
        Value::Optional(Some(inner)) => size(inner),
        Value::Opaque(Opaque::Ip(ip)) if ip.family() == 6 => 16,
        Value::Opaque(Opaque::Ip(_)) => 4,
        Value::Opaque(Opaque::Cidr(cidr)) => u64::try_from(cidr.prefix_length()).unwrap_or(0).div_ceil(8),
        _ => 1,
    }
}

fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}

/// How deep values are looked at; what is deeper counts by its size.
const MAX_TRAVERSED: usize = 32;

/// The cost of looking at a value down to the last text.
fn traversal(value: &Value<'_>, levels: usize) -> u64 {
    let inside = |value: &Value<'_>| traversal(value, levels - 1);
    match value {
        Value::String(text) => scaled_down(text.len() as u64, TEXT_FACTOR),
        Value::Bytes(bytes) => scaled_down(bytes.len() as u64, TEXT_FACTOR),
        Value::List(_) | Value::Map(_) if levels == 0 => size(value),
        Value::List(list) => {
            let elements = list.iter().filter_map(std::result::Result::ok);
            elements.fold(0, |sum: u64, element| sum.saturating_add(inside(&element)))
        }
        Value::Map(map) => map.keys().iter().fold(0, |sum: u64, key| {
            let value = map.get(key).ok().flatten();
            sum.saturating_add(inside(key))
                .saturating_add(value.as_ref().map_or(0, inside))
        }),
        _ => 1,
    }
}

/// The cost of a pattern of this length for each character.
pub(crate) fn pattern(length: u64) -> u64 {
    scaled(length, PATTERN_FACTOR)
}

/// The cost of looking for a pattern in a text of this length.
fn search(length: u64, pattern: u64) -> u64 {
    scaled(length.saturating_add(1), TEXT_FACTOR).saturating_mul(pattern)
}

/// The cost of looking for a pattern in a text.
pub(super) fn search_text(text: &str, pattern: u64) -> u64 {
    search(characters(text), pattern)
}

/// The cost before and after the body of each round of a loop.
#[derive(Clone, Copy)]
pub(super) struct Rounds {
    /// Asking whether to go on.
    pub(super) go_on: u64,
    /// Adding the result of the body, where it is `true` for those that test.
    pub(super) gather: u64,
    /// Naming what was gathered, once.
    pub(super) end: u64,
}

/// What the rounds of a loop cost besides its range, filter and body.
pub(super) fn rounds(kind: LoopKind, body: &Node) -> Rounds {
    let [go_on, gather, end] = match kind {
        LoopKind::All => [2, 1, 1],
        LoopKind::Exists => [3, 1, 1],
        LoopKind::ExistsOne => [0, 2, 2],
        LoopKind::List | LoopKind::SortBy if is_constant(body) => [0, 2, 1],
        LoopKind::List | LoopKind::SortBy => [0, 2 + LIST_BASE, 1],
        LoopKind::Filter => [0, 3 + LIST_BASE, 1],
        LoopKind::Map => [0, 3, 1],
        LoopKind::MapEntry => [0, 2, 1],
    };
    Rounds { go_on, gather, end }
}

/// Whether the API server computes the node when the rule is compiled.
pub(super) fn is_constant(node: &Node) -> bool {
    match node {
        Node::Literal(_) => true,
        Node::List(elements) => elements
            .iter()
            .all(|(element, is_optional)| !is_optional && is_constant(element)),
        Node::Map(entries) => entries
            .iter()
            .all(|(key, value, is_optional)| !is_optional && is_constant(key) && is_constant(value)),
        Node::Call(call) => call.price == Price::Nothing,
        _ => false,
    }
}

/// Whether the API server makes a set of a constant list, so that looking something up in it costs nothing.
fn is_set(node: &Node) -> bool {
    let is_key = |element: &Node| match element {
        Node::Literal(literal) => !matches!(literal, Literal::Bytes(_) | Literal::Null | Literal::Type(_)),
        _ => false,
    };
    match node {
        Node::List(elements) => elements
            .iter()
            .all(|(element, is_optional)| !is_optional && is_key(element)),
        _ => false,
    }
}

/// Whether fields and elements of the node are read in one go with it.
pub(super) fn is_attribute(node: &Node) -> bool {
    matches!(
        node,
        Node::Variable(_)
            | Node::Local(_)
            | Node::Select(_)
            | Node::Has(_)
            | Node::OptionalSelect(_)
            | Node::Index(_)
            | Node::OptionalIndex(_)
            | Node::Conditional(_)
    )
}

/// What is not counted when the node is the chosen branch of a condition: the name that it starts with.
pub(super) fn unnamed(mut branch: &Node) -> u64 {
    loop {
        branch = match branch {
            Node::Variable(_) | Node::Local(_) => return 1,
            Node::Select(select) | Node::OptionalSelect(select) => &select.operand,
            Node::Index(pair) | Node::OptionalIndex(pair) => &pair[0],
            _ => return 0,
        };
    }
}

impl Meter {
    /// Takes the cost of reading a field of `operand`, or an element at `key`.
    pub(super) fn charge_access(&self, operand: &Node, key: Option<&Node>) -> Result<()> {
        // A key that is read like a field is counted by itself already.
        let step = u64::from(!key.is_some_and(is_attribute));
        self.charge(step + u64::from(!is_attribute(operand)))
    }
}
