//! From the parsed expression to the compiled one: resolves names, checks types, expands macros.

mod calls;
mod macros;
mod notes;
mod operators;
mod unify;

use super::environment::{Environment, Variable};
use super::error::{CompileError, Issue, Phase};
use super::ir::{Compiled, Literal, Node, Select};
use super::parse::Parsed;
use super::types::Type;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr, SelectExpr};
use std::sync::Arc;
use unify::Unifier;

pub(super) use macros::loop_parts;
pub(super) use notes::Notes;

/// A compiled expression and its type.
type Checked = (Node, Type);

/// A variable of a macro.
struct Local {
    name: String,
    ty: Type,
}

/// A literal whose elements must be of one type once all types are known.
struct Aggregate {
    /// Groups of elements that must agree: where, and the type. A map has keys and values.
    members: Vec<(u64, Type)>,
    /// Whether to complain about each element that differs, or only the first.
    complain_about_all: bool,
}

pub(super) struct Checker<'e> {
    environment: &'e Environment,
    parsed: &'e Parsed,
    unifier: Unifier,
    locals: Vec<Local>,
    variables: Vec<Arc<Variable>>,
    aggregates: Vec<Aggregate>,
    /// The element types of the list literal that was checked last.
    last_elements: Vec<Type>,
    /// How many calls around the current expression allow literals of mixed types.
    mixed_allowed: usize,
    issues: Vec<Issue>,
    /// The step that the gravest issue belongs to.
    phase: Phase,
    /// What is found out about each node, where somebody wants to know.
    notes: Option<Notes>,
}

/// What a parsed expression turned out to be.
pub(super) struct Outcome {
    pub(super) compiled: Compiled,
    pub(super) ty: Type,
    /// Present when they were asked for.
    pub(super) notes: Option<Notes>,
}

/// Checks a parsed expression; `expected` is the type that its value must have.
pub(super) fn check(
    environment: &Environment,
    parsed: &Parsed,
    expected: Option<&Type>,
    wants_notes: bool,
) -> Result<Outcome, CompileError> {
    let mut checker = Checker {
        environment,
        parsed,
        unifier: Unifier::default(),
        locals: Vec::new(),
        variables: Vec::new(),
        aggregates: Vec::new(),
        last_elements: Vec::new(),
        mixed_allowed: 0,
        issues: Vec::new(),
        phase: Phase::Check,
        notes: wants_notes.then(Notes::default),
    };
    let (root, ty) = checker.expression(&parsed.root);
    if checker.issues.is_empty() {
        checker.check_aggregates();
    }
    if !checker.issues.is_empty() {
        let mut issues = checker.issues;
        issues.sort_by_key(|issue| (issue.line, issue.column));
        return Err(CompileError {
            phase: checker.phase,
            issues,
        });
    }
    let ty = checker.unifier.resolve_fully(&ty);
    if let Some(expected) = expected
        && !ty.same_as(expected)
    {
        let article = if matches!(expected, Type::Int) { "an" } else { "a" };
        return Err(CompileError::whole(
            Phase::Check,
            format!("cel expression must evaluate to {article} {expected}"),
        ));
    }
    let mut notes = checker.notes;
    if let Some(notes) = &mut notes {
        notes.resolve(&checker.unifier);
    }
    let compiled = Compiled {
        root,
        variables: checker.variables,
    };
    Ok(Outcome { compiled, ty, notes })
}

