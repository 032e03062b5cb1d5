//! From the wire types of `ITService` to the domain types of decisions: the graph of an estate.

use super::configuration_item::{item_dependencies, item_node};
use super::service_catalog::service_id;
use crate::estate::Estate;
use crate::v1alpha1::ITService;
use crate::v1alpha1::it_service::{Dependency, DependencyKind};
use crate::v1alpha1::shared::Share;
use gitsm_core::catalog::{self, Graph, GraphSource, MinUp, Node, NodeId};
use gitsm_core::ident::{ConfigurationItemId, ServiceId};
use std::collections::BTreeMap;

impl Estate {
    /// The graph of the services and configuration items, the defaults of the catalogues filled in.
    ///
    /// References to what is not in the estate are kept; [`Graph::issues`] tells them.
    pub fn graph(&self) -> Graph {
        let mut source = GraphSource::default();
        for service in self.services.values() {
            let Some(id) = service_id(service) else { continue };
            source.dependencies.extend(
                service
                    .spec
                    .depends_on
                    .iter()
                    .map(|dependency| service_dependency(&id, dependency)),
            );
            source
                .nodes
                .insert(id.clone().into(), self.service_node(&id, service));
        }
        for (namespace, name, item) in self.configuration_items.iter() {
            let (Ok(namespace), Ok(name)) = (namespace.parse(), name.parse()) else {
                continue;
            };
            let id = ConfigurationItemId::new(namespace, name);
            source.dependencies.extend(item_dependencies(&id, item));
            source.nodes.insert(id.clone().into(), item_node(&id, item));
        }
        Graph::new(source)
    }

    fn service_node(&self, id: &ServiceId, service: &ITService) -> Node {
        let spec = &service.spec;
        let subject = self.subject(id);
        let groups = spec.redundancy_groups.iter();
        let groups: BTreeMap<_, _> = groups
            .map(|group| (group.name.clone(), min_up(&group.min_up)))
            .collect();
        Node {
            display_name: Some(spec.display_name.clone()),
            owner: Some(spec.owner.clone()),
            tier: subject.as_ref().and_then(|subject| subject.tier),
            user_facing: spec.user_facing,
            state: Some(spec.state),
            environments: spec.environments.iter().cloned().collect(),
            labels: subject.map(|subject| subject.labels).unwrap_or_default(),
            data_class: spec.data_class.clone(),
            redundancy_groups: groups,
            ..Node::default()
        }
    }
}

/// What a dependency of a service leads to.
fn service_dependency(from: &ServiceId, dependency: &Dependency) -> catalog::Dependency {
    let reference = &dependency.r#ref;
    let namespace = reference
        .namespace
        .clone()
        .unwrap_or_else(|| from.namespace.clone());
    let to: NodeId = match reference.kind {
        DependencyKind::ITService => ServiceId::new(namespace, reference.name.clone().into()).into(),
        DependencyKind::ConfigurationItem => {
            ConfigurationItemId::new(namespace, reference.name.clone().into()).into()
        }
    };
    catalog::Dependency {
        from: from.clone().into(),
        to,
        strength: dependency.strength,
        environment: dependency.environment.clone(),
        group: dependency.redundancy_group.clone(),
    }
}

