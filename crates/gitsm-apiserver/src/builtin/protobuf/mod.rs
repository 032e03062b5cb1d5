//! Request bodies in protobuf, which kubectl sends from 1.32 on for some built-in kinds.
//!
//! The fields are decoded by the table of types. What comes out is the object as JSON, as if it had been sent so; it
//! still has to be read ([`super::read`]), which drops the empty fields that protobuf writes out.

#[cfg(test)]
mod tests;
mod wire;

use super::types::{self, Field, Shape, Type};
use crate::ApiError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use wire::{Fields, Wire, WireError};

/// What every such body begins with.
const MAGIC: &[u8] = b"k8s\0";
/// Deepest nesting of messages; the types that are taken have less than ten.
const MAX_DEPTH: usize = 24;

/// The kinds that are taken, with their types.
const TAKEN: &[(&str, &str, &str)] = &[
    ("v1", "ConfigMap", "core.v1.ConfigMap"),
    ("v1", "Event", "core.v1.Event"),
    ("v1", "Namespace", "core.v1.Namespace"),
    ("v1", "Secret", "core.v1.Secret"),
    ("v1", "ServiceAccount", "core.v1.ServiceAccount"),
    ("events.k8s.io/v1", "Event", "events.v1.Event"),
    ("coordination.k8s.io/v1", "Lease", "coordination.v1.Lease"),
    (
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        "rbac.v1.ClusterRole",
    ),
    (
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        "rbac.v1.ClusterRoleBinding",
    ),
    ("rbac.authorization.k8s.io/v1", "Role", "rbac.v1.Role"),
    (
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "rbac.v1.RoleBinding",
    ),
    (
        "authentication.k8s.io/v1",
        "SelfSubjectReview",
        "authentication.v1.SelfSubjectReview",
    ),
    (
        "authentication.k8s.io/v1",
        "TokenRequest",
        "authentication.v1.TokenRequest",
    ),
    (
        "authentication.k8s.io/v1",
        "TokenReview",
        "authentication.v1.TokenReview",
    ),
    (
        "authorization.k8s.io/v1",
        "LocalSubjectAccessReview",
        "authorization.v1.LocalSubjectAccessReview",
    ),
    (
        "authorization.k8s.io/v1",
        "SelfSubjectAccessReview",
        "authorization.v1.SelfSubjectAccessReview",
    ),
    (
        "authorization.k8s.io/v1",
        "SelfSubjectRulesReview",
        "authorization.v1.SelfSubjectRulesReview",
    ),
    (
        "authorization.k8s.io/v1",
        "SubjectAccessReview",
        "authorization.v1.SubjectAccessReview",
    ),
];

/// The object in a request body of type `application/vnd.kubernetes.protobuf`.
///
/// # Errors
/// 400 for what is no such message, 415 for kinds that are only taken as JSON or YAML.
pub fn decode(body: &[u8]) -> Result<Value, ApiError> {
    let Some(envelope) = body.strip_prefix(MAGIC) else {
        return Err(ApiError::bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
        ));
    };
    let envelope = Envelope::read(envelope).map_err(malformed)?;
    if !matches!(
        &*envelope.content_type,
        "" | "application/vnd.kubernetes.protobuf"
    ) || envelope.is_encoded
    {
        return Err(ApiError::bad_request(
            "the content of the protobuf message is not itself protobuf; send it as application/json",
        ));
    }
    let (api_version, kind) = (&*envelope.api_version, &*envelope.kind);
    let Some(ty) = wanted(api_version, kind).and_then(types::find) else {
        return Err(not_taken(api_version, kind));
    };
    let mut object = message(ty, envelope.raw, 0).map_err(malformed)?;
    object.insert("apiVersion".to_owned(), api_version.into());
    object.insert("kind".to_owned(), kind.into());
    Ok(Value::Object(object))
}

fn wanted(api_version: &str, kind: &str) -> Option<&'static str> {
    // Options go by the version of what they are about.
    if kind == "DeleteOptions" {
        return Some("meta.v1.DeleteOptions");
    }
    let mut taken = TAKEN.iter();
    taken
        .find(|(version, name, _)| *version == api_version && *name == kind)
        .map(|(_, _, ty)| *ty)
}

