//! What is wrong with a graph.

use super::graph::Graph;
use super::{DependencyStrength, EdgeOrigin, NodeId};
use crate::ident::ResourceName;
use serde::{Deserialize, Serialize};

/// Something in a graph that makes its answers less certain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum GraphIssue {
    /// A reference leads to something that does not exist. What is referred to counts as not up; that its failure
    /// would matter is known, what it needs itself is not.
    Dangling {
        /// What refers.
        from: NodeId,
        /// What does not exist.
        to: NodeId,
        /// What a failure would do.
        strength: DependencyStrength,
        /// How it refers.
        origin: EdgeOrigin,
    },
    /// Something that runs needs something that is planned or retired.
    NotRunning {
        /// What needs it.
        from: NodeId,
        /// What does not run.
        to: NodeId,
        /// What a failure would do.
        strength: DependencyStrength,
    },
    /// A dependency names a redundancy group that its service does not declare. It counts as a dependency of its
    /// own.
    UndeclaredGroup {
        /// The service.
        node: NodeId,
        /// The group.
        group: ResourceName,
    },
    /// A redundancy group has fewer members up than it needs, though nothing failed. Every further loss counts as
    /// its failure.
    TooFewMembers {
        /// The service.
        node: NodeId,
        /// The group.
        group: ResourceName,
        /// The environment; absent in a graph that names none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<ResourceName>,
        /// How many are up.
        up: u32,
        /// How many must be up.
        needed: u32,
    },
    /// Something says that it needs itself; that is left out.
    NeedsItself {
        /// What says so.
        node: NodeId,
    },
}

impl GraphIssue {
    /// The node to mend.
    pub fn node(&self) -> &NodeId {
        match self {
            Self::Dangling { from, .. } | Self::NotRunning { from, .. } => from,
            Self::UndeclaredGroup { node, .. }
            | Self::TooFewMembers { node, .. }
            | Self::NeedsItself { node } => node,
        }
    }

    /// One sentence: what is wrong, what follows, what to do.
    pub fn message(&self) -> String {
        match self {
            Self::Dangling {
                from, to, strength, ..
            } => {
                let (from, to) = (from.short(), to.short());
                let what = strength.as_str().to_lowercase();
                format!(
                    "{from} refers to {to} ({what}), which does not exist: it counts as not up; add it or correct \
                     the reference"
                )
            }
            Self::NotRunning { from, to, .. } => format!(
                "{} needs {}, which is planned or retired: it counts as not up; remove the dependency or correct \
                 the state",
                from.short(),
                to.short()
            ),
            Self::UndeclaredGroup { node, group } => format!(
                "{} does not declare the redundancy group {group}: its members count as single dependencies; \
                 declare it in redundancyGroups",
                node.short()
            ),
            Self::TooFewMembers {
                node,
                group,
                environment,
                up,
                needed,
            } => {
                let place = environment
                    .as_ref()
                    .map_or_else(String::new, |environment| format!(" in {environment}"));
                format!(
                    "the redundancy group {group} of {}{place} needs {needed} members up and has {up}: every loss \
                     counts as its failure; lower minUp or add members",
                    node.short()
                )
            }
            Self::NeedsItself { node } => {
                format!(
                    "{} says that it needs itself; remove that dependency",
                    node.short()
                )
            }
        }
    }
}

/// Groups that need more than they have.
pub(super) fn of_groups(graph: &Graph) -> Vec<GraphIssue> {
    let mut issues = Vec::new();
    for group in &graph.groups {
        for (environment, name) in graph.every_environment() {
            if !graph.can_fail_in(group.owner, environment) {
                continue;
            }
            let size = graph.group_size(group, environment);
            let needed = group.min_up.of(size.members);
            if size.members > 0
                && needed > size.up
                && let Some(node) = graph.id(group.owner)
            {
                issues.push(GraphIssue::TooFewMembers {
                    node: node.clone(),
                    group: group.name.clone(),
                    environment: name.cloned(),
                    up: size.up,
                    needed,
                });
            }
        }
    }
    issues
}
