//! The schemas of built-in kinds and of everything that they refer to: those of `k8s-openapi`, put into the form in
//! which the real server publishes them.

use super::{REFERENCE, custom, schema_name};
use crate::builtin::types;
use crate::discovery;
use crate::kind::Kind;
use crate::kinds::GroupVersion;
use k8s_openapi::api::{
    admissionregistration::v1 as admission, apps::v1 as apps, authentication::v1 as authentication,
    authorization::v1 as authorization, autoscaling::v1 as autoscaling, coordination::v1 as coordination,
    core::v1 as core, events::v1 as events, rbac::v1 as rbac,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// The schema of a type, with those that it refers to put aside by the generator.
type Make = fn(&mut SchemaGenerator) -> Schema;

/// Everything that the documents of a group version refer to: its built-in kinds with their lists, and what any
/// document has.
pub(super) fn of(served: &GroupVersion, built_in: &[&Kind]) -> Map<String, Value> {
    let mut generator =
        SchemaGenerator::new(SchemaSettings::openapi3().with(|settings| settings.transforms.clear()));
    let common: [Make; 4] = [
        SchemaGenerator::subschema_for::<meta::ObjectMeta>,
        SchemaGenerator::subschema_for::<meta::ListMeta>,
        SchemaGenerator::subschema_for::<meta::DeleteOptions>,
        SchemaGenerator::subschema_for::<meta::Status>,
    ];
    for make in common {
        make(&mut generator);
    }
    for kind in built_in {
        if let Some(make) = known(&kind.resource.group, &kind.version, &kind.names.kind) {
            make(&mut generator);
        }
    }
    for (group, version, kind) in foreign(served) {
        if let Some(make) = known(group, version, kind) {
            make(&mut generator);
        }
    }
    let mut schemas: Map<String, Value> = generator.take_definitions(false).into_iter().collect();
    for (name, schema) in &mut schemas {
        publish(schema, 0);
        as_upstream(name, schema);
        add_merge_rules(name, schema);
    }
    schemas.insert(
        PATCH.to_owned(),
        json!({"description": "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.", "type": "object"}),
    );
    name_kinds(served, built_in, &mut schemas);
    schemas
}

/// The schema of patch bodies.
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
/// The schema of what a deletion is asked with.
pub(super) const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
/// The schema of errors and of successful deletions.
pub(super) const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";

/// The kinds of subresources that are of another group: group, version, kind.
fn foreign(served: &GroupVersion) -> Vec<(&'static str, &'static str, &str)> {
    let kinds = served.kinds().flat_map(|kind| discovery::subresources(kind));
    let mut found: Vec<_> = kinds
        .filter_map(|subresource| {
            let (group, version) = subresource.elsewhere?;
            Some((group, version, subresource.kind))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The name under which the schema of any kind is published.
pub(super) fn name_of(group: &str, version: &str, kind: &str) -> String {
    match known(group, version, kind) {
        Some(_) => upstream_name(group, version, kind),
        None => schema_name(group, version, kind),
    }
}

fn upstream_name(group: &str, version: &str, kind: &str) -> String {
    match group {
        "apiextensions.k8s.io" => {
            format!("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{version}.{kind}")
        }
        "" => format!("io.k8s.api.core.{version}.{kind}"),
        group => {
            let package = group.split('.').next().unwrap_or_default();
            format!("io.k8s.api.{package}.{version}.{kind}")
        }
    }
}

/// Says of which kind schemas are, and adds lists and the kinds that `k8s-openapi` does not know.
fn name_kinds(served: &GroupVersion, built_in: &[&Kind], schemas: &mut Map<String, Value>) {
    for kind in built_in {
        let (group, version) = (kind.resource.group.as_ref(), kind.version.as_str());
        let name = name_of(group, version, &kind.names.kind);
        let schema = schemas.entry(name.clone()).or_insert_with(|| {
            let mut schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            custom::add_type_meta(&mut schema, "", custom::OBJECT_META);
            schema
        });
        schema["x-kubernetes-group-version-kind"] = json!([custom::kind_of(kind, &kind.names.kind)]);
        if kind.verbs.contains(&crate::request::Verb::List) {
            let list = name_of(group, version, &kind.names.kind) + "List";
            schemas.insert(list, custom::list(kind, &name));
        }
    }
    for (group, version, kind) in foreign(served) {
        if let Some(schema) = schemas.get_mut(&name_of(group, version, kind)) {
            schema["x-kubernetes-group-version-kind"] =
                json!([{"group": group, "version": version, "kind": kind}]);
        }
    }
    let (group, version) = (&served.group, &served.version);
    if let Some(schema) = schemas.get_mut(DELETE_OPTIONS) {
        schema["x-kubernetes-group-version-kind"] =
            json!([{"group": group, "version": version, "kind": "DeleteOptions"}]);
    }
    if let Some(schema) = schemas.get_mut(STATUS) {
        schema["x-kubernetes-group-version-kind"] = json!([{"group": "", "version": "v1", "kind": "Status"}]);
    }
}

/// Puts a schema into the published form: what stands beside a reference is kept by `allOf`, `true` is written `{}`.
fn publish(schema: &mut Value, depth: usize) {
    // k8s-openapi's schemas are a few levels deep each, since they refer to one another by name.
    const MAX_DEPTH: usize = 64;
    if depth > MAX_DEPTH {
        return;
    }
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Array(schemas) => {
            for schema in schemas {
                publish(schema, depth + 1);
            }
        }
        Value::Object(fields) => {
            if fields.len() > 1
                && let Some(reference) = fields.remove("$ref")
            {
                fields.insert("allOf".to_owned(), json!([{"$ref": reference}]));
            }
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                for property in properties.values_mut() {
                    publish(property, depth + 1);
                }
            }
            for inner in ["items", "additionalProperties", "allOf", "anyOf", "oneOf", "not"] {
                if let Some(inner) = fields.get_mut(inner) {
                    publish(inner, depth + 1);
                }
            }
        }
        _ => {}
    }
}

/// Takes back what `k8s-openapi` says beyond upstream: that objects need their metadata, and of what the free parts of
/// a schema in a CRD consist.
fn as_upstream(name: &str, schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    let short = name.rsplit('.').next().unwrap_or_default();
    if short == "JSON" || short.starts_with("JSONSchemaPropsOr") {
        fields.retain(|field, _| field == "description");
    }
    let is_object = fields
        .get("properties")
        .is_some_and(|properties| properties.get("apiVersion").is_some());
    if is_object && let Some(Value::Array(required)) = fields.get_mut("required") {
        required.retain(|field| field != "metadata");
        if required.is_empty() {
            fields.remove("required");
        }
    }
}

/// Adds how lists and maps are merged, by strategic patches (`kubectl apply`) and by server-side apply. The schemas
/// do not say it; our table of the same types does.
fn add_merge_rules(name: &str, schema: &mut Value) {
    let short = name
        .strip_prefix("io.k8s.api.")
        .or_else(|| name.strip_prefix("io.k8s.apimachinery.pkg.apis."))
        .or_else(|| name.strip_prefix("io.k8s.apiextensions-apiserver.pkg.apis."));
    let Some(known) = short.and_then(types::find) else {
        return;
    };
    if known.atomic {
        schema["x-kubernetes-map-type"] = "atomic".into();
    }
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (field, rules) in &known.fields {
        let Some(property) = properties.get_mut(*field).filter(|property| property.is_object()) else {
            continue;
        };
        if let Some((list, keys)) = &rules.list {
            property["x-kubernetes-list-type"] = (*list).into();
            if !keys.is_empty() {
                property["x-kubernetes-list-map-keys"] = json!(keys);
            }
        }
        if rules.atomic_map {
            property["x-kubernetes-map-type"] = "atomic".into();
        }
        let strategies = [
            (rules.patch.merge, "merge"),
            (rules.patch.replace, "replace"),
            (rules.patch.retain_keys, "retainKeys"),
        ];
        let strategies: Vec<&str> = strategies
            .into_iter()
            .filter_map(|(is, word)| is.then_some(word))
            .collect();
        if !strategies.is_empty() {
            property["x-kubernetes-patch-strategy"] = strategies.join(",").into();
        }
        if let Some(key) = rules.patch.key {
            property["x-kubernetes-patch-merge-key"] = key.into();
        }
    }
}

/// The schema of a built-in kind.
fn known(group: &str, version: &str, kind: &str) -> Option<Make> {
    fn of<T: JsonSchema>() -> Make {
        SchemaGenerator::subschema_for::<T>
    }
    if version != "v1" {
        return None;
    }
    Some(match (group, kind) {
        ("", "ConfigMap") => of::<core::ConfigMap>(),
        ("", "Event") => of::<core::Event>(),
        ("", "Namespace") => of::<core::Namespace>(),
        ("", "Pod") => of::<core::Pod>(),
        ("", "Secret") => of::<core::Secret>(),
        ("", "Service") => of::<core::Service>(),
        ("", "ServiceAccount") => of::<core::ServiceAccount>(),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration") => {
            of::<admission::MutatingWebhookConfiguration>()
        }
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") => {
            of::<admission::ValidatingWebhookConfiguration>()
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => of::<extensions::CustomResourceDefinition>(),
        ("apps", "DaemonSet") => of::<apps::DaemonSet>(),
        ("apps", "Deployment") => of::<apps::Deployment>(),
        ("apps", "ReplicaSet") => of::<apps::ReplicaSet>(),
        ("apps", "StatefulSet") => of::<apps::StatefulSet>(),
        ("authentication.k8s.io", "SelfSubjectReview") => of::<authentication::SelfSubjectReview>(),
        ("authentication.k8s.io", "TokenRequest") => of::<authentication::TokenRequest>(),
        ("authentication.k8s.io", "TokenReview") => of::<authentication::TokenReview>(),
        ("authorization.k8s.io", "LocalSubjectAccessReview") => {
            of::<authorization::LocalSubjectAccessReview>()
        }
        ("authorization.k8s.io", "SelfSubjectAccessReview") => of::<authorization::SelfSubjectAccessReview>(),
        ("authorization.k8s.io", "SelfSubjectRulesReview") => of::<authorization::SelfSubjectRulesReview>(),
        ("authorization.k8s.io", "SubjectAccessReview") => of::<authorization::SubjectAccessReview>(),
        ("autoscaling", "Scale") => of::<autoscaling::Scale>(),
        ("coordination.k8s.io", "Lease") => of::<coordination::Lease>(),
        ("events.k8s.io", "Event") => of::<events::Event>(),
        ("rbac.authorization.k8s.io", "ClusterRole") => of::<rbac::ClusterRole>(),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => of::<rbac::ClusterRoleBinding>(),
        ("rbac.authorization.k8s.io", "Role") => of::<rbac::Role>(),
        ("rbac.authorization.k8s.io", "RoleBinding") => of::<rbac::RoleBinding>(),
        _ => return None,
    })
}

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{REFERENCE}{name}")})
}
