//! Reading an object as the Go types of its kind would: types are checked, nulls and empty fields go, and fields that
//! are always written are there.
//!
//! A real server keeps built-in objects as Go structs, so what comes back is what survives the way through them.

use super::types::{Field, Shape, Type};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitsm_schema::values::Quantity;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Reads `object`, which has type `ty`, in place.
///
/// # Errors
/// The first value that does not fit, worded as Go's JSON decoder does. Fields come in alphabetical order, not in
/// that of the text.
pub fn read(ty: &'static Type, object: &mut Value) -> Result<(), String> {
    let mut path = Vec::new();
    match object {
        Value::Object(fields) => read_fields(ty, fields, &mut path),
        other => Err(format!(
            "json: cannot unmarshal {} into Go value of type {}",
            word(other),
            go_name(&Shape::Struct(ty.name))
        )),
    }
}

/// What an object of a type is written as when nothing in it is set.
pub fn zero(ty: &'static Type) -> Value {
    let fields = ty.fields.iter();
    Value::Object(
        fields
            .filter_map(|(name, field)| Some(((*name).to_owned(), always_written(field)?)))
            .collect(),
    )
}

/// Where the reader is: the type that has the field, and the names from the root.
type Trail = Vec<&'static str>;

fn read_fields(ty: &'static Type, fields: &mut Map<String, Value>, path: &mut Trail) -> Result<(), String> {
    for (name, field) in &ty.fields {
        let Some(value) = fields.get_mut(*name) else {
            if let Some(zero) = always_written(field) {
                fields.insert((*name).to_owned(), zero);
            }
            continue;
        };
        path.push(name);
        if !value.is_null() {
            read_value(&field.shape, value, short(ty), path)?;
        }
        path.pop();
        if value.is_null() || is_dropped(field, value) {
            match always_written(field) {
                Some(zero) => *value = zero,
                None => {
                    fields.remove(*name);
                }
            }
        }
    }
    Ok(())
}

fn short(ty: &Type) -> &'static str {
    ty.name.rsplit('.').next().unwrap_or_default()
}

/// What stands for a field that was not given; `None` where nothing does.
fn always_written(field: &Field) -> Option<Value> {
    if field.pointer || field.omit_zero {
        return None;
    }
    match &field.shape {
        // Go never leaves out a struct because it is empty.
        Shape::Struct(_) => field.shape.as_type().map(zero),
        Shape::Time | Shape::MicroTime => Some(Value::Null),
        Shape::IntOrString => Some(0.into()),
        Shape::Quantity => Some("0".into()),
        _ if field.omit_empty => None,
        Shape::Text => Some("".into()),
        Shape::Bool => Some(false.into()),
        Shape::Int32 | Shape::Int64 => Some(0.into()),
        _ => Some(Value::Null),
    }
}

/// Whether Go would leave the value out, or write null for it.
fn is_dropped(field: &Field, value: &Value) -> bool {
    let is_empty = match value {
        Value::Null => true,
        Value::Bool(given) => !given,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    };
    let is_collection = matches!(field.shape, Shape::List(_) | Shape::Map(_) | Shape::Bytes);
    match &field.shape {
        Shape::Struct(_) | Shape::IntOrString | Shape::Quantity | Shape::Raw | Shape::Fields => false,
        // An empty list does not survive being stored.
        _ if is_collection => is_empty && !field.pointer,
        _ => is_empty && !field.pointer && field.omit_empty,
    }
}

