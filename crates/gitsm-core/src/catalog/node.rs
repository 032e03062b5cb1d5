//! What the graph is made of: services, configuration items, and what they need.

use super::{DependencyStrength, ServiceState};
use crate::ident::{
    ConfigurationItemId, ConfigurationItemName, LabelKey, LabelValue, NamespaceName, ResourceName, ServiceId,
    ServiceName, TeamName,
};
use crate::vocabulary::Tier;
use crate::{Percent, Text, ValueError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A service or a configuration item, written `ITService/namespace/name` or `ConfigurationItem/namespace/name`.
/// Services sort before configuration items.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// A service.
    Service(ServiceId),
    /// A configuration item.
    ConfigurationItem(ConfigurationItemId),
}

impl NodeId {
    /// Its kind, as written in a manifest.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => ServiceId::KIND,
            Self::ConfigurationItem(_) => ConfigurationItemId::KIND,
        }
    }

    /// Its namespace.
    pub fn namespace(&self) -> &NamespaceName {
        match self {
            Self::Service(id) => &id.namespace,
            Self::ConfigurationItem(id) => &id.namespace,
        }
    }

    /// Its name within kind and namespace.
    pub fn name(&self) -> &str {
        match self {
            Self::Service(id) => id.name.as_str(),
            Self::ConfigurationItem(id) => id.name.as_str(),
        }
    }

    /// The service, if it is one.
    pub fn as_service(&self) -> Option<&ServiceId> {
        match self {
            Self::Service(id) => Some(id),
            Self::ConfigurationItem(_) => None,
        }
    }

    /// How people read it: `payments/payments-db` for a service, `ci/payments/payments-db-1` for a configuration
    /// item. The same text names it on the command line.
    pub fn short(&self) -> String {
        match self {
            Self::Service(id) => id.to_string(),
            Self::ConfigurationItem(id) => format!("ci/{id}"),
        }
    }
}

impl From<ServiceId> for NodeId {
    fn from(id: ServiceId) -> Self {
        Self::Service(id)
    }
}

impl From<ConfigurationItemId> for NodeId {
    fn from(id: ConfigurationItemId) -> Self {
        Self::ConfigurationItem(id)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind(), self.namespace(), self.name())
    }
}

impl FromStr for NodeId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason: &'static str| {
            ValueError::new("a node of the graph", reason, "ITService/payments/payments-db")
        };
        let (kind, rest) = text.split_once('/').ok_or_else(|| wrong("it has no `/`"))?;
        let (namespace, name) = rest.split_once('/').ok_or_else(|| wrong("it has only one `/`"))?;
        let namespace: NamespaceName = namespace.parse()?;
        match kind {
            ServiceId::KIND => Ok(ServiceId::new(namespace, name.parse::<ServiceName>()?).into()),
            ConfigurationItemId::KIND => {
                Ok(ConfigurationItemId::new(namespace, name.parse::<ConfigurationItemName>()?).into())
            }
            _ => Err(wrong("its kind is neither ITService nor ConfigurationItem")),
        }
    }
}

impl Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What is known of a service or configuration item, the defaults of its catalogue filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// Name shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text<120>>,
    /// The team that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
    /// How critical a service is; `None` where neither service nor catalogue says, and for configuration items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Whether people outside the organisation use the service directly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub user_facing: bool,
    /// Where a service is in its life. One that is planned or retired does not run: nothing can take it down, and
    /// it stands in for nothing. `None` counts as running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ServiceState>,
    /// What a configuration item is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ResourceName>,
    /// The environments it is in. Empty: every environment.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub environments: BTreeSet<ResourceName>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Class of the data a service handles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_class: Option<ResourceName>,
    /// The configuration item that contains this one: where it fails, so does this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ConfigurationItemId>,
    /// The services a configuration item belongs to. A service whose dependencies do not mention the item needs it
    /// as by a hard dependency; to say otherwise, the service mentions it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub member_of: BTreeSet<ServiceId>,
    /// The redundancy groups of a service, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub redundancy_groups: BTreeMap<ResourceName, MinUp>,
}

impl Node {
    /// Whether it runs at all, so that it can be taken down and can stand in for others.
    pub fn is_running(&self) -> bool {
        !matches!(self.state, Some(ServiceState::Proposed | ServiceState::Retired))
    }

    /// Whether it is in an environment.
    pub fn is_in(&self, environment: &ResourceName) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }
}

/// How many members of a redundancy group must be up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MinUp {
    /// This many members.
    Count(u32),
    /// This share of the members that the group has in the environment, rounded up.
    Percent(Percent),
}

impl MinUp {
    /// How many of `members` must be up.
    pub fn of(self, members: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => percent.of_rounded_up(members),
        }
    }
}

impl fmt::Display for MinUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Percent(percent) => percent.fmt(f),
        }
    }
}

/// One thing that a service or configuration item says it needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dependency {
    /// What needs it.
    pub from: NodeId,
    /// What is needed.
    pub to: NodeId,
    /// What a failure of it does.
    #[serde(default)]
    pub strength: DependencyStrength,
    /// The only environment the dependency exists in; `None` is every environment of `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// The redundancy group of `from` that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ResourceName>,
}

/// Why the graph has an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EdgeOrigin {
    /// The dependant says that it needs the other.
    Declared,
    /// The configuration item says that it belongs to the service, and the service does not mention it.
    Membership,
    /// The other contains it.
    Containment,
}
