//! `string.format`.
//!
//! Two ways to print exist: the one that Kubernetes pins (version 2 of the string extension, with quoted
//! elements of lists and grouped digits), and the one of the CEL specification.

use super::strings::{self, quoted};
use crate::cel::error::EvalError;
use crate::cel::eval::Meter;
use crate::cel::overload::{Definition, member};
use crate::cel::types::Type;
use crate::cel::value::{Key, List, Map, Value};

type Result<'a> = std::result::Result<Value<'a>, EvalError>;
type Printed = std::result::Result<String, EvalError>;

pub(super) const KUBERNETES: &[Definition] = &[member(
    "string",
    "format",
    &["list(dyn)"],
    "string",
    |meter, a| format(meter, a, Style::Kubernetes),
)];

pub(super) const SPECIFICATION: &[Definition] = &[member(
    "string",
    "format",
    &["list(dyn)"],
    "string",
    |meter, a| format(meter, a, Style::Specification),
)];

/// The most digits after the point; Kubernetes sets no bound, but no use of more is known.
const MAX_PRECISION: usize = 1000;
/// Digits after the point when the clause does not say.
const DEFAULT_PRECISION: usize = 6;
/// How deep lists and maps are printed.
const MAX_NESTING: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Kubernetes,
    Specification,
}

/// A piece of a format string.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// Text as it is.
    Text(&'t str),
    /// `%` with a verb, and the digits after the point for `e` and `f`.
    Clause(char, Option<usize>),
}

/// The pieces of a format string.
pub(crate) fn pieces(text: &str) -> std::result::Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        pieces.push(Piece::Text(&rest[..start]));
        let clause = &rest[start + 1..];
        let (precision, after) = precision(clause)?;
        let verb = after.chars().next().ok_or("unexpected end of string")?;
        match verb {
            '%' if precision.is_none() => pieces.push(Piece::Text("%")),
            's' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o' => pieces.push(Piece::Clause(verb, precision)),
            other => {
                return Err(format!(
                    "could not parse formatting clause: unrecognized formatting clause \"{other}\""
                ));
            }
        }
        rest = &after[verb.len_utf8()..];
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// Whether `%verb` takes values of this type in Kubernetes.
pub(crate) fn accepts(verb: char, ty: &Type) -> bool {
    let is_integer = matches!(ty, Type::Int | Type::Uint);
    ty.is_dynamic()
        || match verb {
            's' => !matches!(ty, Type::Opaque(..)),
            'd' | 'o' => is_integer,
            // Text may be one of the words for numbers that have no digits.
            'f' | 'e' => matches!(ty, Type::Double | Type::String),
            'b' => is_integer || matches!(ty, Type::Bool),
            _ => is_integer || matches!(ty, Type::String | Type::Bytes),
        }
}

fn precision(clause: &str) -> std::result::Result<(Option<usize>, &str), String> {
    let Some(after) = clause.strip_prefix('.') else {
        return Ok((None, clause));
    };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let (digits, rest) = after.split_at(end);
    match digits.parse() {
        Ok(precision) if precision <= MAX_PRECISION => Ok((Some(precision), rest)),
        _ => Err("could not parse formatting clause: unable to parse precision".to_owned()),
    }
}

fn format<'a>(meter: &Meter, arguments: &[Value<'a>], style: Style) -> Result<'a> {
    let [Value::String(text), Value::List(values)] = arguments else {
        return Err(EvalError::NoSuchOverload);
    };
    meter.spend_bytes(text.len())?;
    let mut printed = String::new();
    let mut next = 0;
    for piece in pieces(text).map_err(EvalError::new)? {
        match piece {
            Piece::Text(text) => printed.push_str(text),
            Piece::Clause(verb, precision) => {
                let value = values
                    .get(next)
                    .ok_or_else(|| EvalError::new(format!("index {next} out of range")))??;
                next += 1;
                let part = clause(meter, &value, verb, precision, style)?;
                meter.spend_bytes(part.len())?;
                printed.push_str(&part);
            }
        }
    }
    Ok(Value::text(printed))
}

