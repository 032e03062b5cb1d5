//! Finding a problem in incidents that happen again and again.

use crate::ident::{IncidentId, ProblemId, ServiceId};
use crate::time::{Duration, Instant};
use crate::vocabulary::Priority;
use crate::{Percent, Text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// An incident, as far as finding problems goes. Cancelled incidents are left out by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Occurrence {
    /// Affected services.
    pub services: BTreeSet<ServiceId>,
    /// What was wrong.
    pub title: Text<200>,
    /// Fingerprints of its alerts.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fingerprints: BTreeSet<Text<128>>,
    /// Names of its alerts.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alerts: BTreeSet<Text<200>>,
    /// When the effect began.
    pub began: Instant,
    /// Its priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The problem it is linked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemId>,
}

/// From when on incidents are a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RecurrenceRule {
    /// So many incidents; fewer than two are never a recurrence.
    pub at_least: u32,
    /// Within this time before now.
    pub within: Duration,
}

impl Default for RecurrenceRule {
    /// Three within thirty days.
    fn default() -> Self {
        Self {
            at_least: 3,
            within: Duration::constant::<{ 30 * 24 * 3_600 }>(),
        }
    }
}

/// What incidents of one service have in common, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Signature {
    /// An alert with the same fingerprint.
    Fingerprint(Text<128>),
    /// An alert of the same name.
    Alert(Text<200>),
    /// Titles of the same words; numbers and short words do not count.
    Title(BTreeSet<String>),
}

impl Signature {
    fn points(&self) -> u8 {
        match self {
            Self::Fingerprint(_) => 40,
            Self::Alert(_) => 30,
            Self::Title(_) => 20,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Fingerprint(fingerprint) => format!("the alert with fingerprint {fingerprint}"),
            Self::Alert(name) => format!("the alert {name}"),
            Self::Title(words) => {
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                format!("the words {} in the title", words.join(", "))
            }
        }
    }
}

/// A problem that should be registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proposal {
    /// The service that the incidents have in common.
    pub service: ServiceId,
    /// What else they have in common.
    pub signature: Signature,
    /// The incidents, in order of their begin.
    pub incidents: Vec<IncidentId>,
    /// Problems that some of them are linked to: link the others rather than register another.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub linked_problems: BTreeSet<ProblemId>,
    /// How strong the proposal is, 0 to 100: the sum of the parts.
    pub score: Percent,
    /// What the score is made of.
    pub parts: ProposalScore,
    /// In words.
    pub why: Text<300>,
}

/// What the score of a proposal is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProposalScore {
    /// What they have in common: fingerprint 40, name of the alert 30, words of the title 20.
    pub signature: u8,
    /// How many there are: ten for reaching the rule and for each one more, 40 at most.
    pub count: u8,
    /// The gravest of them: P1 20, P2 10, others none.
    pub gravity: u8,
}

/// The problems that incidents of the last time show, the strongest first.
///
/// Incidents belong together when they affect the same service and share an alert or the words of the title. Where
/// the same incidents share several things, the strongest is proposed. Incidents that are all linked to problems
/// already propose nothing.
pub fn propose(
    incidents: &BTreeMap<IncidentId, Occurrence>,
    rule: &RecurrenceRule,
    now: Instant,
) -> Vec<Proposal> {
    let since = now.plus(-rule.within.to_signed());
    let mut groups: BTreeMap<(&ServiceId, Signature), BTreeMap<&IncidentId, &Occurrence>> = BTreeMap::new();
    for (id, incident) in incidents {
        if incident.began <= since || incident.began > now {
            continue;
        }
        let signatures = signatures(incident);
        for service in &incident.services {
            for signature in &signatures {
                groups
                    .entry((service, signature.clone()))
                    .or_default()
                    .insert(id, incident);
            }
        }
    }
    let least = rule.at_least.max(2);
    let mut proposals: Vec<Proposal> = groups
        .into_iter()
        .filter_map(|((service, signature), members)| proposal(service, signature, &members, least))
        .collect();
    proposals.sort_by(|one, other| rank(one).cmp(&rank(other)));
    without_repetitions(proposals)
}

fn rank(proposal: &Proposal) -> (Reverse<Percent>, Reverse<usize>, &ServiceId, &Signature) {
    (
        Reverse(proposal.score),
        Reverse(proposal.incidents.len()),
        &proposal.service,
        &proposal.signature,
    )
}

fn proposal(
    service: &ServiceId,
    signature: Signature,
    members: &BTreeMap<&IncidentId, &Occurrence>,
    least: u32,
) -> Option<Proposal> {
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let all_linked = members.values().all(|member| member.problem.is_some());
    if count < least || all_linked {
        return None;
    }
    let more = u8::try_from(count.saturating_sub(least)).unwrap_or(u8::MAX);
    let gravest = members.values().filter_map(|member| member.priority).min();
    let parts = ProposalScore {
        signature: signature.points(),
        count: more.saturating_add(1).saturating_mul(10).min(40),
        gravity: match gravest {
            Some(Priority::P1) => 20,
            Some(Priority::P2) => 10,
            _ => 0,
        },
    };
    let score = parts
        .signature
        .saturating_add(parts.count)
        .saturating_add(parts.gravity);
    let mut incidents: Vec<_> = members.iter().map(|(id, member)| (member.began, *id)).collect();
    incidents.sort_unstable();
    Some(Proposal {
        service: service.clone(),
        why: Text::clip(format!(
            "{count} incidents of {} have {} in common (at least {least} make a problem).",
            service.name,
            signature.words()
        )),
        signature,
        incidents: incidents.into_iter().map(|(_, id)| id.clone()).collect(),
        linked_problems: members
            .values()
            .filter_map(|member| member.problem.clone())
            .collect(),
        score: Percent::clamped(score),
        parts,
    })
}

/// Of proposals in their order, those whose incidents are not all in one that stands before it.
fn without_repetitions(proposals: Vec<Proposal>) -> Vec<Proposal> {
    let mut kept: Vec<(BTreeSet<IncidentId>, Proposal)> = Vec::new();
    for proposal in proposals {
        let members: BTreeSet<_> = proposal.incidents.iter().cloned().collect();
        if !kept.iter().any(|(others, _)| members.is_subset(others)) {
            kept.push((members, proposal));
        }
    }
    kept.into_iter().map(|(_, proposal)| proposal).collect()
}

fn signatures(incident: &Occurrence) -> Vec<Signature> {
    let fingerprints = incident.fingerprints.iter().cloned().map(Signature::Fingerprint);
    let alerts = incident.alerts.iter().cloned().map(Signature::Alert);
    let words = title_words(&incident.title);
    let title = (!words.is_empty()).then_some(Signature::Title(words));
    fingerprints.chain(alerts).chain(title).collect()
}

/// The words of a title that say what is wrong: in lower case, without numbers and without words of one or two
/// letters, so that `5xx above 8 percent` and `5xx above 11 percent` are the same.
fn title_words(title: &str) -> BTreeSet<String> {
    title
        .to_lowercase()
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| word.chars().count() > 2 && !word.chars().all(char::is_numeric))
        .map(str::to_owned)
        .collect()
}
