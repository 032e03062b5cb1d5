//! Function calls: which overloads fit, and the functions that need more than arguments.

use super::unify::instantiate;
use super::{Checked, Checker, dotted_name};
use crate::cel::error::Phase;
use crate::cel::eval::price::{Price, pattern, price};
use crate::cel::ir::{Call, Literal, Node, Select};
use crate::cel::library::format::{Piece, accepts, pieces};
use crate::cel::library::{self, regex, time};
use crate::cel::overload::Overload;
use crate::cel::types::Type;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

/// Calls in which a literal may mix types.
const MIXED_LITERALS_ALLOWED: &str = "format";

impl Checker<'_> {
    pub(super) fn call(&mut self, id: u64, call: &CallExpr) -> Checked {
        if call.target.is_none()
            && let Some(checked) = self.operator(id, call)
        {
            return checked;
        }
        if let Some(checked) = self.expand_macro(id, call) {
            return checked;
        }
        let name = call.func_name.strip_prefix('.').unwrap_or(&call.func_name);
        let Some(target) = call.target.as_deref() else {
            return self.function(id, name, None, &call.args);
        };
        if let Some(dotted) = dotted_name(target, name)
            && self.environment.functions().get(&dotted).is_some()
        {
            return self.function(id, &dotted, None, &call.args);
        }
        self.function(id, name, Some(target), &call.args)
    }

    fn function(
        &mut self,
        id: u64,
        name: &str,
        target: Option<&IdedExpr>,
        arguments: &[IdedExpr],
    ) -> Checked {
        let mixed = usize::from(name == MIXED_LITERALS_ALLOWED);
        self.mixed_allowed += mixed;
        let (mut nodes, types): (Vec<Node>, Vec<Type>) = target
            .into_iter()
            .chain(arguments)
            .map(|argument| self.expression(argument))
            .unzip();
        self.mixed_allowed -= mixed;
        if let (MIXED_LITERALS_ALLOWED, Some(format), [arguments]) = (name, target, arguments) {
            self.check_format(format, arguments);
        }
        let environment = self.environment;
        let Some(overloads) = environment.functions().get(name) else {
            if environment.is_checked() {
                if let Some(reason) = library::unsupported(name) {
                    return self.fail(Phase::Unsupported, id, reason);
                }
                self.issue(id, format!("undeclared reference to '{name}' (in container '')"));
            }
            return (Node::Undeclared(name.to_owned()), Type::Error);
        };
        let same_style: Vec<&Overload> = overloads
            .iter()
            .filter(|overload| overload.is_member == target.is_some())
            .collect();
        let candidates = same_style
            .iter()
            .map(|overload| (&*overload.parameters, &overload.result, overload.type_parameters));
        let (fitting, ty) = self.resolve(&types, candidates);
        let Some(ty) = ty else {
            self.no_overload(id, name, &types, target.is_some());
            let overloads = same_style.into_iter().cloned().collect();
            let call = Call {
                overloads,
                arguments: nodes,
                price: Price::One,
            };
            return (Node::Call(Box::new(call)), Type::Error);
        };
        if let Some(notes) = &mut self.notes {
            let parameters = fitting
                .iter()
                .map(|position| same_style[*position].parameters.clone());
            notes.overloads(id, parameters.collect());
        }
        self.check_literal_argument(name, target.is_some(), arguments);
        if let Some(node) = special_call(name, target.is_some(), &mut nodes) {
            return (node, ty);
        }
        let call = Call {
            overloads: fitting
                .into_iter()
                .map(|position| same_style[position].clone())
                .collect(),
            price: price(name, target.is_some(), &nodes),
            arguments: nodes,
        };
        (Node::Call(Box::new(call)), ty)
    }

    /// Which candidates take arguments of these types, and the type of the result.
    ///
    /// Each candidate is parameter types, result type and the number of its type parameters.
    pub(super) fn resolve<'t>(
        &mut self,
        arguments: &[Type],
        candidates: impl Iterator<Item = (&'t [Type], &'t Type, usize)>,
    ) -> (Vec<usize>, Option<Type>) {
        let mut fitting = Vec::new();
        let mut result: Option<Type> = None;
        for (position, (parameters, candidate_result, type_parameters)) in candidates.enumerate() {
            if parameters.len() != arguments.len() {
                continue;
            }
            let first = self.unifier.fresh_block(type_parameters);
            let pairs: Vec<(Type, Type)> = arguments
                .iter()
                .zip(parameters)
                .map(|(argument, parameter)| (argument.clone(), instantiate(parameter, first)))
                .collect();
            if !self.unifier.all_assignable(&pairs) {
                self.unifier.drop_block(first);
                continue;
            }
            fitting.push(position);
            let ty = self.unifier.resolve(&instantiate(candidate_result, first));
            result = Some(match result {
                None => ty,
                Some(previous) if matches!(previous, Type::Dyn) || previous.same_as(&ty) => previous,
                Some(_) => Type::Dyn,
            });
        }
        (fitting, result)
    }

    pub(super) fn no_overload(&mut self, id: u64, name: &str, arguments: &[Type], has_receiver: bool) {
        if !self.environment.is_checked() {
            return;
        }
        let mut printed: Vec<String> = arguments
            .iter()
            .map(|ty| self.unifier.resolve_fully(ty).to_string())
            .collect();
        let receiver = if has_receiver {
            format!("{}.", printed.remove(0))
        } else {
            String::new()
        };
        let arguments = printed.join(", ");
        self.issue(
            id,
            format!("found no matching overload for '{name}' applied to '{receiver}({arguments})'"),
        );
    }

    /// Refuses constants that the called function would always fail on.
    fn check_literal_argument(&mut self, name: &str, is_member: bool, arguments: &[IdedExpr]) {
        if !self.environment.validates_literals() {
            return;
        }
        if let Some(IdedExpr {
            id,
            expr: Expr::Literal(literal),
        }) = arguments.first()
        {
            let is_valid = match (name, literal) {
                ("timestamp", LiteralValue::String(text)) => time::parse_timestamp(text.inner()).is_some(),
                ("timestamp", LiteralValue::Int(seconds)) => time::from_seconds(*seconds.inner()).is_some(),
                ("duration", LiteralValue::String(text)) => time::parse_duration(text.inner()).is_some(),
                ("matches", LiteralValue::String(text)) if is_member => regex::compile(text.inner()).is_ok(),
                _ => true,
            };
            if !is_valid {
                self.issue(*id, format!("invalid {name} argument"));
            }
        }
        let pattern = match (name, is_member) {
            ("matches", false) => arguments.get(1),
            ("find" | "findAll", true) => arguments.first(),
            _ => None,
        };
        if let Some(IdedExpr {
            id,
            expr: Expr::Literal(LiteralValue::String(pattern)),
        }) = pattern
            && let Err(error) = regex::compile(pattern.inner())
        {
            self.issue(*id, error.to_string());
        }
    }

    /// Refuses a constant format string that its constant list of arguments does not fit.
    fn check_format(&mut self, format: &IdedExpr, arguments: &IdedExpr) {
        if !self.environment.validates_literals() {
            return;
        }
        let Expr::Literal(LiteralValue::String(text)) = &format.expr else {
            return;
        };
        let pieces = match pieces(text.inner()) {
            Ok(pieces) => pieces,
            Err(problem) => return self.issue(format.id, problem),
        };
        let Expr::List(list) = &arguments.expr else {
            return;
        };
        let types = std::mem::take(&mut self.last_elements);
        let clauses = pieces.iter().filter_map(|piece| match piece {
            Piece::Clause(verb, _) => Some(*verb),
            Piece::Text(_) => None,
        });
        let mut used = 0;
        for verb in clauses {
            let (Some(argument), Some(ty)) = (list.elements.get(used), types.get(used)) else {
                self.issue(format.id, format!("index {used} out of range"));
                return;
            };
            let ty = self.unifier.resolve_fully(ty);
            if !accepts(verb, &ty) {
                let problem = format!("error during formatting: %{verb} does not take values of type {ty}");
                self.issue(argument.id, problem);
            }
            used += 1;
        }
        if used < list.elements.len() {
            let given = list.elements.len();
            let problem =
                format!("too many arguments supplied to string.format (expected {used}, got {given})");
            self.issue(format.id, problem);
        }
    }

    pub(super) fn optional_selection(&mut self, id: u64, operand: &IdedExpr, field: &IdedExpr) -> Checked {
        let Expr::Literal(LiteralValue::String(name)) = &field.expr else {
            return self.fail(Phase::Check, id, "unsupported optional field selection");
        };
        let (operand, operand_type) = self.expression(operand);
        let ty = self.field_type(id, &operand_type, name.inner(), true);
        let select = Select {
            operand,
            field: name.inner().to_owned(),
        };
        (Node::OptionalSelect(Box::new(select)), ty)
    }
}

/// Calls with a form of their own: constant patterns, and what is evaluated only if needed.
fn special_call(name: &str, is_member: bool, nodes: &mut Vec<Node>) -> Option<Node> {
    match (name, is_member, nodes.as_slice()) {
        ("matches", _, [_, Node::Literal(Literal::String(source))]) => {
            let regex = regex::compile(source).ok()?;
            let cost = is_member.then(|| pattern(source.chars().count() as u64));
            let text = nodes.swap_remove(0);
            Some(Node::Matches(Box::new(text), Box::new(regex), cost))
        }
        ("or", true, [_, _]) => take_pair(nodes).map(Node::OptionalOr),
        ("orValue", true, [_, _]) => take_pair(nodes).map(Node::OptionalOrValue),
        _ => None,
    }
}

fn take_pair(nodes: &mut Vec<Node>) -> Option<Box<[Node; 2]>> {
    let pair: [Node; 2] = std::mem::take(nodes).try_into().ok()?;
    Some(Box::new(pair))
}