fn read_value(shape: &Shape, value: &mut Value, owner: &'static str, path: &mut Trail) -> Result<(), String> {
    let wrong = |value: &Value| {
        Err(format!(
            "json: cannot unmarshal {} into Go struct field {owner}.{} of type {}",
            word(value),
            path.join("."),
            go_name(shape)
        ))
    };
    match shape {
        Shape::Raw | Shape::Fields => Ok(()),
        Shape::Text if value.is_string() => Ok(()),
        Shape::Bool if value.is_boolean() => Ok(()),
        Shape::Int32 | Shape::Int64 => match value.as_i64() {
            Some(number) if *shape == Shape::Int64 || i32::try_from(number).is_ok() => Ok(()),
            _ => wrong_number(value, owner, path, shape),
        },
        Shape::IntOrString => match value {
            Value::String(_) => Ok(()),
            Value::Number(number) if number.as_i64().is_some_and(|it| i32::try_from(it).is_ok()) => Ok(()),
            _ => Err(format!(
                "json: cannot unmarshal {} into Go value of type int32",
                word_of_number(value)
            )),
        },
        Shape::Bytes => match value.as_str() {
            Some(text) => read_bytes(text),
            None => wrong(value),
        },
        Shape::Time | Shape::MicroTime => match value.as_str() {
            Some(text) => {
                *value = read_time(text, *shape == Shape::MicroTime)?.into();
                Ok(())
            }
            None => Err(format!(
                "json: cannot unmarshal {} into Go value of type string",
                word(value)
            )),
        },
        Shape::Quantity => {
            let text = match &*value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            *value = read_quantity(&text)?.into();
            Ok(())
        }
        Shape::List(element) => {
            let Value::Array(elements) = value else {
                return wrong(value);
            };
            for item in elements {
                read_element(element, item, owner, path)?;
            }
            Ok(())
        }
        Shape::Map(element) => {
            let Value::Object(fields) = value else {
                return wrong(value);
            };
            for item in fields.values_mut() {
                read_element(element, item, owner, path)?;
            }
            Ok(())
        }
        Shape::Struct(_) => match (value, shape.as_type()) {
            (Value::Object(fields), Some(ty)) => read_fields(ty, fields, path),
            (value, _) => wrong(value),
        },
        Shape::Text | Shape::Bool => wrong(value),
    }
}

/// An element of a list or map, where null is the zero value.
fn read_element(
    shape: &Shape,
    value: &mut Value,
    owner: &'static str,
    path: &mut Trail,
) -> Result<(), String> {
    if value.is_null() {
        *value = match shape {
            Shape::Text | Shape::Bytes => "".into(),
            Shape::Int32 | Shape::Int64 | Shape::IntOrString => 0.into(),
            Shape::Bool => false.into(),
            Shape::Quantity => "0".into(),
            Shape::Struct(_) => Value::Object(Map::new()),
            _ => return Ok(()),
        };
    }
    read_value(shape, value, owner, path)
}

fn wrong_number(value: &Value, owner: &str, path: &Trail, shape: &Shape) -> Result<(), String> {
    Err(format!(
        "json: cannot unmarshal {} into Go struct field {owner}.{} of type {}",
        word_of_number(value),
        path.join("."),
        go_name(shape)
    ))
}

fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// As [`word`], with the number where the type wants one.
fn word_of_number(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("number {number}"),
        other => word(other).to_owned(),
    }
}

/// How Go prints the type.
fn go_name(shape: &Shape) -> String {
    match shape {
        Shape::Text => "string".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Int32 => "int32".to_owned(),
        Shape::Int64 => "int64".to_owned(),
        Shape::Bytes => "[]uint8".to_owned(),
        Shape::Time => "v1.Time".to_owned(),
        Shape::MicroTime => "v1.MicroTime".to_owned(),
        Shape::IntOrString => "intstr.IntOrString".to_owned(),
        Shape::Quantity => "resource.Quantity".to_owned(),
        Shape::Fields => "v1.FieldsV1".to_owned(),
        Shape::Raw => "interface {}".to_owned(),
        Shape::Struct(name) => {
            let mut parts = name.rsplitn(3, '.');
            let kind = parts.next().unwrap_or_default();
            format!("{}.{kind}", parts.next().unwrap_or_default())
        }
        Shape::List(element) => format!("[]{}", go_name(element)),
        Shape::Map(element) => format!("map[string]{}", go_name(element)),
    }
}

fn read_bytes(text: &str) -> Result<(), String> {
    // Go skips line breaks inside base64.
    let clean: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    match STANDARD.decode(&clean) {
        Ok(_) => Ok(()),
        Err(
            base64::DecodeError::InvalidByte(offset, _) | base64::DecodeError::InvalidLastSymbol(offset, _),
        ) => Err(format!("illegal base64 data at input byte {offset}")),
        Err(_) => Err(format!(
            "illegal base64 data at input byte {}",
            clean.len() - clean.len() % 4
        )),
    }
}

