//! Patching objects, apply included.

use super::update::{Replacement, undecodable_patch};
use super::{Registry, Request, incoming, ownership};
use crate::error::{ApiError, Cause};
use crate::http::decode::{self, Decoded};
use crate::kind::Origin;
use crate::object::{meta_text, set_meta, untyped};
use crate::patch;
use crate::request::{FieldValidation, PatchKind};
use crate::store::Stored;
use serde_json::Value;

/// A patch as it came.
#[derive(Debug, Clone)]
pub struct PatchBody {
    /// How it is to be read.
    pub kind: PatchKind,
    /// The bytes.
    pub raw: bytes::Bytes,
}

impl PatchBody {
    /// Reads the bytes. What is applied is an object.
    pub(super) fn decode(&self) -> Result<Decoded, ApiError> {
        match self.kind {
            PatchKind::Apply => {
                let decoded = decode::yaml(&self.raw)
                    .map_err(|why| ApiError::bad_request(format!("error decoding YAML: {why}")))?;
                check_applied(&decoded.value)?;
                Ok(decoded)
            }
            _ => decode::json(&self.raw)
                .map_err(|why| ApiError::bad_request(format!("error decoding patch: {why}"))),
        }
    }
}

impl Registry {
    /// Patches an object; whether it was created, which only an apply does, is in the answer.
    ///
    /// # Errors
    /// 400 for a patch that cannot be read, 404 where there is no such object, 409 where it changed in between or
    /// others own what is applied, 422 for a patch that does not fit or an object that is not acceptable.
    pub async fn patch(
        &self,
        request: &Request<'_>,
        name: &str,
        body: &PatchBody,
        warnings: &mut Vec<String>,
    ) -> Result<(Stored, bool), ApiError> {
        if body.kind == PatchKind::Apply {
            return self.apply(request, name, body, warnings).await;
        }
        let decoded = body.decode()?;
        let may_retry = !sets_revision(&decoded.value);
        let make = |old: &Value, warnings: &mut Vec<String>| {
            let mut object = old.clone();
            let mut complaints = incoming::complaints(&decoded.duplicates, &[]);
            lay_over(
                request,
                &mut object,
                body.kind,
                decoded.value.clone(),
                &mut complaints,
            )?;
            settle(request, &mut object, complaints, warnings)?;
            check_patched(request, name, &mut object)?;
            Ok(Replacement {
                object,
                is_owned: false,
            })
        };
        let stored = self.replace(request, name, may_retry, warnings, make).await?;
        Ok((stored, false))
    }

    async fn apply(
        &self,
        request: &Request<'_>,
        name: &str,
        body: &PatchBody,
        warnings: &mut Vec<String>,
    ) -> Result<(Stored, bool), ApiError> {
        let decoded = body.decode()?;
        let mut applied = decoded.value;
        // Upstream writes what it read from YAML as JSON, and reads that.
        decode::write_whole_floats(&mut applied);
        let complaints = incoming::complaints(&decoded.duplicates, &[]);
        let make = |old: &Value, warnings: &mut Vec<String>| {
            let mut object = ownership::apply(request, Some(old), &applied).map_err(ownership::refusal)?;
            report(request, &complaints, warnings)?;
            complete_applied(request, name, &mut object)?;
            // As the real server does: a status that is applied as null is none, while one that the apply has emptied
            // stays null and is judged.
            if applied.get("status").is_some_and(Value::is_null)
                && let Some(fields) = object.as_object_mut()
                && fields.get("status").is_some_and(Value::is_null)
            {
                fields.remove("status");
            }
            Ok(Replacement {
                object,
                is_owned: true,
            })
        };
        let may_retry = meta_text(&applied, "resourceVersion").is_empty();
        match self.replace(request, name, may_retry, warnings, make).await {
            Err(error) if error.reason == "NotFound" && request.part.subresource().is_none() => {
                let created = self
                    .create_applied(request, name, &applied, &complaints, warnings)
                    .await?;
                Ok((created, true))
            }
            result => Ok((result?, false)),
        }
    }

    async fn create_applied(
        &self,
        request: &Request<'_>,
        name: &str,
        applied: &Value,
        complaints: &[String],
        warnings: &mut Vec<String>,
    ) -> Result<Stored, ApiError> {
        let uid = meta_text(applied, "uid");
        if !uid.is_empty() {
            return Err(ownership::no_such_uid(request.named(), name, uid));
        }
        let mut object = ownership::apply(request, None, applied).map_err(ownership::refusal)?;
        report(request, complaints, warnings)?;
        complete_applied(request, name, &mut object)?;
        // Nothing is there that could have changed.
        set_meta(&mut object, "resourceVersion", None);
        self.check_namespace(request, name)?;
        self.create_object(request, object, false, warnings).await
    }
}

/// An apply is an object; an empty body is one without a type.
fn check_applied(applied: &Value) -> Result<(), ApiError> {
    match applied {
        Value::Object(_) => Ok(()),
        Value::Null => Err(ApiError::bad_request("invalid object type: /, Kind=")),
        other => Err(ApiError::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value \
             of type map[string]interface {{}}",
            patch::go_type(other)
        ))),
    }
}