fn clause(meter: &Meter, value: &Value<'_>, verb: char, precision: Option<usize>, style: Style) -> Printed {
    let precision = precision.unwrap_or(DEFAULT_PRECISION);
    match verb {
        's' => print(meter, value, style, 0),
        'd' => match value {
            Value::Int(_) | Value::Uint(_) => Ok(strings::print(value).unwrap_or_default()),
            Value::Double(number) if style == Style::Specification => {
                Ok(special(*number).unwrap_or_else(|| number.to_string()))
            }
            _ => refuse("decimal clause can only be used on integers", value),
        },
        'f' => match number(value, style) {
            Some(number) => Ok(special(number).unwrap_or_else(|| fixed(number, precision, style))),
            None => refuse("fixed-point clause can only be used on doubles", value),
        },
        'e' => match number(value, style) {
            Some(number) => Ok(special(number).unwrap_or_else(|| scientific(number, precision, style))),
            None => refuse("scientific clause can only be used on doubles", value),
        },
        'b' => match value {
            Value::Int(number) => Ok(signed(*number, |magnitude| format!("{magnitude:b}"))),
            Value::Uint(number) => Ok(format!("{number:b}")),
            Value::Bool(flag) => Ok(u8::from(*flag).to_string()),
            _ => refuse("only integers and bools can be formatted as binary", value),
        },
        'o' => match value {
            Value::Int(number) => Ok(signed(*number, |magnitude| format!("{magnitude:o}"))),
            Value::Uint(number) => Ok(format!("{number:o}")),
            _ => refuse("octal clause can only be used on integers", value),
        },
        _ => {
            let digits = match value {
                Value::Int(number) => signed(*number, |magnitude| format!("{magnitude:x}")),
                Value::Uint(number) => format!("{number:x}"),
                Value::String(text) => hexadecimal(text.as_bytes()),
                Value::Bytes(bytes) => hexadecimal(bytes),
                _ => {
                    return refuse(
                        "only integers, byte buffers, and strings can be formatted as hex",
                        value,
                    );
                }
            };
            Ok(if verb == 'X' {
                digits.to_uppercase()
            } else {
                digits
            })
        }
    }
}

fn refuse(rule: &str, value: &Value<'_>) -> Printed {
    Err(EvalError::new(format!(
        "error during formatting: {rule}, was given {}",
        value.type_name()
    )))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or('0')));
    }
    text
}

fn signed(number: i64, print: impl Fn(u64) -> String) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", print(number.unsigned_abs()))
}

