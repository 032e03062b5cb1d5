//! A risk policy as data: rules of impact, factors, matrix, floors.

use super::{RiskFactorKind, WORST};
use crate::ident::{FieldName, RiskPolicyName};
use crate::selector::ChangeSelector;
use crate::vocabulary::{RiskLevel, Tier};
use crate::{Text, ValueError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a policy comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Option<RiskPolicyName>", into = "Option<RiskPolicyName>")]
pub enum PolicySource {
    /// Built into gitsm; written as `null`.
    #[default]
    BuiltIn,
    /// A `RiskPolicy` of the estate.
    Named(RiskPolicyName),
}

impl From<Option<RiskPolicyName>> for PolicySource {
    fn from(name: Option<RiskPolicyName>) -> Self {
        name.map_or(Self::BuiltIn, Self::Named)
    }
}

impl From<PolicySource> for Option<RiskPolicyName> {
    fn from(source: PolicySource) -> Self {
        match source {
            PolicySource::BuiltIn => None,
            PolicySource::Named(name) => Some(name),
        }
    }
}

impl fmt::Display for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.pad("built-in"),
            Self::Named(name) => f.pad(name.as_str()),
        }
    }
}

/// How the risk of a change is computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Which policy it is.
    #[serde(default)]
    pub source: PolicySource,
    /// Changes it is for beside those whose model names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<ChangeSelector>,
    /// What the impact is computed from.
    pub impact: ImpactRules,
    /// What the likelihood is computed from. Without any, nothing is known and the likelihood is the worst.
    pub factors: Vec<Factor>,
    /// The level for each impact and likelihood.
    pub matrix: Matrix,
    /// Levels that some changes have at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<Floor>,
}

/// What the impact is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImpactRules {
    /// The level of each tier.
    pub tiers: TierImpacts,
    /// Raise by one level when a service that would be down is used from outside the organisation.
    pub raise_if_user_facing: bool,
    /// Raise by one level when data may be lost.
    pub raise_if_data_destructive: bool,
    /// Raise by one level when redundancy is lost meanwhile.
    pub raise_if_redundancy_lost: bool,
}

/// The impact of each tier, tier 1 first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TierImpacts([RiskLevel; 4]);

impl TierImpacts {
    /// The levels of tiers 1 to 4, in this order.
    pub const fn new(levels: [RiskLevel; 4]) -> Self {
        Self(levels)
    }

    /// The level of a tier; the worst of all where the tier is not known.
    pub fn of(self, tier: Option<Tier>) -> RiskLevel {
        tier.and_then(|tier| self.0.get(usize::from(tier.get()).wrapping_sub(1)).copied())
            .unwrap_or_else(|| self.worst())
    }

    fn worst(self) -> RiskLevel {
        self.0.iter().copied().max().unwrap_or(RiskLevel::VeryHigh)
    }
}

/// The weight of a factor, in points, 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Weight(u32);

impl Weight {
    /// A weight known when the program is compiled; out of range does not compile.
    pub const fn constant<const POINTS: u32>() -> Self {
        const { assert!(POINTS >= 1 && POINTS <= 1000) };
        Self(POINTS)
    }

    /// The points.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Weight {
    type Error = ValueError;

    fn try_from(points: u32) -> Result<Self, Self::Error> {
        if (1..=1000).contains(&points) {
            Ok(Self(points))
        } else {
            Err(ValueError::new("a weight", "it is outside 1 to 1000", "40"))
        }
    }
}

impl From<Weight> for u32 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

/// One factor of the likelihood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Factor {
    /// Its name, shown with the result.
    pub name: FieldName,
    /// What it is computed from.
    pub kind: RiskFactorKind,
    /// Its weight. The likelihood is the weighted mean of all factors.
    pub weight: Weight,
    /// For the kind `Question`: what is asked. A factor of that kind without a question can never be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
}

/// A question to the author of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// The question.
    pub text: Text<300>,
    /// Answers to choose from.
    pub answers: Vec<Answer>,
}

