//! The risk as the status of a change shows it.

use super::columns::with_tail;
use crate::v1alpha1::change_status::{Risk, RiskFactor};
use gitsm_core::Text;
use gitsm_core::ident::GitRevision;
use gitsm_core::risk::{Assessment, WORST};
use std::collections::BTreeSet;

/// Factors that a status holds; a policy has no more.
const MOST_FACTORS: usize = 30;

/// The highest score.
const HIGHEST_SCORE: u32 = 100;

/// The risk of a change, with the revision of the policy that it was computed from.
pub fn risk(assessment: &Assessment, policy_revision: Option<GitRevision>) -> Risk {
    let mut seen = BTreeSet::new();
    Risk {
        level: assessment.level,
        score: assessment.score.min(HIGHEST_SCORE),
        impact: Some(assessment.impact.level),
        factors: assessment
            .factors
            .iter()
            .filter(|factor| seen.insert(&factor.name))
            .take(MOST_FACTORS)
            .map(|factor| RiskFactor {
                name: factor.name.clone(),
                value_permille: factor.value_permille.min(WORST),
                weight: factor.weight.min(WORST),
                source: (!factor.source.is_empty()).then(|| Text::clip(&factor.source)),
                assumed: factor.assumed,
            })
            .collect(),
        policy_revision,
    }
}

/// Level and score: `High(71)`.
pub fn risk_column(risk: &Risk) -> Text<30> {
    with_tail(risk.level.as_str(), &format!("({})", risk.score))
}
