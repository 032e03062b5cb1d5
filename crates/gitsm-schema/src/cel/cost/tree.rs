//! The expression as the estimate sees it: typed, with macros rewritten as the API server rewrites them.
//!
//! Our evaluator runs macros as loops; the API server rewrites them into folds and bindings, and what a macro
//! costs follows from what it is rewritten to (cel-go: `parser/macro.go`, `cel/library.go`, `ext/lists.go`,
//! `ext/comprehensions.go`).

use crate::cel::checker::{Notes, dotted_name, loop_parts};
use crate::cel::ir::LoopKind;
use crate::cel::overload::Functions;
use crate::cel::types::Type;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

/// The most nodes of a rewritten expression. `optMap` repeats its operand, so that a chain of them doubles.
const MAX_NODES: usize = 50_000;
/// The variable in which a fold gathers its result.
pub(super) const ACCUMULATOR: &str = "@result";

/// A node.
pub(super) struct Item {
    /// Its number, counted from zero without gaps.
    pub(super) id: usize,
    pub(super) ty: Type,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Literal(Constant),
    Name(String),
    Select {
        operand: Box<Item>,
        field: String,
        /// Whether this is `has(operand.field)`.
        is_test: bool,
    },
    Call(Call),
    List(Vec<Item>),
    Map(Vec<(Item, Item)>),
    Fold(Box<Fold>),
    Bind(Box<Bind>),
}

/// A constant: its size as text or bytes (one for all others), and its value where it is an `int`.
pub(super) struct Constant {
    pub(super) size: u64,
    pub(super) int: Option<i64>,
}

pub(super) struct Call {
    pub(super) function: String,
    pub(super) target: Option<Box<Item>>,
    pub(super) arguments: Vec<Item>,
    /// The overloads that may run, each by the types of its parameters, receiver first.
    pub(super) overloads: Vec<Vec<Type>>,
}

/// A loop over `range` that gathers in [`ACCUMULATOR`].
pub(super) struct Fold {
    pub(super) range: Item,
    pub(super) variables: Vec<String>,
    pub(super) start: Item,
    pub(super) condition: Item,
    pub(super) step: Item,
    pub(super) result: Item,
}

/// A value with a name, and what is computed with it.
pub(super) struct Bind {
    pub(super) name: String,
    pub(super) value: Item,
    pub(super) body: Item,
}

/// Rewrites an expression; `None` when it becomes too large.
pub(super) fn build(root: &IdedExpr, notes: &Notes, functions: &Functions) -> Option<(Item, usize)> {
    let mut builder = Builder {
        notes,
        functions,
        nodes: 0,
    };
    let root = builder.expression(root)?;
    Some((root, builder.nodes))
}

struct Builder<'n> {
    notes: &'n Notes,
    functions: &'n Functions,
    nodes: usize,
}

