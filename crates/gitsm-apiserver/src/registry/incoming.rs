//! From a decoded body to an object of the kind.

use super::Request;
use crate::error::ApiError;
use crate::http::decode::Decoded;
use crate::kind::{Kind, Origin};
use crate::object::{check_shape, meta_text, set_meta};
use crate::patch::go_type;
use crate::request::FieldValidation;
use serde_json::Value;

/// A decoded body with its beginning, which messages quote.
#[derive(Debug, Clone)]
pub struct Body {
    /// What was read.
    pub decoded: Decoded,
    /// The bytes it was read from.
    pub raw: bytes::Bytes,
}

/// Reads an object for a create or update request: its type must be that of the request; unknown and duplicate
/// fields fail, warn or are dropped silently; defaults are filled in.
pub(super) fn read(request: &Request<'_>, body: Body, warnings: &mut Vec<String>) -> Result<Value, ApiError> {
    let kind = request.kind;
    let mut object = body.decoded.value;
    check_kind(kind, &object, &body.raw)?;
    let expected = kind.api_version();
    let found_kind = object["kind"].as_str().unwrap_or(&kind.names.kind).to_owned();
    let found_version = match object["apiVersion"].as_str() {
        None | Some("") if kind.origin == Origin::BuiltIn => expected.clone(),
        found => found.unwrap_or_default().to_owned(),
    };
    if found_version != expected {
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({found_version}) does not match the expected API version ({expected})"
        )));
    }
    let cannot = |why: &str| {
        let wanted = &kind.names.kind;
        let version = &kind.version;
        ApiError::bad_request(format!(
            "{found_kind} in version {version:?} cannot be handled as a {wanted}: {why}"
        ))
    };
    let unknown = settle(kind, &mut object).map_err(|why| cannot(&why))?;
    let complaints = complaints(&body.decoded.duplicates, &unknown);
    match request.options.field_validation {
        FieldValidation::Ignore => {}
        FieldValidation::Warn => warnings.extend(complaints),
        FieldValidation::Strict if complaints.is_empty() => {}
        FieldValidation::Strict => {
            return Err(cannot(&format!(
                "strict decoding error: {}",
                complaints.join(", ")
            )));
        }
    }
    bind_namespace(&mut object, request.namespace.filter(|_| kind.namespaced))?;
    Ok(object)
}

/// The complaints of strict decoding, duplicates first.
pub(super) fn complaints(duplicates: &[String], unknown: &[String]) -> Vec<String> {
    let duplicates = duplicates.iter().map(|path| format!("duplicate field {path:?}"));
    let unknown = unknown.iter().map(|path| format!("unknown field {path:?}"));
    duplicates.chain(unknown).collect()
}

/// The body must be an object that says what it is. A custom resource of another kind is refused by validation,
/// in upstream's words.
fn check_kind(kind: &Kind, object: &Value, raw: &[u8]) -> Result<(), ApiError> {
    let wanted = &kind.names.kind;
    let missing = || {
        let why = format!("Object 'Kind' is missing in '{}'", String::from_utf8_lossy(raw));
        unrecognized(wanted, &why, raw)
    };
    let fields = match object {
        Value::Object(fields) => fields,
        Value::Null => return Err(missing()),
        other => {
            let found = go_type(other);
            let into = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
            let why = format!(
                "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go value of type {into}"
            );
            return Err(unrecognized(wanted, &why, raw));
        }
    };
    for name in ["apiVersion", "kind"] {
        if let Some(value) = fields
            .get(name)
            .filter(|value| !value.is_string() && !value.is_null())
        {
            let found = go_type(value);
            let why = format!(
                "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go struct field .{name} of \
                 type string"
            );
            return Err(unrecognized(wanted, &why, raw));
        }
    }
    let found = fields.get("kind").and_then(Value::as_str).unwrap_or_default();
    if found.is_empty() && kind.origin != Origin::BuiltIn {
        return Err(missing());
    }
    if kind.origin == Origin::BuiltIn {
        return check_built_in(kind, if found.is_empty() { wanted } else { found }, object);
    }
    Ok(())
}

