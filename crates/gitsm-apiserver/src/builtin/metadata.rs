//! `metadata` of built-in kinds: the names that each allows, and what may not change.

use super::complaints::{Complaints, at, list};
use gitsm_schema::object_meta::{self, NamespaceRule};
use gitsm_schema::values::names;
use gitsm_schema::{ErrorKind, FieldError};
use serde_json::Value;

/// How the names of a kind are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// A DNS subdomain: most kinds.
    Subdomain,
    /// A DNS label: namespaces.
    Label,
    /// A DNS label that begins with a letter: services.
    Label1035,
    /// Anything that can stand in a path: roles and bindings.
    PathSegment,
}

impl NameRule {
    /// What is wrong with a name, or with the prefix of a generated one.
    pub fn judge(self, name: &str, is_prefix: bool) -> Vec<String> {
        let masked;
        let name = if is_prefix && self != Self::PathSegment {
            masked = names::mask_trailing_dash(name).into_owned();
            masked.as_str()
        } else {
            name
        };
        match self {
            Self::Subdomain => names::dns1123_subdomain(name),
            Self::Label => names::dns1123_label(name),
            Self::Label1035 => names::dns1035_label(name),
            Self::PathSegment => path_segment(name, is_prefix),
        }
    }
}

fn path_segment(name: &str, is_prefix: bool) -> Vec<String> {
    if !is_prefix && matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    ['/', '%']
        .into_iter()
        .filter(|c| name.contains(*c))
        .map(|c| format!("may not contain '{c}'"))
        .collect()
}

/// What is wrong with the metadata of an object.
pub fn validate(object: &Value, namespaced: bool, rule: NameRule) -> Vec<FieldError> {
    let mut complaints = Complaints::default();
    for (field, is_prefix) in [("generateName", true), ("name", false)] {
        let name = crate::object::meta_text(object, field);
        if !name.is_empty() {
            complaints.each_invalid(&at("metadata").field(field), name, rule.judge(name, is_prefix));
        }
    }
    let namespace = if namespaced {
        NamespaceRule::Required
    } else {
        NamespaceRule::Forbidden
    };
    let names = [at("metadata.name"), at("metadata.generateName")];
    let others = object_meta::validate_root(object, namespace)
        .into_iter()
        .filter(|error| !(error.kind == ErrorKind::Invalid && names.contains(&error.path)));
    complaints.extend(others);
    complaints.into_errors()
}

/// Finalizers of built-in kinds are standard ones or have a domain.
pub(super) fn check_finalizers(object: &Value, complaints: &mut Complaints) {
    for (index, finalizer) in list(&object["metadata"], "finalizers").iter().enumerate() {
        let finalizer = finalizer.as_str().unwrap_or_default();
        if !finalizer.contains('/') && !matches!(finalizer, "kubernetes" | "orphan" | "foregroundDeletion") {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            complaints.invalid(at("metadata.finalizers").index(index), finalizer, detail);
        }
    }
}

/// What is wrong with a change of metadata, beyond what is wrong with the new one.
pub fn validate_update(object: &Value, old: &Value) -> Vec<FieldError> {
    let mut complaints = Complaints::default();
    let (new, old) = (&object["metadata"], &old["metadata"]);
    let path = |field: &str| at("metadata").field(field);
    if !old["deletionTimestamp"].is_null() {
        let known = old["finalizers"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut added: Vec<&str> = new["finalizers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|finalizer| !known.contains(finalizer))
            .filter_map(Value::as_str)
            .collect();
        added.sort_unstable();
        added.dedup();
        if !added.is_empty() {
            let added: Vec<String> = added.iter().map(|finalizer| format!("{finalizer:?}")).collect();
            complaints.forbidden(
                path("finalizers"),
                &format!(
                    "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                    added.join(", ")
                ),
            );
        }
    }
    if new["resourceVersion"].as_str().unwrap_or_default().is_empty() {
        complaints.invalid(path("resourceVersion"), "", "must be specified for an update");
    }
    let generation = |meta: &Value| meta["generation"].as_i64().unwrap_or(0);
    if generation(new) < generation(old) {
        complaints.invalid(path("generation"), generation(new), "must not be decremented");
    }
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        complaints.immutable(path(field), &new[field], &old[field]);
    }
    complaints.into_errors()
}
