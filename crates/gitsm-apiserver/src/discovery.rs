//! Discovery: which groups, versions and resources there are, for clients that ask one by one and for those that ask
//! for everything at once.

use crate::kind::{Kind, Origin};
use crate::kinds::{Group, GroupVersion, KindTable};
use crate::request::Verb;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

/// `GET /api`. `address` is host and port under which clients reach the server.
pub fn api_versions(table: &KindTable, address: &str) -> Value {
    let versions: Vec<&str> = table.group("").map_or_else(Vec::new, |group| {
        group
            .versions()
            .iter()
            .map(|version| version.version.as_str())
            .collect()
    });
    json!({
        "kind": "APIVersions",
        "versions": versions,
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

/// `GET /apis`.
pub fn api_group_list(table: &KindTable) -> Value {
    let groups: Vec<Value> = table
        .groups()
        .into_iter()
        .map(|group| Value::Object(describe(group)))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `GET /apis/<group>`; `None` where there is no such group.
pub fn api_group(table: &KindTable, group: &str) -> Option<Value> {
    let group = table.group(group).filter(|group| !group.name().is_empty())?;
    let mut described = describe(group);
    described.insert("kind".to_owned(), "APIGroup".into());
    described.insert("apiVersion".to_owned(), "v1".into());
    Some(Value::Object(described))
}

fn describe(group: &Group) -> Map<String, Value> {
    let version =
        |version: &GroupVersion| json!({"groupVersion": version.api_version(), "version": version.version});
    let mut described = Map::new();
    described.insert("name".to_owned(), group.name().into());
    described.insert(
        "versions".to_owned(),
        group.versions().iter().map(|known| version(known)).collect(),
    );
    if let Some(preferred) = group.preferred() {
        described.insert("preferredVersion".to_owned(), version(preferred));
    }
    described
}

/// `GET /api/v1` and `GET /apis/<group>/<version>`; `None` where there is no such version.
pub fn api_resource_list(table: &KindTable, group: &str, version: &str) -> Option<Value> {
    let served = table.group_version(group, version)?;
    let mut resources = Vec::new();
    for kind in served.kinds() {
        let mut resource = json!({
            "name": kind.resource.resource.as_ref(),
            "singularName": kind.names.singular,
            "namespaced": kind.namespaced,
            "kind": kind.names.kind,
            "verbs": verbs(kind),
        });
        add_names(&mut resource, kind);
        if kind.verbs.contains(&Verb::List) {
            resource["storageVersionHash"] = storage_version_hash(kind).into();
        }
        resources.push(resource);
        for subresource in subresources(kind) {
            let mut entry = json!({
                "name": format!("{}/{}", kind.resource.resource, subresource.name),
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": subresource.kind,
                "verbs": subresource.verbs,
            });
            if let Some((group, version)) = subresource.elsewhere {
                entry["group"] = group.into();
                entry["version"] = version.into();
            }
            resources.push(entry);
        }
    }
    let mut list = json!({
        "kind": "APIResourceList",
        "groupVersion": served.api_version(),
        "resources": resources,
    });
    // The core group is answered as the first release did, which had no version here.
    if !group.is_empty() {
        list["apiVersion"] = "v1".into();
    }
    Some(list)
}

/// The content type of [`aggregated`].
pub fn aggregated_content_type(beta: bool) -> &'static str {
    if beta {
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    } else {
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    }
}

/// `GET /api` (`core`) or `GET /apis` for clients that want everything at once.
pub fn aggregated(table: &KindTable, core: bool, beta: bool) -> Value {
    let groups: Vec<&Group> = if core {
        table.group("").into_iter().collect()
    } else {
        table.groups()
    };
    let items: Vec<Value> = groups.into_iter().map(aggregated_group).collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": if beta { "apidiscovery.k8s.io/v2beta1" } else { "apidiscovery.k8s.io/v2" },
        "metadata": {},
        "items": items,
    })
}

fn aggregated_group(group: &Group) -> Value {
    let versions: Vec<Value> = group
        .versions()
        .iter()
        .map(|version| {
            let resources: Vec<Value> = version.kinds().map(|kind| aggregated_resource(kind)).collect();
            json!({"version": version.version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let mut metadata = json!({"creationTimestamp": null});
    if !group.name().is_empty() {
        metadata["name"] = group.name().into();
    }
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_resource(kind: &Kind) -> Value {
    let own = (kind.resource.group.as_ref(), kind.version.as_str());
    let response = |(group, version): (&str, &str), kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut resource = json!({
        "resource": kind.resource.resource.as_ref(),
        "responseKind": response(own, &kind.names.kind),
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.names.singular,
        "verbs": verbs(kind),
    });
    add_names(&mut resource, kind);
    let subresources: Vec<Value> = subresources(kind)
        .into_iter()
        .map(|subresource| {
            json!({
                "subresource": subresource.name,
                "responseKind": response(subresource.elsewhere.unwrap_or(own), subresource.kind),
                "verbs": subresource.verbs,
            })
        })
        .collect();
    if !subresources.is_empty() {
        resource["subresources"] = subresources.into();
    }
    resource
}

fn add_names(resource: &mut Value, kind: &Kind) {
    if !kind.names.short_names.is_empty() {
        resource["shortNames"] = kind.names.short_names.clone().into();
    }
    if !kind.names.categories.is_empty() {
        resource["categories"] = kind.names.categories.clone().into();
    }
}

/// The verbs of a kind, in the order in which the real server lists them: that of the CRD handler for custom kinds,
/// by name for its own.
fn verbs(kind: &Kind) -> Vec<&'static str> {
    const CUSTOM: [Verb; 8] = [
        Verb::Delete,
        Verb::DeleteCollection,
        Verb::Get,
        Verb::List,
        Verb::Patch,
        Verb::Create,
        Verb::Update,
        Verb::Watch,
    ];
    let known = CUSTOM.into_iter().filter(|verb| kind.verbs.contains(verb));
    let mut verbs: Vec<&'static str> = known.map(Verb::as_str).collect();
    if kind.origin == Origin::BuiltIn {
        verbs.sort_unstable();
    }
    verbs
}

/// A subresource as discovery shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subresource<'a> {
    /// `status`.
    pub(crate) name: &'static str,
    /// The kind of its bodies.
    pub(crate) kind: &'a str,
    /// Group and version of that kind, where they are not the resource's.
    pub(crate) elsewhere: Option<(&'static str, &'static str)>,
    /// What may be done.
    pub(crate) verbs: &'static [&'static str],
}

/// The subresources of a kind: status and scale where it has them, and the two that only built-in kinds have.
pub(crate) fn subresources(kind: &Kind) -> Vec<Subresource<'_>> {
    const READ_AND_CHANGE: &[&str] = &["get", "patch", "update"];
    let mut found = Vec::new();
    if kind.has_status {
        found.push(Subresource {
            name: "status",
            kind: &kind.names.kind,
            elsewhere: None,
            verbs: READ_AND_CHANGE,
        });
    }
    if kind.scale.is_some() {
        found.push(Subresource {
            name: "scale",
            kind: "Scale",
            elsewhere: Some(("autoscaling", "v1")),
            verbs: READ_AND_CHANGE,
        });
    }
    if kind.origin == Origin::BuiltIn {
        match (kind.resource.group.as_ref(), kind.resource.resource.as_ref()) {
            ("", "namespaces") => found.push(Subresource {
                name: "finalize",
                kind: &kind.names.kind,
                elsewhere: None,
                verbs: &["update"],
            }),
            ("", "serviceaccounts") => found.push(Subresource {
                name: "token",
                kind: "TokenRequest",
                elsewhere: Some(("authentication.k8s.io", "v1")),
                verbs: &["create"],
            }),
            _ => {}
        }
        found.sort_by_key(|subresource| subresource.name);
    }
    found
}

/// A short hash of the version in which objects are stored; `kubectl` and storage migrators compare it.
fn storage_version_hash(kind: &Kind) -> String {
    let version = kind.storage_version.rsplit('/').next().unwrap_or_default();
    let text = format!("{}/{version}/{}", kind.resource.group, kind.names.kind);
    let hash = Sha256::digest(text.as_bytes());
    STANDARD.encode(hash.get(..8).unwrap_or_default())
}

/// The `ETag` of a discovery document, in quotes, from the bytes that are sent.
pub fn etag(document: &[u8]) -> String {
    format!("\"{}\"", upper_hex(&Sha512::digest(document)))
}

/// A hash as the real server writes it.
pub(crate) fn upper_hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    //! What is expected of custom kinds was taken from apiextensions-apiserver 1.36.
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::testing::{kind, plain, scale};
    use std::sync::Arc;

    fn table() -> KindTable {
        let mut widget = plain(
            "x.dev",
            "v1",
            "Widget",
            "widgets",
            Origin::Custom("widgets.x.dev".to_owned()),
        );
        widget.names.short_names = vec!["wd".to_owned()];
        widget.names.categories = vec!["all".to_owned()];
        widget.has_status = true;
        widget.scale = Some(scale());
        let mut beta = plain(
            "x.dev",
            "v1beta1",
            "Widget",
            "widgets",
            Origin::Custom("widgets.x.dev".to_owned()),
        );
        beta.storage_version = "x.dev/v1".to_owned();
        let mut namespace = plain("", "v1", "Namespace", "namespaces", Origin::BuiltIn);
        namespace.namespaced = false;
        namespace.has_status = true;
        let mut review = plain(
            "authentication.k8s.io",
            "v1",
            "TokenReview",
            "tokenreviews",
            Origin::BuiltIn,
        );
        review.namespaced = false;
        review.verbs = vec![Verb::Create];
        let mut deployment = plain("apps", "v1", "Deployment", "deployments", Origin::BuiltIn);
        deployment.has_status = true;
        deployment.scale = Some(scale());
        KindTable::new(
            [
                Arc::new(widget),
                Arc::new(beta),
                Arc::new(namespace),
                kind("", "v1", "ServiceAccount", "serviceaccounts"),
                Arc::new(review),
                Arc::new(deployment),
            ],
            1,
        )
    }

    #[test]
    fn the_resources_of_a_crd_are_listed_as_upstream_lists_them() {
        let list = api_resource_list(&table(), "x.dev", "v1").unwrap();
        let expected: Value = serde_json::from_str(r#"{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"x.dev/v1","resources":[
            {"name":"widgets","singularName":"widget","namespaced":true,"kind":"Widget","verbs":["delete","deletecollection","get","list","patch","create","update","watch"],"shortNames":["wd"],"categories":["all"],"storageVersionHash":"Ggci5N7zcEU="},
            {"name":"widgets/status","singularName":"","namespaced":true,"kind":"Widget","verbs":["get","patch","update"]},
            {"name":"widgets/scale","singularName":"","namespaced":true,"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get","patch","update"]}]}"#).unwrap();
        assert_eq!(list, expected);
        let list = api_resource_list(&table(), "x.dev", "v1beta1").unwrap();
        assert_eq!(list["resources"][0]["storageVersionHash"], "Ggci5N7zcEU=");
        assert_eq!(api_resource_list(&table(), "x.dev", "v2"), None);
    }

    #[test]
    fn groups_are_listed_as_upstream_lists_them() {
        let expected: Value = serde_json::from_str(r#"{"kind":"APIGroup","apiVersion":"v1","name":"x.dev",
            "versions":[{"groupVersion":"x.dev/v1","version":"v1"},{"groupVersion":"x.dev/v1beta1","version":"v1beta1"}],
            "preferredVersion":{"groupVersion":"x.dev/v1","version":"v1"}}"#).unwrap();
        assert_eq!(api_group(&table(), "x.dev").unwrap(), expected);
        assert_eq!(api_group(&table(), ""), None);
        assert_eq!(api_group(&table(), "y.dev"), None);
        let list = api_group_list(&table());
        let names: Vec<&str> = list["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["apps", "authentication.k8s.io", "x.dev"]);
        assert_eq!(list["groups"][2].get("kind"), None);
    }

    #[test]
    fn the_core_group_is_listed_without_a_version_of_the_list() {
        let versions = api_versions(&table(), "127.0.0.1:6443");
        assert_eq!(
            versions,
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [
                {"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443"}]})
        );
        let list = api_resource_list(&table(), "", "v1").unwrap();
        assert_eq!(list.get("apiVersion"), None);
        let entries: Vec<String> = list["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                format!(
                    "{} {} {}",
                    entry["name"].as_str().unwrap(),
                    entry["kind"].as_str().unwrap(),
                    entry["verbs"]
                )
            })
            .collect();
        let all = r#"["create","delete","deletecollection","get","list","patch","update","watch"]"#;
        assert_eq!(
            entries,
            [
                format!("namespaces Namespace {all}"),
                r#"namespaces/finalize Namespace ["update"]"#.to_owned(),
                r#"namespaces/status Namespace ["get","patch","update"]"#.to_owned(),
                format!("serviceaccounts ServiceAccount {all}"),
                r#"serviceaccounts/token TokenRequest ["create"]"#.to_owned(),
            ]
        );
        assert_eq!(list["resources"][4]["group"], "authentication.k8s.io");
    }

    #[test]
    fn a_kind_that_is_only_created_has_no_storage() {
        let list = api_resource_list(&table(), "authentication.k8s.io", "v1").unwrap();
        let expected = json!({"name": "tokenreviews", "singularName": "tokenreview", "namespaced": false, "kind": "TokenReview", "verbs": ["create"]});
        assert_eq!(list["resources"], json!([expected]));
    }

    #[test]
    fn aggregated_discovery_lists_everything_at_once() {
        let document = aggregated(&table(), false, false);
        assert_eq!(document["apiVersion"], "apidiscovery.k8s.io/v2");
        assert_eq!(
            aggregated(&table(), false, true)["apiVersion"],
            "apidiscovery.k8s.io/v2beta1"
        );
        let names: Vec<&Value> = document["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| &item["metadata"]["name"])
            .collect();
        assert_eq!(names, ["apps", "authentication.k8s.io", "x.dev"]);
        let widget = &document["items"][2]["versions"][0]["resources"][0];
        let expected: Value = serde_json::from_str(r#"{"resource":"widgets","responseKind":{"group":"x.dev","version":"v1","kind":"Widget"},
            "scope":"Namespaced","singularResource":"widget","verbs":["delete","deletecollection","get","list","patch","create","update","watch"],
            "shortNames":["wd"],"categories":["all"],"subresources":[
            {"subresource":"status","responseKind":{"group":"x.dev","version":"v1","kind":"Widget"},"verbs":["get","patch","update"]},
            {"subresource":"scale","responseKind":{"group":"autoscaling","version":"v1","kind":"Scale"},"verbs":["get","patch","update"]}]}"#).unwrap();
        assert_eq!(*widget, expected);
        let core = aggregated(&table(), true, false);
        assert_eq!(core["items"].as_array().unwrap().len(), 1);
        assert_eq!(core["items"][0]["metadata"].get("name"), None);
        assert_eq!(
            core["items"][0]["versions"][0]["resources"][1]["subresources"][0]["responseKind"]["kind"],
            "TokenRequest"
        );
    }

    #[test]
    fn an_etag_is_the_quoted_hash_of_the_document() {
        let tag = etag(b"{}");
        assert_eq!(tag.len(), 130);
        assert!(tag.starts_with('"') && tag.ends_with('"'));
        assert_ne!(tag, etag(b"[]"));
    }
}
