//! Acceptance of a `CustomResourceDefinition`: what the API server (1.36) refuses is refused here, in its words.
//!
//! A CRD is JSON of `apiextensions.k8s.io/v1`. The steps of the API server are: [`decode`], [`complete`],
//! [`prepare_create`] or [`prepare_update`], then [`validate_create`] or [`validate_update`]; each is a pure
//! function. [`warnings`] go along with a CRD that is accepted.
//!
//! What is not judged: whether a `caBundle` holds certificates that can be read. Rules that cannot be evaluated
//! as the API server would are refused.

mod complaints;
mod conversion;
mod defaults;
mod model;
mod props;
mod rules;
mod schema;
mod shape;
mod shown;
mod spec;
mod structural;
#[cfg(test)]
mod tests;
mod types;
mod update;

use crate::cel::on_large_stack;
use crate::error::{ErrorKind, FieldError};
use crate::formats::StringFormat;
use crate::object_meta::{self, NamespaceRule};
use crate::path::Path;
use crate::values::Url;
use complaints::{Complaints, names};
use model::{Crd, Spec, Status};
use props::Props;
pub use schema::SchemaPolicy;
use serde_json::{Map, Value, json};
pub use shape::{DecodeError, Decoded};
use spec::SpecOptions;
use std::collections::BTreeSet;

/// Reads a CRD as the API server reads the body of a request: unknown fields are dropped and named.
///
/// # Errors
///
/// A value of the wrong type, which the API server answers with 400.
pub fn decode(crd: &Value) -> Result<Decoded, DecodeError> {
    large(|| shape::decode(&types::CRD, crd))?
}

/// Why `meta` cannot be decoded as `ObjectMeta`, if it cannot: of any object, not of definitions alone.
pub fn decode_error(meta: &Value) -> Option<String> {
    let decoded = shape::decode(&types::OBJECT_META, meta);
    decoded.err().map(|error| error.message)
}

/// Fills in what a CRD leaves open: `names.singular`, `names.listKind`, `conversion` and `status.storedVersions`.
pub fn complete(crd: &mut Value) {
    let Some(spec) = crd.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        let kind = names
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let is_absent = |names: &Map<String, Value>, field: &str| {
            names
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .is_empty()
        };
        if !kind.is_empty() {
            if is_absent(names, "singular") {
                names.insert("singular".to_owned(), Value::from(kind.to_lowercase()));
            }
            if is_absent(names, "listKind") {
                names.insert("listKind".to_owned(), Value::from(format!("{kind}List")));
            }
        }
    }
    if spec.get("conversion").is_none_or(Value::is_null) {
        spec.insert("conversion".to_owned(), json!({"strategy": "None"}));
    }
    let service = spec["conversion"]
        .pointer_mut("/webhook/clientConfig/service")
        .and_then(Value::as_object_mut);
    if let Some(service) = service {
        service.entry("port").or_insert_with(|| json!(443));
    }
    store_version(crd, true);
}

/// Makes a new CRD ready to be stored: its status begins with the storage version, its generation with 1.
pub fn prepare_create(crd: &mut Value) {
    let Some(fields) = crd.as_object_mut() else { return };
    fields.insert("status".to_owned(), json!({}));
    if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.insert("generation".to_owned(), json!(1));
    }
    store_version(crd, false);
}

/// Makes a CRD that replaces `old` ready to be stored: the status stays, but for a new storage version, and the
/// generation counts changes of the spec.
pub fn prepare_update(crd: &mut Value, old: &Value) {
    let Some(fields) = crd.as_object_mut() else { return };
    match old.get("status") {
        Some(status) => fields.insert("status".to_owned(), status.clone()),
        None => fields.remove("status"),
    };
    let generation = old
        .pointer("/metadata/generation")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let has_changed = fields.get("spec") != old.get("spec");
    if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        let generation = generation.saturating_add(i64::from(has_changed));
        meta.insert("generation".to_owned(), json!(generation));
    }
    store_version(crd, false);
}

/// Adds the storage version to the stored ones; with `only_first`, when there is none yet.
fn store_version(crd: &mut Value, only_first: bool) {
    let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .find(|version| version.get("storage") == Some(&Value::Bool(true)))
        .and_then(|version| version.get("name"))
        .cloned();
    let (Some(storage), Some(fields)) = (storage, crd.as_object_mut()) else {
        return;
    };
    let status = fields.entry("status").or_insert_with(|| json!({}));
    if let Some(status) = status.as_object_mut() {
        let stored = status.entry("storedVersions").or_insert_with(|| json!([]));
        if stored.is_null() {
            *stored = json!([]);
        }
        if let Some(stored) = stored.as_array_mut()
            && !stored.contains(&storage)
            && (stored.is_empty() || !only_first)
        {
            stored.push(storage);
        }
    }
}

