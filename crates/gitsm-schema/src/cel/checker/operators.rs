//! The operators and their types.

use super::{Checked, Checker};
use crate::cel::error::Phase;
use crate::cel::ir::{Arithmetic, Binary, Comparison, Node};
use crate::cel::limits::MAX_CHAIN;
use crate::cel::overload::parse_type;
use crate::cel::types::Type;
use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};
use std::sync::LazyLock;

/// Operand types and result type of one use of an operator.
struct Signature {
    operands: Vec<Type>,
    result: Type,
}

fn signatures(table: &[(&[&str], &str)]) -> Vec<Signature> {
    let read = |(operands, result): &(&[&str], &str)| Signature {
        operands: operands.iter().map(|text| parse_type(text)).collect(),
        result: parse_type(result),
    };
    table.iter().map(read).collect()
}

/// Operators whose operands and result have one type.
fn uniform(types: &[&'static str]) -> Vec<Signature> {
    let signature = |text: &&'static str| Signature {
        operands: vec![parse_type(text), parse_type(text)],
        result: parse_type(text),
    };
    types.iter().map(signature).collect()
}

static ADD: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let mut table = uniform(&["bytes", "double", "duration", "int", "list(A)", "string", "uint"]);
    table.extend(signatures(&[
        (&["duration", "timestamp"], "timestamp"),
        (&["timestamp", "duration"], "timestamp"),
    ]));
    table
});
static SUBTRACT: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let mut table = uniform(&["double", "duration", "int", "uint"]);
    table.extend(signatures(&[
        (&["timestamp", "duration"], "timestamp"),
        (&["timestamp", "timestamp"], "duration"),
    ]));
    table
});
static MULTIPLY: LazyLock<Vec<Signature>> = LazyLock::new(|| uniform(&["double", "int", "uint"]));
static REMAINDER: LazyLock<Vec<Signature>> = LazyLock::new(|| uniform(&["int", "uint"]));
static EQUAL: LazyLock<Vec<Signature>> = LazyLock::new(|| signatures(&[(&["A", "A"], "bool")]));
static ORDER: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let numbers = ["int", "uint", "double"];
    let mut table = signatures(&[]);
    for a in numbers {
        for b in numbers {
            table.extend(signatures(&[(&[a, b], "bool")]));
        }
    }
    for ty in ["bool", "string", "bytes", "timestamp", "duration"] {
        table.extend(signatures(&[(&[ty, ty], "bool")]));
    }
    table
});
static IN: LazyLock<Vec<Signature>> =
    LazyLock::new(|| signatures(&[(&["A", "list(A)"], "bool"), (&["A", "map(A, B)"], "bool")]));
static INDEX: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    signatures(&[
        (&["list(A)", "int"], "A"),
        (&["map(A, B)", "A"], "B"),
        (&["optional(list(A))", "int"], "optional(A)"),
        (&["optional(map(A, B))", "A"], "optional(B)"),
    ])
});
static OPTIONAL_INDEX: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    signatures(&[
        (&["list(A)", "int"], "optional(A)"),
        (&["map(A, B)", "A"], "optional(B)"),
        (&["optional(list(A))", "int"], "optional(A)"),
        (&["optional(map(A, B))", "A"], "optional(B)"),
    ])
});
static NOT: LazyLock<Vec<Signature>> = LazyLock::new(|| signatures(&[(&["bool"], "bool")]));
static NEGATE: LazyLock<Vec<Signature>> =
    LazyLock::new(|| signatures(&[(&["int"], "int"), (&["double"], "double")]));
static CONDITIONAL: LazyLock<Vec<Signature>> = LazyLock::new(|| signatures(&[(&["bool", "A", "A"], "A")]));

