//! Reading JSON as the API server reads a body: the last of several fields of one name wins, and strict decoding
//! names the others.

use crate::values::go_quote;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;
use std::fmt;

/// The most duplicate fields that are named.
const MAX_DUPLICATES: usize = 100;

/// JSON that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Strict {
    /// The value. Numbers are 64-bit integers where they are written as such and fit, else doubles.
    pub value: Value,
    /// The fields that occur more than once, each once, as `spec.containers[0].name`.
    pub duplicates: Vec<String>,
}

impl Strict {
    /// The duplicates as strict decoding complains about them: `duplicate field "spec.x"`.
    pub fn complaints(&self) -> Vec<String> {
        let complaint = |path: &String| format!("duplicate field {}", go_quote(path));
        self.duplicates.iter().map(complaint).collect()
    }
}

/// Several complaints of strict decoding as the API server joins them; the empty text when there is none.
///
/// With `fieldValidation=Strict` this is the message of a 400; with `Warn` each complaint is a warning of its own.
pub fn strict_decoding_error(complaints: &[String]) -> String {
    if complaints.is_empty() {
        return String::new();
    }
    format!("strict decoding error: {}", complaints.join(", "))
}

/// Reads one JSON value.
///
/// # Errors
///
/// A text that is not JSON, has more than one value, or nests deeper than 127 levels.
pub fn read(text: &[u8]) -> Result<Strict, serde_json::Error> {
    let mut state = State {
        path: String::new(),
        seen: BTreeSet::new(),
        duplicates: Vec::new(),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Reader(&mut state).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Strict {
        value,
        duplicates: state.duplicates,
    })
}

struct State {
    path: String,
    seen: BTreeSet<String>,
    duplicates: Vec<String>,
}

struct Reader<'s>(&'s mut State);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::from(integer))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "what does not fit 64 bits with a sign loses digits"
    )]
    fn visit_u64<E: serde::de::Error>(self, integer: u64) -> Result<Value, E> {
        match i64::try_from(integer) {
            Ok(integer) => Ok(Value::from(integer)),
            Err(_) => self.visit_f64(integer as f64),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, float: f64) -> Result<Value, E> {
        let number = Number::from_f64(float).ok_or_else(|| E::custom("number out of range"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let state = self.0;
        let length = state.path.len();
        let mut elements = Vec::new();
        loop {
            state.path.push_str(&format!("[{}]", elements.len()));
            let element = access.next_element_seed(Reader(state))?;
            state.path.truncate(length);
            match element {
                Some(element) => elements.push(element),
                None => return Ok(Value::Array(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let state = self.0;
        let length = state.path.len();
        let mut fields = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if length > 0 {
                state.path.push('.');
            }
            state.path.push_str(&name);
            if fields.contains_key(&name)
                && state.duplicates.len() < MAX_DUPLICATES
                && state.seen.insert(state.path.clone())
            {
                state.duplicates.push(state.path.clone());
            }
            let value = access.next_value_seed(Reader(state))?;
            state.path.truncate(length);
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn duplicates_are_named_and_the_last_one_wins() {
        let text =
            br#"{"a": 1, "spec": {"x": 1, "list": [{"n": 1}, {"n": 1, "n": 2, "n": 3}], "x": {}}, "a": 2}"#;
        let strict = read(text).unwrap();
        assert_eq!(
            strict.value,
            json!({"a": 2, "spec": {"x": {}, "list": [{"n": 1}, {"n": 3}]}})
        );
        assert_eq!(
            strict_decoding_error(&strict.complaints()),
            "strict decoding error: duplicate field \"spec.list[1].n\", duplicate field \"spec.x\", duplicate field \
             \"a\""
        );
        assert_eq!(strict_decoding_error(&[]), "");
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        let strict = read(b"[1, -1, 1.0, 1e3, 18446744073709551615]").unwrap();
        let is_integer = |index: usize| strict.value[index].is_i64();
        assert_eq!([0, 1, 2, 3, 4].map(is_integer), [true, true, false, false, false]);
    }

    #[test]
    fn what_is_no_single_value_is_refused() {
        for text in ["", "{", "{} {}", "[1,]", "{\"a\" 1}", "nul"] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(read(deep.as_bytes()).is_err());
    }
}