impl Checker<'_> {
    fn issue(&mut self, id: u64, message: impl Into<String>) {
        let (line, column) = self.parsed.position(id);
        self.issues.push(Issue {
            message: message.into(),
            line,
            column,
        });
    }

    /// Notes an issue of another step than checking; the expression has no value then.
    fn fail(&mut self, phase: Phase, id: u64, message: impl Into<String>) -> Checked {
        self.phase = phase;
        self.issue(id, message);
        (Node::Literal(Literal::Null), Type::Error)
    }

    fn expression(&mut self, expression: &IdedExpr) -> Checked {
        let checked = self.expression_by_kind(expression);
        if let Some(notes) = &mut self.notes {
            notes.ty(expression.id, &checked.1);
        }
        checked
    }

    fn expression_by_kind(&mut self, expression: &IdedExpr) -> Checked {
        let id = expression.id;
        match &expression.expr {
            Expr::Literal(literal) => literal_of(literal),
            Expr::Ident(name) => self.identifier(id, name),
            Expr::Select(select) => self.selection(id, select),
            Expr::Call(call) => self.call(id, call),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Struct(message) => {
                let name = &message.type_name;
                self.fail(
                    Phase::Unsupported,
                    id,
                    format!("messages such as '{name}' are not supported"),
                )
            }
            Expr::Comprehension(_) | Expr::Unspecified => {
                self.fail(Phase::Parse, id, "the expression cannot be read")
            }
        }
    }

    fn identifier(&mut self, id: u64, name: &str) -> Checked {
        let global = name.strip_prefix('.');
        if global.is_none()
            && let Some(slot) = self.locals.iter().rposition(|local| local.name == name)
        {
            return (Node::Local(slot), self.locals[slot].ty.clone());
        }
        let name = global.unwrap_or(name);
        if let Some(found) = self.declared(name) {
            return found;
        }
        if self.environment.is_checked() {
            self.issue(id, format!("undeclared reference to '{name}' (in container '')"));
        }
        (Node::Undeclared(name.to_owned()), Type::Error)
    }

    /// Whether the first part of a dotted name is a variable of a macro, which hides names of the environment.
    fn starts_with_local(&self, dotted: &str) -> bool {
        let first = dotted.split('.').next().unwrap_or(dotted);
        self.locals.iter().any(|local| local.name == first)
    }

    /// A variable or type of the environment.
    fn declared(&mut self, name: &str) -> Option<Checked> {
        if let Some(variable) = self.environment.variable(name) {
            let known = self.variables.iter().position(|known| known.name == name);
            let slot = known.unwrap_or_else(|| {
                self.variables.push(Arc::clone(variable));
                self.variables.len() - 1
            });
            return Some((Node::Variable(slot), variable.decl.cel_type()));
        }
        let ty = Environment::type_named(name)?;
        Some((
            Node::Literal(Literal::Type(name.to_owned())),
            Type::Type(Arc::new(ty)),
        ))
    }

    fn selection(&mut self, id: u64, select: &SelectExpr) -> Checked {
        if let Some(name) = dotted_name(&select.operand, &select.field)
            && !self.starts_with_local(&name)
            && let Some(found) = self.declared(&name)
        {
            if let Some(notes) = &mut self.notes {
                notes.dotted(id);
            }
            return found;
        }
        let (operand, operand_type) = self.expression(&select.operand);
        let ty = self.field_type(id, &operand_type, &select.field, false);
        let select = Select {
            operand,
            field: select.field.clone(),
        };
        (Node::Select(Box::new(select)), ty)
    }

    /// The type of a field of a value of type `operand`; a field of an optional is optional.
    fn field_type(&mut self, id: u64, operand: &Type, field: &str, is_optional: bool) -> Type {
        let operand = self.unifier.resolve(operand);
        let inner = operand.optional_inner();
        let target = inner.unwrap_or(&operand);
        let ty = match target {
            Type::Map(_, value) => (**value).clone(),
            Type::Object(object) => object.field(field).map_or_else(
                || {
                    self.issue(id, format!("undefined field '{field}'"));
                    Type::Error
                },
                |field| field.decl.cel_type(),
            ),
            Type::Param(_) => {
                self.unifier.assignable(&Type::Dyn, target);
                Type::Dyn
            }
            _ => {
                if !target.is_dynamic() && self.environment.is_checked() {
                    self.issue(id, format!("type '{target}' does not support field selection"));
                }
                Type::Dyn
            }
        };
        if is_optional || inner.is_some() {
            Type::optional(ty)
        } else {
            ty
        }
    }

    fn list(&mut self, list: &ListExpr) -> Checked {
        let mut elements = Vec::with_capacity(list.elements.len());
        let mut members = Vec::with_capacity(list.elements.len());
        let mut joined = None;
        for (position, element) in list.elements.iter().enumerate() {
            let (node, ty) = self.expression(element);
            let is_optional = list.optional_indices.contains(&position);
            let ty = self.element_type(element.id, ty, is_optional);
            joined = Some(self.join(joined, &ty));
            members.push((element.id, ty));
            elements.push((node, is_optional));
        }
        self.last_elements = members.iter().map(|(_, ty)| ty.clone()).collect();
        self.remember_aggregate(members, false);
        let element = joined.unwrap_or_else(|| self.unifier.fresh());
        (Node::List(elements), Type::list(element))
    }

    fn map(&mut self, map: &MapExpr) -> Checked {
        let mut entries = Vec::with_capacity(map.entries.len());
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let (mut key_joined, mut value_joined) = (None, None);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                continue;
            };
            let (key, key_type) = self.expression(&entry.key);
            let (value, value_type) = self.expression(&entry.value);
            let value_type = self.element_type(entry.value.id, value_type, entry.optional);
            key_joined = Some(self.join(key_joined, &key_type));
            value_joined = Some(self.join(value_joined, &value_type));
            keys.push((entry.key.id, key_type));
            values.push((entry.value.id, value_type));
            entries.push((key, value, entry.optional));
        }
        self.remember_aggregate(keys, true);
        self.remember_aggregate(values, true);
        let key = key_joined.unwrap_or_else(|| self.unifier.fresh());
        let value = value_joined.unwrap_or_else(|| self.unifier.fresh());
        (Node::Map(entries), Type::map(key, value))
    }

    /// The type of an element of a literal: what is inside the optional, for an optional element.
    fn element_type(&mut self, id: u64, ty: Type, is_optional: bool) -> Type {
        if !is_optional {
            return ty;
        }
        let ty = self.unifier.resolve(&ty);
        if let Some(inner) = ty.optional_inner() {
            return inner.clone();
        }
        if !ty.is_dynamic() && self.environment.is_checked() {
            let wanted = Type::optional(ty.clone());
            self.issue(id, format!("expected type '{wanted}' but found '{ty}'"));
        }
        ty
    }

    fn join(&mut self, previous: Option<Type>, current: &Type) -> Type {
        match previous {
            None => current.clone(),
            Some(previous) if self.unifier.assignable(&previous, current) => {
                unify::most_general(previous, current.clone())
            }
            Some(_) => Type::Dyn,
        }
    }

    fn remember_aggregate(&mut self, members: Vec<(u64, Type)>, complain_about_all: bool) {
        if self.environment.rejects_mixed_literals() && self.mixed_allowed == 0 && members.len() > 1 {
            self.aggregates.push(Aggregate {
                members,
                complain_about_all,
            });
        }
    }

    fn check_aggregates(&mut self) {
        for aggregate in std::mem::take(&mut self.aggregates) {
            let mut members = aggregate.members.into_iter();
            let Some((_, first)) = members.next() else {
                continue;
            };
            let first = self.unifier.resolve_fully(&first);
            for (id, ty) in members {
                let ty = self.unifier.resolve_fully(&ty);
                if first.same_as(&ty) {
                    continue;
                }
                self.issue(id, format!("expected type '{first}' but found '{ty}'"));
                if !aggregate.complain_about_all {
                    break;
                }
            }
        }
    }
}

