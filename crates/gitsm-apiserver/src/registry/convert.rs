//! Between objects as they are stored and the version that a request asks for.
//!
//! Versions of a custom resource differ in `apiVersion` only (None conversion), but each has its own schema: what a
//! version does not know is not shown in it, and what the stored version does not know is not kept. Defaults of
//! stored objects are those of the stored version.

use crate::http::decode::write_whole_floats;
use crate::kind::{Kind, Origin};
use crate::store::Stored;
use bytes::Bytes;
use serde_json::Value;

/// Whether stored bytes can be served as they are.
fn is_served_as_stored(kind: &Kind, stored: &Stored) -> bool {
    match kind.origin {
        Origin::BuiltIn => kind.strategy.stored_as().is_none(),
        Origin::Custom(_) => kind.is_storage_version() && stored.revision > kind.schema_since,
    }
}

/// A stored object in the version of the kind.
pub(super) fn value(kind: &Kind, stored: &Stored) -> Value {
    let mut object = stored.value();
    if !is_served_as_stored(kind, stored) {
        convert(kind, &mut object);
    }
    object
}

/// The same as bytes; most objects are not touched at all.
pub(super) fn bytes(kind: &Kind, stored: &Stored) -> Bytes {
    if is_served_as_stored(kind, stored) {
        stored.json.clone()
    } else {
        value(kind, stored).to_string().into()
    }
}

fn convert(kind: &Kind, object: &mut Value) {
    match kind.origin {
        Origin::BuiltIn => kind.strategy.read_stored(object),
        Origin::Custom(_) => {
            if let Some(stored) = &kind.storage_schema {
                stored.prune(object);
                stored.complete(object);
            }
            set_version(object, kind.api_version());
            kind.schema.object.prune(object);
            if kind.storage_schema.is_none() {
                kind.schema.object.complete(object);
            }
        }
    }
}

/// An object of the kind's version as it is to be stored.
pub(super) fn to_stored(kind: &Kind, mut object: Value) -> Value {
    match kind.origin {
        Origin::BuiltIn => kind.strategy.to_stored(&mut object),
        Origin::Custom(_) => {
            set_version(&mut object, kind.storage_version.clone());
            if let Some(stored) = &kind.storage_schema {
                stored.prune(&mut object);
                stored.complete(&mut object);
            }
        }
    }
    write_whole_floats(&mut object);
    object
}

fn set_version(object: &mut Value, version: String) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), version.into());
    }
}
