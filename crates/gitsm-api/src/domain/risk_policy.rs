//! From the wire types of `RiskPolicy` to the domain types of decisions.

use super::selectors::{Reach, change_selector};
use crate::estate::Estate;
use crate::v1alpha1::{RiskPolicy, change_model, risk_policy as api};
use gitsm_core::ValueError;
use gitsm_core::ident::FieldName;
use gitsm_core::risk::{
    Answer, Factor, Floor, ImpactRules, Matrix, Policy, PolicySource, ProvenSuccess, Question,
    RiskFactorKind, TierImpacts,
};
use gitsm_core::vocabulary::{RiskLevel, Tier};

/// Why a `RiskPolicy` cannot be used. The schema refuses all of these; an object that never met it may have them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RiskPolicyError {
    /// Its name is none of ours.
    #[error("metadata.name: {0}")]
    Name(ValueError),
    /// A tier has no impact.
    #[error("spec.impact.tiers: tier {} has no impact", .0.get())]
    Tier(Tier),
    /// An impact has no row of four levels.
    #[error("spec.matrix: impact {0} has no row of four levels")]
    Row(RiskLevel),
    /// A weight is out of range.
    #[error("spec.factors, {name}: {error}")]
    Weight {
        /// The factor.
        name: FieldName,
        /// What is wrong with its weight.
        error: ValueError,
    },
}

/// A risk policy as decisions take it.
///
/// # Errors
///
/// [`RiskPolicyError`].
pub fn risk_policy(policy: &RiskPolicy) -> Result<Policy, RiskPolicyError> {
    let name = policy.metadata.name.as_deref().unwrap_or_default();
    let spec = &policy.spec;
    Ok(Policy {
        source: PolicySource::Named(name.parse().map_err(RiskPolicyError::Name)?),
        selector: spec
            .selector
            .as_ref()
            .map(|selector| change_selector(selector, Reach::Everywhere)),
        impact: impact(&spec.impact)?,
        factors: spec
            .factors
            .iter()
            .map(|factor| weighted(factor, &spec.questions))
            .collect::<Result<_, _>>()?,
        matrix: matrix(&spec.matrix)?,
        floors: spec
            .floors
            .iter()
            .map(|floor| Floor {
                selector: change_selector(&floor.selector, Reach::Everywhere),
                level: floor.level,
                reason: floor.reason.clone(),
            })
            .collect(),
    })
}

/// The results that a standard model must show.
pub fn proven_success(proven: &change_model::ProvenSuccess) -> ProvenSuccess {
    ProvenSuccess {
        min_runs: proven.min_runs,
        min_percent: proven.min_percent,
    }
}

impl Estate {
    /// Every risk policy, in order of names.
    ///
    /// # Errors
    ///
    /// Name and problem of the first that cannot be used. Without it no risk can be computed: it might be the policy
    /// that gives the highest level.
    pub fn risk_policies(&self) -> Result<Vec<Policy>, (String, RiskPolicyError)> {
        self.risk_policies
            .iter()
            .map(|(_, name, policy)| risk_policy(policy).map_err(|error| (name.to_owned(), error)))
            .collect()
    }
}

fn impact(rules: &api::ImpactRules) -> Result<ImpactRules, RiskPolicyError> {
    // The worst where a tier is missing; it is refused below.
    let mut levels = [RiskLevel::VeryHigh; 4];
    for (level, number) in levels.iter_mut().zip(1_i64..) {
        let given = rules.tiers.iter().find(|given| i64::from(given.tier) == number);
        match (given, Tier::try_from(number)) {
            (Some(given), _) => *level = given.impact,
            (None, Ok(tier)) => return Err(RiskPolicyError::Tier(tier)),
            // There are four tiers.
            (None, Err(_)) => {}
        }
    }
    Ok(ImpactRules {
        tiers: TierImpacts::new(levels),
        raise_if_user_facing: rules.raise_if_user_facing,
        raise_if_data_destructive: rules.raise_if_data_destructive,
        raise_if_redundancy_lost: rules.raise_if_redundancy_lost,
    })
}

