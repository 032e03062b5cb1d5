//! The wire form of a set of paths: `fieldsV1`.
//!
//! A set is a JSON object whose keys are path elements: `f:name` for a field, `k:{"name":"x"}` for an element of a
//! `map` list, `v:"x"` for an element of a `set` list, `i:0` for a position. An empty object below a key makes the
//! path a member; where there are members below it too, the key `.` does.

use crate::json::{self, Writer};
use crate::path::{KeyField, PathElement};
use crate::set::FieldSet;
use crate::typed::MAX_DEPTH;
use serde_json::{Map, Number, Value};
use std::sync::Arc;

/// Reads a set from its wire form. `null` is the empty set, keys of an unknown kind are skipped.
///
/// # Errors
///
/// Says which key is no path element, or that the form is no object or nests too deeply.
pub fn decode(fields: &Value) -> Result<FieldSet, String> {
    let (set, _) = decode_node(fields, MAX_DEPTH)?;
    Ok(set)
}

/// The set below a key, and whether the key is a member itself.
fn decode_node(fields: &Value, depth: usize) -> Result<(FieldSet, bool), String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err("the field set nests too deeply".to_owned());
    };
    let map = match fields {
        Value::Null => return Ok((FieldSet::new(), true)),
        Value::Object(map) => map,
        _ => return Err("a field set must be an object".to_owned()),
    };
    let mut is_member = false;
    let mut members = Vec::with_capacity(map.len());
    let mut children: Vec<(PathElement, Arc<FieldSet>)> = Vec::new();
    for (key, below) in map {
        if key == "." {
            is_member = true;
            continue;
        }
        let Some(element) = decode_element(key)? else {
            continue;
        };
        let (child, child_is_member) = decode_node(below, depth)?;
        if child_is_member {
            members.push(element.clone());
        }
        if !child.is_empty() {
            children.push((element, Arc::new(child)));
        }
    }
    is_member |= members.is_empty() && children.is_empty();
    // Of two spellings of one element, such as `v:1` and `v:1.0`, the last one counts, as upstream.
    children.sort_by(|left, right| left.0.cmp(&right.0));
    children.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            std::mem::swap(next, kept);
        }
        is_same
    });
    let set = FieldSet::from_parts(members, children);
    Ok((set, is_member))
}

/// Reads one key; `None` for a kind of element that a later version may define.
fn decode_element(key: &str) -> Result<Option<PathElement>, String> {
    let bytes = key.as_bytes();
    let (Some(kind), Some(separator)) = (bytes.first(), bytes.get(1)) else {
        return Err("key must be 2 characters long:".to_owned());
    };
    if *separator != b':' {
        return Err(format!("missing colon: {key}"));
    }
    let content = key.get(2..).unwrap_or_default();
    Ok(Some(match kind {
        b'f' => PathElement::field(content),
        b'v' => PathElement::value(as_read(parse(content)?)),
        b'k' => match parse(content)? {
            Value::Null => PathElement::Key(Arc::new([])),
            Value::Object(map) => {
                let mut fields: Vec<KeyField> = map
                    .into_iter()
                    .map(|(name, value)| KeyField {
                        name: name.into(),
                        value: as_read(value),
                    })
                    .collect();
                fields.sort_by(|left, right| left.name.cmp(&right.name));
                PathElement::Key(fields.into())
            }
            _ => return Err(format!("the key fields must be an object: {key}")),
        },
        b'i' => PathElement::Index(content.parse().map_err(|error| format!("{key}: {error}"))?),
        _ => return Ok(None),
    }))
}

fn parse(content: &str) -> Result<Value, String> {
    serde_json::from_str(content).map_err(|error| format!("{content}: {error}"))
}

