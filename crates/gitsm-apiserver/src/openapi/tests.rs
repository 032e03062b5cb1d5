#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::kind::Origin;
use crate::kinds::KindTable;
use crate::request::Verb;
use crate::testing::{custom, kind, plain, scale, schema};
use serde_json::{Value, json};
use std::sync::Arc;

fn table() -> KindTable {
    let mut widget = plain(
        "x.dev",
        "v1",
        "Widget",
        "widgets",
        Origin::Custom("widgets.x.dev".to_owned()),
    );
    widget.has_status = true;
    widget.scale = Some(scale());
    let mut namespace = plain("", "v1", "Namespace", "namespaces", Origin::BuiltIn);
    namespace.namespaced = false;
    namespace.has_status = true;
    let mut review = plain(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectAccessReview",
        "selfsubjectaccessreviews",
        Origin::BuiltIn,
    );
    review.namespaced = false;
    review.verbs = vec![Verb::Create];
    let mut deployment = plain("apps", "v1", "Deployment", "deployments", Origin::BuiltIn);
    deployment.scale = Some(scale());
    deployment.has_status = true;
    KindTable::new(
        [
            Arc::new(widget),
            Arc::new(namespace),
            Arc::new(review),
            Arc::new(deployment),
            kind("", "v1", "ServiceAccount", "serviceaccounts"),
            kind("", "v1", "ConfigMap", "configmaps"),
            kind("", "v1", "Pod", "pods"),
            kind("", "v1", "Event", "events"),
            kind(
                "apiextensions.k8s.io",
                "v1",
                "CustomResourceDefinition",
                "customresourcedefinitions",
            ),
            kind("rbac.authorization.k8s.io", "v1", "Role", "roles"),
            kind(
                "authentication.k8s.io",
                "v1beta1",
                "SelfSubjectReview",
                "selfsubjectreviews",
            ),
        ],
        1,
    )
}

fn document(group: &str, version: &str) -> Value {
    let document = v3::document(&table(), group, version).unwrap();
    serde_json::from_slice(&document.json).unwrap()
}

/// All places at which a document has a member of this name, with the path to them.
fn members<'v>(value: &'v Value, name: &str, at: &str, found: &mut Vec<(String, &'v Value)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let here = format!("{at}/{field}");
                if field == name {
                    found.push((here.clone(), value));
                }
                members(value, name, &here, found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                members(element, name, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_a_schema() {
    let table = table();
    for served in table.group_versions() {
        let document = document(&served.group, &served.version);
        let mut references = Vec::new();
        members(&document, "$ref", "", &mut references);
        // The schema of CRDs has a property of that name.
        references.retain(|(_, reference)| reference.is_string());
        assert!(!references.is_empty());
        for (at, reference) in references {
            let name = reference.as_str().unwrap().strip_prefix(REFERENCE).unwrap();
            assert!(
                document["components"]["schemas"].get(name).is_some(),
                "{at}: {name}"
            );
        }
    }
}

#[test]
fn schemas_are_open_api_v3_and_not_json_schema() {
    for (group, version) in [("", "v1"), ("apiextensions.k8s.io", "v1"), ("apps", "v1")] {
        let document = document(group, version);
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            let mut found = Vec::new();
            members(schema, "type", "", &mut found);
            for (at, ty) in found {
                assert!(
                    ty.is_string() || at.ends_with("/properties/type"),
                    "{name}{at}: {ty}"
                );
            }
            for foreign in ["$defs", "definitions", "$schema", "const", "prefixItems"] {
                let mut found = Vec::new();
                members(schema, foreign, "", &mut found);
                found.retain(|(at, _)| !at.contains("/properties/"));
                assert_eq!(found, [], "{name}");
            }
        }
    }
}

#[test]
fn kubectl_finds_the_parameters_of_patches() {
    let table = table();
    for served in table.group_versions() {
        let document = document(&served.group, &served.version);
        let mut patches = Vec::new();
        members(&document["paths"], "patch", "", &mut patches);
        for (at, patch) in patches {
            let parameters = patch["parameters"].as_array().unwrap();
            let names: Vec<&str> = parameters
                .iter()
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(
                names,
                ["dryRun", "fieldManager", "fieldValidation", "force"],
                "{at}"
            );
            assert_eq!(patch["x-kubernetes-action"], "patch");
            assert!(patch["x-kubernetes-group-version-kind"]["kind"].is_string());
        }
    }
}

#[test]
fn a_custom_kind_is_published_as_its_crd_describes_it() {
    let document = document("x.dev", "v1");
    let schemas = &document["components"]["schemas"];
    let widget = &schemas["dev.x.v1.Widget"];
    assert_eq!(widget["description"], "A thing.");
    assert_eq!(
        widget["x-kubernetes-group-version-kind"],
        json!([{"group": "x.dev", "version": "v1", "kind": "Widget"}])
    );
    assert_eq!(
        widget["properties"]["spec"]["properties"]["title"]["description"],
        "A title."
    );
    assert_eq!(
        widget["properties"]["metadata"]["allOf"][0]["$ref"],
        "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    );
    assert_eq!(
        schemas["dev.x.v1.WidgetList"]["properties"]["items"]["items"]["$ref"],
        "#/components/schemas/dev.x.v1.Widget"
    );
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/apis/x.dev/v1/",
            "/apis/x.dev/v1/namespaces/{namespace}/widgets",
            "/apis/x.dev/v1/namespaces/{namespace}/widgets/{name}",
            "/apis/x.dev/v1/namespaces/{namespace}/widgets/{name}/scale",
            "/apis/x.dev/v1/namespaces/{namespace}/widgets/{name}/status",
            "/apis/x.dev/v1/widgets",
        ]
    );
    let collection = &document["paths"]["/apis/x.dev/v1/namespaces/{namespace}/widgets"];
    assert_eq!(collection["post"]["operationId"], "createXDevV1NamespacedWidget");
    assert_eq!(collection["get"]["x-kubernetes-action"], "list");
    let scale = &document["paths"]["/apis/x.dev/v1/namespaces/{namespace}/widgets/{name}/scale"]["patch"];
    assert_eq!(
        scale["x-kubernetes-group-version-kind"],
        json!({"group": "autoscaling", "version": "v1", "kind": "Scale"})
    );
    assert_eq!(
        schemas["io.k8s.api.autoscaling.v1.Scale"]["x-kubernetes-group-version-kind"][0]["kind"],
        "Scale"
    );
    assert_eq!(scale["operationId"], "patchXDevV1NamespacedWidgetScale");
    assert!(
        scale["requestBody"]["content"]
            .get("application/strategic-merge-patch+json")
            .is_none()
    );
}

#[test]
fn whole_objects_inside_of_others_have_their_metadata() {
    let mut kind = plain(
        "x.dev",
        "v1",
        "Widget",
        "widgets",
        Origin::Custom("widgets.x.dev".to_owned()),
    );
    let mut published = schema(vec![]).published.clone();
    published["properties"]["spec"]["properties"]["template"] = json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true});
    kind.schema = crate::kind::LazySchema::ready(crate::kind::KindSchema {
        object: std::sync::Arc::new(
            gitsm_schema::ObjectSchema::new(
                gitsm_schema::structural::Structural::from_json(&published).unwrap(),
            )
            .unwrap(),
        ),
        published,
        columns: vec![],
    });
    let table = KindTable::new([Arc::new(kind)], 1);
    let document: Value = serde_json::from_slice(&v3::document(&table, "x.dev", "v1").unwrap().json).unwrap();
    let template =
        &document["components"]["schemas"]["dev.x.v1.Widget"]["properties"]["spec"]["properties"]["template"];
    assert!(template["properties"]["metadata"]["allOf"].is_array());
    assert!(template["properties"]["kind"].is_object());
}

