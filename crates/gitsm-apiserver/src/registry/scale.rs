//! The scale subresource: replicas of an object as an `autoscaling/v1` Scale.

use super::update::{Replacement, undecodable_patch};
use super::{Body, PatchBody, Registry, Request, incoming, ownership};
use crate::error::{ApiError, Cause, Named};
use crate::kind::{Kind, Origin, ScalePaths};
use crate::object::{meta_text, metadata, set_meta, untyped};
use crate::patch;
use crate::request::PatchKind;
use crate::selectors;
use crate::store::Stored;
use gitsm_apply::{ApplyOptions, ResetFields, ResourceTypes, ScaleFields, TypeSchema, UpdateOptions};
use gitsm_schema::FieldError;
use gitsm_schema::structural::Structural;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

const VERSION: &str = "autoscaling/v1";

static TYPES: LazyLock<ResourceTypes> = LazyLock::new(|| {
    let schema = json!({"type": "object", "properties": {
        "spec": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
        "status": {"type": "object", "properties": {
            "replicas": {"type": "integer"}, "selector": {"type": "string"},
        }},
    }});
    let schema = Structural::from_json(&schema).unwrap_or_default();
    ResourceTypes::single(VERSION, TypeSchema::for_resource(&schema))
});

impl Registry {
    /// The scale of an object.
    ///
    /// # Errors
    /// 404 where there is no such object or no scale subresource, 500 where the object has no replicas.
    pub fn get_scale(&self, kind: &Kind, namespace: Option<&str>, name: &str) -> Result<Value, ApiError> {
        let paths = scale_paths(kind, name)?;
        let stored = self.get(kind, namespace, name)?;
        of_object(paths, &stored.value(), true)
    }

    /// Replaces the replicas of an object.
    ///
    /// # Errors
    /// As updates of objects.
    pub async fn update_scale(
        &self,
        request: &Request<'_>,
        name: &str,
        body: Body,
        warnings: &mut Vec<String>,
    ) -> Result<Value, ApiError> {
        let mut wanted = body.decoded.value;
        if !wanted.is_object() {
            return Err(incoming::unrecognized("Scale", "the body is no Scale", &body.raw));
        }
        check_is_scale(&wanted)?;
        incoming::bind_namespace(&mut wanted, request.namespace)?;
        incoming::check_name(&wanted, name)?;
        let may_retry = meta_text(&wanted, "resourceVersion").is_empty();
        self.rescale(request, name, may_retry, warnings, false, |_| {
            Ok((wanted.clone(), false))
        })
        .await
    }

    /// Patches the replicas of an object.
    ///
    /// # Errors
    /// As patches of objects.
    pub async fn patch_scale(
        &self,
        request: &Request<'_>,
        name: &str,
        body: &PatchBody,
        warnings: &mut Vec<String>,
    ) -> Result<Value, ApiError> {
        let patch = body.decode()?.value;
        let may_retry = patch.pointer("/metadata/resourceVersion").is_none();
        self.rescale(request, name, may_retry, warnings, true, |scale| {
            let mut wanted = scale.clone();
            match body.kind {
                PatchKind::Json => patch::json::Patch::parse(patch.clone())?.apply(&mut wanted)?,
                // A Scale has no lists: both kinds of merge are the same for it.
                PatchKind::Merge | PatchKind::Strategic => patch::merge::apply(&mut wanted, patch.clone())?,
                PatchKind::Apply => return Ok((apply(request, scale, &patch)?, true)),
            }
            Ok((wanted, false))
        })
        .await
    }