fn not_taken(api_version: &str, kind: &str) -> ApiError {
    let what: String = format!("{kind} of {api_version}").chars().take(200).collect();
    ApiError::new(
        415,
        "UnsupportedMediaType",
        format!(
            "the body of the request was in an unknown format - accepted media types include: application/json, \
             application/yaml (this server reads {what} only as JSON or YAML: use \"kubectl apply -f FILE\", for \
             example on the output of \"kubectl create ... --dry-run=client -o yaml\")"
        ),
    )
}

/// Why a message is no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Malformed {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("proto: wrong wireType for field {0}")]
    WrongType(String),
    #[error("proto: messages nest too deeply")]
    TooDeep,
    #[error("{0}")]
    Content(String),
}

fn malformed(why: impl Into<Malformed>) -> ApiError {
    ApiError::bad_request(format!(
        "the protobuf body of the request cannot be read: {}",
        why.into()
    ))
}

/// `runtime.Unknown`: what is inside, and the bytes of it.
#[derive(Default)]
struct Envelope<'b> {
    api_version: String,
    kind: String,
    raw: &'b [u8],
    is_encoded: bool,
    content_type: String,
}

impl<'b> Envelope<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, WireError> {
        let mut envelope = Self::default();
        let mut fields = Fields::new(bytes);
        while let Some((number, value)) = fields.next()? {
            let Wire::Bytes(bytes) = value else { continue };
            match number {
                1 => {
                    let mut names = Fields::new(bytes);
                    while let Some((number, value)) = names.next()? {
                        match (number, value) {
                            (1, Wire::Bytes(text)) => envelope.api_version = lossy(text),
                            (2, Wire::Bytes(text)) => envelope.kind = lossy(text),
                            _ => {}
                        }
                    }
                }
                2 => envelope.raw = bytes,
                3 => envelope.is_encoded = !bytes.is_empty(),
                4 => envelope.content_type = lossy(bytes),
                _ => {}
            }
        }
        Ok(envelope)
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn message(ty: &'static Type, bytes: &[u8], depth: usize) -> Result<Map<String, Value>, Malformed> {
    let mut object = Map::new();
    collect(ty, None, bytes, depth, &mut object)?;
    Ok(object)
}

/// Reads the fields of a message into an object: those of the type itself, or those that it takes in from the
/// message with number `inside`.
fn collect(
    ty: &'static Type,
    inside: Option<u32>,
    bytes: &[u8],
    depth: usize,
    object: &mut Map<String, Value>,
) -> Result<(), Malformed> {
    if depth > MAX_DEPTH {
        return Err(Malformed::TooDeep);
    }
    let mut fields = Fields::new(bytes);
    while let Some((number, wire)) = fields.next()? {
        let own = |field: &Field| field.embedded_in == inside && field.number == number;
        if let Some((name, field)) = ty.fields.iter().find(|(_, field)| own(field)) {
            place(name, field, wire, depth, object)?;
        } else if inside.is_none()
            && let Wire::Bytes(bytes) = wire
            && ty.fields.values().any(|field| field.embedded_in == Some(number))
        {
            collect(ty, Some(number), bytes, depth + 1, object)?;
        }
    }
    Ok(())
}

fn place(
    name: &'static str,
    field: &Field,
    wire: Wire<'_>,
    depth: usize,
    object: &mut Map<String, Value>,
) -> Result<(), Malformed> {
    match &field.shape {
        Shape::List(element) => {
            let value = value(element, wire, name, depth + 1)?;
            let list = object.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(value);
            }
        }
        Shape::Map(element) => {
            let (key, value) = entry(element, bytes_of(wire, name)?, name, depth + 1)?;
            let map = object.entry(name).or_insert_with(|| json!({}));
            if let Some(map) = map.as_object_mut() {
                map.insert(key, value);
            }
        }
        shape => {
            let value = value(shape, wire, name, depth + 1)?;
            object.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

fn bytes_of<'b>(wire: Wire<'b>, name: &str) -> Result<&'b [u8], Malformed> {
    match wire {
        Wire::Bytes(bytes) => Ok(bytes),
        Wire::Varint(_) | Wire::Fixed => Err(Malformed::WrongType(name.to_owned())),
    }
}

fn number_of(wire: Wire<'_>, name: &str) -> Result<i64, Malformed> {
    match wire {
        // Negative numbers are written as huge ones.
        Wire::Varint(number) => Ok(number.cast_signed()),
        Wire::Bytes(_) | Wire::Fixed => Err(Malformed::WrongType(name.to_owned())),
    }
}