/// The number that `%f` and `%e` print.
#[expect(clippy::cast_precision_loss, reason = "the nearest double is what is printed")]
fn number(value: &Value<'_>, style: Style) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Int(number) if style == Style::Specification => Some(*number as f64),
        Value::Uint(number) if style == Style::Specification => Some(*number as f64),
        Value::String(text) if style == Style::Kubernetes => match &**text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn special(number: f64) -> Option<String> {
    if number.is_nan() {
        Some("NaN".to_owned())
    } else if number.is_infinite() {
        Some(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned())
    } else {
        None
    }
}

/// `%f`; Kubernetes groups the digits before the point by thousands.
fn fixed(number: f64, precision: usize, style: Style) -> String {
    let plain = format!("{number:.precision$}");
    if style == Style::Specification {
        return plain;
    }
    let (sign, digits) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::from(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// The digits of exponents.
const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// `%e`; Kubernetes writes the exponent as a power of ten in superscript digits.
fn scientific(number: f64, precision: usize, style: Style) -> String {
    let plain = format!("{number:.precision$e}");
    let (digits, exponent) = plain.split_once('e').unwrap_or((&plain, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let two_digits = format!("{:02}", exponent.unsigned_abs());
    if style == Style::Specification {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{two_digits}");
    }
    let superscript = |digit: u8| SUPERSCRIPTS.get(usize::from(digit.wrapping_sub(b'0'))).copied();
    let raised: String = two_digits.bytes().filter_map(superscript).collect();
    let sign = if exponent < 0 { "⁻" } else { "" };
    format!("{digits}×10{sign}{raised}")
}

/// `%s`.
fn print(meter: &Meter, value: &Value<'_>, style: Style, nesting: usize) -> Printed {
    meter.spend(1)?;
    if nesting > MAX_NESTING {
        return Err(EvalError::new("value is nested too deeply to be formatted"));
    }
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::List(list) => print_list(meter, list, style, nesting),
        Value::Map(map) => print_map(meter, map, style, nesting),
        Value::Double(number) => Ok(special(*number).unwrap_or_else(|| strings::print_double(*number))),
        Value::Optional(_) | Value::Opaque(_) => Err(EvalError::new(format!(
            "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, \
             lists, types, durations, and timestamps, was given {}",
            value.type_name()
        ))),
        value => strings::print(value).ok_or(EvalError::NoSuchOverload),
    }
}

/// An element of a list or map.
fn print_inside(meter: &Meter, value: &Value<'_>, style: Style, nesting: usize) -> Printed {
    if style == Style::Specification {
        return print(meter, value, style, nesting);
    }
    Ok(match value {
        Value::String(text) => quoted(text),
        Value::Bytes(bytes) => format!("b{}", quoted(&String::from_utf8_lossy(bytes))),
        Value::Timestamp(_) => format!("timestamp({})", quoted(&print(meter, value, style, nesting)?)),
        Value::Duration(_) => format!("duration({})", quoted(&print(meter, value, style, nesting)?)),
        Value::Double(number) => match special(*number) {
            Some(special) => quoted(&special),
            None => format!("{number:.DEFAULT_PRECISION$}"),
        },
        value => print(meter, value, style, nesting)?,
    })
}

fn print_list(meter: &Meter, list: &List<'_>, style: Style, nesting: usize) -> Printed {
    let mut parts = Vec::with_capacity(list.len());
    for element in list.iter() {
        parts.push(print_inside(meter, &element?, style, nesting + 1)?);
    }
    Ok(format!("[{}]", parts.join(", ")))
}

fn print_map(meter: &Meter, map: &Map<'_>, style: Style, nesting: usize) -> Printed {
    let separator = if style == Style::Specification { ": " } else { ":" };
    let mut entries = Vec::with_capacity(map.len());
    for key in map.keys() {
        let Some(value) = map.get(&key)? else { continue };
        if Key::new(&key).is_none() {
            return Err(EvalError::NoSuchOverload);
        }
        let key = print_inside(meter, &key, style, nesting + 1)?;
        entries.push((key, print_inside(meter, &value, style, nesting + 1)?));
    }
    entries.sort();
    let entries: Vec<String> = entries
        .into_iter()
        .map(|(key, value)| format!("{key}{separator}{value}"))
        .collect();
    Ok(format!("{{{}}}", entries.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_prints_numbers_for_readers_of_english() {
        assert_eq!(fixed(-1_234_567.5, 2, Style::Kubernetes), "-1,234,567.50");
        assert_eq!(
            scientific(1_052.032_911_275, 6, Style::Kubernetes),
            "1.052033×10⁰³"
        );
        assert_eq!(
            scientific(1_052.032_911_275, 6, Style::Specification),
            "1.052033e+03"
        );
    }

    #[test]
    fn clauses_are_read_or_refused() {
        assert_eq!(
            pieces("a%%%.3f"),
            Ok(vec![
                Piece::Text("a"),
                Piece::Text("%"),
                Piece::Text(""),
                Piece::Clause('f', Some(3)),
                Piece::Text("")
            ])
        );
        for text in ["%", "%E", "%.", "%.99999f"] {
            assert!(pieces(text).is_err(), "{text}");
        }
    }
}
