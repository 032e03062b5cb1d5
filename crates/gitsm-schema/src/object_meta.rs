//! `metadata`, `apiVersion` and `kind`: of the object itself and of resources embedded in it.
//!
//! Custom resource schemas do not describe these; the API server checks them in code.

mod fields;
mod finalizers;

use crate::crd::decode_error;
use crate::error::{ErrorKind, FieldError};
use crate::path::Path;
use crate::structural::{AdditionalProperties, Structural};
use crate::trail::Trail;
use crate::validate::Validator;
use crate::values::{go_quote, names};
pub(crate) use fields::schema;
pub use finalizers::finalizer_warnings;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Most bytes of all annotations together.
const MAX_ANNOTATIONS: usize = 256 * 1_024;

/// Whether an object must name its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamespaceRule {
    /// The kind is namespaced, and nothing else says which namespace.
    Required,
    /// The kind is namespaced; the namespace may be filled in from elsewhere.
    Optional,
    /// The kind is cluster-scoped.
    Forbidden,
}

/// How `metadata.name` is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameRule {
    /// A DNS subdomain, as names of custom resources.
    Subdomain,
    /// Anything that can stand in a URL path; may be absent. So for embedded resources, whose kind is not known.
    PathSegment,
}

/// Drops what says nothing from the metadata of `object`, as reading it into Go's `ObjectMeta` and writing it again does:
/// nulls, empty texts, lists and maps.
pub fn drop_empty(object: &mut Value) {
    let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    meta.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    });
}

/// Everything that is wrong with the `metadata` of a whole custom resource.
///
/// A missing name is accepted when there is a `generateName`.
pub fn validate_root(object: &Value, namespace: NamespaceRule) -> Vec<FieldError> {
    let path = Path::root().field("metadata");
    let absent = Value::Object(Map::new());
    let meta = object
        .get("metadata")
        .filter(|meta| !meta.is_null())
        .unwrap_or(&absent);
    let malformed = type_errors(meta, &path);
    if !malformed.is_empty() {
        return malformed;
    }
    let mut checker = Checker {
        path,
        meta,
        errors: Vec::new(),
    };
    checker.check(NameRule::Subdomain, namespace);
    checker.errors
}

/// Everything that is wrong with the `metadata` of a resource that replaces `old`.
///
/// Names, namespaces and finalizers that are there already are not judged again.
pub fn validate_update(object: &Value, old: &Value) -> Vec<FieldError> {
    let path = Path::root().field("metadata");
    let absent = Value::Object(Map::new());
    let meta = object.get("metadata").filter(|meta| !meta.is_null());
    let meta = meta.unwrap_or(&absent);
    let malformed = type_errors(meta, &path);
    if !malformed.is_empty() {
        return malformed;
    }
    let mut checker = Checker {
        path,
        meta,
        errors: Vec::new(),
    };
    checker.check_transition(old.get("metadata").unwrap_or(&absent));
    checker.check_labels();
    checker.check_annotations();
    checker.check_owners();
    checker.check_managed_fields();
    checker.errors
}

/// Everything that is wrong with the resources embedded in `object` (`x-kubernetes-embedded-resource`).
///
/// An object is followed at most 200 levels deep.
pub fn validate_embedded(schema: &Structural, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(schema, object, &Trail::root(), &mut errors);
    errors
}

fn walk(schema: &Structural, value: &Value, at: &Trail<'_>, errors: &mut Vec<FieldError>) {
    match value {
        _ if at.is_too_deep() => {}
        Value::Object(fields) => {
            if schema.extensions.embedded_resource {
                check_embedded(fields, at, errors);
            }
            for (name, value) in fields {
                if let Some(property) = schema.properties.get(name) {
                    walk(property, value, &at.field(name), errors);
                } else if let Some(AdditionalProperties::Schema(values)) = &schema.additional_properties {
                    walk(values, value, &at.key(name), errors);
                }
            }
        }
        Value::Array(elements) => {
            if let Some(items) = &schema.items {
                for (index, element) in elements.iter().enumerate() {
                    walk(items, element, &at.index(index), errors);
                }
            }
        }
        _ => {}
    }
}