fn matrix(rows: &[api::MatrixRow]) -> Result<Matrix, RiskPolicyError> {
    let mut levels = [[RiskLevel::VeryHigh; 4]; 4];
    for (row, impact) in levels.iter_mut().zip(RiskLevel::ALL) {
        *row = rows
            .iter()
            .find(|given| given.impact == *impact)
            .and_then(|given| given.levels.as_slice().try_into().ok())
            .ok_or(RiskPolicyError::Row(*impact))?;
    }
    Ok(Matrix::new(levels))
}

fn weighted(
    factor: &api::WeightedFactor,
    questions: &[api::RiskQuestion],
) -> Result<Factor, RiskPolicyError> {
    let question = questions
        .iter()
        .find(|question| factor.kind == RiskFactorKind::Question && question.name == factor.name);
    Ok(Factor {
        name: factor.name.clone(),
        kind: factor.kind,
        weight: factor
            .weight
            .try_into()
            .map_err(|error| RiskPolicyError::Weight {
                name: factor.name.clone(),
                error,
            })?,
        question: question.map(|question| Question {
            text: question.question.clone(),
            answers: question
                .answers
                .iter()
                .map(|answer| Answer {
                    answer: answer.answer.clone(),
                    value_permille: answer.value_permille,
                })
                .collect(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn manifest() -> Value {
        json!({"apiVersion": "gitsm.dev/v1alpha1", "kind": "RiskPolicy", "metadata": {"name": "acme"}, "spec": {
            "selector": {"tiers": [1]},
            "impact": {"tiers": [
                {"tier": 4, "impact": "Low"}, {"tier": 1, "impact": "VeryHigh"},
                {"tier": 2, "impact": "High"}, {"tier": 3, "impact": "Moderate"},
            ], "raiseIfUserFacing": false},
            "factors": [
                {"name": "backout", "kind": "Backout", "weight": 60},
                {"name": "restart", "kind": "Question", "weight": 30},
            ],
            "questions": [{"name": "restart", "question": "Does it restart?", "answers": [
                {"answer": "yes", "valuePermille": 1000}, {"answer": "no", "valuePermille": 0},
            ]}],
            "matrix": RiskLevel::ALL.iter().rev().map(|impact| json!({"impact": impact, "levels": vec![impact; 4]}))
                .collect::<Vec<_>>(),
            "floors": [{"selector": {"all": true}, "level": "High", "reason": "because"}],
        }})
    }

    fn typed(manifest: &Value) -> RiskPolicy {
        serde_json::from_value(manifest.clone()).unwrap()
    }

    #[test]
    fn a_policy_is_read_whatever_the_order_of_its_lists() {
        let policy = risk_policy(&typed(&manifest())).unwrap();
        let tier = |number: i64| policy.impact.tiers.of(Some(Tier::try_from(number).unwrap()));
        assert_eq!((tier(1), tier(4)), (RiskLevel::VeryHigh, RiskLevel::Low));
        assert!(!policy.impact.raise_if_user_facing && policy.impact.raise_if_redundancy_lost);
        assert_eq!(policy.matrix.level(RiskLevel::Moderate, 0), RiskLevel::Moderate);
        assert_eq!(policy.factors[0].question, None);
        assert_eq!(policy.question("restart").unwrap().value_of("yes"), Some(1000));
        assert_eq!(policy.floors[0].level, RiskLevel::High);
        assert_eq!(policy.flaws(), []);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (pointer, value, expected) in [
            (
                "/spec/impact/tiers/1",
                json!({"tier": 4, "impact": "Low"}),
                "tier 1",
            ),
            ("/spec/matrix/0/levels", json!(["Low"]), "impact VeryHigh"),
            ("/spec/factors/0/weight", json!(0), "backout"),
            ("/metadata/name", json!("Not A Name"), "metadata.name"),
        ] {
            let mut manifest = manifest();
            *manifest.pointer_mut(pointer).unwrap() = value;
            let error = risk_policy(&typed(&manifest)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