/// One entry of a map: field 1 is the key, field 2 the value.
fn entry(shape: &Shape, bytes: &[u8], name: &str, depth: usize) -> Result<(String, Value), Malformed> {
    let mut key = String::new();
    let mut found = None;
    let mut fields = Fields::new(bytes);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => key = lossy(bytes_of(wire, name)?),
            2 => found = Some(value(shape, wire, name, depth)?),
            _ => {}
        }
    }
    let empty = match shape {
        Shape::List(_) => json!([]),
        Shape::Int32 | Shape::Int64 => json!(0),
        _ => json!(""),
    };
    Ok((key, found.unwrap_or(empty)))
}

fn value(shape: &Shape, wire: Wire<'_>, name: &str, depth: usize) -> Result<Value, Malformed> {
    Ok(match shape {
        Shape::Text => lossy(bytes_of(wire, name)?).into(),
        Shape::Bool => (number_of(wire, name)? != 0).into(),
        Shape::Int32 | Shape::Int64 => number_of(wire, name)?.into(),
        Shape::Bytes => STANDARD.encode(bytes_of(wire, name)?).into(),
        Shape::Time => instant(bytes_of(wire, name)?, "%Y-%m-%dT%H:%M:%SZ")?,
        Shape::MicroTime => instant(bytes_of(wire, name)?, "%Y-%m-%dT%H:%M:%S.%6fZ")?,
        Shape::IntOrString => int_or_string(bytes_of(wire, name)?)?,
        Shape::Quantity => first_bytes(bytes_of(wire, name)?)?.map_or(Value::Null, |text| lossy(text).into()),
        Shape::Fields | Shape::Raw => match first_bytes(bytes_of(wire, name)?)? {
            Some(json) => {
                serde_json::from_slice(json).map_err(|error| Malformed::Content(error.to_string()))?
            }
            None => Value::Null,
        },
        Shape::Struct(_) => match shape.as_type() {
            Some(ty) => Value::Object(message(ty, bytes_of(wire, name)?, depth)?),
            None => Value::Null,
        },
        // A list as the value of a map is a message with the list as field 1.
        Shape::List(element) => {
            let mut list = Vec::new();
            let mut fields = Fields::new(bytes_of(wire, name)?);
            while let Some((number, wire)) = fields.next()? {
                if number == 1 {
                    list.push(value(element, wire, name, depth + 1)?);
                }
            }
            list.into()
        }
        Shape::Map(_) => return Err(Malformed::WrongType(name.to_owned())),
    })
}

/// Field 1 of a message, where it is there.
fn first_bytes(bytes: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let mut found = None;
    let mut fields = Fields::new(bytes);
    while let Some((number, wire)) = fields.next()? {
        if let (1, Wire::Bytes(bytes)) = (number, wire) {
            found = Some(bytes);
        }
    }
    Ok(found)
}

/// Seconds and nanoseconds since 1970; an empty message is no instant.
fn instant(bytes: &[u8], format: &str) -> Result<Value, Malformed> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let (mut seconds, mut nanoseconds) = (0, 0);
    let mut fields = Fields::new(bytes);
    while let Some((number, wire)) = fields.next()? {
        match number {
            1 => seconds = number_of(wire, "seconds")?,
            2 => nanoseconds = number_of(wire, "nanos")?,
            _ => {}
        }
    }
    let nanoseconds = i32::try_from(nanoseconds)
        .ok()
        .filter(|it| (0..1_000_000_000).contains(it));
    let instant = nanoseconds.and_then(|nanoseconds| Timestamp::new(seconds, nanoseconds).ok());
    match instant {
        Some(instant) => Ok(instant.strftime(format).to_string().into()),
        None => Err(Malformed::Content("an instant is out of range".to_owned())),
    }
}

/// Which of the two it is, the number, the text.
fn int_or_string(bytes: &[u8]) -> Result<Value, Malformed> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    let mut fields = Fields::new(bytes);
    while let Some((field, wire)) = fields.next()? {
        match field {
            1 => is_text = number_of(wire, "type")? == 1,
            2 => number = number_of(wire, "intVal")?,
            3 => text = lossy(bytes_of(wire, "strVal")?),
            _ => {}
        }
    }
    Ok(if is_text { text.into() } else { number.into() })
}
