//! When an incident should be proposed as a major one. Whether it is, people decide.

use super::vocabulary::MajorRule;
use crate::Text;
use crate::vocabulary::{Priority, Tier};
use serde::{Deserialize, Serialize};

/// What may make an incident a major one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MajorSignals {
    /// The priority that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The most critical tier among the services that are down, affected ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_critical_down: Option<Tier>,
    /// How many incidents name it as their parent.
    #[serde(default)]
    pub children: u32,
}

/// From when on an incident may be a major one. Each rule can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MajorRules {
    /// At priority P1.
    pub highest_priority: bool,
    /// When a service of tier 1 is down.
    pub critical_service_down: bool,
    /// With more child incidents than this. Written as `null` where it is switched off: absent means the default.
    pub more_children_than: Option<u32>,
}

impl Default for MajorRules {
    /// All rules, and more than five children.
    fn default() -> Self {
        Self {
            highest_priority: true,
            critical_service_down: true,
            more_children_than: Some(5),
        }
    }
}

/// One reason to declare a major incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MajorReason {
    /// The rule that holds.
    pub rule: MajorRule,
    /// In words.
    pub message: Text<300>,
}

/// The rules that hold, in the order of [`MajorRule`]; none: nothing is proposed.
pub fn propose_major(signals: &MajorSignals, rules: &MajorRules) -> Vec<MajorReason> {
    let mut reasons = Vec::new();
    let mut push = |rule, message: String| {
        reasons.push(MajorReason {
            rule,
            message: Text::clip(message),
        });
    };
    if rules.highest_priority && signals.priority == Some(Priority::P1) {
        push(MajorRule::HighestPriority, "Its priority is P1.".to_owned());
    }
    if rules.critical_service_down && signals.most_critical_down.is_some_and(|tier| tier.get() == 1) {
        push(
            MajorRule::CriticalServiceDown,
            "A service of tier 1 is down.".to_owned(),
        );
    }
    if let Some(most) = rules.more_children_than
        && signals.children > most
    {
        push(
            MajorRule::ManyChildren,
            format!("{} incidents are part of it, more than {most}.", signals.children),
        );
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_switched_off_stays_off_in_saved_facts() {
        let off = MajorRules {
            more_children_than: None,
            ..MajorRules::default()
        };
        let text = serde_json::to_string(&off).unwrap();
        assert_eq!(serde_json::from_str::<MajorRules>(&text).unwrap(), off, "{text}");
    }
}
