//! The decision: the risk of a change under every policy that applies; the highest counts.

use super::factor::{self, FactorResult};
use super::facts::RiskFacts;
use super::impact::{self, ImpactResult};
use super::policy::{Policy, PolicySource};
use super::{WORST, built_in_policy};
use crate::digest::{digest_of, sha256};
use crate::ident::Digest;
use crate::selector::{ChangeSelector, ChangeSubject, Matched, SelectorField};
use crate::vocabulary::RiskLevel;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The risk of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// The level that counts.
    pub level: RiskLevel,
    /// The likelihood as a score from 0 to 100, rounded up, for comparison within one level.
    pub score: u32,
    /// The likelihood: the weighted mean of the factors in thousandths, rounded up.
    pub likelihood_permille: u32,
    /// The level from the matrix, before floors.
    pub matrix_level: RiskLevel,
    /// The policy that won, and from which everything else here comes.
    pub policy: PolicySource,
    /// The impact.
    pub impact: ImpactResult,
    /// The factors of the likelihood, in the order of the policy.
    pub factors: Vec<FactorResult>,
    /// What gives the change a level at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<AppliedFloor>,
    /// What each policy that applies came to, the winner first.
    pub considered: Vec<Considered>,
    /// Digest of the policies that applied and the facts: equal digests have equal assessments.
    pub digest: Digest,
}

impl Assessment {
    /// Whether anything was assumed.
    pub fn assumes(&self) -> bool {
        self.impact.assumed
            || self.impact.raises.iter().any(|raise| raise.assumed)
            || self.factors.iter().any(|factor| factor.assumed)
            || self.floors.iter().any(|floor| floor.assumed)
    }
}

/// A level that the change has at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedFloor {
    /// The level.
    pub level: RiskLevel,
    /// Why.
    pub reason: String,
    /// Whether its selector depends on something that is not known, so that it was taken to select.
    pub assumed: bool,
}

/// What one policy came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    /// The policy.
    pub policy: PolicySource,
    /// Why it applies.
    pub why: String,
    /// Its level.
    pub level: RiskLevel,
    /// Its score.
    pub score: u32,
}

