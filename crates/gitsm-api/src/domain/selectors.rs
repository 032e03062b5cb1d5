//! Selectors: which namespaces they reach is settled here, once.

use crate::v1alpha1::shared::{ChangeSelector, ServiceSelector};
use gitsm_core::ident::NamespaceName;
use gitsm_core::selector as domain;
use std::collections::BTreeSet;

/// How far the selectors of an object reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// A cluster-scoped object: every namespace.
    Everywhere,
    /// A namespaced object: its own namespace, whatever its selector names.
    Own(&'a NamespaceName),
    /// A namespaced object that a catalogue lets reach further: the namespaces its selector names, its own where
    /// it names none.
    Beyond(&'a NamespaceName),
}

impl Reach<'_> {
    fn namespaces(self, named: &[NamespaceName]) -> Option<BTreeSet<NamespaceName>> {
        let named_or = |own: &NamespaceName| {
            if named.is_empty() {
                BTreeSet::from([own.clone()])
            } else {
                named.iter().cloned().collect()
            }
        };
        match self {
            Self::Everywhere if named.is_empty() => None,
            Self::Everywhere => Some(named.iter().cloned().collect()),
            Self::Beyond(own) => Some(named_or(own)),
            Self::Own(own) => Some(named_or(own).into_iter().filter(|name| name == own).collect()),
        }
    }
}

/// A selector of services.
pub fn service_selector(selector: &ServiceSelector, reach: Reach<'_>) -> domain::ServiceSelector {
    domain::ServiceSelector {
        namespaces: reach.namespaces(&selector.namespaces),
        services: selector.services.iter().cloned().collect(),
        tiers: selector.tiers.iter().copied().collect(),
        labels: selector.labels.clone(),
        data_classes: BTreeSet::new(),
    }
}

/// A selector of changes.
pub fn change_selector(selector: &ChangeSelector, reach: Reach<'_>) -> domain::ChangeSelector {
    domain::ChangeSelector {
        service: domain::ServiceSelector {
            namespaces: reach.namespaces(&selector.namespaces),
            services: selector.services.iter().cloned().collect(),
            tiers: selector.tiers.iter().copied().collect(),
            labels: selector.labels.clone(),
            data_classes: selector.data_classes.iter().cloned().collect(),
        },
        environments: selector.environments.iter().cloned().collect(),
        change_types: selector.change_types.clone(),
        change_models: selector.change_models.iter().cloned().collect(),
        risk_levels: selector.risk_levels.iter().copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespaced_object_reaches_no_further_than_it_may() {
        let own: NamespaceName = "payments".parse().unwrap();
        let named: Vec<NamespaceName> = vec!["payments".parse().unwrap(), "shop".parse().unwrap()];
        let foreign = &named[1..];
        let set = |names: &[&str]| Some(names.iter().map(|name| name.parse().unwrap()).collect());
        for (reach, given, expected) in [
            (Reach::Everywhere, &named[..0], None),
            (Reach::Everywhere, &named[..], set(&["payments", "shop"])),
            (Reach::Own(&own), &named[..0], set(&["payments"])),
            (Reach::Own(&own), &named[..], set(&["payments"])),
            (Reach::Own(&own), foreign, set(&[])),
            (Reach::Beyond(&own), &named[..0], set(&["payments"])),
            (Reach::Beyond(&own), foreign, set(&["shop"])),
        ] {
            assert_eq!(reach.namespaces(given), expected, "{reach:?} {given:?}");
        }
    }
}
