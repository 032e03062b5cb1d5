//! Bodies: from bytes to values.
//!
//! JSON and YAML are read by one visitor, so that both report duplicate fields and both give numbers as Go gives
//! them: whole numbers of 64 bits as integers, everything else as floating point.

use super::go_json;
use crate::error::ApiError;
use crate::negotiate::{self, BodyFormat};
use crate::object::{MAX_PATHS, too_long_paths};
use crate::registry::unrecognized;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Most duplicate fields that are reported.
const MAX_DUPLICATES: usize = 100;

/// A decoded body.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The value; of duplicate fields the last one.
    pub value: Value,
    /// The paths of fields that occur more than once, in their order: `spec.a`, `spec.list[0].b`.
    pub duplicates: Vec<String>,
}

/// Reads the body of a request for an object; `wanted` is the kind that messages name.
///
/// # Errors
/// 415 for a form that is not known, 400 for what cannot be read.
pub fn by_content_type(content_type: Option<&str>, raw: &[u8], wanted: &str) -> Result<Decoded, ApiError> {
    let read = match negotiate::body(content_type)? {
        BodyFormat::Json => {
            json(raw).map_err(|why| format!("couldn't get version/kind; json parse error: {why}"))
        }
        BodyFormat::Yaml => {
            yaml(raw).map_err(|why| format!("couldn't get version/kind; yaml parse error: {why}"))
        }
        BodyFormat::Protobuf => return protobuf(raw),
    };
    read.map_err(|why| unrecognized(wanted, &why, raw))
}

/// Reads the body of a request that is not about the object in it, such as `DeleteOptions`.
///
/// # Errors
/// As [`by_content_type`].
pub fn by_content_type_plain(content_type: Option<&str>, raw: &[u8]) -> Result<Decoded, ApiError> {
    let read = match negotiate::body(content_type)? {
        BodyFormat::Json => {
            json(raw).map_err(|why| format!("couldn't get version/kind; json parse error: {why}"))
        }
        BodyFormat::Yaml => {
            yaml(raw).map_err(|why| format!("couldn't get version/kind; yaml parse error: {why}"))
        }
        BodyFormat::Protobuf => return protobuf(raw),
    };
    read.map_err(ApiError::bad_request)
}

/// Reads the protobuf envelope, which few built-in kinds have.
fn protobuf(raw: &[u8]) -> Result<Decoded, ApiError> {
    let value = crate::builtin::protobuf::decode(raw)?;
    Ok(Decoded {
        value,
        duplicates: Vec::new(),
    })
}

/// Reads JSON.
///
/// # Errors
/// The reason in the words of Go's `encoding/json`, as far as they are known.
pub fn json(body: &[u8]) -> Result<Decoded, String> {
    let mut reader = Reader::default();
    let mut source = serde_json::Deserializer::from_slice(body);
    let value = reader
        .node()
        .deserialize(&mut source)
        .and_then(|value| source.end().map(|()| value))
        .map_err(|error| go_words(&error, body))?;
    Ok(reader.finish(value))
}

/// Reads YAML, of which JSON is a part. Scalars are read as YAML 1.2 reads them.
///
/// # Errors
/// Why it cannot be read.
pub fn yaml(body: &[u8]) -> Result<Decoded, String> {
    // Most clients say YAML and send JSON.
    if let Ok(decoded) = json(body) {
        return Ok(decoded);
    }
    if !is_quick_to_scan(body) {
        return Err("it is nested too deep".to_owned());
    }
    let mut reader = Reader::default();
    let value = reader
        .node()
        .deserialize(serde_yaml::Deserializer::from_slice(body))
        .map_err(|error| error.to_string())?;
    Ok(reader.finish(value))
}

/// Whether the scanner of YAML is done with it soon: at each token it looks at every bracket that is open. Brackets
/// in texts are counted too, so the bound is far above what any real object needs.
fn is_quick_to_scan(body: &[u8]) -> bool {
    const MOST: usize = 100_000_000;
    let (mut open, mut looks) = (0_usize, 0_usize);
    for byte in body {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            b',' | b':' | b' ' | b'\n' => {}
            _ => continue,
        }
        looks = looks.saturating_add(open);
    }
    looks <= MOST
}

/// What Go says of the text; what it would read and this reader does not, as too deep nesting, in own words.
fn go_words(error: &serde_json::Error, body: &[u8]) -> String {
    go_json::complaint(body).unwrap_or_else(|| error.to_string())
}

/// Collects duplicates while values are built.
#[derive(Debug, Default)]
struct Reader {
    path: String,
    duplicates: Vec<String>,
    /// The bytes of the paths of all values.
    paths: usize,
}

