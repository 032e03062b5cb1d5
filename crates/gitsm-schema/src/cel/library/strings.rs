//! The string extension, version 2, and how values print.

use super::time;
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, global, member};
use crate::cel::value::{List, Value};

type Result<'a> = std::result::Result<Value<'a>, EvalError>;

pub(super) const FUNCTIONS: &[Definition] = &[
    member("string", "charAt", &["int"], "string", char_at),
    member("string", "indexOf", &["string"], "int", index_of),
    member("string", "indexOf", &["string", "int"], "int", index_of),
    member("string", "lastIndexOf", &["string"], "int", last_index_of),
    member("string", "lastIndexOf", &["string", "int"], "int", last_index_of),
    member("string", "lowerAscii", &[], "string", lower_ascii),
    member("string", "upperAscii", &[], "string", upper_ascii),
    member("string", "replace", &["string", "string"], "string", replace),
    member(
        "string",
        "replace",
        &["string", "string", "int"],
        "string",
        replace,
    ),
    member("string", "split", &["string"], "list(string)", split),
    member("string", "split", &["string", "int"], "list(string)", split),
    member("string", "substring", &["int"], "string", substring),
    member("string", "substring", &["int", "int"], "string", substring),
    member("string", "trim", &[], "string", trim),
    member("list(string)", "join", &[], "string", join),
    member("list(string)", "join", &["string"], "string", join),
    global("strings.quote", &["string"], "string", quote),
];

/// What version 3 adds.
pub(super) const REVERSE: &[Definition] = &[member("string", "reverse", &[], "string", reverse)];

fn out_of_range(position: i64) -> EvalError {
    EvalError::new(format!("index out of range: {position}"))
}

/// A position in characters, at most `length`.
fn position(number: i64, length: usize) -> std::result::Result<usize, EvalError> {
    usize::try_from(number)
        .ok()
        .filter(|position| *position <= length)
        .ok_or_else(|| out_of_range(number))
}

fn char_at<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let [Value::String(text), Value::Int(at)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    meter.spend_bytes(text.len())?;
    let length = text.chars().count();
    let at = position(*at, length)?;
    Ok(Value::text(
        text.chars().nth(at).map(String::from).unwrap_or_default(),
    ))
}

fn index_of<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, part, from) = match arguments {
        [Value::String(text), Value::String(part)] => (text, part, None),
        [Value::String(text), Value::String(part), Value::Int(from)] => (text, part, Some(*from)),
        _ => return Err(EvalError::NoSuchOverload),
    };
    meter.spend_bytes(text.len())?;
    if part.is_empty() && from.is_none() {
        return Ok(Value::Int(0));
    }
    let start = position(from.unwrap_or(0), text.chars().count())?;
    let start_byte = text
        .char_indices()
        .nth(start)
        .map_or(text.len(), |(byte, _)| byte);
    let found = text[start_byte..].find(&**part);
    Ok(found.map_or(Value::Int(-1), |byte| {
        Value::count(text[..start_byte + byte].chars().count())
    }))
}

fn last_index_of<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, part, from) = match arguments {
        [Value::String(text), Value::String(part)] => (text, part, None),
        [Value::String(text), Value::String(part), Value::Int(from)] => (text, part, Some(*from)),
        _ => return Err(EvalError::NoSuchOverload),
    };
    meter.spend_bytes(text.len())?;
    let length = text.chars().count();
    let last = match from {
        Some(from) if from < 0 || usize::try_from(from).is_ok_and(|from| from > length) => {
            return Err(out_of_range(from));
        }
        Some(from) => position(from, length)?,
        None => length,
    };
    let starts = text
        .char_indices()
        .map(|(byte, _)| byte)
        .chain([text.len()])
        .take(last + 1);
    let found = starts.collect::<Vec<_>>().into_iter().enumerate().rev();
    for (position, byte) in found {
        meter.spend(1)?;
        if text[byte..].starts_with(&**part) {
            return Ok(Value::count(position));
        }
    }
    Ok(Value::Int(-1))
}

fn one_text<'a>(meter: &Meter, arguments: &[Value<'a>], change: impl Fn(&str) -> String) -> Result<'a> {
    match arguments {
        [Value::String(text)] => {
            meter.spend_bytes(text.len())?;
            Ok(Value::text(change(text)))
        }
        _ => Err(EvalError::NoSuchOverload),
    }
}

