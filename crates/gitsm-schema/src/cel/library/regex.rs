//! Regular expressions, in the RE2 syntax that Go accepts.

use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, global, member};
use crate::cel::value::{List, Value};
use regex::{Regex, RegexBuilder};

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    member("string", "find", &["string"], "string", find),
    member("string", "findAll", &["string"], "list(string)", find_all),
    member("string", "findAll", &["string", "int"], "list(string)", find_all),
];

/// `matches` of the standard library, for patterns that are not constant.
pub(super) const MATCHES: &[Definition] = &[
    global("matches", &["string", "string"], "bool", matches),
    member("string", "matches", &["string"], "bool", matches),
];

/// The memory that a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;

/// Compiles a pattern as Go would.
///
/// # Errors
///
/// A pattern that Go refuses, or that is too large when compiled.
pub(crate) fn compile(pattern: &str) -> std::result::Result<Regex, EvalError> {
    if let Some(repetition) = nested_repetition(pattern) {
        return Err(EvalError::new(format!(
            "error parsing regexp: invalid nested repetition operator: `{repetition}`"
        )));
    }
    RegexBuilder::new(pattern)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| {
            // The crate prints a drawing of the pattern; its last line says what is wrong.
            let printed = error.to_string();
            let reason = printed.lines().last().unwrap_or_default();
            EvalError::new(format!(
                "error parsing regexp: {}: `{pattern}`",
                reason.trim_start_matches("error: ")
            ))
        })
}

/// A repetition of a repetition (`x++`, `x**`), which Go refuses and the regex crate accepts.
fn nested_repetition(pattern: &str) -> Option<&str> {
    let bytes = pattern.as_bytes();
    let mut position = 0;
    let mut repeated_from = None;
    while position < bytes.len() {
        let start = position;
        let is_repetition = match bytes[position] {
            b'\\' => {
                position += 2;
                false
            }
            b'[' => {
                position = class_end(bytes, position);
                false
            }
            b'*' | b'+' | b'?' => {
                position += 1;
                true
            }
            b'{' => {
                let end = bounds_end(bytes, position);
                position = end.unwrap_or(position + 1);
                end.is_some()
            }
            // `(?` opens a group with flags or a name; its `?` repeats nothing.
            b'(' if bytes.get(position + 1) == Some(&b'?') => {
                position += 2;
                false
            }
            _ => {
                position += 1;
                false
            }
        };
        if !is_repetition {
            repeated_from = None;
            continue;
        }
        if let Some(from) = repeated_from {
            return pattern.get(from..position);
        }
        repeated_from = Some(start);
        // A `?` right after makes the repetition lazy.
        if bytes.get(position) == Some(&b'?') {
            position += 1;
        }
    }
    None
}

/// The position after a character class.
fn class_end(bytes: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    if bytes.get(position) == Some(&b'^') {
        position += 1;
    }
    if bytes.get(position) == Some(&b']') {
        position += 1;
    }
    while let Some(byte) = bytes.get(position) {
        match byte {
            b']' => return position + 1,
            b'\\' => position += 2,
            b'[' if bytes.get(position + 1) == Some(&b':') => {
                let rest = &bytes[position + 2..];
                let named = rest.windows(2).position(|pair| pair == b":]");
                position += named.map_or(1, |end| end + 4);
            }
            _ => position += 1,
        }
    }
    position
}

/// The position after `{2}`, `{2,}` or `{2,3}`; `None` when the brace is text.
fn bounds_end(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().position(|byte| *byte == b'}')?;
    let inside = &bytes[start + 1..start + length];
    let is_bounds = inside.first().is_some_and(u8::is_ascii_digit)
        && inside.iter().all(|byte| byte.is_ascii_digit() || *byte == b',')
        && inside.split(|byte| *byte == b',').count() <= 2;
    is_bounds.then_some(start + length + 1)
}

fn matches<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::String(text), Value::String(pattern)] => {
            meter.spend_bytes(text.len())?;
            meter.spend(10 * pattern.len())?;
            Ok(Value::Bool(compile(pattern)?.is_match(text)))
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn find<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    match arguments {
        [Value::String(text), Value::String(pattern)] => {
            meter.spend_bytes(text.len())?;
            meter.spend(10 * pattern.len())?;
            let found = compile(pattern)?
                .find(text)
                .map_or("", |found| found.as_str())
                .to_owned();
            Ok(Value::text(found))
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn find_all<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, pattern, limit) = match arguments {
        [Value::String(text), Value::String(pattern)] => (text, pattern, usize::MAX),
        [Value::String(text), Value::String(pattern), Value::Int(limit)] => {
            (text, pattern, usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        _ => return Err(EvalError::NoSuchOverload),
    };
    meter.spend_bytes(text.len())?;
    meter.spend(10 * pattern.len())?;
    let regex = compile(pattern)?;
    let found = regex
        .find_iter(text)
        .take(limit)
        .map(|found| Value::text(found.as_str().to_owned()));
    Ok(Value::List(List::new(found.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_go_refuses() {
        for pattern in ["x++", "x**", "x{2}{3}", "(a|b)?*", ")", "x*??"] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        for pattern in [
            "x+?",
            "x??",
            "x{2,}?",
            "[*+]+",
            r"\++",
            "(?i)a",
            "a{,2}",
            "(?:a+)+",
            "[[:alpha:]*]+",
            "[]*]+",
        ] {
            assert!(nested_repetition(pattern).is_none(), "{pattern}");
        }
    }
}