    async fn rescale(
        &self,
        request: &Request<'_>,
        name: &str,
        may_retry: bool,
        warnings: &mut Vec<String>,
        is_patch: bool,
        make: impl Fn(&Value) -> Result<(Value, bool), ApiError> + Send + Sync,
    ) -> Result<Value, ApiError> {
        let kind = request.kind;
        let paths = scale_paths(kind, name)?;
        let fields = fields(kind, paths);
        let into_object = |old: &Value, _: &mut Vec<String>| {
            let mut scale = of_object(paths, old, false)?;
            fields.to_scale(old, &mut scale).map_err(ApiError::internal)?;
            let (mut wanted, is_owned) = make(&scale)?;
            check(&wanted).map_err(|why| {
                if is_patch {
                    undecodable_patch(&wanted, &why)
                } else {
                    undecodable(&why)
                }
            })?;
            if !is_owned {
                wanted = note(request, &scale, wanted);
            }
            let mut object = old.clone();
            set(kind, name, &mut object, &wanted)?;
            set_meta(
                &mut object,
                "resourceVersion",
                Some(revision_of(&wanted, old).into()),
            );
            let version = kind.api_version();
            fields
                .to_object(&wanted, &mut object, &version)
                .map_err(ApiError::internal)?;
            Ok(Replacement {
                object,
                is_owned: true,
            })
        };
        let stored: Stored = self
            .replace(request, name, may_retry, warnings, into_object)
            .await?;
        of_object(paths, &stored.value(), true)
    }
}

/// The revision that the write insists on: the one that the Scale names, or that of the object.
fn revision_of<'v>(wanted: &'v Value, old: &'v Value) -> &'v str {
    match meta_text(wanted, "resourceVersion") {
        "" => meta_text(old, "resourceVersion"),
        given => given,
    }
}

fn scale_paths<'k>(kind: &'k Kind, name: &str) -> Result<&'k ScalePaths, ApiError> {
    kind.scale
        .as_ref()
        .ok_or_else(|| ApiError::not_found(kind.named(), name))
}

/// The Scale of an object that is about to be written.
pub(super) fn of(kind: &Kind, name: &str, object: &Value) -> Result<Value, ApiError> {
    of_object(scale_paths(kind, name)?, object, false)
}

/// Writes the replicas of a Scale into its object.
pub(super) fn set(kind: &Kind, name: &str, object: &mut Value, scale: &Value) -> Result<(), ApiError> {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 && kind.origin == Origin::BuiltIn {
        return Err(negative(name, replicas));
    }
    set_number(object, &scale_paths(kind, name)?.spec_replicas, replicas);
    Ok(())
}

fn fields(kind: &Kind, paths: &ScalePaths) -> ScaleFields {
    ScaleFields::new().with(&kind.api_version(), Some(&paths.spec_replicas))
}

/// The scale of an object. For reading, the replicas must be there.
fn of_object(paths: &ScalePaths, object: &Value, must_exist: bool) -> Result<Value, ApiError> {
    let replicas = number(object, &paths.spec_replicas);
    if must_exist && replicas.is_none() {
        let why = format!("the spec replicas field {:?} does not exist", paths.spec_replicas);
        let cause = Cause {
            message: why.clone(),
            reason: String::new(),
            field: String::new(),
        };
        return Err(ApiError::internal(why).with_causes(vec![cause]));
    }
    let mut meta = Map::new();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = metadata(object).get(field) {
            meta.insert(field.to_owned(), value.clone());
        }
    }
    let mut status = json!({"replicas": number(object, &paths.status_replicas).unwrap_or(0)});
    let selector = paths
        .label_selector
        .as_deref()
        .and_then(|path| find(object, path));
    match selector {
        Some(Value::String(text)) if !text.is_empty() => status["selector"] = text.as_str().into(),
        // Built-in kinds keep a structured selector.
        Some(selector @ Value::Object(_)) => status["selector"] = selectors::text_of(selector).into(),
        _ => {}
    }
    let mut spec = Map::new();
    if let Some(replicas) = replicas.filter(|replicas| *replicas != 0) {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    Ok(json!({"kind": "Scale", "apiVersion": VERSION, "metadata": meta, "spec": spec, "status": status}))
}

