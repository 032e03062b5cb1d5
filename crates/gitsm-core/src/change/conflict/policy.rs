//! What each kind of conflict does.

use crate::change::{ConflictEffect, ConflictType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What each kind of conflict does, and how far things count as belonging together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConflictPolicy {
    /// By kind; a kind that is left out has the default.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub effects: BTreeMap<ConflictType, ConflictEffects>,
    /// How many steps from an item to what contains it, and how many hard dependencies from it to a member of a
    /// redundancy group, still count. Default: 3.
    pub depth: u32,
}

/// What one kind of conflict does while the change is planned, and once its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConflictEffects {
    /// Until the change starts to occupy its items.
    pub planning: ConflictEffect,
    /// From then on: it is checked again before it goes in.
    pub opening: ConflictEffect,
}

impl Default for ConflictPolicy {
    fn default() -> Self {
        Self {
            effects: BTreeMap::new(),
            depth: 3,
        }
    }
}

/// The defaults. What may be over before the change starts (an incident, a budget) is shown while it is planned and
/// holds it back when its time has come. A person can do two things at once if they say so, and git sees to files.
const DEFAULTS: &[(ConflictType, ConflictEffect, ConflictEffect)] = {
    use ConflictEffect::{Advisory, Blocking};
    use ConflictType as Type;
    &[
        (Type::SameItem, Blocking, Blocking),
        (Type::ParentItem, Blocking, Blocking),
        (Type::ChildItem, Blocking, Blocking),
        (Type::SameRedundancyGroup, Blocking, Blocking),
        (Type::SamePerson, Advisory, Advisory),
        (Type::InFreeze, Blocking, Blocking),
        (Type::OutsideWindow, Blocking, Blocking),
        (Type::ExceedsWindow, Blocking, Blocking),
        (Type::DependsOnUnfinished, Blocking, Blocking),
        (Type::OpenMajorIncident, Advisory, Blocking),
        (Type::ErrorBudgetExhausted, Advisory, Blocking),
        (Type::SameFiles, Advisory, Advisory),
    ]
};

impl ConflictPolicy {
    /// What a kind of conflict does; what nobody decided about blocks.
    pub fn effect(&self, kind: ConflictType, opening: bool) -> ConflictEffect {
        let default = DEFAULTS.iter().find(|(known, ..)| *known == kind);
        let effects = self.effects.get(&kind).copied().unwrap_or_else(|| {
            default.map_or(
                ConflictEffects {
                    planning: ConflictEffect::Blocking,
                    opening: ConflictEffect::Blocking,
                },
                |(_, planning, opening)| ConflictEffects {
                    planning: *planning,
                    opening: *opening,
                },
            )
        });
        if opening {
            effects.opening
        } else {
            effects.planning
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_default() {
        let listed: Vec<_> = DEFAULTS.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(listed, ConflictType::ALL);
    }

    #[test]
    fn a_policy_replaces_single_kinds() {
        let policy: ConflictPolicy = serde_json::from_value(serde_json::json!({
            "effects": {"SamePerson": {"planning": "Advisory", "opening": "Blocking"}},
        }))
        .unwrap();
        assert_eq!(policy.depth, 3);
        assert_eq!(
            policy.effect(ConflictType::SamePerson, true),
            ConflictEffect::Blocking
        );
        assert_eq!(
            policy.effect(ConflictType::SamePerson, false),
            ConflictEffect::Advisory
        );
        assert_eq!(
            policy.effect(ConflictType::InFreeze, false),
            ConflictEffect::Blocking
        );
    }
}