fn lower_ascii<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    one_text(meter, arguments, str::to_ascii_lowercase)
}

fn upper_ascii<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    one_text(meter, arguments, str::to_ascii_uppercase)
}

fn trim<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    one_text(meter, arguments, |text| text.trim().to_owned())
}

fn reverse<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    one_text(meter, arguments, |text| text.chars().rev().collect())
}

fn quote<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    one_text(meter, arguments, quoted)
}

/// The text as a CEL literal.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn replace<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, from, to, limit) = match arguments {
        [Value::String(text), Value::String(from), Value::String(to)] => (text, from, to, -1),
        [
            Value::String(text),
            Value::String(from),
            Value::String(to),
            Value::Int(limit),
        ] => (text, from, to, *limit),
        _ => return Err(EvalError::NoSuchOverload),
    };
    // An empty `from` matches at every character.
    let occurrences = if from.is_empty() {
        text.len() + 1
    } else {
        text.len() / from.len()
    };
    meter.spend_bytes(text.len().saturating_add(occurrences.saturating_mul(to.len())))?;
    let replaced =
        usize::try_from(limit).map_or_else(|_| text.replace(&**from, to), |n| text.replacen(&**from, to, n));
    Ok(Value::text(replaced))
}

fn split<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, separator, limit) = match arguments {
        [Value::String(text), Value::String(separator)] => (text, separator, -1),
        [Value::String(text), Value::String(separator), Value::Int(limit)] => (text, separator, *limit),
        _ => return Err(EvalError::NoSuchOverload),
    };
    meter.spend(1 + text.len())?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let parts: Vec<String> = match limit {
        0 => Vec::new(),
        _ if separator.is_empty() => {
            // Every character is a part; the last part takes what is left.
            let characters: Vec<char> = text.chars().collect();
            let single = characters.len().min(limit.saturating_sub(1));
            let (single, rest) = characters.split_at(single);
            let rest: String = rest.iter().collect();
            let parts = single.iter().map(char::to_string);
            parts.chain((!rest.is_empty()).then_some(rest)).collect()
        }
        _ => text.splitn(limit, &**separator).map(str::to_owned).collect(),
    };
    Ok(Value::List(List::new(
        parts.into_iter().map(Value::text).collect(),
    )))
}

fn substring<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (text, start, end) = match arguments {
        [Value::String(text), Value::Int(start)] => (text, *start, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => (text, *start, Some(*end)),
        _ => return Err(EvalError::NoSuchOverload),
    };
    meter.spend_bytes(text.len())?;
    let length = text.chars().count();
    if let Some(end) = end
        && start > end
    {
        return Err(EvalError::new(format!(
            "invalid substring range. start: {start}, end: {end}"
        )));
    }
    let start = position(start, length)?;
    let end = end.map_or(Ok(length), |end| position(end, length))?;
    Ok(Value::text(
        text.chars().skip(start).take(end - start).collect::<String>(),
    ))
}

fn join<'a>(meter: &Meter, arguments: &[Value<'a>]) -> Result<'a> {
    let (list, separator) = match arguments {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, &**separator),
        _ => return Err(EvalError::NoSuchOverload),
    };
    let mut joined = String::new();
    for (position, element) in list.iter().enumerate() {
        let Value::String(text) = element? else {
            return Err(EvalError::NoSuchOverload);
        };
        meter.spend_bytes(text.len() + separator.len())?;
        if position > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&text);
    }
    Ok(Value::text(joined))
}

/// A value as `string(value)` prints it; `None` for kinds that do not convert to text.
pub(crate) fn print(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => print_double(*number),
        Value::String(text) | Value::Type(text) => text.to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Duration(nanoseconds) => time::print_duration(*nanoseconds),
        Value::Timestamp(at) => time::print_timestamp(*at),
        Value::Opaque(opaque) => opaque.to_string(),
        _ => return None,
    })
}

/// A double with the fewest digits that read back as the same number, as Go prints it with `%g`.
pub(super) fn print_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        format!("{number}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_in_go() {
        for (number, text) in [
            (1.0, "1"),
            (0.1, "0.1"),
            (-0.0001, "-0.0001"),
            (0.00001, "1e-05"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(print_double(number), text);
        }
    }
}
