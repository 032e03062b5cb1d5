//! From the wire types of `ConfigurationItem` to the domain types of decisions.

use crate::v1alpha1::ConfigurationItem;
use gitsm_core::catalog::{Dependency, DependencyStrength, Node};
use gitsm_core::ident::{ConfigurationItemId, ServiceId};

/// A configuration item as a node of the graph.
pub(super) fn item_node(id: &ConfigurationItemId, item: &ConfigurationItem) -> Node {
    let spec = &item.spec;
    let labels = item.metadata.labels.iter().flatten();
    let namespace_of = |given: &Option<_>| given.clone().unwrap_or_else(|| id.namespace.clone());
    Node {
        display_name: spec.display_name.clone(),
        owner: Some(spec.owner.clone()),
        class: Some(spec.class.clone()),
        environments: spec.environment.iter().cloned().collect(),
        // A label that is not one of Kubernetes cannot be selected either.
        labels: labels
            .filter_map(|(key, value)| Some((key.parse().ok()?, value.parse().ok()?)))
            .collect(),
        parent: spec
            .parent
            .clone()
            .map(|parent| ConfigurationItemId::new(id.namespace.clone(), parent)),
        member_of: spec
            .services
            .iter()
            .map(|service| ServiceId::new(namespace_of(&service.namespace), service.name.clone()))
            .collect(),
        ..Node::default()
    }
}

/// What a configuration item needs: items of its namespace, without which it does not work.
pub(super) fn item_dependencies(
    id: &ConfigurationItemId,
    item: &ConfigurationItem,
) -> impl Iterator<Item = Dependency> {
    item.spec.depends_on.iter().map(|needed| Dependency {
        from: id.clone().into(),
        to: ConfigurationItemId::new(id.namespace.clone(), needed.clone()).into(),
        strength: DependencyStrength::Hard,
        environment: None,
        group: None,
    })
}
