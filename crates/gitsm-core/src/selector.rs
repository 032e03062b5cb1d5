//! Which services and which changes something applies to: windows, policies, service levels, models.
//!
//! Fields are combined by AND, the elements of one list by OR. What is not known about a change (its risk before
//! it was computed) gives [`Matched::Unknown`], so that each decision can take the side that fails closed: a freeze
//! that might apply applies, a maintenance window that might apply does not.

use crate::ident::{
    ChangeModelName, LabelKey, LabelValue, NamespaceName, ResourceName, ServiceId, ServiceName,
};
use crate::vocabulary::{ChangeType, RiskLevel, Tier};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One service as selectors see it, the defaults of its catalogue filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSubject {
    /// Which one.
    pub id: ServiceId,
    /// How critical it is; `None` where neither service nor catalogue says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Class of the data it handles; `None` where the service does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_class: Option<ResourceName>,
}

/// What selectors see of a change beside its services. `None` is "not known".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeSubject {
    /// The environment that is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ResourceName>,
    /// Its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_type: Option<ChangeType>,
    /// Its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ChangeModelName>,
    /// Its computed risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskLevel>,
}

/// A field of a selector, for explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SelectorField {
    /// `namespaces`, or the namespace that a namespaced object is confined to.
    Namespaces,
    /// `services`.
    Services,
    /// `tiers`.
    Tiers,
    /// `labels`.
    Labels,
    /// `dataClasses`.
    DataClasses,
    /// `environments`.
    Environments,
    /// `changeTypes`.
    ChangeTypes,
    /// `changeModels`.
    ChangeModels,
    /// `riskLevels`.
    RiskLevels,
}

impl SelectorField {
    /// The field as it is written in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Services => "services",
            Self::Tiers => "tiers",
            Self::Labels => "labels",
            Self::DataClasses => "dataClasses",
            Self::Environments => "environments",
            Self::ChangeTypes => "changeTypes",
            Self::ChangeModels => "changeModels",
            Self::RiskLevels => "riskLevels",
        }
    }
}

impl std::fmt::Display for SelectorField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether a selector selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matched {
    /// It does.
    Yes,
    /// It does not, because of this field.
    No(SelectorField),
    /// It depends on something that is not known, in this field.
    Unknown(SelectorField),
}

impl Matched {
    /// Both must select: No wins over Unknown, Unknown over Yes.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No(_) => self,
            Self::Yes => other(),
            Self::Unknown(_) => match other() {
                no @ Self::No(_) => no,
                Self::Yes | Self::Unknown(_) => self,
            },
        }
    }

    /// One must select: Yes wins over Unknown, Unknown over No.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => self,
            Self::No(_) => match other() {
                Self::No(_) => self,
                better => better,
            },
            Self::Unknown(_) => match other() {
                Self::Yes => Self::Yes,
                Self::No(_) | Self::Unknown(_) => self,
            },
        }
    }

    /// Whether it selects for certain.
    pub fn is_certain(self) -> bool {
        self == Self::Yes
    }

    /// Whether it selects or might.
    pub fn is_possible(self) -> bool {
        !matches!(self, Self::No(_))
    }
}

/// Which services something applies to. An empty field selects everything; that the manifest says `all: true`
/// then is checked when it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSelector {
    /// The namespaces in reach; `None` is every namespace. A namespaced object that names none is confined to its
    /// own. `Some` of nothing selects nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<BTreeSet<NamespaceName>>,
    /// Names of services.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceName>,
    /// Tiers of services.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tiers: BTreeSet<Tier>,
    /// Labels that a service must all carry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Data classes of services.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub data_classes: BTreeSet<ResourceName>,
}

impl ServiceSelector {
    /// Whether it selects a service.
    pub fn matches(&self, service: &ServiceSubject) -> Matched {
        use SelectorField as Field;
        if let Some(namespaces) = &self.namespaces
            && !namespaces.contains(&service.id.namespace)
        {
            return Matched::No(Field::Namespaces);
        }
        if !self.services.is_empty() && !self.services.contains(&service.id.name) {
            return Matched::No(Field::Services);
        }
        let labels = self.labels.iter();
        if labels
            .into_iter()
            .any(|(key, value)| service.labels.get(key) != Some(value))
        {
            return Matched::No(Field::Labels);
        }
        // Who does not say what data a service handles has not said that it handles none of that class.
        one_of(
            &self.data_classes,
            service.data_class.as_ref(),
            Field::DataClasses,
        )
        .and(|| one_of(&self.tiers, service.tier.as_ref(), Field::Tiers))
    }
}

/// Which changes something applies to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeSelector {
    /// What one affected service must be.
    #[serde(default)]
    pub service: ServiceSelector,
    /// Environments of the change.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub environments: BTreeSet<ResourceName>,
    /// Types of change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change_types: Vec<ChangeType>,
    /// Models of the change.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub change_models: BTreeSet<ChangeModelName>,
    /// Risk levels of the change.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub risk_levels: BTreeSet<RiskLevel>,
}

impl ChangeSelector {
    /// Whether it selects a change, seen from one of the services that the change affects.
    pub fn matches(&self, service: &ServiceSubject, change: &ChangeSubject) -> Matched {
        self.service.matches(service).and(|| self.matches_change(change))
    }

    /// Whether it selects a change through any of the services that the change affects.
    pub fn matches_any<'s>(
        &self,
        services: impl IntoIterator<Item = &'s ServiceSubject>,
        change: &ChangeSubject,
    ) -> Matched {
        services
            .into_iter()
            .map(|service| self.service.matches(service))
            .reduce(|one, other| one.or(|| other))
            .unwrap_or(Matched::No(SelectorField::Services))
            .and(|| self.matches_change(change))
    }

    /// Whether it could select a change through some service: everything but `service` is looked at.
    pub fn matches_change(&self, change: &ChangeSubject) -> Matched {
        use SelectorField as Field;
        let types = match change.change_type {
            _ if self.change_types.is_empty() => Matched::Yes,
            None => Matched::Unknown(Field::ChangeTypes),
            Some(one) if self.change_types.contains(&one) => Matched::Yes,
            Some(_) => Matched::No(Field::ChangeTypes),
        };
        types
            .and(|| {
                one_of(
                    &self.environments,
                    change.environment.as_ref(),
                    Field::Environments,
                )
            })
            .and(|| one_of(&self.change_models, change.model.as_ref(), Field::ChangeModels))
            .and(|| one_of(&self.risk_levels, change.risk.as_ref(), Field::RiskLevels))
    }
}

fn one_of<T: Ord>(wanted: &BTreeSet<T>, value: Option<&T>, field: SelectorField) -> Matched {
    match value {
        _ if wanted.is_empty() => Matched::Yes,
        None => Matched::Unknown(field),
        Some(value) if wanted.contains(value) => Matched::Yes,
        Some(_) => Matched::No(field),
    }
}

#[cfg(test)]
mod tests;
