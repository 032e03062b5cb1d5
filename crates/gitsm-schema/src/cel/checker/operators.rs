//! The operators and their types.

use super::{Checked, Checker};
use crate::cel::ir::{Arithmetic, Comparison, Node};
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
                let (nodes, ty) = self.operands(id, operators::CONDITIONAL, &[condition, yes, no], &CONDITIONAL);
                let parts: [Node; 3] = nodes.try_into().ok()?;
                (Node::Conditional(Box::new(parts)), ty)
            }
            (operators::OPT_SELECT, [operand, field]) => self.optional_selection(id, operand, field),
            (name, [left, right]) => {
                let table: &[Signature] = match name {
                    operators::INDEX => &INDEX,
                    operators::OPT_INDEX => &OPTIONAL_INDEX,
                    operators::IN => &IN,
                    _ if arithmetic(name).is_some() => return Some(self.chain(id, call)),
                    operators::EQUALS | operators::NOT_EQUALS => &EQUAL,
                    _ => &ORDER,
                };
                let build: fn(Box<[Node; 2]>) -> Node = match name {
                    operators::INDEX => Node::Index,
                    operators::OPT_INDEX => Node::OptionalIndex,
                    operators::IN => Node::In,
                    operators::EQUALS => |pair| Node::Compare(Comparison::Equal, pair),
                    operators::NOT_EQUALS => |pair| Node::Compare(Comparison::NotEqual, pair),
                    operators::LESS => |pair| Node::Compare(Comparison::Less, pair),
                    operators::LESS_EQUALS => |pair| Node::Compare(Comparison::LessOrEqual, pair),
                    operators::GREATER => |pair| Node::Compare(Comparison::Greater, pair),
                    operators::GREATER_EQUALS => |pair| Node::Compare(Comparison::GreaterOrEqual, pair),
                    _ => return None,
                };
                let (nodes, ty) = self.operands(id, name, &[left, right], table);
                let pair: [Node; 2] = nodes.try_into().ok()?;
                (build(Box::new(pair)), ty)
            }
            _ => return None,
        };
        Some(checked)
    }

    fn operands(&mut self, id: u64, name: &str, operands: &[&IdedExpr], table: &[Signature]) -> (Vec<Node>, Type) {
        let (nodes, types): (Vec<Node>, Vec<Type>) =
            operands.iter().map(|operand| self.expression(operand)).unzip();
        let ty = self.operator_type(id, name, &types, table);
        (nodes, ty)
    }

    fn operator_type(&mut self, id: u64, name: &str, types: &[Type], table: &[Signature]) -> Type {
        let candidates = table.iter().map(|signature| (&*signature.operands, &signature.result, 2));
        let (_, ty) = self.resolve(types, candidates);
        ty.unwrap_or_else(|| {
            self.no_overload(id, name, types, false);
            Type::Error
        })
    }

    /// A left-leaning chain of arithmetic operators, made flat.
    fn chain(&mut self, id: u64, call: &CallExpr) -> Checked {
        let mut links = Vec::new();
        let (mut id, mut call) = (id, call);
        let first = loop {
            let [left, right] = call.args.as_slice() else {
                return self.fail(crate::cel::Phase::Parse, id, "an operator needs two operands");
            };
            links.push((id, call.func_name.as_str(), right));
            match &left.expr {
                Expr::Call(inner) if inner.target.is_none() && arithmetic(&inner.func_name).is_some() => {
                    (id, call) = (left.id, inner);
                }
                _ => break left,
            }
        };
        let (first, mut ty) = self.expression(first);
        let mut terms = Vec::with_capacity(links.len());
        for (id, name, right) in links.into_iter().rev() {
            let (node, right_type) = self.expression(right);
            let Some((operator, table)) = arithmetic(name) else { continue };
            ty = self.operator_type(id, name, &[ty, right_type], table);
            terms.push((operator, node));
        }
        (Node::Arithmetic(Box::new(first), terms), ty)
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
        let build = if name == operators::LOGICAL_AND { Node::And } else { Node::Or };
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

fn arithmetic(name: &str) -> Option<(Arithmetic, &'static [Signature])> {
    match name {
        operators::ADD => Some((Arithmetic::Add, &ADD)),
        operators::SUBSTRACT => Some((Arithmetic::Subtract, &SUBTRACT)),
        operators::MULTIPLY => Some((Arithmetic::Multiply, &MULTIPLY)),
        operators::DIVIDE => Some((Arithmetic::Divide, &MULTIPLY)),
        operators::MODULO => Some((Arithmetic::Remainder, &REMAINDER)),
        _ => None,
    }
}