impl Reader {
    fn node(&mut self) -> Node<'_> {
        Node(self)
    }

    fn finish(self, value: Value) -> Decoded {
        Decoded {
            value,
            duplicates: self.duplicates,
        }
    }

    /// Goes one step down for the time of `read`.
    fn within<T>(&mut self, step: fmt::Arguments<'_>, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.path.len();
        let _ = fmt::Write::write_fmt(&mut self.path, step);
        let result = read(self);
        self.path.truncate(before);
        result
    }

    /// Counts the path of one more value.
    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.paths += self.path.len();
        if self.paths > MAX_PATHS {
            return Err(E::custom(too_long_paths()));
        }
        Ok(())
    }

    fn duplicate(&mut self, key: &str) {
        if self.duplicates.len() < MAX_DUPLICATES {
            let dot = if self.path.is_empty() { "" } else { "." };
            self.duplicates.push(format!("{}{dot}{key}", self.path));
        }
    }
}

/// Any value below the reader's path.
struct Node<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        self.0.count()?;
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        #[allow(clippy::cast_precision_loss, reason = "Go reads it as a float too")]
        Ok(i64::try_from(value).map_or_else(|_| float(value as f64), Into::into))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let index = list.len();
            let next = self.0.within(format_args!("[{index}]"), |reader| {
                elements.next_element_seed(reader.node())
            })?;
            match next {
                Some(element) => list.push(element),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            if fields.contains_key(&key) {
                self.0.duplicate(&key);
            }
            let dot = if self.0.path.is_empty() { "" } else { "." };
            let value = self.0.within(format_args!("{dot}{key}"), |reader| {
                entries.next_value_seed(reader.node())
            })?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

fn float(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// Turns whole floats into the integers that Go's encoder writes for them: `1.0` is stored as `1`.
pub fn write_whole_floats(value: &mut Value) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or(0.5);
            #[allow(clippy::cast_possible_truncation, reason = "it is whole and small")]
            if float.fract() == 0.0 && float.abs() <= EXACT {
                *value = (float as i64).into();
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(write_whole_floats),
        Value::Object(fields) => fields.values_mut().for_each(write_whole_floats),
        _ => {}
    }
}

/// The key of a map: in YAML also a number or a boolean, which stand for their text.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<String, D::Error> {
        source.deserialize_any(self)
    }
}

impl Visitor<'_> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    fn visit_string<E>(self, value: String) -> Result<String, E> {
        Ok(value)
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<String, E> {
        Err(E::custom(format!("{value} cannot be a key")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn duplicates_are_named_and_the_last_one_wins() {
        let decoded = json(br#"{"spec":{"b":1,"b":2,"l":[{"x":1,"x":1}]},"spec":{"a":"y"}}"#).unwrap();
        assert_eq!(decoded.duplicates, ["spec.b", "spec.l[0].x", "spec"]);
        assert_eq!(decoded.value, json!({"spec": {"a": "y"}}));
    }

    #[test]
    fn numbers_are_read_and_written_as_by_go() {
        let mut value = json(b"[1.0, 1.5, 18446744073709551615, -3, 1e3]").unwrap().value;
        assert!(value[0].is_f64() && value[2].is_f64() && value[3].is_i64());
        write_whole_floats(&mut value);
        assert_eq!(value, json!([1, 1.5, 1.844_674_407_370_955_2e19, -3, 1000]));
    }

    #[test]
    fn yaml_is_read_with_other_keys() {
        let decoded = yaml(b"a: {1: x, true: y}\nb: [1, 2.5, null, '3']\n").unwrap();
        assert_eq!(
            decoded.value,
            json!({"a": {"1": "x", "true": "y"}, "b": [1, 2.5, null, "3"]})
        );
        assert_eq!(yaml(b"a: 1\na: 2\n").unwrap().duplicates, ["a"]);
    }

    #[test]
    fn many_fields_below_a_long_key_are_refused() {
        let body =
            |length, count| format!(r#"{{"{}":[{}]}}"#, "k".repeat(length), vec!["1"; count].join(","));
        assert!(json(body(10, 100_000).as_bytes()).is_ok());
        assert!(
            json(body(1_000_000, 100).as_bytes())
                .unwrap_err()
                .contains("shorter names")
        );
    }

    #[test]
    fn errors_are_worded_as_go_words_them() {
        assert_eq!(json(b"{\"a\"").unwrap_err(), "unexpected end of JSON input");
        assert_eq!(json(b"").unwrap_err(), "unexpected end of JSON input");
        assert_eq!(
            json(b"{} x").unwrap_err(),
            "invalid character 'x' after top-level value"
        );
        let deep = "[".repeat(100_000);
        assert!(json(deep.as_bytes()).is_err() && yaml(deep.as_bytes()).is_err());
        // Logs may have many brackets that nothing closes.
        let logs = format!("data:\n  log: |\n{}", "    [31mred[0m\n".repeat(3_000));
        assert!(yaml(logs.as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"a1 &*!|>\n-]{0,80}") {
            let _ = json(&body);
            let _ = yaml(&body);
            let _ = json(text.as_bytes());
            let _ = yaml(text.as_bytes());
        }
    }
}