impl Question {
    /// The value of an answer, in thousandths; `None` where it is none of those to choose from.
    pub fn value_of(&self, answer: &str) -> Option<u32> {
        self.answers
            .iter()
            .find(|known| known.answer.as_str() == answer)
            .map(|known| known.value_permille.min(WORST))
    }

    /// The value of the worst answer, in thousandths; what an answer that is missing counts as.
    pub fn worst(&self) -> u32 {
        self.answers
            .iter()
            .map(|known| known.value_permille.min(WORST))
            .max()
            .unwrap_or(WORST)
    }
}

/// An answer to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// The answer.
    pub answer: Text<120>,
    /// Its value in thousandths, 0 (good) to 1000 (worst); more counts as 1000.
    pub value_permille: u32,
}

/// Levels by impact (rows, Low first) and likelihood (columns: up to 250, 500, 750 and 1000 permille).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Matrix([[RiskLevel; 4]; 4]);

impl Matrix {
    /// The rows for impacts Low, Moderate, High and VeryHigh, in this order.
    pub const fn new(rows: [[RiskLevel; 4]; 4]) -> Self {
        Self(rows)
    }

    /// The level for an impact and a likelihood in permille.
    pub fn level(&self, impact: RiskLevel, likelihood_permille: u32) -> RiskLevel {
        let column = match likelihood_permille {
            ..=250 => 0,
            251..=500 => 1,
            501..=750 => 2,
            _ => 3,
        };
        // The fallback is never taken: there are as many rows as levels.
        self.0
            .get(impact as usize)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or(RiskLevel::VeryHigh)
    }
}

/// A level that some changes have at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Floor {
    /// The changes. A selector that depends on something not known selects; risk levels are never known here,
    /// because they are what is being computed.
    pub selector: ChangeSelector,
    /// The level.
    pub level: RiskLevel,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<300>>,
}

/// Something in a policy that makes a worse change look better. It is allowed, but hardly ever meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyFlaw {
    /// A more critical tier has a lower impact than a less critical one.
    TiersNotOrdered,
    /// In one row of the matrix, a higher likelihood has a lower level.
    RowNotOrdered(RiskLevel),
    /// A higher impact has a lower level than a lower impact at the same likelihood.
    RowsNotOrdered(RiskLevel),
    /// Nothing is computed: there is no factor, so the likelihood is always the worst.
    NoFactors,
}

impl fmt::Display for PolicyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TiersNotOrdered => {
                f.write_str("a more critical tier has a lower impact than a less critical one")
            }
            Self::RowNotOrdered(impact) => {
                write!(
                    f,
                    "in the row of impact {impact}, a higher likelihood has a lower level"
                )
            }
            Self::RowsNotOrdered(impact) => {
                write!(
                    f,
                    "the row of impact {impact} has a lower level than the row of a lower impact"
                )
            }
            Self::NoFactors => f.write_str("there is no factor, so every likelihood is the worst"),
        }
    }
}

impl Policy {
    /// What makes a worse change look better under this policy.
    pub fn flaws(&self) -> Vec<PolicyFlaw> {
        let mut flaws = Vec::new();
        if !self
            .impact
            .tiers
            .0
            .is_sorted_by(|critical, less| critical >= less)
        {
            flaws.push(PolicyFlaw::TiersNotOrdered);
        }
        for (row, impact) in self.matrix.0.iter().zip(RiskLevel::ALL) {
            if !row.is_sorted() {
                flaws.push(PolicyFlaw::RowNotOrdered(*impact));
            }
        }
        let pairs = self.matrix.0.iter().zip(self.matrix.0.iter().skip(1));
        for ((lower, higher), impact) in pairs.zip(RiskLevel::ALL.iter().skip(1)) {
            if lower.iter().zip(higher).any(|(low, high)| high < low) {
                flaws.push(PolicyFlaw::RowsNotOrdered(*impact));
            }
        }
        if self.factors.is_empty() {
            flaws.push(PolicyFlaw::NoFactors);
        }
        flaws
    }

    /// The question of a name, if the policy asks one.
    pub fn question(&self, name: &str) -> Option<&Question> {
        self.factors
            .iter()
            .find(|factor| factor.name == *name)
            .and_then(|factor| factor.question.as_ref())
    }
}