/// What is wrong with the types of a Scale, in the words of Go's decoder.
pub(super) fn check(scale: &Value) -> Result<(), String> {
    if let Some(why) = untyped(scale) {
        return Err(why);
    }
    if scale.is_null() {
        return Err("Object 'Kind' is missing in 'null'".to_owned());
    }
    let text = |field: &str| scale[field].as_str().filter(|text| !text.is_empty());
    let (kind, version) = (
        text("kind").unwrap_or("Scale"),
        text("apiVersion").unwrap_or(VERSION),
    );
    if kind != "Scale" || version != VERSION {
        let scheme = "k8s.io/client-go/scale/util.go:146";
        return Err(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme {scheme:?}"
        ));
    }
    let spec = &scale["spec"];
    if !spec.is_object() && !spec.is_null() {
        let found = patch::go_type(spec);
        return Err(format!(
            "json: cannot unmarshal {found} into Go struct field Scale.spec of type v1.ScaleSpec"
        ));
    }
    let replicas = &spec["replicas"];
    let is_count = replicas
        .as_i64()
        .is_some_and(|number| i32::try_from(number).is_ok());
    if replicas.is_null() || is_count {
        return Ok(());
    }
    // Numbers that do not fit are quoted.
    let found = match replicas {
        Value::Number(number) => format!("number {number}"),
        other => patch::go_type(other).to_owned(),
    };
    Err(format!(
        "json: cannot unmarshal {found} into Go struct field ScaleSpec.spec.replicas of type int32"
    ))
}

/// A replacement must not be of another kind; it may leave out what the path says.
fn check_is_scale(wanted: &Value) -> Result<(), ApiError> {
    let text = |field: &str| wanted[field].as_str().unwrap_or_default();
    let found = text("kind");
    if matches!(found, "" | "Scale") {
        return Ok(());
    }
    let version = text("apiVersion").rsplit('/').next().unwrap_or_default();
    Err(ApiError::bad_request(format!(
        "{found} in version {version:?} cannot be handled as a Scale: converting ({version}.{found}) to \
         (autoscaling.Scale): unknown conversion"
    )))
}

/// 422 for fewer replicas than none of a built-in kind. Custom resources are judged by the paths of their definition.
fn negative(name: &str, replicas: i64) -> ApiError {
    let path = gitsm_schema::Path::root().field("spec").field("replicas");
    let why = "must be greater than or equal to 0";
    let error = FieldError::new(gitsm_schema::ErrorKind::Invalid, path, why).with_value(replicas.into());
    let named = Named {
        group: "autoscaling",
        resource: "Scale",
    };
    ApiError::invalid(named, name, &[error])
}

/// 400 for a body that is no Scale.
fn undecodable(why: &str) -> ApiError {
    ApiError::bad_request(format!(
        "Scale in version \"v1\" cannot be handled as a Scale: {why}"
    ))
}

fn note(request: &Request<'_>, old: &Value, new: Value) -> Value {
    let options = UpdateOptions {
        manager: &request.options.field_manager,
        subresource: Some("scale"),
        api_version: VERSION,
        kind: "Scale",
        now: request.now,
        reset: &ResetFields::none(),
    };
    gitsm_apply::update(&TYPES, Some(old), new, &options)
}

fn apply(request: &Request<'_>, live: &Value, applied: &Value) -> Result<Value, ApiError> {
    let options = ApplyOptions {
        manager: &request.options.field_manager,
        force: request.options.force.unwrap_or(false),
        subresource: Some("scale"),
        api_version: VERSION,
        kind: "Scale",
        now: request.now,
        reset: &ResetFields::none(),
    };
    gitsm_apply::apply(&TYPES, Some(live), applied, &options).map_err(ownership::refusal)
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|step| !step.is_empty())
}

fn find<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    steps(path).try_fold(object, |value, step| value.get(step))
}

fn number(object: &Value, path: &str) -> Option<i64> {
    find(object, path)?.as_i64()
}

fn set_number(object: &mut Value, path: &str, number: i64) {
    let mut at = object;
    for step in steps(path) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[step];
    }
    *at = number.into();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn numbers_are_found_and_set_by_path() {
        let mut object = json!({"spec": {"a": 1}});
        set_number(&mut object, ".spec.deep.replicas", 3);
        assert_eq!(number(&object, ".spec.deep.replicas"), Some(3));
        assert_eq!(number(&object, ".spec.none"), None);
    }
}
