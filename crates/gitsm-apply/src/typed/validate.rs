//! Whether an object fits its types well enough to be merged.

use super::{ItemKey, MAX_DEPTH, Shape, keys_found_twice, shape_of};
use crate::json;
use crate::schema::{List, ListKind, MapOf, Scalar, TypeId, TypeSchema};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// Whether lists that tell their elements apart may hold the same one twice: those of a live object may, those of
/// an applied one may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    Allowed,
    Refused,
}

/// Everything that keeps an object from being merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    path: String,
    message: String,
}

/// No more problems than these are collected: the message goes to a person.
const MAX_PROBLEMS: usize = 1000;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.problems.as_slice() {
            return problem.fmt(f);
        }
        f.write_str("errors:")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// Checks an object against its types.
pub(crate) fn validate(schema: &TypeSchema, object: &Value, duplicates: Duplicates) -> Result<(), Invalid> {
    let mut walk = Walk {
        schema,
        duplicates,
        problems: Vec::new(),
    };
    walk.value(Some(schema.root()), object, MAX_DEPTH);
    if walk.problems.is_empty() {
        Ok(())
    } else {
        Err(Invalid {
            problems: walk.problems,
        })
    }
}

struct Walk<'s> {
    schema: &'s TypeSchema,
    duplicates: Duplicates,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn problem(&mut self, message: String) {
        self.problem_at(String::new(), message);
    }

    fn problem_at(&mut self, path: String, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { path, message });
        }
    }

    /// Checks a value inside the current one; its problems get the step to it in front of their paths.
    fn inside(&mut self, step: impl FnOnce() -> String, ty: Option<TypeId>, value: &Value, depth: usize) {
        let before = self.problems.len();
        self.value(ty, value, depth);
        if let Some(added @ [_, ..]) = self.problems.get_mut(before..) {
            let step = step();
            for problem in added {
                problem.path.insert_str(0, &step);
            }
        }
    }

    fn value(&mut self, ty: Option<TypeId>, value: &Value, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            self.problem("the object nests too deeply to be merged".to_owned());
            return;
        };
        match shape_of(self.schema, ty, value) {
            Shape::Map(map) => match value {
                Value::Object(fields) => self.fields(map, fields, depth),
                Value::Null => {}
                _ => self.problem(format!("expected map, got &{{{}}}", plain(value))),
            },
            Shape::List(list) => match value {
                Value::Array(items) => self.items(list, items, depth),
                Value::Null => {}
                _ => self.problem(format!("expected list, got &{{{}}}", plain(value))),
            },
            Shape::Scalar => {
                let scalar = ty.and_then(|ty| self.schema.atom(ty).scalar);
                self.scalar(scalar.unwrap_or(Scalar::Any), value);
            }
            Shape::Unknown => self.problem("schema error: invalid atom: inlined".to_owned()),
        }
    }

    fn scalar(&mut self, scalar: Scalar, value: &Value) {
        let message = match (scalar, value) {
            (_, Value::Null)
            | (Scalar::Numeric, Value::Number(_))
            | (Scalar::String, Value::String(_))
            | (Scalar::Boolean, Value::Bool(_))
            | (Scalar::Any, Value::Bool(_) | Value::Number(_) | Value::String(_)) => return,
            (Scalar::Numeric, _) => {
                format!("expected numeric (int or float), got {}", json::go_type(value))
            }
            (Scalar::String, _) => {
                let mut shown = String::new();
                json::write_go_syntax(&mut shown, value);
                format!("expected string, got &value.valueUnstructured{{Value:{shown}}}")
            }
            (Scalar::Boolean, _) => format!("expected boolean, got &{{{}}}", plain(value)),
            (Scalar::Any, _) => format!("expected any scalar, got &{{{}}}", plain(value)),
        };
        self.problem(message);
    }

    fn items(&mut self, list: &List, items: &[Value], depth: usize) {
        if list.kind == ListKind::Atomic {
            for (index, item) in items.iter().enumerate() {
                self.inside(|| format!("[{index}]"), Some(list.element), item, depth);
            }
            return;
        }
        let twice = match self.duplicates {
            Duplicates::Allowed => Vec::new(),
            Duplicates::Refused => {
                keys_found_twice(items.iter().filter_map(|item| ItemKey::of(list, item).ok()))
            }
        };
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let key = match ItemKey::of(list, item) {
                Ok(key) => key,
                Err(message) => {
                    // What is inside cannot be named without the key.
                    self.problem(format!("element {index}: {message}"));
                    return;
                }
            };
            if twice.binary_search(&key).is_ok() && !seen.insert(key) {
                self.problem(format!("duplicate entries for key {}", key.to_step()));
            }
            self.inside(|| key.to_step().to_string(), Some(list.element), item, depth);
        }
    }

    fn fields(&mut self, map: &MapOf, fields: &Map<String, Value>, depth: usize) {
        for (name, value) in fields {
            let ty = match map.fields.get(name.as_str()) {
                Some(field) => Some(field.ty),
                None => map.element,
            };
            if ty.is_none() {
                self.problem_at(format!(".{name}"), "field not declared in schema".to_owned());
                return;
            }
            self.inside(|| format!(".{name}"), ty, value, depth);
        }
    }
}

fn plain(value: &Value) -> String {
    let mut out = String::new();
    json::write_plain(&mut out, value);
    out
}
