//! Recognising incidents as those of a problem that is known.

use crate::ident::{LabelKey, LabelValue, ProblemId, ServiceId};
use crate::incident::ProblemPhase;
use crate::{Percent, Text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How incidents of a problem are recognised. All given fields must match; nothing given matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Symptoms {
    /// Words of which the title contains one, in any case.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub title_contains: BTreeSet<Text<100>>,
    /// Names of alerts of which the incident has one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alerts: BTreeSet<Text<200>>,
    /// Labels that the incident carries, all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// A problem, as far as recognising its incidents goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// Which one.
    pub problem: ProblemId,
    /// Where it stands.
    pub phase: ProblemPhase,
    /// Whether cause or workaround may be offered.
    #[serde(default)]
    pub known_error: bool,
    /// Services concerned. They do not decide, they only rank: an error can show at another service.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
    /// How its incidents are recognised.
    #[serde(default)]
    pub symptoms: Symptoms,
}

/// How an incident shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifestation {
    /// What is wrong.
    pub title: Text<200>,
    /// Affected services.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
    /// Names of its alerts.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alerts: BTreeSet<Text<200>>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<LabelKey, LabelValue>,
}

/// What recognising an incident as that of a problem means for whoever works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    /// The error is known: its workaround can be used now.
    KnownError,
    /// The problem is being worked on: the incident can be linked.
    Open,
    /// The problem was resolved: it happened again.
    Recurrence,
}

/// A problem that an incident looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KnownErrorMatch {
    /// Which one.
    pub problem: ProblemId,
    /// What it means.
    pub standing: Standing,
    /// How much was recognised, 1 to 100: alert 40, title 20, labels 5 each up to 20, same service 20.
    pub score: Percent,
    /// What was recognised, in words.
    pub why: Text<300>,
}

/// The problems that an incident looks like: known errors first, then open problems, then resolved ones; among them
/// the highest score first, then by name. Neither the order of `problems` nor one that is given twice matters.
pub fn recognise<'p>(
    incident: &Manifestation,
    problems: impl IntoIterator<Item = &'p Candidate>,
) -> Vec<KnownErrorMatch> {
    let title = incident.title.to_lowercase();
    let mut found: Vec<_> = problems
        .into_iter()
        .filter_map(|problem| recognised(incident, &title, problem))
        .collect();
    found.sort_by(|one, other| order(one).cmp(&order(other)));
    let mut seen = BTreeSet::new();
    found.retain(|one| seen.insert(one.problem.clone()));
    found
}

fn order(found: &KnownErrorMatch) -> (Standing, Reverse<Percent>, &ProblemId, &Text<300>) {
    (found.standing, Reverse(found.score), &found.problem, &found.why)
}

fn recognised(incident: &Manifestation, title: &str, problem: &Candidate) -> Option<KnownErrorMatch> {
    let symptoms = &problem.symptoms;
    let mut score = 0_u8;
    let mut why = Vec::new();
    if !symptoms.alerts.is_empty() {
        let alert = symptoms.alerts.intersection(&incident.alerts).next()?;
        score = score.saturating_add(40);
        why.push(format!("alert {alert}"));
    }
    if !symptoms.title_contains.is_empty() {
        let words = symptoms.title_contains.iter().find(|words| {
            let words = words.trim().to_lowercase();
            // Blanks alone would be in nearly every title.
            !words.is_empty() && title.contains(&words)
        })?;
        score = score.saturating_add(20);
        why.push(format!("title contains `{words}`"));
    }
    if !symptoms.labels.is_empty() {
        let carries = |(key, value): (&LabelKey, &LabelValue)| incident.labels.get(key) == Some(value);
        if !symptoms.labels.iter().all(carries) {
            return None;
        }
        let points = symptoms.labels.len().saturating_mul(5).min(20);
        score = score.saturating_add(u8::try_from(points).unwrap_or(20));
        let labels: Vec<_> = symptoms
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        why.push(format!("labels {}", labels.join(", ")));
    }
    if why.is_empty() {
        return None;
    }
    if let Some(service) = problem.services.intersection(&incident.services).next() {
        score = score.saturating_add(20);
        why.push(format!("same service {}", service.name));
    }
    Some(KnownErrorMatch {
        problem: problem.problem.clone(),
        standing: match problem.phase {
            ProblemPhase::Resolved | ProblemPhase::Closed => Standing::Recurrence,
            _ if problem.known_error => Standing::KnownError,
            _ => Standing::Open,
        },
        score: Percent::clamped(score),
        why: Text::clip(why.join("; ")),
    })
}