/// A built-in kind takes no other; what it may be called is said in upstream's words.
fn check_built_in(kind: &Kind, found: &str, object: &Value) -> Result<(), ApiError> {
    let wanted = &kind.names.kind;
    let expected = kind.api_version();
    let api_version = match object["apiVersion"].as_str() {
        None | Some("") => &expected,
        Some(given) => given,
    };
    let version = api_version.rsplit('/').next().unwrap_or_default();
    let why = if found != wanted {
        let group = match &*kind.resource.group {
            "" => "core",
            group => group.split('.').next().unwrap_or_default(),
        };
        format!("converting ({version}.{found}) to ({group}.{wanted}): unknown conversion")
    } else if api_version != expected {
        let scheme = "pkg/api/legacyscheme/scheme.go:30";
        format!("no kind {found:?} is registered for version {api_version:?} in scheme {scheme:?}")
    } else {
        return Ok(());
    };
    Err(ApiError::bad_request(format!(
        "{found} in version {version:?} cannot be handled as a {wanted}: {why}"
    )))
}

/// 400 for a body that cannot be read at all.
pub fn unrecognized(kind: &str, why: &str, raw: &[u8]) -> ApiError {
    ApiError::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {why} ({})",
        summary(raw)
    ))
}

/// The beginning of a body, as Go's `summarizeData` shows it: text as text, anything else in hexadecimal digits.
fn summary(raw: &[u8]) -> String {
    const LENGTH: usize = 30;
    if raw.is_empty() {
        return "<empty>".to_owned();
    }
    let (head, tail) = match raw.get(..LENGTH) {
        Some(head) => (head, " ..."),
        None => (raw, ""),
    };
    if raw.first() == Some(&b'{') {
        return format!("{}{tail}", String::from_utf8_lossy(head));
    }
    let digits: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}{tail}")
}

/// Drops unknown fields and fills in defaults; returns the paths of what was dropped.
pub(super) fn settle(kind: &Kind, object: &mut Value) -> Result<Vec<String>, String> {
    if !object.is_object() {
        let into = match kind.origin {
            Origin::BuiltIn => format!("{}.{}", kind.version, kind.names.kind),
            Origin::Custom(_) => "map[string]interface {}".to_owned(),
        };
        return Err(format!(
            "json: cannot unmarshal {} into Go value of type {into}",
            go_type(object)
        ));
    }
    check_shape(object)?;
    if let Some(decoded) = kind.strategy.decode(object) {
        return decoded;
    }
    // Built-in kinds may leave out what the path says.
    if kind.origin == Origin::BuiltIn {
        object["apiVersion"] = kind.api_version().into();
        object["kind"] = kind.names.kind.clone().into();
    }
    let unknown = kind.schema.object.prune(object);
    kind.strategy.read(object)?;
    Ok(unknown.iter().map(ToString::to_string).collect())
}

/// Gives the object the namespace of the request.
pub(super) fn bind_namespace(object: &mut Value, namespace: Option<&str>) -> Result<(), ApiError> {
    let found = meta_text(object, "namespace");
    match namespace {
        None => {
            if !found.is_empty() {
                set_meta(object, "namespace", None);
            }
            Ok(())
        }
        Some(wanted) if found.is_empty() => {
            set_meta(object, "namespace", Some(wanted.into()));
            Ok(())
        }
        Some(wanted) if found == wanted => Ok(()),
        Some(_) => Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        )),
    }
}

/// The name in the object must be that of the path.
pub(super) fn check_name(object: &Value, name: &str) -> Result<(), ApiError> {
    match meta_text(object, "name") {
        "" => Err(ApiError::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        found if found == name => Ok(()),
        found => Err(ApiError::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({name})"
        ))),
    }
}
