//! Which server a path belongs to, and one list of groups from both.

use serde_json::Value;
use std::collections::BTreeSet;

/// The group of CRDs; the old server has it too, but refuses our CRDs.
pub(super) const APIEXTENSIONS: &str = "apiextensions.k8s.io";
/// Where the CRDs are.
pub(super) const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// The old kube-apiserver.
    Core,
    /// The server of CRDs and custom resources.
    Customs,
    /// The list of all groups, which is merged.
    Groups,
}

/// Where a path leads. A group that nobody knows belongs to the server that would have it if there were a CRD.
pub(super) fn destination(path: &str, built_in: &BTreeSet<String>) -> Destination {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    if segments.next() != Some("apis") {
        return Destination::Core;
    }
    match segments.next() {
        None => Destination::Groups,
        Some(group) if built_in.contains(group) => Destination::Core,
        Some(_) => Destination::Customs,
    }
}

/// The names in a list of groups.
pub(super) fn group_names(list: &Value) -> impl Iterator<Item = String> {
    list["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|group| group["name"].as_str().map(str::to_owned))
}

/// The groups of the second server: that of CRDs, then those of the CRDs, in the order of their names.
pub(super) fn custom_groups(crds: &Value) -> Vec<String> {
    let groups: BTreeSet<&str> = crds["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|crd| crd["spec"]["group"].as_str())
        .collect();
    std::iter::once(APIEXTENSIONS)
        .chain(groups)
        .map(str::to_owned)
        .collect()
}

/// Adds groups to a list; a group that it already has is replaced where it stands. `kind` and `apiVersion` of a
/// single group do not belong into a list.
pub(super) fn merge(mut list: Value, more: Vec<Value>) -> Value {
    if let Some(groups) = list["groups"].as_array_mut() {
        for mut group in more {
            if let Some(fields) = group.as_object_mut() {
                fields.remove("kind");
                fields.remove("apiVersion");
            }
            match groups.iter_mut().find(|known| known["name"] == group["name"]) {
                Some(known) => *known = group,
                None => groups.push(group),
            }
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::{Destination, custom_groups, destination, group_names, merge};
    use serde_json::json;

    #[test]
    fn paths_lead_to_the_server_of_their_group() {
        let built_in = ["apps".to_owned()].into();
        for (path, expected) in [
            ("/", Destination::Core),
            ("/version", Destination::Core),
            ("/openapi/v2", Destination::Core),
            ("/api/v1/namespaces", Destination::Core),
            ("/apis/apps/v1/deployments", Destination::Core),
            ("/apis", Destination::Groups),
            ("/apis/", Destination::Groups),
            ("/apis/apiextensions.k8s.io/v1", Destination::Customs),
            ("/apis/example.com/v1/things", Destination::Customs),
            ("/apisx", Destination::Core),
        ] {
            assert_eq!(destination(path, &built_in), expected, "{path}");
        }
    }

    #[test]
    fn groups_of_both_servers_make_one_list() {
        let crds = json!({"items": [
            {"spec": {"group": "b.example"}}, {"spec": {"group": "a.example"}}, {"spec": {"group": "b.example"}},
        ]});
        assert_eq!(
            custom_groups(&crds),
            ["apiextensions.k8s.io", "a.example", "b.example"]
        );
        let list = json!({"kind": "APIGroupList", "groups": [
            {"name": "apps"}, {"name": "apiextensions.k8s.io", "versions": ["v1", "v1beta1"]},
        ]});
        let more = vec![
            json!({"kind": "APIGroup", "apiVersion": "v1", "name": "apiextensions.k8s.io", "versions": ["v1"]}),
            json!({"kind": "APIGroup", "name": "a.example"}),
        ];
        let merged = merge(list, more);
        assert_eq!(
            group_names(&merged).collect::<Vec<_>>(),
            ["apps", "apiextensions.k8s.io", "a.example"]
        );
        assert_eq!(
            merged["groups"][1],
            json!({"name": "apiextensions.k8s.io", "versions": ["v1"]})
        );
    }
}