/// An instant, in UTC, in whole seconds or with six digits.
fn read_time(text: &str, micro: bool) -> Result<String, String> {
    let layout = if micro {
        "2006-01-02T15:04:05.000000Z07:00"
    } else {
        "2006-01-02T15:04:05Z07:00"
    };
    let failed = || {
        format!(
            "parsing time {:?} as {layout:?}: cannot parse {text:?} as {:?}",
            format!("\"{text}\""),
            "2006"
        )
    };
    if text.as_bytes().get(10) != Some(&b'T') {
        return Err(failed());
    }
    // Microseconds have six digits, no more and no less.
    if micro && !has_six_digits(text) {
        return Err(failed());
    }
    let instant: Timestamp = text.parse().map_err(|_| failed())?;
    let format = if micro {
        "%Y-%m-%dT%H:%M:%S.%6fZ"
    } else {
        "%Y-%m-%dT%H:%M:%SZ"
    };
    Ok(instant.strftime(format).to_string())
}

fn has_six_digits(time: &str) -> bool {
    let Some((_, fraction)) = time.split_once('.') else {
        return false;
    };
    fraction.bytes().take_while(u8::is_ascii_digit).count() == 6
}

fn read_quantity(text: &str) -> Result<String, String> {
    Quantity::parse(text)
        .map(|quantity| quantity.to_string())
        .map_err(|_| {
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::super::types::find;
    use super::*;
    use serde_json::json;

    fn read_as(ty: &str, mut object: Value) -> Result<Value, String> {
        read(find(ty).unwrap(), &mut object)?;
        Ok(object)
    }

    #[test]
    fn nulls_and_empty_fields_go() {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {}, "binaryData": null, "immutable": false,
            "metadata": {"name": "x", "labels": {}, "creationTimestamp": null, "finalizers": [], "namespace": ""},
        });
        assert_eq!(
            read_as("core.v1.ConfigMap", object).unwrap(),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "immutable": false, "metadata": {"name": "x"}})
        );
    }

    #[test]
    fn fields_that_are_always_written_are_there() {
        let role = read_as("rbac.v1.Role", json!({"rules": []})).unwrap();
        assert_eq!(role, json!({"metadata": {}, "rules": null}));
        let pod = read_as("core.v1.Pod", json!({"spec": {"containers": [{"image": "x"}]}})).unwrap();
        assert_eq!(
            pod,
            json!({"metadata": {}, "spec": {"containers": [{"name": "", "image": "x", "resources": {}}]}, "status": {}})
        );
    }

    #[test]
    fn wrong_types_are_told_as_go_tells_them() {
        for (ty, object, message) in [
            (
                "core.v1.ConfigMap",
                json!({"data": {"a": 1}}),
                "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
            ),
            (
                "core.v1.ConfigMap",
                json!({"data": []}),
                "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
            ),
            (
                "core.v1.ConfigMap",
                json!({"metadata": {"labels": {"a": true}}}),
                "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string",
            ),
            (
                "apps.v1.Deployment",
                json!({"spec": {"replicas": "3"}}),
                "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                "apps.v1.Deployment",
                json!({"spec": {"replicas": 1.5}}),
                "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                "core.v1.Secret",
                json!({"data": {"a": "%%"}}),
                "illegal base64 data at input byte 0",
            ),
            (
                "core.v1.Pod",
                json!([]),
                "json: cannot unmarshal array into Go value of type v1.Pod",
            ),
        ] {
            assert_eq!(read_as(ty, object).unwrap_err(), message);
        }
        let error = read_as("core.v1.Event", json!({"eventTime": "yesterday"})).unwrap_err();
        assert!(error.starts_with("parsing time"), "{error}");
    }

    #[test]
    fn instants_and_quantities_get_one_form() {
        let event = json!({"eventTime": "2026-01-02T03:04:05.600000+01:00", "firstTimestamp": "2026-01-02T03:04:05.6+01:00"});
        let event = read_as("core.v1.Event", event).unwrap();
        assert_eq!(event["eventTime"], "2026-01-02T02:04:05.600000Z");
        assert_eq!(event["firstTimestamp"], "2026-01-02T02:04:05Z");
        let container = json!({"resources": {"limits": {"cpu": 1, "memory": "1024Mi"}}});
        let container = read_as("core.v1.Container", container).unwrap();
        assert_eq!(
            container["resources"]["limits"],
            json!({"cpu": "1", "memory": "1Gi"})
        );
    }

    #[test]
    fn unknown_fields_are_left_to_the_schema() {
        let object = read_as("core.v1.ConfigMap", json!({"spec": {"a": null}})).unwrap();
        assert_eq!(object["spec"], json!({"a": null}));
    }
}