/// Everything that is wrong with a new CRD.
///
/// # Errors
///
/// As [`decode`].
pub fn validate_create(crd: &Value) -> Result<Vec<FieldError>, DecodeError> {
    large(|| {
        let crd = Crd::read(shape::decode(&types::CRD, crd)?.value);
        let mut out = Complaints(object_meta::validate_root(&crd.object, NamespaceRule::Forbidden));
        check_name(&crd, &mut out);
        out.0.extend(spec::validate(&crd.spec, SpecOptions::strict()));
        check_status(&crd.status, &mut out);
        check_stored_versions(&crd, &mut out);
        check_approval(&crd, None, &mut out);
        check_pruning(&crd, None, &mut out);
        Ok(out.0)
    })?
}

/// Everything that is wrong with a CRD that replaces `old`.
///
/// # Errors
///
/// As [`decode`].
pub fn validate_update(crd: &Value, old: &Value) -> Result<Vec<FieldError>, DecodeError> {
    large(|| {
        let crd = Crd::read(shape::decode(&types::CRD, crd)?.value);
        let old = Crd::read(shape::decode(&types::CRD, old)?.value);
        let mut out = Complaints(object_meta::validate_update(&crd.object, &old.object));
        out.0
            .extend(spec::validate(&crd.spec, update::options(&crd, &old)));
        update::check_immutable(&crd, &old, &mut out);
        check_status(&crd.status, &mut out);
        check_stored_versions(&crd, &mut out);
        check_approval(&crd, Some(&old), &mut out);
        check_pruning(&crd, Some(&old), &mut out);
        Ok(out.0)
    })?
}

/// Everything that is wrong with a CRD whose status replaces that of `old`.
///
/// # Errors
///
/// As [`decode`].
pub fn validate_status_update(crd: &Value, old: &Value) -> Result<Vec<FieldError>, DecodeError> {
    large(|| {
        let crd = Crd::read(shape::decode(&types::CRD, crd)?.value);
        let old = shape::decode(&types::CRD, old)?.value;
        let mut out = Complaints(object_meta::validate_update(&crd.object, &old));
        check_status(&crd.status, &mut out);
        Ok(out.0)
    })?
}

/// Everything that is wrong with an `openAPIV3Schema` that all versions of a CRD have in common, under `policy`.
/// Messages name it `spec.validation.openAPIV3Schema`. `has_status` says whether `status` is a subresource.
///
/// # Errors
///
/// As [`decode`].
pub fn validate_schema(
    schema: &Value,
    has_status: bool,
    policy: SchemaPolicy,
) -> Result<Vec<FieldError>, DecodeError> {
    large(|| {
        let schema = Props::read(&shape::decode(&types::SCHEMA, schema)?.value);
        let path = Path::root().field("spec").field("validation");
        Ok(schema::validate(&schema, has_status, policy, &path))
    })?
}

/// What the API server warns of when it accepts a CRD; with `old`, only what is new.
pub fn warnings(crd: &Value, old: Option<&Value>) -> Vec<String> {
    let read = |crd: &Value| {
        let decoded = shape::decode(&types::CRD, crd).ok()?;
        Some(Crd::read(decoded.value).spec)
    };
    let collect = || {
        let known = old
            .and_then(read)
            .map(|spec| all_warnings(&spec))
            .unwrap_or_default();
        let mut warnings = read(crd).map(|spec| all_warnings(&spec)).unwrap_or_default();
        warnings.retain(|warning| !known.contains(warning));
        warnings
    };
    large(collect).unwrap_or_default()
}

/// Runs on a stack that is large enough for any schema that can be decoded.
fn large<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, DecodeError> {
    on_large_stack(work).map_err(|_| DecodeError {
        message: "the definition could not be judged: no thread could be started for it".to_owned(),
    })
}

fn check_name(crd: &Crd, out: &mut Complaints) {
    let required = format!("{}.{}", crd.spec.names.plural, crd.spec.group);
    let name = crd
        .object
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !name.is_empty() && name != required {
        let path = Path::root().field("metadata").field("name");
        out.invalid(path, name, "must be spec.names.plural+\".\"+spec.group");
    }
}

fn check_status(status: &Status, out: &mut Complaints) {
    let path = Path::root().field("status").field("acceptedNames");
    spec::check_names(&status.accepted_names, &path, out);
}

