//! The impact of a change: the highest level among the services that would be down, raised by circumstances.

use super::facts::RiskFacts;
use super::policy::{Policy, TierImpacts};
use crate::ident::ServiceId;
use crate::vocabulary::{BackoutKind, RiskLevel, Tier};
use serde::{Deserialize, Serialize};

/// The question whose answer says whether data may be lost: any answer above 0 says that it may.
pub(super) const DATA_DESTRUCTIVE: &str = "dataDestructive";

/// How many services an assessment lists.
const LISTED: usize = 20;

/// The impact of a change, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImpactResult {
    /// The level, raises included.
    pub level: RiskLevel,
    /// The level before the raises.
    pub base: RiskLevel,
    /// What `base` comes from.
    pub source: String,
    /// Whether something about `base` was not known, so that the worst was assumed.
    pub assumed: bool,
    /// The services that would be down, the highest level first. At most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceImpact>,
    /// How many services would be down; more than are listed where the list was cut.
    pub service_count: usize,
    /// What raises the level. Each raises by one; none goes above `VeryHigh`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raises: Vec<Raise>,
}

/// The impact of one service that would be down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceImpact {
    /// The service.
    pub id: ServiceId,
    /// Its tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// The level of its tier; the worst of all tiers where it has none.
    pub level: RiskLevel,
}

/// One circumstance that raises the impact by a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Raise {
    /// The circumstance.
    pub kind: RaiseKind,
    /// Where it is known from.
    pub source: String,
    /// Whether it was not known, so that it was assumed.
    pub assumed: bool,
    /// What would make it known, where it was assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

crate::choice::choices! {
    /// What raises the impact by a level.
    pub enum RaiseKind {
        /// A service that would be down is used from outside the organisation.
        UserFacing,
        /// Data may be lost for good.
        DataDestructive,
        /// A redundancy group has no spare member left meanwhile.
        RedundancyLost,
    }
}

/// Computes the impact. Nothing that would be down is the lowest level of all; not knowing what would be down is
/// `VeryHigh`.
pub(super) fn impact(policy: &Policy, facts: &RiskFacts) -> ImpactResult {
    let rules = policy.impact;
    let (base, source, assumed, mut services) = base(rules.tiers, facts);
    let raises: Vec<_> = [
        rules.raise_if_user_facing.then(|| user_facing(facts)),
        rules
            .raise_if_data_destructive
            .then(|| data_destructive(policy, facts)),
        rules.raise_if_redundancy_lost.then(|| redundancy_lost(facts)),
    ]
    .into_iter()
    .flatten()
    .flatten()
    .collect();
    services.sort_by(|one, other| (other.level, &one.id).cmp(&(one.level, &other.id)));
    let service_count = services.len();
    services.truncate(LISTED);
    ImpactResult {
        level: raises.iter().fold(base, |level, _| raised(level)),
        base,
        source,
        assumed,
        services,
        service_count,
        raises,
    }
}

fn raised(level: RiskLevel) -> RiskLevel {
    match level {
        RiskLevel::Low => RiskLevel::Moderate,
        RiskLevel::Moderate => RiskLevel::High,
        RiskLevel::High | RiskLevel::VeryHigh => RiskLevel::VeryHigh,
    }
}

fn base(tiers: TierImpacts, facts: &RiskFacts) -> (RiskLevel, String, bool, Vec<ServiceImpact>) {
    let Some(down) = &facts.down else {
        let source = "it is not known what would be down".to_owned();
        return (RiskLevel::VeryHigh, source, true, Vec::new());
    };
    let services: Vec<_> = down
        .iter()
        .map(|service| ServiceImpact {
            id: service.id.clone(),
            tier: service.tier,
            level: tiers.of(service.tier),
        })
        .collect();
    // The first of the worst by name, so that the order of the facts does not show.
    let worst = services
        .iter()
        .max_by(|one, other| (one.level, &other.id).cmp(&(other.level, &one.id)));
    let Some(worst) = worst else {
        return (
            RiskLevel::Low,
            "nothing would be down".to_owned(),
            false,
            services,
        );
    };
    let tier = worst.tier.map_or_else(
        || "of unknown tier".to_owned(),
        |tier| format!("tier {}", tier.get()),
    );
    let others = match services.len() {
        1 => String::new(),
        count => format!(", the worst of {count} services"),
    };
    let source = format!("{} ({tier}) would be down{others}", worst.id);
    // A tier that is not known matters only where nothing that is known is as bad.
    let known = services
        .iter()
        .any(|service| service.tier.is_some() && service.level == worst.level);
    (worst.level, source, !known, services)
}

fn user_facing(facts: &RiskFacts) -> Option<Raise> {
    let raise = |source: String, remedy: Option<&str>| {
        Some(Raise {
            kind: RaiseKind::UserFacing,
            source,
            assumed: remedy.is_some(),
            remedy: remedy.map(str::to_owned),
        })
    };
    let Some(down) = &facts.down else {
        return raise(
            "it is not known what would be down".to_owned(),
            Some("name services that are in the estate, so that the blast radius can be computed"),
        );
    };
    let first = |wanted: Option<bool>| {
        down.iter()
            .filter(|service| service.user_facing == wanted)
            .map(|service| &service.id)
            .min()
    };
    if let Some(id) = first(Some(true)) {
        return raise(format!("{id} is used from outside the organisation"), None);
    }
    let id = first(None)?;
    raise(
        format!("it is not known whether {id} is used from outside the organisation"),
        Some("write spec.userFacing of the service"),
    )
}

fn data_destructive(policy: &Policy, facts: &RiskFacts) -> Option<Raise> {
    let raise = |source: &str, remedy: Option<&str>| {
        Some(Raise {
            kind: RaiseKind::DataDestructive,
            source: source.to_owned(),
            assumed: remedy.is_some(),
            remedy: remedy.map(str::to_owned),
        })
    };
    if let Some(found) = facts.data_destructive {
        return if found {
            raise("data may be lost for good", None)
        } else {
            None
        };
    }
    if let Some(question) = policy.question(DATA_DESTRUCTIVE) {
        let answer = facts.answers.get(DATA_DESTRUCTIVE);
        return match answer.and_then(|answer| question.value_of(&answer.answer)) {
            Some(0) => None,
            Some(_) => raise("the answer to the question dataDestructive", None),
            None => raise(
                "the question dataDestructive has no answer to choose from",
                Some("answer it in spec.riskAnswers"),
            ),
        };
    }
    match facts.backout.map(|backout| backout.kind) {
        None => raise(
            "it is not known how the change is taken back",
            Some("write spec.backout of the change"),
        ),
        Some(BackoutKind::None) => raise("the change cannot be taken back", None),
        Some(BackoutKind::GitRevert | BackoutKind::Rollout | BackoutKind::Job | BackoutKind::Manual) => None,
    }
}

fn redundancy_lost(facts: &RiskFacts) -> Option<Raise> {
    match facts.redundancy_lost {
        Some(false) => None,
        Some(true) => Some(Raise {
            kind: RaiseKind::RedundancyLost,
            source: "a redundancy group has no spare member left meanwhile".to_owned(),
            assumed: false,
            remedy: None,
        }),
        None => Some(Raise {
            kind: RaiseKind::RedundancyLost,
            source: "it is not known whether redundancy is lost meanwhile".to_owned(),
            assumed: true,
            remedy: Some(
                "name services that are in the estate, so that the blast radius can be computed".to_owned(),
            ),
        }),
    }
}