impl Builder<'_> {
    fn item(&mut self, ty: Type, kind: Kind) -> Option<Item> {
        let id = self.nodes;
        self.nodes += 1;
        (id < MAX_NODES).then_some(Item { id, ty, kind })
    }

    fn literal(&mut self, ty: Type, size: u64, int: Option<i64>) -> Option<Item> {
        self.item(ty, Kind::Literal(Constant { size, int }))
    }

    fn name(&mut self, ty: Type, name: &str) -> Option<Item> {
        self.item(ty, Kind::Name(name.to_owned()))
    }

    /// A call of something that has one overload.
    fn call(&mut self, ty: Type, function: &str, arguments: Vec<Item>) -> Option<Item> {
        let call = Call {
            function: function.to_owned(),
            target: None,
            arguments,
            overloads: vec![Vec::new()],
        };
        self.item(ty, Kind::Call(call))
    }

    fn member_call(&mut self, ty: Type, target: Item, function: &str) -> Option<Item> {
        let call = Call {
            function: function.to_owned(),
            target: Some(Box::new(target)),
            arguments: Vec::new(),
            overloads: vec![Vec::new()],
        };
        self.item(ty, Kind::Call(call))
    }

    fn expression(&mut self, expression: &IdedExpr) -> Option<Item> {
        let ty = self.notes.type_of(expression.id);
        match &expression.expr {
            Expr::Literal(literal) => {
                let (size, int) = match literal {
                    LiteralValue::String(text) => (text.inner().chars().count() as u64, None),
                    LiteralValue::Bytes(bytes) => (bytes.inner().len() as u64, None),
                    LiteralValue::Int(number) => (1, Some(*number.inner())),
                    _ => (1, None),
                };
                self.literal(ty, size, int)
            }
            Expr::Ident(name) => self.name(ty, name.strip_prefix('.').unwrap_or(name)),
            Expr::Select(select) if self.notes.is_dotted_name(expression.id) => {
                let name = dotted_name(&select.operand, &select.field).unwrap_or_default();
                self.name(ty, &name)
            }
            Expr::Select(select) => self.select(ty, &select.operand, &select.field, false),
            Expr::Call(call) => self.any_call(expression.id, ty, call),
            Expr::List(list) => {
                let elements = self.expressions(&list.elements)?;
                self.item(ty, Kind::List(elements))
            }
            Expr::Map(map) => {
                let mut entries = Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        entries.push((self.expression(&entry.key)?, self.expression(&entry.value)?));
                    }
                }
                self.item(ty, Kind::Map(entries))
            }
            // The checker refuses these.
            Expr::Struct(_) | Expr::Comprehension(_) | Expr::Unspecified => None,
        }
    }

    fn expressions(&mut self, expressions: &[IdedExpr]) -> Option<Vec<Item>> {
        expressions
            .iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    fn select(&mut self, ty: Type, operand: &IdedExpr, field: &str, is_test: bool) -> Option<Item> {
        let operand = Box::new(self.expression(operand)?);
        let field = field.to_owned();
        self.item(
            ty,
            Kind::Select {
                operand,
                field,
                is_test,
            },
        )
    }

    /// A macro or a function, told apart as the checker does.
    fn any_call(&mut self, id: u64, ty: Type, call: &CallExpr) -> Option<Item> {
        let Some(target) = call.target.as_deref() else {
            if let ("has", [argument]) = (call.func_name.as_str(), call.args.as_slice())
                && let Expr::Select(select) = &argument.expr
            {
                return self.select(ty, &select.operand, &select.field, true);
            }
            let name = call.func_name.strip_prefix('.').unwrap_or(&call.func_name);
            return self.function(id, ty, name, None, &call.args);
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            ("optMap", [variable, body]) => return self.optional_map(ty, target, variable, body, false),
            ("optFlatMap", [variable, body]) => return self.optional_map(ty, target, variable, body, true),
            (name, arguments) => {
                if let Some((kind, variables, filter, body)) = loop_parts(name, arguments) {
                    let names: Option<Vec<String>> = variables.iter().map(plain_name).collect();
                    return self.each(ty, kind, target, names?, filter, body);
                }
            }
        }
        if let Some(dotted) = dotted_name(target, &call.func_name)
            && self.functions.get(&dotted).is_some()
        {
            return self.function(id, ty, &dotted, None, &call.args);
        }
        self.function(id, ty, &call.func_name, Some(target), &call.args)
    }

    fn function(
        &mut self,
        id: u64,
        ty: Type,
        name: &str,
        target: Option<&IdedExpr>,
        arguments: &[IdedExpr],
    ) -> Option<Item> {
        let target = match target {
            Some(target) => Some(Box::new(self.expression(target)?)),
            None => None,
        };
        let call = Call {
            function: name.to_owned(),
            target,
            arguments: self.expressions(arguments)?,
            overloads: self.notes.overloads_of(id),
        };
        self.item(ty, Kind::Call(call))
    }

    /// `operand.hasValue() ? optional.of(<value of operand, named> body) : optional.none()`.
    fn optional_map(
        &mut self,
        ty: Type,
        operand: &IdedExpr,
        variable: &IdedExpr,
        body: &IdedExpr,
        is_flat: bool,
    ) -> Option<Item> {
        let tested = self.expression(operand)?;
        let inner = tested.ty.optional_inner().cloned().unwrap_or(Type::Dyn);
        let condition = self.member_call(Type::Bool, tested, "hasValue")?;
        let taken = self.expression(operand)?;
        let value = self.member_call(inner, taken, "value")?;
        let name = plain_name(variable)?;
        let body_type = self.notes.type_of(body.id);
        let body = self.expression(body)?;
        let mut present = self.item(body_type, Kind::Bind(Box::new(Bind { name, value, body })))?;
        if !is_flat {
            present = self.call(ty.clone(), "optional.of", vec![present])?;
        }
        let absent = self.call(ty.clone(), "optional.none", Vec::new())?;
        self.call(ty, operators::CONDITIONAL, vec![condition, present, absent])
    }

    fn each(
        &mut self,
        ty: Type,
        kind: LoopKind,
        range: &IdedExpr,
        names: Vec<String>,
        filter: Option<&IdedExpr>,
        body: &IdedExpr,
    ) -> Option<Item> {
        if kind == LoopKind::SortBy {
            return self.sort_by(ty, range, names, body);
        }
        let range = self.expression(range)?;
        self.fold(ty, kind, range, names, filter, body)
    }

    fn fold(
        &mut self,
        ty: Type,
        kind: LoopKind,
        range: Item,
        names: Vec<String>,
        filter: Option<&IdedExpr>,
        body: &IdedExpr,
    ) -> Option<Item> {
        let is_list = matches!(kind, LoopKind::List | LoopKind::Filter);
        let gathered = match kind {
            LoopKind::All | LoopKind::Exists => Type::Bool,
            LoopKind::ExistsOne => Type::Int,
            _ => ty.clone(),
        };
        let start = match kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => {
                self.literal(gathered.clone(), 1, None)?
            }
            _ if is_list => self.item(gathered.clone(), Kind::List(Vec::new()))?,
            _ => self.item(gathered.clone(), Kind::Map(Vec::new()))?,
        };
        let condition = self.condition(kind)?;
        let accumulator = self.name(gathered.clone(), ACCUMULATOR)?;
        let step = match kind {
            LoopKind::All | LoopKind::Exists => {
                let operator = if kind == LoopKind::All {
                    operators::LOGICAL_AND
                } else {
                    operators::LOGICAL_OR
                };
                let body = self.expression(body)?;
                self.call(Type::Bool, operator, vec![accumulator, body])?
            }
            LoopKind::ExistsOne => {
                let test = self.expression(body)?;
                let one = self.literal(Type::Int, 1, Some(1))?;
                let more = self.add(Type::Int, accumulator, one)?;
                let same = self.name(gathered.clone(), ACCUMULATOR)?;
                self.call(Type::Int, operators::CONDITIONAL, vec![test, more, same])?
            }
            _ => {
                // What `filter` tests is its body, and what it adds is its variable.
                let test = match kind {
                    LoopKind::Filter => Some(body),
                    _ => filter,
                };
                let test = match test {
                    Some(test) => Some(self.expression(test)?),
                    None => None,
                };
                let grown = self.grown(kind, &gathered, accumulator, &names, body)?;
                match test {
                    Some(test) => {
                        let same = self.name(gathered.clone(), ACCUMULATOR)?;
                        self.call(gathered.clone(), operators::CONDITIONAL, vec![test, grown, same])?
                    }
                    None => grown,
                }
            }
        };
        let mut result = self.name(gathered, ACCUMULATOR)?;
        if kind == LoopKind::ExistsOne {
            let one = self.literal(Type::Int, 1, Some(1))?;
            result = self.call(Type::Bool, operators::EQUALS, vec![result, one])?;
        }
        let fold = Fold {
            range,
            variables: names,
            start,
            condition,
            step,
            result,
        };
        self.item(ty, Kind::Fold(Box::new(fold)))
    }

    /// Whether to go on: `all` and `exists` end early.
    fn condition(&mut self, kind: LoopKind) -> Option<Item> {
        if !matches!(kind, LoopKind::All | LoopKind::Exists) {
            return self.literal(Type::Bool, 1, None);
        }
        let mut goes_on = self.name(Type::Bool, ACCUMULATOR)?;
        if kind == LoopKind::Exists {
            goes_on = self.call(Type::Bool, operators::LOGICAL_NOT, vec![goes_on])?;
        }
        self.call(Type::Bool, "@not_strictly_false", vec![goes_on])
    }

    /// The accumulator with the result of one round.
    fn grown(
        &mut self,
        kind: LoopKind,
        gathered: &Type,
        accumulator: Item,
        names: &[String],
        body: &IdedExpr,
    ) -> Option<Item> {
        let element = match gathered {
            Type::List(element) => (**element).clone(),
            _ => Type::Dyn,
        };
        match kind {
            LoopKind::Map | LoopKind::MapEntry => {
                let mut arguments = vec![accumulator];
                if kind == LoopKind::Map {
                    arguments.push(self.name(Type::Dyn, names.first()?)?);
                }
                arguments.push(self.expression(body)?);
                self.call(gathered.clone(), "cel.@mapInsert", arguments)
            }
            _ => {
                let added = if kind == LoopKind::Filter {
                    self.name(element, names.first()?)?
                } else {
                    self.expression(body)?
                };
                let added = self.item(gathered.clone(), Kind::List(vec![added]))?;
                self.add(gathered.clone(), accumulator, added)
            }
        }
    }

    fn add(&mut self, ty: Type, left: Item, right: Item) -> Option<Item> {
        let call = Call {
            function: operators::ADD.to_owned(),
            target: None,
            overloads: vec![vec![ty.clone(), ty.clone()]],
            arguments: vec![left, right],
        };
        self.item(ty, Kind::Call(call))
    }

    /// `<range, named> input.@sortByAssociatedKeys(input.map(x, key))`.
    fn sort_by(&mut self, ty: Type, range: &IdedExpr, names: Vec<String>, key: &IdedExpr) -> Option<Item> {
        const INPUT: &str = "@__sortBy_input__";
        let value = self.expression(range)?;
        let key_type = self.notes.type_of(key.id);
        let input = self.name(value.ty.clone(), INPUT)?;
        let keys = self.fold(
            Type::list(key_type.clone()),
            LoopKind::List,
            input,
            names,
            None,
            key,
        )?;
        let target = self.name(value.ty.clone(), INPUT)?;
        let call = Call {
            function: "@sortByAssociatedKeys".to_owned(),
            target: Some(Box::new(target)),
            arguments: vec![keys],
            overloads: vec![vec![ty.clone(), Type::list(key_type)]],
        };
        let body = self.item(ty.clone(), Kind::Call(call))?;
        let name = INPUT.to_owned();
        self.item(ty, Kind::Bind(Box::new(Bind { name, value, body })))
    }
}

fn plain_name(variable: &IdedExpr) -> Option<String> {
    match &variable.expr {
        Expr::Ident(name) => Some(name.clone()),
        _ => None,
    }
}