fn check_stored_versions(crd: &Crd, out: &mut Complaints) {
    let path = Path::root().field("status").field("storedVersions");
    let stored = crd.status.stored_versions.as_deref();
    let Some(stored) = stored.filter(|stored| !stored.is_empty()) else {
        let shown = stored.map(names).unwrap_or_default();
        return out.invalid(path, shown, "must have at least one stored version");
    };
    let versions = &crd.spec.versions;
    for (index, version) in versions.iter().enumerate().filter(|(_, version)| version.storage) {
        // Upstream looks up each name once: a version that is there twice is not found again.
        let is_again = versions[..index].iter().any(|other| other.name == version.name);
        if is_again || !stored.contains(&version.name) {
            let detail = format!("must have the storage version {}", version.name);
            out.invalid(path.clone(), names(stored), detail);
        }
    }
    for (index, name) in stored.iter().enumerate() {
        let is_last = !stored[index + 1..].contains(name);
        if is_last && !versions.iter().any(|version| version.name == *name) {
            let detail = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions \
                 until a storage migration ensures no data remains persisted in {name} and removes {name} from \
                 status.storedVersions"
            );
            out.invalid(path.index(index), name.as_str(), detail);
        }
    }
}

/// Whether a group of the Kubernetes community says who approved its API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Approval {
    Invalid,
    Approved,
    Bypassed,
    Missing,
}

const APPROVAL: &str = "api-approved.kubernetes.io";

fn approval(crd: &Crd) -> (Approval, &str) {
    let annotations = crd.object.pointer("/metadata/annotations");
    let text = annotations
        .and_then(|annotations| annotations.get(APPROVAL)?.as_str())
        .unwrap_or_default();
    let is_url = |url: Url| !url.host().is_empty() && !url.scheme().is_empty();
    let state = if text.is_empty() {
        Approval::Missing
    } else if text.starts_with("unapproved") {
        Approval::Bypassed
    } else if Url::parse(text).is_ok_and(is_url) {
        Approval::Approved
    } else {
        Approval::Invalid
    };
    (state, text)
}

fn check_approval(crd: &Crd, old: Option<&Crd>, out: &mut Complaints) {
    let is_within = |domain: &str| {
        let rest = crd.spec.group.strip_suffix(domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !is_within("k8s.io") && !is_within("kubernetes.io") {
        return;
    }
    let (state, text) = approval(crd);
    if old.is_some_and(|old| approval(old).0 == state) {
        return;
    }
    let path = Path::root().field("metadata").field("annotations").key(APPROVAL);
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let must = format!("protected groups must have approval annotation \"{APPROVAL}\"");
    match state {
        Approval::Approved | Approval::Bypassed => {}
        Approval::Missing => out.required(path, &format!("{must}, {see}")),
        Approval::Invalid => {
            let detail = format!("{must} with either a URL or a reason starting with \"unapproved\", {see}");
            out.invalid(path, text, detail);
        }
    }
}

fn check_pruning(crd: &Crd, old: Option<&Crd>, out: &mut Complaints) {
    let was_allowed = old.is_some_and(|old| old.spec.preserve_unknown_fields);
    if crd.spec.preserve_unknown_fields && !was_allowed {
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema \
                      instead";
        let path = Path::root().field("spec").field("preserveUnknownFields");
        out.0
            .push(FieldError::new(ErrorKind::Invalid, path, detail).with_value(Value::Bool(true)));
    }
}

fn all_warnings(spec: &Spec) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut sets = BTreeSet::new();
    for schema in spec.schemas() {
        schema.any(&mut |schema| {
            let is_known = match schema.ty.as_str() {
                _ if schema.format.is_empty() => true,
                "" | "string" => StringFormat::find(&schema.format).is_some(),
                "integer" => matches!(schema.format.as_str(), "int32" | "int64"),
                "number" => matches!(schema.format.as_str(), "float" | "double"),
                _ => false,
            };
            if !is_known {
                warnings.push(format!("unrecognized format {}", crate::values::go_quote(&schema.format)));
            }
            let item = schema.item().filter(|_| schema.list_type.as_deref() == Some("set"));
            if let Some(ty @ ("object" | "array")) = item.map(|item| item.ty.as_str()) {
                sets.insert(format!(
                    "x-kubernetes-list-type: set for items of type \"{ty}\" is not supported by server-side apply or \
                     CEL validation rules"
                ));
            }
            false
        });
    }
    warnings.extend(sets);
    warnings
}