fn check_embedded(fields: &Map<String, Value>, at: &Trail<'_>, errors: &mut Vec<FieldError>) {
    let mut invalid = |name: &str, value: &Value, detail: String| {
        errors.push(
            FieldError::new(ErrorKind::Invalid, at.field(name).to_path(), detail).with_value(value.clone()),
        );
    };
    for name in ["apiVersion", "kind"] {
        match fields.get(name) {
            None => {}
            Some(Value::String(text)) if text.is_empty() => {
                invalid(name, &Value::from(""), "must not be empty".to_owned());
            }
            Some(value @ Value::String(text)) => {
                if let Some(detail) = wrong_type_meta(name, text) {
                    invalid(name, value, detail);
                }
            }
            Some(value) => invalid(name, value, "must be a string".to_owned()),
        }
    }
    let path = at.field("metadata").to_path();
    if let Some(meta) = fields.get("metadata") {
        if let Some(malformed) = undecodable(meta, &path) {
            errors.push(malformed);
        } else {
            let mut checker = Checker {
                path,
                meta,
                errors: Vec::new(),
            };
            checker.check(NameRule::PathSegment, NamespaceRule::Optional);
            errors.append(&mut checker.errors);
        }
    }
    for name in ["apiVersion", "kind"] {
        if !fields.contains_key(name) {
            errors.push(FieldError::new(ErrorKind::Required, at.field(name).to_path(), ""));
        }
    }
}

/// The first value in the metadata of a resource in `object` that has a type from which it cannot be decoded.
pub(crate) fn malformed(schema: &Structural, object: &Value) -> Option<FieldError> {
    find_malformed(schema, object, &Trail::root())
}

fn find_malformed(schema: &Structural, value: &Value, at: &Trail<'_>) -> Option<FieldError> {
    match value {
        _ if at.is_too_deep() => None,
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let own = match name.as_str() {
                _ if !schema.extensions.embedded_resource => None,
                "apiVersion" | "kind" if !value.is_string() => {
                    let path = at.field(name).to_path();
                    let error = FieldError::new(ErrorKind::Invalid, path, "must be a string");
                    Some(error.with_value(value.clone()))
                }
                "metadata" => undecodable(value, &at.field(name).to_path()),
                _ => None,
            };
            own.or_else(
                || match (schema.properties.get(name), &schema.additional_properties) {
                    (Some(property), _) => find_malformed(property, value, &at.field(name)),
                    (None, Some(AdditionalProperties::Schema(values))) => {
                        find_malformed(values, value, &at.key(name))
                    }
                    _ => None,
                },
            )
        }),
        Value::Array(elements) => {
            let items = schema.items.as_deref()?;
            let mut elements = elements.iter().enumerate();
            elements.find_map(|(index, element)| find_malformed(items, element, &at.index(index)))
        }
        _ => None,
    }
}

/// Why `meta` is no metadata; the field inside it is only named in the message.
fn undecodable(meta: &Value, path: &Path) -> Option<FieldError> {
    let precise = type_errors(meta, path).into_iter().next()?;
    let detail = match decode_error(meta) {
        Some(message) => message,
        None => precise.detail,
    };
    let error = FieldError::new(ErrorKind::Invalid, path.clone(), detail);
    Some(error.with_value(meta.clone()).about(precise.path))
}

/// What is wrong with an `apiVersion` or a `kind`.
fn wrong_type_meta(field: &str, text: &str) -> Option<String> {
    if field == "apiVersion" {
        return (text.matches('/').count() > 1).then(|| format!("unexpected GroupVersion string: {text}"));
    }
    let wrong = names::dns1035_label(&text.to_lowercase()).join(",");
    (!wrong.is_empty()).then(|| format!("may have mixed case, but should otherwise match: {wrong}"))
}

/// Where `meta` has values of types that it could not be decoded from.
fn type_errors(meta: &Value, path: &Path) -> Vec<FieldError> {
    static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| Validator::compile(schema()).ok());
    let mut errors = VALIDATOR
        .as_ref()
        .map(|validator| validator.validate(meta))
        .unwrap_or_default();
    for error in &mut errors {
        // Messages begin with the path inside `metadata`.
        error.detail = format!("{path}.{}", error.detail).replacen(". in body", " in body", 1);
        error.path = path.join(&error.path);
    }
    errors
}

struct Checker<'v> {
    path: Path,
    meta: &'v Value,
    errors: Vec<FieldError>,
}

