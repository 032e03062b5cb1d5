//! Managed fields: who owns what, on every write.

use super::Request;
use crate::error::{ApiError, Cause, Named};
use crate::kind::{Kind, Origin, Part};
use gitsm_apply::{ApplyError, ApplyOptions, ResetFields, ResourceTypes, TypeSchema, UpdateOptions};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Takes note of what a create, update or patch changes; `old` is absent on create.
pub(super) fn note(request: &Request<'_>, old: Option<&Value>, new: Value) -> Value {
    let kind = request.kind;
    let options = UpdateOptions {
        manager: &request.options.field_manager,
        subresource: request.part.subresource(),
        api_version: &kind.api_version(),
        kind: &kind.names.kind,
        now: request.now,
        reset: &reset_fields(kind, request.part),
    };
    let zero = old.is_none().then(|| zero(kind)).flatten();
    gitsm_apply::update(&types(kind), old.or(zero.as_ref()), new, &options)
}

/// Merges an applied object into the live one.
pub(super) fn apply(
    request: &Request<'_>,
    live: Option<&Value>,
    applied: &Value,
) -> Result<Value, ApplyError> {
    let kind = request.kind;
    let options = ApplyOptions {
        manager: &request.options.field_manager,
        force: request.options.force.unwrap_or(false),
        subresource: request.part.subresource(),
        api_version: &kind.api_version(),
        kind: &kind.names.kind,
        now: request.now,
        reset: &reset_fields(kind, request.part),
    };
    gitsm_apply::apply(&types(kind), live, applied, &options)
}

/// The answer to an apply that was refused.
pub(super) fn refusal(error: ApplyError) -> ApiError {
    match error {
        ApplyError::Conflicts(conflicts) => {
            let causes = conflicts
                .iter()
                .map(|conflict| Cause {
                    reason: "FieldManagerConflict".to_owned(),
                    message: conflict.message(),
                    field: conflict.field(),
                })
                .collect();
            ApiError::new(409, "Conflict", conflicts.to_string()).with_causes(causes)
        }
        ApplyError::BadRequest(message) => ApiError::bad_request(message),
        ApplyError::Failed(message) => ApiError::new(500, "", message),
    }
}

/// An object of a built-in kind before anyone has set anything: what is always written belongs to nobody.
fn zero(kind: &Kind) -> Option<Value> {
    let mut zero = kind.strategy.zero()?;
    zero["apiVersion"] = kind.api_version().into();
    zero["kind"] = kind.names.kind.as_str().into();
    Some(zero)
}

/// What the endpoint resets, so that nobody comes to own it there.
fn reset_fields(kind: &Kind, part: Part) -> ResetFields {
    let version = kind.api_version();
    match (part, kind.has_status) {
        (Part::Whole, true) => ResetFields::none().with_status(&version),
        (Part::Status, _) if matches!(kind.origin, Origin::Custom(_)) => {
            ResetFields::none().with_metadata_and_spec(&version)
        }
        (Part::Status, _) => {
            let spec = gitsm_apply::FieldSet::of_fields(&[&["spec"]]);
            ResetFields::none().with(&version, spec)
        }
        _ => ResetFields::none(),
    }
}

/// The types by which a kind is merged. Those of built-in kinds are derived once from their schemas.
fn types(kind: &Kind) -> Cow<'_, ResourceTypes> {
    if let Some(types) = kind.strategy.apply_types() {
        return Cow::Borrowed(types);
    }
    let version = kind.api_version();
    let schema = match kind.origin {
        Origin::BuiltIn => built_in(kind, &version),
        Origin::Custom(_) => Arc::new(TypeSchema::for_resource(kind.schema.object.structural())),
    };
    let types = ResourceTypes::single(&version, schema);
    Cow::Owned(types)
}

fn built_in(kind: &Kind, version: &str) -> Arc<TypeSchema> {
    type Known = Mutex<HashMap<(String, String), Arc<TypeSchema>>>;
    static KNOWN: OnceLock<Known> = OnceLock::new();
    let known = KNOWN.get_or_init(Known::default);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let schema = known
        .entry((version.to_owned(), kind.names.kind.clone()))
        .or_insert_with(|| Arc::new(TypeSchema::for_resource(kind.schema.object.structural())));
    Arc::clone(schema)
}

/// 409 where an applied object names a uid and nothing is there.
pub(super) fn no_such_uid(named: Named<'_>, name: &str, uid: &str) -> ApiError {
    let why =
        format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
    ApiError::conflict(named, name, &why)
}
