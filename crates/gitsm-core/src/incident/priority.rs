//! The priority of incidents and problems: a matrix of impact and urgency, and where the two come from.

use super::vocabulary::LevelSource;
use crate::Text;
use crate::ident::MemberId;
use crate::vocabulary::{Level, Priority, Tier};
use serde::{Deserialize, Serialize};

/// One value for each step of a scale: nothing can be missing or given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ByLevel<T> {
    /// At the highest step.
    pub high: T,
    /// At the middle step.
    pub medium: T,
    /// At the lowest step.
    pub low: T,
}

impl<T> ByLevel<T> {
    /// The values from the highest step to the lowest.
    pub const fn new(high: T, medium: T, low: T) -> Self {
        Self { high, medium, low }
    }

    /// The value at a step.
    pub const fn at(&self, level: Level) -> &T {
        match level {
            Level::High => &self.high,
            Level::Medium => &self.medium,
            Level::Low => &self.low,
        }
    }
}

/// Which priority an impact and an urgency give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriorityMatrix {
    /// The priorities: by impact, then by urgency.
    pub priorities: ByLevel<ByLevel<Priority>>,
    /// Whether an impact that nobody stated is derived from blast radius and tier. Else it counts as Medium.
    pub derive_impact: bool,
}

impl Default for PriorityMatrix {
    /// Impact and urgency as numbers from 1 (High) to 3, their sum less one; the impact is derived. It is the matrix
    /// of most textbooks and tools of ITIL.
    fn default() -> Self {
        use Priority::{P1, P2, P3, P4, P5};
        Self {
            priorities: ByLevel::new(
                ByLevel::new(P1, P2, P3),
                ByLevel::new(P2, P3, P4),
                ByLevel::new(P3, P4, P5),
            ),
            derive_impact: true,
        }
    }
}

/// Two neighbouring fields of a matrix of which the graver one has the lower priority: surely a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inversion {
    /// Impact and urgency of the graver field.
    pub graver: (Level, Level),
    /// Impact and urgency of the other.
    pub milder: (Level, Level),
}

impl PriorityMatrix {
    /// The priority of an impact and an urgency.
    pub const fn priority(&self, impact: Level, urgency: Level) -> Priority {
        *self.priorities.at(impact).at(urgency)
    }

    /// Where more impact or more urgency gives less priority.
    pub fn inversions(&self) -> Vec<Inversion> {
        const STEPS: [(Level, Level); 2] = [(Level::High, Level::Medium), (Level::Medium, Level::Low)];
        let mut found = Vec::new();
        let mut check = |graver: (Level, Level), milder: (Level, Level)| {
            // P1 is the least of the priorities in order.
            if self.priority(graver.0, graver.1) > self.priority(milder.0, milder.1) {
                found.push(Inversion { graver, milder });
            }
        };
        for (more, less) in STEPS {
            for other in Level::ALL {
                check((more, *other), (less, *other));
                check((*other, more), (*other, less));
            }
        }
        found
    }

    /// The priority of an incident, with everything it was taken from.
    pub fn judge(&self, facts: &PriorityFacts) -> PriorityDecision {
        let impact = self.impact(facts);
        let urgency = urgency(facts);
        let computed = self.priority(impact.level, urgency.level);
        PriorityDecision {
            priority: facts
                .override_by
                .as_ref()
                .map_or(computed, |given| given.priority),
            computed,
            impact,
            urgency,
            override_by: facts.override_by.clone(),
        }
    }

    fn impact(&self, facts: &PriorityFacts) -> SourcedLevel {
        if let Some(level) = facts.stated_impact {
            return SourcedLevel::new(level, LevelSource::Stated, "stated in the record");
        }
        match facts.reach {
            Some(reach) if self.derive_impact => derived_impact(reach),
            Some(_) => {
                SourcedLevel::assumed("not stated, and the matrix does not derive it: Medium is assumed")
            }
            None => SourcedLevel::assumed("not stated, and the blast radius is not known: Medium is assumed"),
        }
    }

    /// The priority of a problem. What nobody stated is the highest of its incidents, Medium without any.
    pub fn judge_problem(&self, facts: &ProblemPriorityFacts) -> PriorityDecision {
        let of = |stated: Option<Level>, levels: &[Level]| match (stated, levels.iter().min()) {
            (Some(level), _) => SourcedLevel::new(level, LevelSource::Stated, "stated in the record"),
            (None, Some(level)) => {
                SourcedLevel::new(*level, LevelSource::Incidents, "the highest of its incidents")
            }
            (None, None) => SourcedLevel::assumed("not stated, and no incident is linked: Medium is assumed"),
        };
        let impact = of(facts.stated_impact, &facts.impacts_of_incidents);
        let urgency = of(facts.stated_urgency, &facts.urgencies_of_incidents);
        let priority = self.priority(impact.level, urgency.level);
        PriorityDecision {
            priority,
            computed: priority,
            impact,
            urgency,
            override_by: None,
        }
    }
}

/// What the priority of an incident is taken from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriorityFacts {
    /// The impact that a person stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_impact: Option<Level>,
    /// The urgency that a person stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_urgency: Option<Level>,
    /// What fails or suffers; absent where it could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// The urgency that the route of its alert gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_urgency: Option<Level>,
    /// How fast the error budget burns, in thousandths: 1000 uses it up exactly by the end of its period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burn_permille: Option<u32>,
    /// A priority that a person set against the matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_by: Option<PriorityOverride>,
}