/// Computes the risk of a change.
///
/// A policy applies when the change's model names it, or when its selector selects the change or might. Of several,
/// the highest level wins, then the highest score, then the first by name. Where none applies for certain, the
/// [built-in policy](built_in_policy) does too: not knowing must not make a change look better. Where the model names a policy that is not among `policies`, nobody knows
/// what it asks for: the level is `VeryHigh`.
pub fn assess(policies: &[Policy], facts: &RiskFacts) -> Assessment {
    let change = ChangeSubject {
        risk: None,
        ..facts.change.clone()
    };
    let missing = facts.named_policy.as_ref().filter(|name| {
        let named = PolicySource::Named((*name).clone());
        !policies.iter().any(|policy| policy.source == named)
    });
    let mut applying: Vec<(Cow<'_, Policy>, Applies)> = policies
        .iter()
        .filter_map(|policy| Some((Cow::Borrowed(policy), applies(policy, facts, &change)?)))
        .collect();
    if !applying.iter().any(|(_, applies)| applies.certain) {
        let why = if applying.is_empty() {
            "no policy of the estate applies"
        } else {
            "no policy of the estate applies for certain"
        };
        let applies = Applies {
            certain: true,
            why: why.to_owned(),
        };
        applying.push((Cow::Owned(built_in_policy()), applies));
    }
    let policies: Vec<&Policy> = applying.iter().map(|(policy, _)| policy.as_ref()).collect();
    // Writing as JSON fails only for maps whose keys are not text; there are none.
    let digest = digest_of(&(&policies, facts)).unwrap_or_else(|error| sha256(error.to_string().as_bytes()));

    let mut results: Vec<(Assessment, String)> = applying
        .iter()
        .map(|(policy, applies)| (under(policy, facts, &change, digest.clone()), applies.why.clone()))
        .collect();
    results.sort_by(|(one, _), (other, _)| {
        (other.level, other.score, other.likelihood_permille, &one.policy).cmp(&(
            one.level,
            one.score,
            one.likelihood_permille,
            &other.policy,
        ))
    });
    let considered = results
        .iter()
        .map(|(result, why)| Considered {
            policy: result.policy.clone(),
            why: why.clone(),
            level: result.level,
            score: result.score,
        })
        .collect();
    let mut results = results.into_iter().map(|(result, _)| result);
    // There is at least one: the built-in policy was added where none applied.
    let mut winner = results
        .next()
        .unwrap_or_else(|| under(&built_in_policy(), facts, &change, digest));
    winner.considered = considered;
    if let Some(name) = missing {
        winner.floors.push(AppliedFloor {
            level: RiskLevel::VeryHigh,
            reason: format!("the model names the risk policy {name}, which is not in the estate"),
            assumed: true,
        });
        winner.level = RiskLevel::VeryHigh;
    }
    winner
}

/// Why a policy applies, and whether it does for certain.
struct Applies {
    certain: bool,
    why: String,
}

fn applies(policy: &Policy, facts: &RiskFacts, change: &ChangeSubject) -> Option<Applies> {
    let (certain, why) = match (&policy.source, &facts.named_policy) {
        (PolicySource::Named(name), Some(named)) if name == named => (true, "the model names it".to_owned()),
        _ => match selects(policy.selector.as_ref()?, facts, change) {
            Matched::Yes => (true, "its selector selects the change".to_owned()),
            Matched::Unknown(field) => (
                false,
                format!("its selector might select the change: {field} is not known"),
            ),
            Matched::No(_) => return None,
        },
    };
    Some(Applies { certain, why })
}

/// Whether a selector selects the change. A change whose services are not known might be selected through any.
fn selects(selector: &ChangeSelector, facts: &RiskFacts, change: &ChangeSubject) -> Matched {
    if facts.services.is_empty() {
        Matched::Unknown(SelectorField::Services).and(|| selector.matches_change(change))
    } else {
        selector.matches_any(&facts.services, change)
    }
}

fn under(policy: &Policy, facts: &RiskFacts, change: &ChangeSubject, digest: Digest) -> Assessment {
    let impact = impact::impact(policy, facts);
    let (likelihood_permille, factors) = likelihood(policy, facts);
    let matrix_level = policy.matrix.level(impact.level, likelihood_permille);
    let floors: Vec<_> = policy
        .floors
        .iter()
        .filter_map(|floor| {
            let assumed = match selects(&floor.selector, facts, change) {
                Matched::Yes => false,
                Matched::Unknown(_) => true,
                Matched::No(_) => return None,
            };
            let reason = floor
                .reason
                .as_ref()
                .map_or("a floor of the policy", |reason| reason.as_str());
            Some(AppliedFloor {
                level: floor.level,
                reason: reason.to_owned(),
                assumed,
            })
        })
        .collect();
    Assessment {
        level: floors
            .iter()
            .map(|floor| floor.level)
            .fold(matrix_level, RiskLevel::max),
        score: likelihood_permille.div_ceil(10),
        likelihood_permille,
        matrix_level,
        policy: policy.source.clone(),
        impact,
        factors,
        floors,
        considered: Vec::new(),
        digest,
    }
}

/// The weighted mean of the factors, rounded up; the worst where there is no factor.
fn likelihood(policy: &Policy, facts: &RiskFacts) -> (u32, Vec<FactorResult>) {
    let total: u64 = policy
        .factors
        .iter()
        .map(|factor| u64::from(factor.weight.get()))
        .sum();
    let mut sum = 0_u64;
    let factors = policy
        .factors
        .iter()
        .map(|factor| {
            let value = factor::value(factor, facts);
            // Both are at most 1000.
            let weighted = u64::from(value.permille) * u64::from(factor.weight.get());
            sum = sum.saturating_add(weighted);
            FactorResult {
                name: factor.name.clone(),
                kind: factor.kind,
                value_permille: value.permille,
                weight: factor.weight.get(),
                contribution_permille: weighted
                    .checked_div(total)
                    .and_then(|part| u32::try_from(part).ok())
                    .unwrap_or(WORST),
                source: value.source,
                assumed: value.assumed,
                remedy: value.assumed.then(|| factor::remedy(factor)),
            }
        })
        .collect();
    let mean = if total == 0 {
        WORST
    } else {
        u32::try_from(sum.div_ceil(total)).unwrap_or(WORST)
    };
    (mean, factors)
}
