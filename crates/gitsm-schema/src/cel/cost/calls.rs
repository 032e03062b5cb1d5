//! What calls of the standard functions and of the list and set extensions cost.
//!
//! The numbers are those of cel-go (`checker/cost.go`, `ext/lists.go`, `ext/sets.go`); functions that are not
//! named here or in [`kubernetes`](super::kubernetes) cost one.

use super::amount::{LIST_BASE, PATTERN_FACTOR, Size, TEXT_FACTOR, scaled};
use super::kubernetes;
use super::tree::{Call, Item, Kind};
use super::walk::{Operand, Walk};
use crate::cel::types::Type;
use cel::common::ast::operators;

/// One overload of a call and what is known about its operands.
pub(super) struct Use<'u, 'e> {
    pub(super) item: &'e Item,
    pub(super) call: &'e Call,
    /// The types of the parameters, receiver first; empty where there is one overload only.
    pub(super) overload: &'u [Type],
    pub(super) target: Option<&'u Operand<'e>>,
    pub(super) arguments: &'u [Operand<'e>],
    /// What the arguments cost.
    pub(super) costs: &'u [u64],
}

/// What a call costs at most.
pub(super) struct Estimate {
    pub(super) cost: u64,
    /// The size of its result, where it is a text, list or map of known size.
    pub(super) result: Option<Size>,
}

impl Estimate {
    pub(super) fn new(cost: u64) -> Self {
        Self { cost, result: None }
    }

    pub(super) fn with_result(cost: u64, result: Size) -> Self {
        Self {
            cost,
            result: Some(result),
        }
    }
}

impl<'e> Walk<'e> {
    /// The size of an operand for functions that ask the schema themselves.
    pub(super) fn operand_size(&self, operand: &Operand<'_>) -> Size {
        let declared = || self.declared_size(operand.path);
        operand.size.or_else(declared).unwrap_or(Size::UNKNOWN)
    }

    /// What a use of an overload costs at most, with its arguments.
    pub(super) fn function(&mut self, used: &Use<'_, 'e>) -> Estimate {
        let own = extension(self, used).or_else(|| kubernetes::estimate(self, used));
        if let Some(mut estimate) = own {
            estimate.cost = estimate.cost.saturating_add(sum(used.costs));
            return estimate;
        }
        match (used.call.function.as_str(), used.costs) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, costs) => Estimate::new(sum(costs)),
            (operators::CONDITIONAL, [condition, yes, no]) => {
                self.conditional(used, condition.saturating_add(*yes.max(no)))
            }
            _ => {
                let mut estimate = self.standard(used).unwrap_or_else(|| Estimate::new(1));
                estimate.cost = estimate.cost.saturating_add(sum(used.costs));
                estimate
            }
        }
    }

    fn conditional(&mut self, used: &Use<'_, 'e>, cost: u64) -> Estimate {
        let [_, yes, no] = used.arguments else {
            return Estimate::new(cost);
        };
        let entry = self
            .entry(yes.item)
            .zip(self.entry(no.item))
            .map(|(yes, no)| yes.union(no));
        self.set_entry(used.item, entry);
        Estimate::with_result(cost, known(yes).union(known(no)))
    }

    /// What a standard function costs without its arguments; `None` where that is one.
    fn standard(&mut self, used: &Use<'_, 'e>) -> Option<Estimate> {
        let text = |operand: &Operand<'_>| known(operand).cost(TEXT_FACTOR);
        Some(match (used.call.function.as_str(), used.target, used.arguments) {
            ("format", Some(target), _) => Estimate::new(text(target)),
            ("bytes", None, [source]) if matches!(used.overload, [Type::String]) => {
                let size = known(source);
                let result = Size {
                    min: size.min,
                    max: size.max.wrapping_mul(4),
                };
                Estimate::with_result(text(source), result)
            }
            ("string", None, [source]) if matches!(used.overload, [Type::Bytes]) => {
                let size = known(source);
                let result = Size {
                    min: size.min / 4,
                    max: size.max,
                };
                Estimate::with_result(text(source), result)
            }
            ("strings.quote", None, [source]) => {
                let size = known(source);
                let result = Size {
                    min: size.min.wrapping_add(2),
                    max: size.max.wrapping_mul(2).wrapping_add(2),
                };
                Estimate::with_result(text(source), result)
            }
            ("startsWith" | "endsWith", Some(_), [part]) => Estimate::new(text(part)),
            (operators::IN, None, [_, list]) if matches!(used.overload, [_, Type::List(_)]) => {
                Estimate::new(known(list).cost(1.0))
            }
            ("matches", Some(target), [pattern]) => Estimate::new(search(known(target), known(pattern))),
            ("contains", Some(target), [part]) => Estimate::new(text(target).saturating_mul(text(part))),
            (operators::ADD, None, [left, right]) => self.concatenation(used, left, right)?,
            (operators::EQUALS | operators::NOT_EQUALS, None, [left, right]) => {
                Estimate::new(comparison(left, right))
            }
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                None,
                [left, right],
            ) if matches!(used.overload, [Type::String | Type::Bytes, _]) => {
                Estimate::new(comparison(left, right))
            }
            _ => return None,
        })
    }

    fn concatenation(
        &mut self,
        used: &Use<'_, 'e>,
        left: &Operand<'e>,
        right: &Operand<'e>,
    ) -> Option<Estimate> {
        let size = known(left).plus(known(right));
        let cost = match used.overload.first() {
            Some(Type::List(_)) => 1,
            Some(Type::String | Type::Bytes) => size.cost(TEXT_FACTOR),
            _ => return None,
        };
        let entry = self
            .entry(left.item)
            .zip(self.entry(right.item))
            .map(|(left, right)| left.union(right));
        self.set_entry(used.item, entry);
        Some(Estimate::with_result(cost, size))
    }
}

