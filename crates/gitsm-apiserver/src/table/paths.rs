//! The JSON paths of printer columns: `.spec.title`, `.status.conditions[?(@.type=="Ready")].status`.
//!
//! Of Kubernetes' JSONPath this is what CRDs use: fields, quoted fields, indices, `[*]`, and filters that compare one
//! field with a literal. Only the first result is ever shown.

use serde_json::Value;

/// The first value that a path finds. `None` where it finds none, or has a form that is not understood.
pub fn first<'v>(path: &str, object: &'v Value) -> Option<&'v Value> {
    let mut found = vec![object];
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    while !rest.is_empty() && !found.is_empty() {
        let (step, after) = step(rest)?;
        rest = after;
        found = found.into_iter().flat_map(|value| step.follow(value)).collect();
    }
    found.first().copied()
}

enum Step<'p> {
    Field(String),
    Index(i64),
    All,
    Equal {
        path: &'p str,
        literal: Value,
        negated: bool,
    },
}

fn step(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = path.strip_prefix('[') {
        let (inside, after) = bracketed(rest)?;
        return Some((bracket(inside.trim())?, after));
    }
    let rest = path.strip_prefix('.')?;
    if rest.starts_with('[') {
        return step(rest);
    }
    let mut name = String::new();
    let mut characters = rest.char_indices();
    let mut end = rest.len();
    while let Some((at, character)) = characters.next() {
        match character {
            '.' | '[' => {
                end = at;
                break;
            }
            '\\' => name.push(characters.next()?.1),
            other => name.push(other),
        }
    }
    let after = rest.get(end..)?;
    match name.as_str() {
        // A lone dot is the object itself; two are a search at any depth, which no column needs.
        "" if after.is_empty() => Some((Step::Index(i64::MIN), after)),
        "" => None,
        "*" => Some((Step::All, after)),
        _ => Some((Step::Field(name), after)),
    }
}

/// What stands before the closing bracket, quotes and inner brackets aside, and what follows it.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) => quote = (open != character).then_some(open),
            (None, '\'' | '"') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Step<'_>> {
    if inside == "*" {
        return Some(Step::All);
    }
    if let Some(name) = quoted(inside) {
        return Some(Step::Field(name));
    }
    if let Ok(index) = inside.parse::<i64>() {
        return Some(Step::Index(index));
    }
    let filter = inside.strip_prefix("?(")?.strip_suffix(')')?.trim();
    let (path, literal, negated) = match filter.split_once("==") {
        Some((path, literal)) => (path, literal, false),
        None => filter
            .split_once("!=")
            .map(|(path, literal)| (path, literal, true))?,
    };
    let literal = match quoted(literal.trim()) {
        Some(text) => Value::String(text),
        None => serde_json::from_str(literal.trim()).ok()?,
    };
    Some(Step::Equal {
        path: path.trim().strip_prefix('@')?,
        literal,
        negated,
    })
}

fn quoted(text: &str) -> Option<String> {
    let inner = text
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .or_else(|| text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')))?;
    (!inner.contains('\'') || !inner.contains('"')).then(|| inner.replace('\\', ""))
}

impl Step<'_> {
    fn follow<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match self {
            Self::Field(name) => value.get(name.as_str()).into_iter().collect(),
            Self::Index(i64::MIN) => vec![value],
            Self::Index(index) => {
                let Value::Array(elements) = value else {
                    return Vec::new();
                };
                let position = usize::try_from(*index).ok().or_else(|| {
                    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
                    elements.len().checked_sub(from_end)
                });
                position
                    .and_then(|position| elements.get(position))
                    .into_iter()
                    .collect()
            }
            Self::All => match value {
                Value::Array(elements) => elements.iter().collect(),
                Value::Object(fields) => fields.values().collect(),
                _ => Vec::new(),
            },
            Self::Equal {
                path,
                literal,
                negated,
            } => {
                let Value::Array(elements) = value else {
                    return Vec::new();
                };
                let holds = |element: &&Value| {
                    first(path, element).is_some_and(|found| (found == literal) != *negated)
                };
                elements.iter().filter(holds).collect()
            }
        }
    }
}
