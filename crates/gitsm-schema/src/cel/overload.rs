//! The functions of an environment: their signatures as data and what runs them.

use super::error::EvalError;
use super::eval::Meter;
use super::types::{OPTIONAL, Type};
use super::value::Value;
use std::collections::HashMap;

/// What runs a function: the receiver, if any, is the first argument.
pub(crate) type Native = for<'a> fn(&Meter, &[Value<'a>]) -> Result<Value<'a>, EvalError>;

/// A function as a library declares it.
///
/// Types are written as in the documentation of CEL (`list(A)`, `map(string, int)`); `A` and `B` are type
/// parameters.
pub(crate) struct Definition {
    name: &'static str,
    receiver: Option<&'static str>,
    parameters: &'static [&'static str],
    result: &'static str,
    run: Native,
}

/// A function called `name(...)`; the name may have dots.
pub(crate) const fn global(
    name: &'static str,
    parameters: &'static [&'static str],
    result: &'static str,
    run: Native,
) -> Definition {
    Definition {
        name,
        receiver: None,
        parameters,
        result,
        run,
    }
}

/// A function called `receiver.name(...)`.
pub(crate) const fn member(
    receiver: &'static str,
    name: &'static str,
    parameters: &'static [&'static str],
    result: &'static str,
    run: Native,
) -> Definition {
    Definition {
        name,
        receiver: Some(receiver),
        parameters,
        result,
        run,
    }
}

/// One way to call a function.
#[derive(Debug, Clone)]
pub(crate) struct Overload {
    /// Whether the first parameter is the receiver.
    pub(crate) is_member: bool,
    /// The types of the arguments, receiver first.
    pub(crate) parameters: Vec<Type>,
    /// The type of the result.
    pub(crate) result: Type,
    /// How many type parameters the signature has.
    pub(crate) type_parameters: usize,
    /// What runs it.
    pub(crate) run: Native,
}

impl Overload {
    /// Whether these arguments are of the kinds that the signature names; elements of lists are not looked at.
    fn accepts(&self, arguments: &[Value<'_>]) -> bool {
        self.parameters.len() == arguments.len()
            && self
                .parameters
                .iter()
                .zip(arguments)
                .all(|(ty, v)| accepts(ty, v))
    }

    /// Whether the first element of every list argument is of the kind that the signature names.
    fn accepts_elements(&self, arguments: &[Value<'_>]) -> bool {
        self.parameters
            .iter()
            .zip(arguments)
            .all(|(ty, value)| match (ty, value) {
                (Type::List(element), Value::List(list)) => list
                    .get(0)
                    .is_none_or(|first| first.is_ok_and(|first| accepts(element, &first))),
                _ => true,
            })
    }
}

fn accepts(ty: &Type, value: &Value<'_>) -> bool {
    match (ty, value) {
        (Type::Dyn | Type::Error | Type::Param(_), _)
        | (Type::Null, Value::Null)
        | (Type::Bool, Value::Bool(_))
        | (Type::Int, Value::Int(_))
        | (Type::Uint, Value::Uint(_))
        | (Type::Double, Value::Double(_))
        | (Type::String, Value::String(_))
        | (Type::Bytes, Value::Bytes(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Timestamp, Value::Timestamp(_))
        | (Type::Type(_), Value::Type(_))
        | (Type::List(_), Value::List(_))
        | (Type::Map(..), Value::Map(_)) => true,
        (Type::Opaque(name, _), Value::Optional(_)) => &**name == OPTIONAL,
        (Type::Opaque(name, _), Value::Opaque(value)) => &**name == value.type_name(),
        _ => false,
    }
}

/// The overload to run with these arguments.
///
/// Where several take them, the one whose lists have fitting elements wins.
pub(crate) fn select<'o>(overloads: &'o [Overload], arguments: &[Value<'_>]) -> Option<&'o Overload> {
    let mut fitting = overloads.iter().filter(|overload| overload.accepts(arguments));
    let first = fitting.next()?;
    let mut others = fitting.peekable();
    if others.peek().is_none() || first.accepts_elements(arguments) {
        return Some(first);
    }
    others
        .find(|overload| overload.accepts_elements(arguments))
        .or(Some(first))
}

/// All functions of an environment, by name.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    by_name: HashMap<&'static str, Vec<Overload>>,
}

impl Functions {
    /// The functions of these libraries.
    pub(crate) fn new(libraries: &[&'static [Definition]]) -> Self {
        let mut functions = Self::default();
        for definition in libraries.iter().copied().flatten() {
            let written = definition.receiver.iter().chain(definition.parameters);
            let parameters: Vec<Type> = written.map(|text| parse_type(text)).collect();
            let result = parse_type(definition.result);
            let type_parameters = parameters.iter().chain([&result]).map(count_parameters).max();
            functions
                .by_name
                .entry(definition.name)
                .or_default()
                .push(Overload {
                    is_member: definition.receiver.is_some(),
                    parameters,
                    result,
                    type_parameters: type_parameters.unwrap_or(0),
                    run: definition.run,
                });
        }
        functions
    }

    /// The overloads of a function; `None` when there is no such function.
    pub(crate) fn get(&self, name: &str) -> Option<&[Overload]> {
        self.by_name.get(name).map(Vec::as_slice)
    }
}

/// One more than the highest type parameter in a type.
fn count_parameters(ty: &Type) -> usize {
    match ty {
        Type::Param(number) => number + 1,
        Type::List(inner) | Type::Type(inner) => count_parameters(inner),
        Type::Map(key, value) => count_parameters(key).max(count_parameters(value)),
        Type::Opaque(_, parameters) => parameters.iter().map(count_parameters).max().unwrap_or(0),
        _ => 0,
    }
}

/// Reads a type as written in a signature or printed by [`Type`]'s `Display`.
pub(crate) fn parse_type(text: &str) -> Type {
    let text = text.trim();
    if let Some((name, inside)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let inside: Vec<Type> = split_top_level(inside).into_iter().map(parse_type).collect();
        return match (name, inside.as_slice()) {
            ("list", [element]) => Type::list(element.clone()),
            ("map", [key, value]) => Type::map(key.clone(), value.clone()),
            ("type", [of]) => Type::Type(of.clone().into()),
            ("optional", [inner]) => Type::optional(inner.clone()),
            (name, _) => Type::Opaque(name.into(), inside.into()),
        };
    }
    match text {
        "dyn" => Type::Dyn,
        "null" | "null_type" => Type::Null,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "duration" => Type::Duration,
        "timestamp" => Type::Timestamp,
        "A" => Type::Param(0),
        "B" => Type::Param(1),
        name => Type::opaque(name),
    }
}

fn split_top_level(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_print() {
        for text in [
            "int",
            "map(string, list(optional_type(int)))",
            "net.IP",
            "type(list(dyn))",
        ] {
            assert_eq!(parse_type(text).to_string(), text);
        }
        assert_eq!(count_parameters(&parse_type("map(A, list(B))")), 2);
    }
}