impl Checker<'_> {
    fn check(&mut self, name: NameRule, namespace: NamespaceRule) {
        self.check_name(name);
        self.check_namespace(namespace);
        self.check_generation();
        self.check_labels();
        self.check_annotations();
        self.check_owners();
        self.check_finalizers();
        self.check_managed_fields();
    }

    /// What may not change, and what an update has to say.
    fn check_transition(&mut self, old: &Value) {
        if old.get("deletionTimestamp").is_some_and(|time| !time.is_null()) {
            let known = elements(old, "finalizers");
            let added = elements(self.meta, "finalizers").iter();
            let mut added: Vec<String> = added
                .filter(|finalizer| !known.contains(finalizer))
                .map(|finalizer| go_quote(finalizer.as_str().unwrap_or_default()))
                .collect();
            added.sort_unstable();
            if !added.is_empty() {
                let detail = format!(
                    "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                    added.join(", ")
                );
                self.push(ErrorKind::Forbidden, "finalizers", &detail);
            }
        }
        self.check_generation();
        let number = |meta: &Value, field: &str| meta.get(field).and_then(Value::as_i64).unwrap_or_default();
        if number(self.meta, "generation") < number(old, "generation") {
            let generation = number(self.meta, "generation");
            self.invalid(
                "generation",
                Value::from(generation),
                "must not be decremented".to_owned(),
            );
        }
        if self.text("resourceVersion").is_empty() {
            let detail = "must be specified for an update".to_owned();
            self.invalid("resourceVersion", Value::from(""), detail);
        }
        for field in ["name", "namespace", "uid"] {
            let new = self.text(field).to_owned();
            if new != text(old, field) {
                self.invalid(field, Value::from(new), "field is immutable".to_owned());
            }
        }
        for field in [
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ] {
            let part = |meta: &Value| meta.get(field).cloned().unwrap_or_default();
            let new = part(self.meta);
            if new != part(old) {
                self.invalid(field, new, "field is immutable".to_owned());
            }
        }
    }

    fn check_generation(&mut self) {
        let generation = self.meta.get("generation");
        if let Some(generation) = generation.filter(|generation| generation.as_f64().is_some_and(|n| n < 0.0))
        {
            let detail = "must be greater than or equal to 0".to_owned();
            self.invalid("generation", generation.clone(), detail);
        }
    }

    /// A text field; empty when absent or `null`.
    fn text(&self, name: &str) -> &str {
        text(self.meta, name)
    }

    fn push(&mut self, kind: ErrorKind, field: &str, detail: &str) {
        self.errors
            .push(FieldError::new(kind, self.path.field(field), detail));
    }

    fn invalid(&mut self, field: &str, value: Value, detail: String) {
        self.errors
            .push(FieldError::new(ErrorKind::Invalid, self.path.field(field), detail).with_value(value));
    }

    fn check_name(&mut self, rule: NameRule) {
        for (field, is_prefix) in [("generateName", true), ("name", false)] {
            let name = self.text(field).to_owned();
            if name.is_empty() {
                continue;
            }
            let wrong = match rule {
                NameRule::Subdomain if is_prefix => {
                    names::dns1123_subdomain(&names::mask_trailing_dash(&name))
                }
                NameRule::Subdomain => names::dns1123_subdomain(&name),
                NameRule::PathSegment => path_segment(&name, is_prefix),
            };
            for detail in wrong {
                self.invalid(field, Value::from(name.as_str()), detail);
            }
        }
        let unnamed = self.text("name").is_empty() && self.text("generateName").is_empty();
        if unnamed && rule == NameRule::Subdomain {
            self.push(ErrorKind::Required, "name", "name or generateName is required");
        }
    }

    fn check_namespace(&mut self, rule: NamespaceRule) {
        let namespace = self.text("namespace").to_owned();
        match rule {
            NamespaceRule::Forbidden if !namespace.is_empty() => {
                self.push(ErrorKind::Forbidden, "namespace", "not allowed on this type");
            }
            NamespaceRule::Required if namespace.is_empty() => {
                self.push(ErrorKind::Required, "namespace", "");
            }
            _ if namespace.is_empty() => {}
            _ => {
                for detail in names::dns1123_label(&namespace) {
                    self.invalid("namespace", Value::from(namespace.as_str()), detail);
                }
            }
        }
    }

    fn check_labels(&mut self) {
        for (key, value) in entries(self.meta, "labels") {
            for detail in names::qualified_name(key) {
                self.invalid_entry("labels", key, key, detail);
            }
            let value = value.as_str().unwrap_or_default();
            for detail in names::label_value(value) {
                self.invalid_entry("labels", key, value, detail);
            }
        }
    }

    fn check_annotations(&mut self) {
        let mut size = 0;
        for (key, value) in entries(self.meta, "annotations") {
            for detail in names::qualified_name(&key.to_lowercase()) {
                self.invalid_entry("annotations", key, key, detail);
            }
            size += key.len() + value.as_str().unwrap_or_default().len();
        }
        if size > MAX_ANNOTATIONS {
            self.push(
                ErrorKind::TooLong,
                "annotations",
                &format!("may not be more than {MAX_ANNOTATIONS} bytes"),
            );
        }
    }

    /// A complaint about one entry, which the API server reports at the map.
    fn invalid_entry(&mut self, map: &str, key: &str, value: &str, detail: String) {
        let path = self.path.field(map);
        let subject = path.key(key);
        let error = FieldError::new(ErrorKind::Invalid, path, detail).with_value(Value::from(value));
        self.errors.push(error.about(subject));
    }

    fn check_owners(&mut self) {
        let owners = elements(self.meta, "ownerReferences");
        let mut controller: Option<String> = None;
        for (index, owner) in owners.iter().enumerate() {
            // The API server does not say which of them it is.
            let list = self.path.field("ownerReferences");
            let path = list.index(index);
            let mut invalid = |field: &str, value: &str, detail: &str| {
                let error = FieldError::new(ErrorKind::Invalid, list.field(field), detail);
                self.errors
                    .push(error.with_value(Value::from(value)).about(path.field(field)));
            };
            let api_version = text(owner, "apiVersion");
            let version = api_version.rsplit('/').next().unwrap_or_default();
            if version.is_empty() || api_version.matches('/').count() > 1 {
                invalid("apiVersion", api_version, "version must not be empty");
            }
            for field in ["kind", "name", "uid"] {
                if text(owner, field).is_empty() {
                    invalid(field, "", "must not be empty");
                }
            }
            if (api_version, text(owner, "kind")) == ("v1", "Event") {
                let detail = "/v1, Kind=Event is disallowed from being an owner";
                self.errors
                    .push(FieldError::new(ErrorKind::Invalid, path, detail).with_value(owner.clone()));
            }
            if owner.get("controller") == Some(&Value::Bool(true)) {
                let this = format!("{}/{}", text(owner, "kind"), text(owner, "name"));
                if let Some(first) = &controller {
                    let detail = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for \
                         {first} and {this}"
                    );
                    self.invalid("ownerReferences", Value::from(owners), detail);
                } else {
                    controller = Some(this);
                }
            }
        }
    }

    fn check_finalizers(&mut self) {
        let finalizers = elements(self.meta, "finalizers");
        for finalizer in finalizers.iter().filter_map(Value::as_str) {
            for detail in names::qualified_name(finalizer) {
                self.invalid("finalizers", Value::from(finalizer), detail);
            }
        }
        let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
        if has("orphan") && has("foregroundDeletion") {
            let detail = "finalizer orphan and foregroundDeletion cannot be both set";
            self.invalid("finalizers", Value::from(finalizers), detail.to_owned());
        }
    }

    fn check_managed_fields(&mut self) {
        for (index, entry) in elements(self.meta, "managedFields").iter().enumerate() {
            let path = self.path.field("managedFields").index(index);
            let error = |kind, field: &str, detail: &str| FieldError::new(kind, path.field(field), detail);
            match text(entry, "operation") {
                "Apply" | "Update" => {}
                "" => self
                    .errors
                    .push(error(ErrorKind::Required, "operation", "must not be empty")),
                other => {
                    let detail = "supported values: \"Apply\", \"Update\"";
                    let error = error(ErrorKind::NotSupported, "operation", detail);
                    self.errors.push(error.with_value(Value::from(other)));
                }
            }
            let fields_type = text(entry, "fieldsType");
            if !matches!(fields_type, "" | "FieldsV1") {
                let error = error(ErrorKind::Invalid, "fieldsType", "must be `FieldsV1`");
                self.errors.push(error.with_value(Value::from(fields_type)));
            }
            for (field, limit) in [("manager", 128), ("subresource", 256)] {
                if text(entry, field).len() > limit {
                    let detail = format!("may not be more than {limit} bytes");
                    self.errors.push(error(ErrorKind::TooLong, field, &detail));
                }
            }
        }
    }
}