/// The schema asks for exactly one of the two. Of both, or neither, the one that asks for more members: an object
/// that got past the schema must not make a group look safer.
fn min_up(share: &Share) -> MinUp {
    match (share.count, share.percent) {
        (Some(count), None) => MinUp::Count(count),
        (None, Some(percent)) => MinUp::Percent(percent),
        (None, None) | (Some(_), Some(_)) => MinUp::Count(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitsm_core::catalog::GraphIssue;
    use serde_json::{Value, json};

    fn estate(objects: &[(&str, &str, Value)]) -> Estate {
        let mut estate = Estate::default();
        for (kind, name, spec) in objects {
            let (namespace, name) = name.split_once('/').unwrap_or(("", name));
            let mut metadata = json!({"name": name, "labels": {"domain": "money"}});
            if !namespace.is_empty() {
                metadata["namespace"] = json!(namespace);
            }
            estate
                .insert(&json!({"apiVersion": crate::API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}))
                .unwrap();
        }
        estate
    }

    fn service(more: Value) -> Value {
        let mut spec = json!({"displayName": "A service", "owner": "team", "state": "Production"});
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        spec
    }

    fn node(text: &str) -> NodeId {
        text.parse().unwrap()
    }

    #[test]
    fn defaults_of_the_catalogue_are_filled_in() {
        let estate = estate(&[
            ("ITService", "pay/api", service(json!({"userFacing": true}))),
            ("ITService", "pay/db", service(json!({"tier": 1}))),
            ("ITService", "shop/web", service(json!({}))),
            (
                "ServiceCatalog",
                "money",
                json!({"title": "Money", "owner": "team", "services": {"namespaces": ["pay"]},
                    "defaults": {"tier": 3}, "changePolicy": {"defaultWhenNoWindow": "Closed"}}),
            ),
        ]);
        let graph = estate.graph();
        let tier = |name: &str| {
            graph
                .node(&node(name))
                .unwrap()
                .tier
                .map(gitsm_core::vocabulary::Tier::get)
        };
        assert_eq!(tier("ITService/pay/api"), Some(3));
        assert_eq!(tier("ITService/pay/db"), Some(1));
        assert_eq!(tier("ITService/shop/web"), None);
        let api = graph.node(&node("ITService/pay/api")).unwrap();
        assert!(api.user_facing);
        assert_eq!(api.labels.len(), 1);
    }

    #[test]
    fn references_are_of_the_namespace_of_what_refers() {
        let estate = estate(&[
            (
                "ITService",
                "pay/api",
                service(json!({
                    "dependsOn": [
                        {"ref": {"name": "db"}},
                        {"ref": {"name": "bus", "namespace": "platform"}, "strength": "Soft"},
                        {"ref": {"kind": "ConfigurationItem", "name": "psp-a"}, "redundancyGroup": "psp"},
                        {"ref": {"kind": "ConfigurationItem", "name": "psp-b"}, "redundancyGroup": "psp", "environment": "prod"},
                    ],
                    "redundancyGroups": [{"name": "psp", "minUp": {"percent": 50}}],
                })),
            ),
            ("ITService", "pay/db", service(json!({}))),
            ("ITService", "platform/bus", service(json!({}))),
            (
                "ConfigurationItem",
                "pay/psp-a",
                json!({"class": "supplier", "owner": "team"}),
            ),
            (
                "ConfigurationItem",
                "pay/psp-b",
                json!({"class": "supplier", "owner": "team"}),
            ),
            (
                "ConfigurationItem",
                "pay/db-1",
                json!({"class": "host", "owner": "team", "services": [{"name": "db"}], "parent": "rack",
                    "dependsOn": ["switch"], "environment": "prod"}),
            ),
        ]);
        let graph = estate.graph();
        assert_eq!(graph.source().dependencies.len(), 5);
        let missing: Vec<_> = graph
            .issues()
            .iter()
            .filter_map(|issue| match issue {
                GraphIssue::Dangling { from, to, .. } => Some(format!("{} {}", from.short(), to.short())),
                _ => None,
            })
            .collect();
        assert_eq!(missing, ["ci/pay/db-1 ci/pay/rack", "ci/pay/db-1 ci/pay/switch"]);

        let prod = "prod".parse().unwrap();
        let down = |failed: &[&str]| {
            let failed: Vec<_> = failed.iter().map(|name| node(name)).collect();
            let radius = graph.blast_radius(&failed, Some(&prod));
            let names: Vec<_> = radius.down.iter().map(|impact| impact.node.short()).collect();
            names
        };
        assert_eq!(down(&["ConfigurationItem/pay/db-1"]), ["pay/db", "pay/api"]);
        assert_eq!(down(&["ConfigurationItem/pay/psp-a"]), Vec::<String>::new());
        assert_eq!(
            down(&["ConfigurationItem/pay/psp-a", "ConfigurationItem/pay/psp-b"]),
            ["pay/api"]
        );
    }

    #[test]
    fn a_share_that_the_schema_refuses_protects_nothing() {
        for wrong in [json!({}), json!({"count": 1, "percent": 1})] {
            let share: Share = serde_json::from_value(wrong).unwrap();
            assert_eq!(min_up(&share), MinUp::Count(u32::MAX));
        }
    }
}
