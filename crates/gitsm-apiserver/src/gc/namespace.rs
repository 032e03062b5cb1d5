//! What is left in a namespace that is being deleted, as its conditions say it.

use super::KUBERNETES;
use super::edit::Condition;
use crate::kind::GroupResource;
use crate::object::Meta;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Whether a namespace is being deleted and waits for its contents to go.
pub(super) fn is_to_be_emptied(json: &[u8]) -> bool {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Spec<'a> {
        #[serde(borrow)]
        finalizers: Option<Vec<Cow<'a, str>>>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Namespace<'a> {
        #[serde(borrow)]
        metadata: Meta<'a>,
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    let namespace: Namespace<'_> = serde_json::from_slice(json).unwrap_or_default();
    let finalizers = namespace
        .spec
        .and_then(|spec| spec.finalizers)
        .unwrap_or_default();
    namespace.metadata.deletion_timestamp.is_some()
        && finalizers.iter().any(|finalizer| finalizer == KUBERNETES)
}

/// What is left in a namespace.
#[derive(Debug, Default)]
pub(super) struct Remains {
    pub(super) resources: BTreeMap<GroupResource, usize>,
    pub(super) finalizers: BTreeMap<String, usize>,
    pub(super) errors: Vec<String>,
    /// How many objects were changed while they were to be deleted.
    pub(super) conflicts: usize,
}

impl Remains {
    pub(super) fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.errors.is_empty()
    }

    pub(super) fn add(&mut self, resource: &GroupResource, meta: &Meta<'_>) {
        *self.resources.entry(resource.clone()).or_default() += 1;
        for finalizer in meta.finalizers.iter().flatten() {
            *self.finalizers.entry(finalizer.to_string()).or_default() += 1;
        }
    }

    /// The conditions of the namespace: all five, worded as the real controller words them.
    pub(super) fn conditions(mut self) -> Vec<Condition> {
        let mut lines: Vec<String> = self
            .resources
            .iter()
            .map(|(resource, count)| {
                format!(
                    "{}.{} has {count} resource instances",
                    resource.resource, resource.group
                )
            })
            .collect();
        lines.sort();
        let finalizers: Vec<String> = self
            .finalizers
            .iter()
            .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
            .collect();
        self.errors.sort();
        let condition = |ty, problem: Option<(&'static str, String)>, fine: (&'static str, &str)| Condition {
            ty,
            status: problem.is_some(),
            reason: problem.as_ref().map_or(fine.0, |problem| problem.0),
            message: problem.map_or_else(|| fine.1.to_owned(), |problem| problem.1),
        };
        let failed = (!self.errors.is_empty()).then(|| {
            let message = format!(
                "Failed to delete all resource types, {} remaining: {}",
                self.errors.len(),
                self.errors.join(", ")
            );
            ("ContentDeletionFailed", message)
        });
        let remaining = (!lines.is_empty()).then(|| {
            let message = format!("Some resources are remaining: {}", lines.join(", "));
            ("SomeResourcesRemain", message)
        });
        let held = (!finalizers.is_empty()).then(|| {
            let message = format!("Some finalizers are remaining: {}", finalizers.join(", "));
            ("SomeFinalizerRemain", message)
        });
        let removed = ("ContentRemoved", "All content successfully removed");
        vec![
            condition(
                "NamespaceDeletionDiscoveryFailure",
                None,
                ("ResourcesDiscovered", "All resources successfully discovered"),
            ),
            condition(
                "NamespaceDeletionGroupVersionParsingFailure",
                None,
                ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
            ),
            condition(
                "NamespaceDeletionContentFailure",
                failed,
                (
                    "ContentDeleted",
                    "All content successfully deleted, may be waiting on finalization",
                ),
            ),
            condition("NamespaceContentRemaining", remaining, removed),
            condition("NamespaceFinalizersRemaining", held, removed),
        ]
    }
}
