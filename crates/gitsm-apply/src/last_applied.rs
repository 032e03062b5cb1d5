//! From client-side to server-side apply: the annotation in which `kubectl apply` keeps what it applied.

use crate::json::{Writer, write_value};
use crate::schema::TypeSchema;
use crate::set::FieldSet;
use crate::typed::{self, Duplicates};
use serde_json::{Map, Value};

/// The only manager for which the annotation counts.
pub(crate) const MANAGER: &str = "kubectl";

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How long all annotations of an object may be, in bytes.
const MAX_ANNOTATIONS: usize = 256 * 1024;

fn annotations(object: &Value) -> Option<&Map<String, Value>> {
    object.get("metadata")?.get("annotations")?.as_object()
}

/// What is applied by the annotation of the live object and still has that value; `None` where there is no usable
/// annotation.
pub(crate) fn owned_fields(schema: &TypeSchema, live: &Value, api_version: &str) -> Option<FieldSet> {
    let text = annotations(live)?.get(ANNOTATION)?.as_str()?;
    typed::validate(schema, live, Duplicates::Refused).ok()?;
    let applied: Value = serde_json::from_str(text).ok()?;
    applied.get("kind")?.as_str().filter(|kind| !kind.is_empty())?;
    if applied.get("apiVersion")?.as_str()? != api_version {
        return None;
    }
    typed::validate(schema, &applied, Duplicates::Refused).ok()?;
    let changes = typed::compare(schema, &applied, live);
    Some(
        typed::field_set(schema, &applied)
            .difference(&changes.modified)
            .difference(&changes.added)
            .difference(&changes.removed),
    )
}

/// Writes what is applied now into the annotation, if the object has it, so that client-side apply can go on from
/// there.
pub(crate) fn refresh(object: &mut Value, applied: &Value) {
    let has_annotation = annotations(object)
        .and_then(|annotations| annotations.get(ANNOTATION))
        .and_then(Value::as_str)
        .is_some_and(|text| !text.is_empty());
    if !has_annotation {
        return;
    }
    let mut applied = applied.clone();
    if let Some(annotations) = applied
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"))
        .and_then(Value::as_object_mut)
    {
        annotations.remove(ANNOTATION);
    }
    let mut text = String::new();
    write_value(&mut text, &applied, Writer::Standard);
    text.push('\n');
    let Some(annotations) = object
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"))
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    annotations.insert(ANNOTATION.to_owned(), Value::String(text));
    let size: usize = annotations
        .iter()
        .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size > MAX_ANNOTATIONS {
        annotations.remove(ANNOTATION);
    }
}
