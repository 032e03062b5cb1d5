//! The macros of CEL, compiled to loops and bindings instead of being rewritten into folds.

use super::{Checked, Checker, Local};
use crate::cel::error::Phase;
use crate::cel::ir::{Loop, LoopKind, Node, Select};
use crate::cel::types::Type;
use cel::common::ast::{CallExpr, Expr, IdedExpr};

/// The parts of a macro over a list or map.
struct Parts<'c> {
    kind: LoopKind,
    range: &'c IdedExpr,
    variables: &'c [IdedExpr],
    filter: Option<&'c IdedExpr>,
    body: &'c IdedExpr,
}

impl Checker<'_> {
    /// The expansion of a call that is a macro; `None` when it is a function.
    pub(super) fn expand_macro(&mut self, id: u64, call: &CallExpr) -> Option<Checked> {
        let name = call.func_name.as_str();
        let arguments = call.args.as_slice();
        let Some(target) = call.target.as_deref() else {
            return match (name, arguments) {
                ("has", [argument]) => Some(self.has(id, argument)),
                _ => None,
            };
        };
        if let Expr::Ident(namespace) = &target.expr {
            match (namespace.as_str(), name, arguments) {
                ("cel", "bind", [variable, value, body]) if self.environment.has_bindings() => {
                    return Some(self.bind(variable, value, body));
                }
                ("math", "greatest" | "least", _) if self.environment.has_math() => {
                    let function = if name == "greatest" {
                        "math.@max"
                    } else {
                        "math.@min"
                    };
                    return Some(self.extreme(id, function, arguments));
                }
                _ => {}
            }
        }
        match (name, arguments) {
            ("optMap", [variable, body]) => {
                return Some(self.optional_map(id, target, variable, body, false));
            }
            ("optFlatMap", [variable, body]) => {
                return Some(self.optional_map(id, target, variable, body, true));
            }
            _ => {}
        }
        let (kind, variables, filter, body) = loop_parts(name, arguments)?;
        let parts = Parts {
            kind,
            range: target,
            variables,
            filter,
            body,
        };
        Some(self.each(id, &parts))
    }

    fn has(&mut self, id: u64, argument: &IdedExpr) -> Checked {
        let Expr::Select(select) = &argument.expr else {
            return self.fail(Phase::Parse, argument.id, "invalid argument to has() macro");
        };
        let (operand, operand_type) = self.expression(&select.operand);
        self.field_type(id, &operand_type, &select.field, false);
        let select = Select {
            operand,
            field: select.field.clone(),
        };
        (Node::Has(Box::new(select)), Type::Bool)
    }

    /// The names of a macro's variables; notes an issue and gives `None` when they are not plain names.
    fn names(&mut self, variables: &[IdedExpr]) -> Option<Vec<String>> {
        let mut names: Vec<String> = Vec::with_capacity(variables.len());
        for variable in variables {
            match &variable.expr {
                Expr::Ident(name) if !name.starts_with('.') && !names.contains(name) => {
                    names.push(name.clone());
                }
                _ => {
                    self.fail(Phase::Parse, variable.id, "argument must be a simple name");
                    return None;
                }
            }
        }
        Some(names)
    }

    /// Checks `expression` with these variables in scope.
    fn within(&mut self, locals: Vec<Local>, check: impl FnOnce(&mut Self) -> Vec<Checked>) -> Vec<Checked> {
        let outer = self.locals.len();
        self.locals.extend(locals);
        let checked = check(self);
        self.locals.truncate(outer);
        checked
    }

    fn each(&mut self, id: u64, parts: &Parts<'_>) -> Checked {
        let (range, range_type) = self.expression(parts.range);
        let Some(names) = self.names(parts.variables) else {
            return (range, Type::Error);
        };
        let range_type = self.unifier.resolve(&range_type);
        let two_variables = names.len() == 2;
        let types = self.variable_types(parts.range.id, &range_type, two_variables);
        let locals = names
            .into_iter()
            .zip(types.iter().cloned())
            .map(|(name, ty)| Local { name, ty });
        let mut checked = self.within(locals.collect(), |checker| {
            let expressions = parts.filter.into_iter().chain([parts.body]);
            expressions
                .map(|expression| checker.expression(expression))
                .collect()
        });
        let Some((body, body_type)) = checked.pop() else {
            return (range, Type::Error);
        };
        let filter = checked.pop().map(|(node, ty)| {
            self.require_bool(parts.filter.map_or(id, |filter| filter.id), &ty);
            node
        });
        let element = types.last().cloned().unwrap_or(Type::Dyn);
        let ty = match parts.kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => {
                self.require_bool(parts.body.id, &body_type);
                Type::Bool
            }
            LoopKind::Filter => {
                self.require_bool(parts.body.id, &body_type);
                Type::list(element)
            }
            LoopKind::List => Type::list(body_type),
            LoopKind::Map => {
                let key = types.first().cloned().unwrap_or(Type::Dyn);
                Type::map(key, body_type)
            }
            LoopKind::MapEntry => self.entries_type(id, &body_type),
            LoopKind::SortBy => self.sorted_type(id, &element, &body_type),
        };
        let each = Loop {
            kind: parts.kind,
            range,
            two_variables,
            filter,
            body,
        };
        (Node::Loop(Box::new(each)), ty)
    }

    /// The types of the variables of a macro over a range of this type.
    fn variable_types(&mut self, id: u64, range: &Type, two_variables: bool) -> Vec<Type> {
        match range {
            Type::List(element) if two_variables => vec![Type::Int, (**element).clone()],
            Type::List(element) => vec![(**element).clone()],
            Type::Map(key, value) if two_variables => vec![(**key).clone(), (**value).clone()],
            Type::Map(key, _) => vec![(**key).clone()],
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.unifier.assignable(&Type::Dyn, range);
                vec![Type::Dyn; 1 + usize::from(two_variables)]
            }
            _ => {
                if self.environment.is_checked() {
                    self.issue(
                        id,
                        format!(
                            "expression of type '{range}' cannot be range of a comprehension (must be list, map, or \
                             dynamic)"
                        ),
                    );
                }
                vec![Type::Error; 1 + usize::from(two_variables)]
            }
        }
    }

    fn entries_type(&mut self, id: u64, body: &Type) -> Type {
        let (key, value) = (self.unifier.fresh(), self.unifier.fresh());
        let map = Type::map(key, value);
        if self.unifier.assignable(body, &map) {
            return self.unifier.resolve(&map);
        }
        self.no_overload(id, "cel.@mapInsert", &[map, body.clone()], false);
        Type::Error
    }

    fn sorted_type(&mut self, id: u64, element: &Type, key: &Type) -> Type {
        let resolved = self.unifier.resolve(key);
        let comparable = matches!(
            resolved,
            Type::Int
                | Type::Uint
                | Type::Double
                | Type::Bool
                | Type::Duration
                | Type::Timestamp
                | Type::String
                | Type::Bytes
                | Type::Dyn
                | Type::Error
                | Type::Param(_)
        );
        let list = Type::list(element.clone());
        if !comparable {
            self.no_overload(
                id,
                "@sortByAssociatedKeys",
                &[list.clone(), Type::list(resolved)],
                true,
            );
        }
        list
    }

    fn bind(&mut self, variable: &IdedExpr, value: &IdedExpr, body: &IdedExpr) -> Checked {
        let (value, value_type) = self.expression(value);
        let Some(name) = self
            .names(std::slice::from_ref(variable))
            .and_then(|names| names.into_iter().next())
        else {
            return (value, Type::Error);
        };
        let local = Local { name, ty: value_type };
        let checked = self.within(vec![local], |checker| vec![checker.expression(body)]);
        match checked.into_iter().next() {
            Some((body, ty)) => (Node::Bind(Box::new([value, body])), ty),
            None => (value, Type::Error),
        }
    }

    fn optional_map(
        &mut self,
        id: u64,
        target: &IdedExpr,
        variable: &IdedExpr,
        body: &IdedExpr,
        is_flat: bool,
    ) -> Checked {
        let (operand, operand_type) = self.expression(target);
        let inner = self.unifier.fresh();
        if !self
            .unifier
            .assignable(&operand_type, &Type::optional(inner.clone()))
        {
            self.no_overload(id, "hasValue", &[operand_type], true);
        }
        let Some(name) = self
            .names(std::slice::from_ref(variable))
            .and_then(|names| names.into_iter().next())
        else {
            return (operand, Type::Error);
        };
        let local = Local {
            name,
            ty: self.unifier.resolve(&inner),
        };
        let checked = self.within(vec![local], |checker| vec![checker.expression(body)]);
        let Some((body, body_type)) = checked.into_iter().next() else {
            return (operand, Type::Error);
        };
        let ty = if is_flat {
            body_type
        } else {
            Type::optional(body_type)
        };
        if is_flat {
            let any = Type::optional(self.unifier.fresh());
            if !self.unifier.assignable(&ty, &any) {
                self.no_overload(id, "_?_:_", &[Type::Bool, ty.clone(), any], false);
            }
        }
        (Node::OptionalMap(Box::new([operand, body]), is_flat), ty)
    }

    /// `math.greatest` and `math.least`, which take any number of arguments or one list.
    fn extreme(&mut self, id: u64, function: &str, arguments: &[IdedExpr]) -> Checked {
        let call = match arguments {
            [] => {
                let name = if function == "math.@max" {
                    "math.greatest()"
                } else {
                    "math.least()"
                };
                return self.fail(Phase::Parse, id, format!("{name} requires at least one argument"));
            }
            [_] | [_, _] => CallExpr {
                func_name: function.to_owned(),
                target: None,
                args: arguments.to_vec(),
            },
            _ => {
                let list = cel::common::ast::ListExpr::new(arguments.to_vec());
                CallExpr {
                    func_name: function.to_owned(),
                    target: None,
                    args: vec![IdedExpr {
                        id,
                        expr: Expr::List(list),
                    }],
                }
            }
        };
        self.call(id, &call)
    }
}