fn literal_of(literal: &LiteralValue) -> Checked {
    let (literal, ty) = match literal {
        LiteralValue::Null => (Literal::Null, Type::Null),
        LiteralValue::Boolean(flag) => (Literal::Bool(*flag.inner()), Type::Bool),
        LiteralValue::Int(number) => (Literal::Int(*number.inner()), Type::Int),
        LiteralValue::UInt(number) => (Literal::Uint(*number.inner()), Type::Uint),
        LiteralValue::Double(number) => (Literal::Double(*number.inner()), Type::Double),
        LiteralValue::String(text) => (Literal::String(text.inner().to_owned()), Type::String),
        LiteralValue::Bytes(bytes) => (Literal::Bytes(bytes.inner().to_vec()), Type::Bytes),
    };
    (Node::Literal(literal), ty)
}

/// `a.b.c` for selections on an identifier.
pub(super) fn dotted_name(operand: &IdedExpr, last: &str) -> Option<String> {
    let mut parts = vec![last];
    let mut expression = operand;
    loop {
        match &expression.expr {
            Expr::Ident(name) => {
                parts.push(name.strip_prefix('.').unwrap_or(name));
                parts.reverse();
                return Some(parts.join("."));
            }
            Expr::Select(select) if !select.test => {
                parts.push(&select.field);
                expression = &select.operand;
            }
            _ => return None,
        }
    }
}
