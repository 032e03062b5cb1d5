//! What was found.

use super::facts::Span;
use crate::catalog::NodeId;
use crate::change::{ConflictEffect, ConflictType};
use crate::ident::{ChangeId, IncidentId, MemberId, RepositoryPath, ResourceName, ServiceId, WindowId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One conflict of one change. Everything that collides with the same counterpart in the same way is one conflict,
/// with all of it listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conflict {
    /// Its kind, as the change sees it: `ParentItem` is that the other touches what contains an item of this change.
    pub r#type: ConflictType,
    /// What it does to the change.
    pub effect: ConflictEffect,
    /// The other side; absent where there is none beside the change's own plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Counterpart>,
    /// Whether this change is the one of the two that gives way. The other has the same conflict as an advice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_way: bool,
    /// Items that collide, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Collision>,
    /// Redundancy groups that would fall, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupCollision>,
    /// People who would carry out both, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<MemberId>,
    /// Files or folders that both touch, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<RepositoryPath>,
    /// Services that are the reason, sorted: those of an incident, or without error budget.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
    /// When both collide, or when the plan is in conflict; absent where it does not depend on time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Span>,
    /// One sentence: what collides, when, and what to do.
    pub message: String,
}

impl Conflict {
    /// One of its kind that says nothing yet, and blocks.
    pub(super) fn blank(kind: ConflictType) -> Self {
        Self {
            r#type: kind,
            effect: ConflictEffect::Blocking,
            with: None,
            gives_way: true,
            items: Vec::new(),
            groups: Vec::new(),
            people: Vec::new(),
            paths: Vec::new(),
            services: Vec::new(),
            when: None,
            message: String::new(),
        }
    }
}

/// Two items that collide; the same one, or one that contains the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Collision {
    /// The item that this change touches.
    pub item: NodeId,
    /// The item that the other touches.
    pub other: NodeId,
}

/// A redundancy group that would fall while both changes are going on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupCollision {
    /// The service whose group it is.
    pub node: NodeId,
    /// Its name.
    pub group: ResourceName,
    /// Members that this change takes down, sorted.
    pub lost: Vec<NodeId>,
    /// Members that the other takes down, sorted.
    pub lost_to_other: Vec<NodeId>,
    /// Members that are up as long as nothing is changed.
    pub up: u32,
    /// Members that must be up.
    pub needed: u32,
}

/// The other side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Counterpart {
    /// Another change.
    Change(ChangeId),
    /// A window.
    Window(WindowId),
    /// An incident.
    Incident(IncidentId),
}

impl fmt::Display for Counterpart {
    /// `Kind/namespace/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(id) => write!(f, "{}/{id}", ChangeId::KIND),
            Self::Window(id) => write!(f, "{}/{id}", WindowId::KIND),
            Self::Incident(id) => write!(f, "{}/{id}", IncidentId::KIND),
        }
    }
}