pub(in crate::cel) type LoopArguments<'c> = (LoopKind, &'c [IdedExpr], Option<&'c IdedExpr>, &'c IdedExpr);

/// The parts of a macro call over a list or map, by its name and number of arguments.
pub(in crate::cel) fn loop_parts<'c>(name: &str, arguments: &'c [IdedExpr]) -> Option<LoopArguments<'c>> {
    let kind = match (name, arguments.len()) {
        ("all", 2 | 3) => LoopKind::All,
        ("exists", 2 | 3) => LoopKind::Exists,
        ("exists_one" | "existsOne", 2 | 3) => LoopKind::ExistsOne,
        ("filter", 2) => LoopKind::Filter,
        ("map", 2 | 3) | ("transformList", 3 | 4) => LoopKind::List,
        ("transformMap", 3 | 4) => LoopKind::Map,
        ("transformMapEntry", 3 | 4) => LoopKind::MapEntry,
        ("sortBy", 2) => LoopKind::SortBy,
        _ => return None,
    };
    let (body, before) = arguments.split_last()?;
    let variables = match name {
        "filter" | "sortBy" | "map" => 1,
        "all" | "exists" | "exists_one" | "existsOne" => before.len(),
        _ => 2,
    };
    let (variables, filter) = before.split_at_checked(variables)?;
    Some((kind, variables, filter.first(), body))
}
