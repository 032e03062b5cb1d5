//! The policy that is used where the estate has none that applies.

use super::RiskFactorKind as Kind;
use super::policy::{Factor, ImpactRules, Matrix, Policy, PolicySource, TierImpacts, Weight};
use crate::ident::FieldName;
use crate::vocabulary::RiskLevel::{High, Low, Moderate, VeryHigh};

/// Names, kinds and weights of the built-in policy. It weighs what a change itself says (tests, way back) and what
/// the model has shown above all else, and leaves out what many organisations do not have: error budgets and
/// questions.
const FACTORS: &[(&str, Kind, Weight)] = &[
    ("modelFailure", Kind::ModelFailure, Weight::constant::<80>()),
    ("teamScore", Kind::TeamScore, Weight::constant::<30>()),
    ("diffSize", Kind::DiffSize, Weight::constant::<40>()),
    ("novelty", Kind::Novelty, Weight::constant::<50>()),
    ("missingTests", Kind::MissingTests, Weight::constant::<60>()),
    ("backout", Kind::Backout, Weight::constant::<60>()),
    ("timePressure", Kind::TimePressure, Weight::constant::<40>()),
    ("instability", Kind::Instability, Weight::constant::<40>()),
    (
        "concurrentChanges",
        Kind::ConcurrentChanges,
        Weight::constant::<30>(),
    ),
];

/// The policy that is used where the estate has none that applies.
pub fn built_in_policy() -> Policy {
    Policy {
        source: PolicySource::BuiltIn,
        selector: None,
        impact: ImpactRules {
            tiers: TierImpacts::new([High, Moderate, Low, Low]),
            raise_if_user_facing: true,
            raise_if_data_destructive: true,
            raise_if_redundancy_lost: true,
        },
        factors: FACTORS
            .iter()
            .filter_map(|(name, kind, weight)| {
                // The names are right by a test, so none is left out.
                Some(Factor {
                    name: FieldName::try_from(*name).ok()?,
                    kind: *kind,
                    weight: *weight,
                    question: None,
                })
            })
            .collect(),
        matrix: Matrix::new([
            [Low, Low, Moderate, Moderate],
            [Low, Moderate, Moderate, High],
            [Moderate, Moderate, High, VeryHigh],
            [Moderate, High, VeryHigh, VeryHigh],
        ]),
        floors: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policy_is_complete_and_without_flaws() {
        let policy = built_in_policy();
        assert_eq!(policy.factors.len(), FACTORS.len());
        assert_eq!(policy.flaws(), []);
    }
}