/// What is wrong with a name that will be a segment of a URL path, or the beginning of one.
fn path_segment(name: &str, is_prefix: bool) -> Vec<String> {
    if !is_prefix && matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    let forbidden = ['/', '%'].into_iter().filter(|c| name.contains(*c));
    forbidden.map(|c| format!("may not contain '{c}'")).collect()
}

fn text<'v>(map: &'v Value, name: &str) -> &'v str {
    map.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn entries<'v>(map: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    map.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn elements<'v>(map: &'v Value, name: &str) -> &'v [Value] {
    map.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_that_says_nothing_is_dropped() {
        let mut object = serde_json::json!({"metadata": {
            "name": "a", "namespace": "", "labels": null, "annotations": {}, "finalizers": [], "generation": 0,
        }, "spec": {"empty": {}}});
        drop_empty(&mut object);
        assert_eq!(
            object,
            serde_json::json!({"metadata": {"name": "a", "generation": 0}, "spec": {"empty": {}}})
        );
        let mut odd = serde_json::json!({"metadata": []});
        drop_empty(&mut odd);
        assert_eq!(odd, serde_json::json!({"metadata": []}));
    }
    use serde_json::json;

    fn root(metadata: &Value, namespace: NamespaceRule) -> Vec<String> {
        let errors = validate_root(&json!({"metadata": metadata}), namespace);
        errors
            .iter()
            .map(|error| format!("{} {:?}", error.location(), error.kind))
            .collect()
    }

    #[test]
    fn accepts_good_metadata() {
        let metadata = json!({
            "name": "a.b", "namespace": "x", "labels": {"a.b/c": "d"}, "annotations": {"A/B": "anything goes"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": true}],
            "finalizers": ["example.dev/guard"], "creationTimestamp": null, "generation": 3,
            "managedFields": [{"operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {"f:a": {}}}],
        });
        assert_eq!(root(&metadata, NamespaceRule::Required), Vec::<String>::new());
        assert_eq!(
            root(&json!({"generateName": "a-"}), NamespaceRule::Optional),
            Vec::<String>::new()
        );
    }

    #[test]
    fn finds_what_is_wrong() {
        for (metadata, rule, expected) in [
            (
                json!(null),
                NamespaceRule::Required,
                vec!["metadata.name Required", "metadata.namespace Required"],
            ),
            (
                json!({"name": "A"}),
                NamespaceRule::Optional,
                vec!["metadata.name Invalid"],
            ),
            (
                json!({"name": "a", "namespace": "x"}),
                NamespaceRule::Forbidden,
                vec!["metadata.namespace Forbidden"],
            ),
            (
                json!({"name": "a", "namespace": "x.y"}),
                NamespaceRule::Required,
                vec!["metadata.namespace Invalid"],
            ),
            (
                json!({"name": "a", "labels": {"k": "!"}}),
                NamespaceRule::Optional,
                vec!["metadata.labels[k] Invalid"],
            ),
            (
                json!({"name": "a", "labels": {"k": 1}}),
                NamespaceRule::Optional,
                vec!["metadata.labels.k TypeInvalid"],
            ),
            (
                json!({"name": "a", "finalizers": ["!"]}),
                NamespaceRule::Optional,
                vec!["metadata.finalizers Invalid"],
            ),
            (
                json!({"name": "a", "generation": -1}),
                NamespaceRule::Optional,
                vec!["metadata.generation Invalid"],
            ),
            (json!(7), NamespaceRule::Optional, vec!["metadata TypeInvalid"]),
            (
                json!({"name": "a", "annotations": {"k": "x".repeat(MAX_ANNOTATIONS)}}),
                NamespaceRule::Optional,
                vec!["metadata.annotations TooLong"],
            ),
            (
                json!({"name": "a", "ownerReferences": [{"apiVersion": "a/b/c", "kind": "K", "name": "n"}]}),
                NamespaceRule::Optional,
                vec![
                    "metadata.ownerReferences[0].apiVersion Invalid",
                    "metadata.ownerReferences[0].uid Invalid",
                ],
            ),
        ] {
            assert_eq!(root(&metadata, rule), expected, "{metadata}");
        }
    }

    #[test]
    fn embedded_resources_are_judged() {
        let schema = json!({"type": "object", "properties": {
            "r": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        }});
        let schema = Structural::from_json(&schema).unwrap();
        let judge = |resource: Value| -> Vec<String> {
            validate_embedded(&schema, &json!({"r": resource}))
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(
            judge(json!({"apiVersion": "a/v1", "kind": "Kind", "metadata": {"name": "Any Name"}})),
            Vec::<String>::new()
        );
        assert_eq!(
            judge(json!({})),
            ["r.apiVersion: Required value", "r.kind: Required value"]
        );
        let wrong =
            judge(json!({"apiVersion": "a/b/c", "kind": "a b", "metadata": {"name": "%", "labels": 5}}));
        assert_eq!(
            wrong[0],
            "r.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c"
        );
        assert!(wrong[1].starts_with("r.kind: Invalid value: \"a b\": may have mixed case"));
        assert!(wrong[2].starts_with("r.metadata: Invalid value: {"), "{wrong:?}");
        assert!(
            wrong[2].ends_with(
                "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type map[string]string"
            ),
            "{wrong:?}"
        );
        let name = judge(json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "a/b"}}));
        assert_eq!(
            name,
            ["r.metadata.name: Invalid value: \"a/b\": may not contain '/'"]
        );
    }
}