/// Duplicate fields of an applied body fail, warn, or are passed over. Upstream looks for them after the apply.
fn report(request: &Request<'_>, complaints: &[String], warnings: &mut Vec<String>) -> Result<(), ApiError> {
    match request.options.field_validation {
        FieldValidation::Strict if !complaints.is_empty() => {
            let complaints = complaints.join(", ");
            Err(ApiError::bad_request(format!(
                "error strict decoding YAML: {complaints}"
            )))
        }
        FieldValidation::Warn => {
            warnings.extend_from_slice(complaints);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether a patch names a revision, which then is a lock.
fn sets_revision(patch: &Value) -> bool {
    let of_merge = patch.get("metadata").and_then(|meta| meta.get("resourceVersion"));
    of_merge.is_some_and(|revision| !revision.is_null())
        || patch.as_array().into_iter().flatten().any(|operation| {
            let path = operation.get("path").and_then(Value::as_str).unwrap_or_default();
            path == "/metadata/resourceVersion" || path == "/metadata" || path.is_empty()
        })
}

fn lay_over(
    request: &Request<'_>,
    object: &mut Value,
    kind: PatchKind,
    patch: Value,
    complaints: &mut Vec<String>,
) -> Result<(), ApiError> {
    match kind {
        PatchKind::Json => {
            let patch = patch::json::Patch::parse(patch)?;
            complaints.extend_from_slice(&patch.strict);
            patch.apply(object)
        }
        PatchKind::Merge => patch::merge::apply(object, patch),
        PatchKind::Strategic => {
            let result = request.kind.strategy.patch_strategic(object, patch);
            result.unwrap_or_else(|| Err(patch::strategic::unsupported()))
        }
        PatchKind::Apply => Err(ApiError::internal("an apply is no change of a JSON value")),
    }
}

/// Reads the patched object as upstream decodes it: unknown fields and defaults.
fn settle(
    request: &Request<'_>,
    object: &mut Value,
    mut complaints: Vec<String>,
    warnings: &mut Vec<String>,
) -> Result<(), ApiError> {
    if request.kind.origin != Origin::BuiltIn {
        check_type(object)?;
    }
    let validation = request.options.field_validation;
    // The object is quoted as it was before unknown fields were dropped.
    let before = (validation == FieldValidation::Strict).then(|| object.clone());
    let unknown = match incoming::settle(request.kind, object) {
        Ok(unknown) => unknown,
        Err(why) => return Err(undecodable_patch(object, &why)),
    };
    complaints.extend(incoming::complaints(&[], &unknown));
    match (validation, before) {
        (FieldValidation::Warn, _) => warnings.extend(complaints),
        (FieldValidation::Strict, Some(before)) if !complaints.is_empty() => {
            let why = format!("strict decoding error: {}", complaints.join(", "));
            return Err(undecodable_patch(&before, &why));
        }
        _ => {}
    }
    Ok(())
}

/// A patched custom resource must say what it is before anything else is read. Whether that is right is judged by
/// validation.
fn check_type(object: &Value) -> Result<(), ApiError> {
    if let Some(why) = untyped(object) {
        return Err(undecodable_patch(object, &why));
    }
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    if text("kind").is_empty() {
        let why = format!("Object 'Kind' is missing in '{object}'");
        return Err(undecodable_patch(object, &why));
    }
    let version = text("apiVersion");
    if version.is_empty() {
        let why = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
        let cause = Cause {
            reason: String::new(),
            message: why.to_owned(),
            field: String::new(),
        };
        return Err(ApiError::internal(why).with_causes(vec![cause]));
    }
    if version.matches('/').count() > 1 {
        let why = format!("unexpected GroupVersion string: {version}");
        return Err(undecodable_patch(object, &why));
    }
    Ok(())
}

/// A patch cannot move the object. What it makes of its type is judged by validation.
fn check_patched(request: &Request<'_>, name: &str, object: &mut Value) -> Result<(), ApiError> {
    incoming::check_name(object, name)?;
    let namespace = request.namespace.filter(|_| request.kind.namespaced);
    incoming::bind_namespace(object, namespace)
}

/// What follows an apply: the name must be that of the path, defaults are filled in.
fn complete_applied(request: &Request<'_>, name: &str, object: &mut Value) -> Result<(), ApiError> {
    check_patched(request, name, object)?;
    if matches!(request.kind.origin, Origin::Custom(_)) {
        // Merging knows the schema, and what it made null stays so. Yet it takes what is unknown below a place that
        // keeps unknown fields, where the schema may say more; that goes after the object was judged, as upstream.
        request.kind.schema.object.fill_defaults(object);
        gitsm_schema::object_meta::drop_empty(object);
        return Ok(());
    }
    let managed = object["metadata"].get("managedFields").cloned();
    if let Err(why) = incoming::settle(request.kind, object) {
        return Err(undecodable_patch(object, &why));
    }
    // Decoding must not touch what the apply has just written.
    set_meta(object, "managedFields", managed);
    Ok(())
}