/// The cost of looking for a pattern in a text.
pub(super) fn search(text: Size, pattern: Size) -> u64 {
    let text = text.plus(Size::exactly(1)).cost(TEXT_FACTOR);
    text.saturating_mul(pattern.cost(PATTERN_FACTOR))
}

/// Both are compared up to the end of the shorter one.
fn comparison(left: &Operand<'_>, right: &Operand<'_>) -> u64 {
    scaled(known(left).max.min(known(right).max), TEXT_FACTOR)
}

fn known(operand: &Operand<'_>) -> Size {
    operand.size.unwrap_or(Size::UNKNOWN)
}

fn sum(costs: &[u64]) -> u64 {
    costs.iter().fold(0, |sum, cost| sum.saturating_add(*cost))
}

/// The list and set extensions, without their arguments.
fn extension(walk: &Walk<'_>, used: &Use<'_, '_>) -> Option<Estimate> {
    let size = |operand| walk.operand_size(operand);
    let estimate = match (used.call.function.as_str(), used.target, used.arguments) {
        ("slice", Some(list), [from, to]) => {
            let from = constant(from, 0);
            let to = constant(to, size(list).max);
            allocation(1.0, Size::exactly(to.wrapping_sub(from)))
        }
        ("flatten" | "reverse", Some(list), []) => allocation(1.0, size(list)),
        ("flatten", Some(list), [depth]) => {
            #[expect(
                clippy::cast_precision_loss,
                reason = "the API server computes with doubles too"
            )]
            let depth = constant(depth, u64::MAX) as f64;
            allocation(depth, size(list))
        }
        ("lists.range", None, [count]) => allocation(1.0, Size::exactly(constant(count, u64::MAX))),
        ("distinct", Some(list), []) => allocation(2.0, size(list).times(size(list))),
        ("sort", Some(list), []) => sorting(used.overload.first(), size(list)),
        ("@sortByAssociatedKeys", Some(_), [keys]) => sorting(used.overload.get(1), size(keys)),
        ("sets.contains" | "sets.intersects", None, [a, b]) => {
            Estimate::new(size(a).times(size(b)).cost(1.0).saturating_add(1))
        }
        ("sets.equivalent", None, [a, b]) => {
            Estimate::new(size(a).times(size(b)).cost(2.0).saturating_add(1))
        }
        _ => return None,
    };
    Some(estimate)
}

/// A call that makes a list.
fn allocation(factor: f64, size: Size) -> Estimate {
    let cost = size.cost(factor).saturating_add(1).saturating_add(LIST_BASE);
    Estimate::with_result(cost, size)
}

/// Every element is compared with every other.
fn sorting(keys: Option<&Type>, size: Size) -> Estimate {
    let is_text = match keys {
        Some(Type::List(key)) => matches!(**key, Type::String | Type::Bytes | Type::Dyn),
        _ => false,
    };
    let factor = if is_text { 2.0 + TEXT_FACTOR } else { 2.0 };
    allocation(factor, size.times(size))
}

/// The value of a constant whole number; negative ones count as zero.
fn constant(operand: &Operand<'_>, otherwise: u64) -> u64 {
    match &operand.item.kind {
        Kind::Literal(constant) => match constant.int {
            Some(number) => u64::try_from(number).unwrap_or(0),
            None => otherwise,
        },
        _ => otherwise,
    }
}