#[test]
fn built_in_kinds_say_how_their_lists_are_merged() {
    let document = document("", "v1");
    let schemas = &document["components"]["schemas"];
    let containers = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
    assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
    assert_eq!(containers["x-kubernetes-patch-strategy"], "merge");
    assert_eq!(containers["x-kubernetes-list-type"], "map");
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    let volumes = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["volumes"];
    assert_eq!(volumes["x-kubernetes-patch-strategy"], "merge,retainKeys");
    assert_eq!(
        schemas["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"],
        json!([{"group": "", "version": "v1", "kind": "Pod"}])
    );
    assert_eq!(
        schemas["io.k8s.api.core.v1.PodList"]["x-kubernetes-group-version-kind"][0]["kind"],
        "PodList"
    );
    assert!(schemas["io.k8s.api.core.v1.Pod"]["properties"]["spec"]["allOf"][0]["$ref"].is_string());
    assert_eq!(
        schemas["io.k8s.api.core.v1.Pod"].get("required"),
        None,
        "metadata is not required"
    );
    let token = &document["paths"]["/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"]["post"];
    assert_eq!(token["x-kubernetes-group-version-kind"]["kind"], "TokenRequest");
}

#[test]
fn what_is_only_created_has_one_path() {
    let document = document("authorization.k8s.io", "v1");
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/apis/authorization.k8s.io/v1/",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        ]
    );
    let unknown = self::document("authentication.k8s.io", "v1beta1");
    assert!(unknown["components"]["schemas"]["io.k8s.authentication.v1beta1.SelfSubjectReview"].is_object());
}

#[test]
fn the_index_names_the_hash_of_each_document() {
    let table = table();
    let index = v3::index(&table);
    let url = index["paths"]["apis/x.dev/v1"]["serverRelativeURL"]
        .as_str()
        .unwrap();
    let widget = v3::document(&table, "x.dev", "v1").unwrap();
    assert_eq!(url, format!("/openapi/v3/apis/x.dev/v1?hash={}", widget.hash));
    assert!(index["paths"]["api/v1"].is_object());
    assert_eq!(v3::document(&table, "y.dev", "v1"), None);

    let again = self::table();
    assert_eq!(v3::index(&again), index, "the same kinds have the same hashes");
    let other = KindTable::new([custom("x.dev", "v1", "Widget", "widgets")], 1);
    assert_ne!(v3::document(&other, "x.dev", "v1").unwrap().hash, widget.hash);
    assert!(v3::accepts(Some("application/json")) && !v3::accepts(Some("text/html")));
}

#[test]
fn the_stub_of_version_2_is_a_gnostic_document() {
    let (content_type, body) =
        v2::stub(Some("application/com.github.proto-openapi.spec.v2@v1.0+protobuf")).unwrap();
    assert_eq!(
        content_type,
        "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    );
    assert_eq!(body, b"\x0a\x032.0\x12\x0e\x0a\x05gitsm\x12\x05v1.33\x42\x00");
    let (content_type, body) = v2::stub(None).unwrap();
    assert_eq!(content_type, "application/json");
    let document: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(document["swagger"], "2.0");
    assert_eq!(v2::stub(Some("text/plain")), None);
}