/// What the priority of a problem is taken from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProblemPriorityFacts {
    /// The impact that a person stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_impact: Option<Level>,
    /// The urgency that a person stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_urgency: Option<Level>,
    /// The impacts of its incidents, cancelled ones left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impacts_of_incidents: Vec<Level>,
    /// The urgencies of its incidents, cancelled ones left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urgencies_of_incidents: Vec<Level>,
}

/// What fails or suffers with the affected services, those included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reach {
    /// The most critical tier among the services that are down; absent if none is, or none has a tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_critical_down: Option<Tier>,
    /// The most critical tier among the services that are degraded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_critical_degraded: Option<Tier>,
    /// How many services are down or degraded.
    #[serde(default)]
    pub count: u32,
}

/// A priority that a person set against the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriorityOverride {
    /// The priority.
    pub priority: Priority,
    /// Who set it.
    pub by: MemberId,
    /// Why the matrix is not right here.
    pub reason: Text<300>,
}

/// An impact or urgency, and where it was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourcedLevel {
    /// The step.
    pub level: Level,
    /// Where it was taken from.
    pub source: LevelSource,
    /// In words.
    pub why: Text<300>,
}

impl SourcedLevel {
    fn new(level: Level, source: LevelSource, why: impl AsRef<str>) -> Self {
        Self {
            level,
            source,
            why: Text::clip(why),
        }
    }

    fn assumed(why: &str) -> Self {
        Self::new(Level::Medium, LevelSource::Assumed, why)
    }
}

/// A priority with everything it was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PriorityDecision {
    /// The priority that counts: the override if there is one, else the computed one.
    pub priority: Priority,
    /// The priority from the matrix.
    pub computed: Priority,
    /// The impact that was used.
    pub impact: SourcedLevel,
    /// The urgency that was used.
    pub urgency: SourcedLevel,
    /// Who overrode the matrix, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_by: Option<PriorityOverride>,
}

/// So many services down or degraded raise the impact by one step.
pub const WIDE_REACH: u32 = 10;

/// The impact by blast radius and tier:
///
/// - tier 1 down is High, tier 2 Medium, tiers 3 and 4 Low;
/// - degraded counts as one tier less critical than down;
/// - [`WIDE_REACH`] services or more raise it by one step;
/// - where no service that suffers has a tier, Medium is assumed before that.
fn derived_impact(reach: Reach) -> SourcedLevel {
    let down = reach.most_critical_down.map(|tier| (tier.get(), "down", tier));
    let degraded = reach
        .most_critical_degraded
        .map(|tier| (tier.get().saturating_add(1), "degraded", tier));
    let worst = match (down, degraded) {
        (Some(down), Some(degraded)) => Some(if degraded.0 < down.0 { degraded } else { down }),
        (one, other) => one.or(other),
    };
    let (level, source, why) = match worst {
        Some((weight, how, tier)) => {
            let level = match weight {
                0 | 1 => Level::High,
                2 => Level::Medium,
                _ => Level::Low,
            };
            (
                level,
                LevelSource::BlastRadius,
                format!("a service of tier {} is {how}", tier.get()),
            )
        }
        None => (
            Level::Medium,
            LevelSource::Assumed,
            "no service that suffers has a tier: Medium is assumed".to_owned(),
        ),
    };
    if reach.count < WIDE_REACH {
        return SourcedLevel::new(level, source, why);
    }
    let raised = match level {
        Level::Low => Level::Medium,
        Level::Medium | Level::High => Level::High,
    };
    SourcedLevel::new(
        raised,
        source,
        format!("{why}; {} services suffer, {WIDE_REACH} or more", reach.count),
    )
}

/// At this speed and above, in thousandths, a burning error budget is urgent: the slower of the two speeds that the
/// Site Reliability Workbook (chapter 5, "Alerting on SLOs") pages for, 5 percent of a month's budget in six hours.
pub const URGENT_BURN_PERMILLE: u32 = 6_000;

/// At this speed and above, in thousandths, the budget does not last; the same chapter opens a ticket for it.
pub const NOTABLE_BURN_PERMILLE: u32 = 1_000;

/// The urgency: what was stated, else the higher one of what alert and error budget say, else Medium.
fn urgency(facts: &PriorityFacts) -> SourcedLevel {
    if let Some(level) = facts.stated_urgency {
        return SourcedLevel::new(level, LevelSource::Stated, "stated in the record");
    }
    let alert = facts
        .alert_urgency
        .map(|level| SourcedLevel::new(level, LevelSource::Alert, "from the route of its alert"));
    let burn = facts.burn_permille.map(|permille| {
        let level = if permille >= URGENT_BURN_PERMILLE {
            Level::High
        } else if permille >= NOTABLE_BURN_PERMILLE {
            Level::Medium
        } else {
            Level::Low
        };
        SourcedLevel::new(
            level,
            LevelSource::BudgetBurn,
            format!(
                "the error budget burns at {}.{:03} times the sustainable speed",
                permille / 1_000,
                permille % 1_000
            ),
        )
    });
    match (alert, burn) {
        // High is the least in order.
        (Some(alert), Some(burn)) => {
            if burn.level < alert.level {
                burn
            } else {
                alert
            }
        }
        (one, other) => one.or(other).unwrap_or_else(|| {
            SourcedLevel::assumed("neither stated nor given by an alert: Medium is assumed")
        }),
    }
}