/// The value as upstream reads it: every number becomes a float, which shows in messages.
fn as_read(mut value: Value) -> Value {
    /// Up to here a float holds every integer.
    const EXACT: u64 = 1 << 53;
    match &mut value {
        Value::Number(number) => {
            if number.as_i64().is_some_and(|int| int.unsigned_abs() <= EXACT)
                && let Some(float) = number.as_f64().and_then(Number::from_f64)
            {
                *number = float;
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = as_read(item.take());
            }
        }
        Value::Object(map) => {
            for (_, item) in map.iter_mut() {
                *item = as_read(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
    value
}

/// Writes an element as a key.
fn write_element(out: &mut String, element: &PathElement) {
    match element {
        PathElement::Field(name) => {
            out.push_str("f:");
            out.push_str(name);
        }
        PathElement::Key(fields) => {
            out.push_str("k:{");
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json::write_string(out, &field.name, false);
                out.push(':');
                json::write_value(out, &field.value, Writer::Iterator);
            }
            out.push('}');
        }
        PathElement::Value(value) => {
            out.push_str("v:");
            json::write_value(out, value, Writer::Iterator);
        }
        PathElement::Index(index) => {
            out.push_str("i:");
            out.push_str(&index.to_string());
        }
    }
}

/// What a set holds at one element.
enum Entry<'s> {
    Member,
    Child(&'s FieldSet),
    MemberAndChild(&'s FieldSet),
}

/// The entries of one level in the order of their elements.
fn entries<'s>(set: &'s FieldSet, mut visit: impl FnMut(&'s PathElement, Entry<'s>)) {
    let mut children = set.children().iter().peekable();
    for member in set.members() {
        while let Some((element, child)) = children.next_if(|child| child.0 < *member) {
            visit(element, Entry::Child(child));
        }
        match children.next_if(|child| child.0 == *member) {
            Some((element, child)) if !child.is_empty() => visit(element, Entry::MemberAndChild(child)),
            _ => visit(member, Entry::Member),
        }
    }
    for (element, child) in children {
        visit(element, Entry::Child(child));
    }
}

/// The wire form of a set as a JSON value, as it stands in `metadata.managedFields[*].fieldsV1`.
pub fn encode(set: &FieldSet) -> Value {
    Value::Object(encode_node(set, false))
}

fn encode_node(set: &FieldSet, is_member: bool) -> Map<String, Value> {
    let mut map = Map::new();
    if is_member {
        map.insert(".".to_owned(), Value::Object(Map::new()));
    }
    entries(set, |element, entry| {
        let mut key = String::new();
        write_element(&mut key, element);
        let below = match entry {
            Entry::Member => Map::new(),
            Entry::Child(child) => encode_node(child, false),
            Entry::MemberAndChild(child) => encode_node(child, true),
        };
        map.insert(key, Value::Object(below));
    });
    map
}

/// The wire form of a set as text, in the order of path elements: byte for byte what upstream writes into
/// built-in objects. (In custom resources the keys end up sorted as strings, as [`encode`] has them.)
pub fn encode_text(set: &FieldSet) -> String {
    let mut out = String::new();
    write_node(&mut out, set, false);
    out
}

fn write_node(out: &mut String, set: &FieldSet, is_member: bool) {
    out.push('{');
    let mut first = true;
    if is_member {
        out.push_str("\".\":{}");
        first = false;
    }
    entries(set, |element, entry| {
        if !first {
            out.push(',');
        }
        first = false;
        let mut key = String::new();
        write_element(&mut key, element);
        json::write_string(out, &key, false);
        out.push(':');
        match entry {
            Entry::Member => out.push_str("{}"),
            Entry::Child(child) => write_node(out, child, false),
            Entry::MemberAndChild(child) => write_node(out, child, true),
        }
    });
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::path_to_string;
    use serde_json::json;

    #[test]
    fn a_set_survives_the_wire() {
        let wire = json!({
            "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
            "f:spec": {
                "f:ports": {
                    "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
                    "k:{\"port\":9.5}": {},
                },
                "f:tags": {"v:\"<x>\"": {}, "v:1": {}, "v:true": {}},
                "f:items": {"i:0": {}, "i:-1": {}},
            },
        });
        let set = decode(&wire).unwrap();
        let mut expected = wire.clone();
        expected["f:spec"]["f:tags"] = json!({"v:\"\\u003cx\\u003e\"": {}, "v:1": {}, "v:true": {}});
        assert_eq!(encode(&set), expected);
        assert_eq!(decode(&encode(&set)).unwrap(), set);
    }

    #[test]
    fn the_text_lists_elements_in_their_own_order() {
        let wire = json!({"i:1": {}, "v:10": {}, "v:9": {}, "k:{\"b\":1}": {"f:x": {}}, "f:a": {".": {}, "f:\"": {}}});
        assert_eq!(
            encode_text(&decode(&wire).unwrap()),
            r#"{"f:a":{".":{},"f:\"":{}},"k:{\"b\":1}":{"f:x":{}},"v:9":{},"v:10":{},"i:1":{}}"#
        );
    }

    #[test]
    fn numbers_of_keys_are_floats_in_messages() {
        let set = decode(&json!({"k:{\"id\":1000000,\"port\":8080}": {}})).unwrap();
        assert_eq!(path_to_string(&set.paths()[0]), "[id=1e+06,port=8080]");
        assert_eq!(encode_text(&set), r#"{"k:{\"id\":1000000,\"port\":8080}":{}}"#);
    }

    #[test]
    fn unknown_kinds_are_skipped_and_nonsense_is_refused() {
        assert_eq!(
            decode(&json!({"x:whatever": {"f:a": {}}})).unwrap(),
            FieldSet::new()
        );
        for wire in [
            json!({"f": {}}),
            json!({"name": {}}),
            json!({"v:{": {}}),
            json!({"v:": {}}),
            json!({"k:[]": {}}),
            json!({"k:{} x": {}}),
            json!({"i:x": {}}),
            json!({"f:a": 1}),
            json!([]),
        ] {
            assert!(decode(&wire).is_err(), "{wire}");
        }
    }

    #[test]
    fn of_two_spellings_of_one_element_the_last_counts() {
        let set = decode(&json!({"v:1": {"f:a": {}}, "v:1.0": {"f:b": {}, ".": {}}})).unwrap();
        assert_eq!(encode(&set), json!({"v:1": {".": {}, "f:b": {}}}));
    }

    #[test]
    fn a_deep_set_is_refused() {
        let mut wire = json!({});
        for _ in 0..1000 {
            wire = json!({ "f:a": wire });
        }
        assert!(decode(&wire).is_err());
    }
}