impl Checker<'_> {
    /// The operator that a call without receiver is; `None` when it is a function.
    pub(super) fn operator(&mut self, id: u64, call: &CallExpr) -> Option<Checked> {
        let checked = match (call.func_name.as_str(), call.args.as_slice()) {
            (name @ (operators::LOGICAL_AND | operators::LOGICAL_OR), [_, _]) => self.logical(name, call),
            (operators::LOGICAL_NOT, [operand]) => {
                let (nodes, ty) = self.operands(id, operators::LOGICAL_NOT, &[operand], &NOT);
                let [node] = nodes.try_into().ok()?;
                (Node::Not(Box::new(node)), ty)
            }
            (operators::NEGATE, [operand]) => {
                let (nodes, ty) = self.operands(id, operators::NEGATE, &[operand], &NEGATE);
                let [node] = nodes.try_into().ok()?;
                (Node::Negate(Box::new(node)), ty)
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let (nodes, ty) =
                    self.operands(id, operators::CONDITIONAL, &[condition, yes, no], &CONDITIONAL);
                let parts: [Node; 3] = nodes.try_into().ok()?;
                (Node::Conditional(Box::new(parts)), ty)
            }
            (operators::OPT_SELECT, [operand, field]) => self.optional_selection(id, operand, field),
            (name @ (operators::INDEX | operators::OPT_INDEX), [left, right]) => {
                let is_optional = name == operators::OPT_INDEX;
                let table: &[Signature] = if is_optional { &OPTIONAL_INDEX } else { &INDEX };
                let (nodes, ty) = self.operands(id, name, &[left, right], table);
                let pair: Box<[Node; 2]> = Box::new(nodes.try_into().ok()?);
                let node = if is_optional {
                    Node::OptionalIndex(pair)
                } else {
                    Node::Index(pair)
                };
                (node, ty)
            }
            (name, [_, _]) if binary(name).is_some() => self.chain(id, call),
            _ => return None,
        };
        Some(checked)
    }

    fn operands(
        &mut self,
        id: u64,
        name: &str,
        operands: &[&IdedExpr],
        table: &[Signature],
    ) -> (Vec<Node>, Type) {
        let (nodes, types): (Vec<Node>, Vec<Type>) =
            operands.iter().map(|operand| self.expression(operand)).unzip();
        let ty = self.operator_type(id, name, &types, table);
        (nodes, ty)
    }

    fn operator_type(&mut self, id: u64, name: &str, types: &[Type], table: &[Signature]) -> Type {
        let candidates = table
            .iter()
            .map(|signature| (&*signature.operands, &signature.result, 2));
        let (fitting, ty) = self.resolve(types, candidates);
        if let Some(notes) = &mut self.notes {
            let operands = fitting.iter().map(|position| table[*position].operands.clone());
            notes.overloads(id, operands.collect());
        }
        ty.unwrap_or_else(|| {
            self.no_overload(id, name, types, false);
            Type::Error
        })
    }

    /// A left-leaning chain of binary operators, made flat.
    fn chain(&mut self, id: u64, call: &CallExpr) -> Checked {
        let mut links = Vec::new();
        let (mut id, mut call) = (id, call);
        let first = loop {
            let [left, right] = call.args.as_slice() else {
                return self.fail(Phase::Parse, id, "an operator needs two operands");
            };
            links.push((id, call.func_name.as_str(), right));
            match &left.expr {
                Expr::Call(inner) if inner.target.is_none() && binary(&inner.func_name).is_some() => {
                    (id, call) = (left.id, inner);
                }
                _ => break left,
            }
        };
        if links.len() > MAX_CHAIN {
            return self.fail(Phase::Parse, id, "max recursion depth exceeded");
        }
        let (first, mut ty) = self.expression(first);
        let mut terms = Vec::with_capacity(links.len());
        for (id, name, right) in links.into_iter().rev() {
            let (node, right_type) = self.expression(right);
            let Some((operator, table)) = binary(name) else {
                continue;
            };
            ty = self.operator_type(id, name, &[ty, right_type], table);
            if let Some(notes) = &mut self.notes {
                notes.ty(id, &ty);
            }
            terms.push((operator, node));
        }
        (Node::Chain(Box::new(first), terms), ty)
    }

    /// `&&` or `||` with all directly nested uses of the same operator, made flat.
    fn logical(&mut self, name: &str, call: &CallExpr) -> Checked {
        let mut terms = Vec::new();
        let mut waiting: Vec<&IdedExpr> = call.args.iter().rev().collect();
        while let Some(expression) = waiting.pop() {
            match &expression.expr {
                Expr::Call(inner) if inner.func_name == name && inner.target.is_none() => {
                    waiting.extend(inner.args.iter().rev());
                }
                _ => {
                    let (node, ty) = self.expression(expression);
                    self.require_bool(expression.id, &ty);
                    terms.push(node);
                }
            }
        }
        let build = if name == operators::LOGICAL_AND {
            Node::And
        } else {
            Node::Or
        };
        (build(terms), Type::Bool)
    }

    /// Notes an issue unless the type can be `bool`.
    pub(super) fn require_bool(&mut self, id: u64, ty: &Type) {
        if !self.unifier.assignable(ty, &Type::Bool) && self.environment.is_checked() {
            let ty = self.unifier.resolve_fully(ty);
            self.issue(id, format!("expected type 'bool' but found '{ty}'"));
        }
    }
}

/// The operator of this name that stands between two values, and its types.
fn binary(name: &str) -> Option<(Binary, &'static [Signature])> {
    let arithmetic = |operator, table| Some((Binary::Arithmetic(operator), table));
    let compare = |comparison, table| Some((Binary::Compare(comparison), table));
    match name {
        operators::ADD => arithmetic(Arithmetic::Add, &**ADD),
        operators::SUBSTRACT => arithmetic(Arithmetic::Subtract, &SUBTRACT),
        operators::MULTIPLY => arithmetic(Arithmetic::Multiply, &MULTIPLY),
        operators::DIVIDE => arithmetic(Arithmetic::Divide, &MULTIPLY),
        operators::MODULO => arithmetic(Arithmetic::Remainder, &REMAINDER),
        operators::EQUALS => compare(Comparison::Equal, &**EQUAL),
        operators::NOT_EQUALS => compare(Comparison::NotEqual, &EQUAL),
        operators::LESS => compare(Comparison::Less, &ORDER),
        operators::LESS_EQUALS => compare(Comparison::LessOrEqual, &ORDER),
        operators::GREATER => compare(Comparison::Greater, &ORDER),
        operators::GREATER_EQUALS => compare(Comparison::GreaterOrEqual, &ORDER),
        operators::IN => Some((Binary::In, &IN)),
        _ => None,
    }
}
