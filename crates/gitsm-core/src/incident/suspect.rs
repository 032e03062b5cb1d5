//! Which changes may have caused an incident.

use crate::ident::{ChangeId, ServiceId};
use crate::time::Instant;
use crate::vocabulary::RiskLevel;
use crate::{Percent, Text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// An incident, as far as the search for its cause goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Symptom {
    /// Affected services.
    pub services: BTreeSet<ServiceId>,
    /// When the effect began.
    pub began: Instant,
}

/// A change that may have caused an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// Which one.
    pub change: ChangeId,
    /// Services it changes.
    pub services: BTreeSet<ServiceId>,
    /// When it began to go in; absent: it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Instant>,
    /// When it was in or taken back; absent: it is still going in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Instant>,
    /// Its risk; absent where it was not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskLevel>,
}

/// A suspected change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suspect {
    /// Which one.
    pub change: ChangeId,
    /// How suspected, 1 to 100: the sum of the parts.
    pub score: Percent,
    /// What the score is made of.
    pub parts: Parts,
    /// In words. Example: `dependency payments-db, ended 12 minutes before, risk High`.
    pub why: Text<300>,
}

/// What the score of a suspected change is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parts {
    /// By distance in the graph.
    pub distance: DistancePart,
    /// By time.
    pub time: TimePart,
    /// By risk.
    pub risk: RiskPart,
}

/// How near the changed service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistancePart {
    /// Points.
    pub points: u8,
    /// Dependencies between the affected and the changed service; 0 is the same service.
    pub hops: u32,
    /// The affected service.
    pub affected: ServiceId,
    /// The changed service.
    pub changed: ServiceId,
}

/// How near in time the change is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimePart {
    /// Points.
    pub points: u8,
    /// Whole seconds from the end of the change to the begin of the effect; absent if it was going in then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_seconds_before: Option<i64>,
}

/// How risky the change is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskPart {
    /// Points.
    pub points: u8,
    /// The risk that was counted.
    pub level: RiskLevel,
    /// Whether it was not known; the worst is counted then.
    #[serde(default)]
    pub assumed: bool,
}

/// The points of each part. Together they are at most 100.
///
/// The weights are a judgement, not a measurement: distance counts most, since what an affected service does not
/// depend on can hardly break it; then time, since most faults of a change show within its first hours; risk last,
/// since it says how bad a failure would be rather than whether it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Weights {
    /// Points by number of hops, falling; further away is none.
    pub hops: [u8; 7],
    /// Points of a change that was going in when the effect began.
    pub in_progress: u8,
    /// Points of a change that ended up to so many seconds before, falling; longer before is none.
    pub ended: [(i64, u8); 8],
    /// Points of risk Low, Moderate, High and VeryHigh, rising.
    pub risk: [u8; 4],
}

/// The weights that are used: 50 for distance, 35 for time, 15 for risk.
pub const WEIGHTS: Weights = Weights {
    hops: [50, 38, 28, 20, 13, 7, 3],
    in_progress: 35,
    ended: [
        (5 * 60, 33),
        (15 * 60, 30),
        (3_600, 26),
        (4 * 3_600, 21),
        (12 * 3_600, 16),
        (24 * 3_600, 12),
        (3 * 24 * 3_600, 7),
        (7 * 24 * 3_600, 3),
    ],
    risk: [3, 7, 11, 15],
};

/// So many suspects are kept.
pub const MOST_SUSPECTS: usize = 10;

/// The changes that may have caused an incident, the most suspected first, [`MOST_SUSPECTS`] at most.
///
/// `distance` gives the number of dependencies from the first service, which is affected, to the second, which was
/// changed: 0 for the same, `None` if the first does not depend on the second. A change that did not begin before
/// the effect, that no affected service depends on, or that ended more than a week before, is none of them. Equal
/// scores are ordered by hops, time, risk and name; neither the order of `changes` nor a change that is given twice
/// matters.
pub fn suspects<'c>(
    symptom: &Symptom,
    changes: impl IntoIterator<Item = &'c Candidate>,
    distance: impl Fn(&ServiceId, &ServiceId) -> Option<u32>,
    now: Instant,
) -> Vec<Suspect> {
    // An effect that is said to begin in the future began now at the latest.
    let began = symptom.began.min(now);
    let mut found: Vec<Suspect> = changes
        .into_iter()
        .filter_map(|change| {
            let time = time_part(change, began)?;
            let distance = distance_part(symptom, change, &distance)?;
            Some(suspect(change, distance, time))
        })
        .collect();
    found.sort_by(|one, other| rank(one).cmp(&rank(other)));
    let mut seen = BTreeSet::new();
    found.retain(|suspect| seen.insert(suspect.change.clone()));
    found.truncate(MOST_SUSPECTS);
    found
}

/// The order of suspects; everything that two of them can differ in is part of it.
type Rank<'s> = (
    Reverse<Percent>,
    (u32, Option<i64>, Reverse<RiskLevel>, bool),
    (&'s ChangeId, &'s ServiceId, &'s ServiceId),
);

fn rank(suspect: &Suspect) -> Rank<'_> {
    let Parts { distance, time, risk } = &suspect.parts;
    (
        Reverse(suspect.score),
        (
            distance.hops,
            time.ended_seconds_before,
            Reverse(risk.level),
            risk.assumed,
        ),
        (&suspect.change, &distance.changed, &distance.affected),
    )
}

fn suspect(change: &Candidate, distance: DistancePart, time: TimePart) -> Suspect {
    let level = change.risk.unwrap_or(RiskLevel::VeryHigh);
    let [low, moderate, high, very_high] = WEIGHTS.risk;
    let risk = RiskPart {
        points: match level {
            RiskLevel::Low => low,
            RiskLevel::Moderate => moderate,
            RiskLevel::High => high,
            RiskLevel::VeryHigh => very_high,
        },
        level,
        assumed: change.risk.is_none(),
    };
    let parts = Parts { distance, time, risk };
    Suspect {
        change: change.change.clone(),
        score: score(&parts),
        why: Text::clip(in_words(&parts)),
        parts,
    }
}

fn score(parts: &Parts) -> Percent {
    let points = [parts.distance.points, parts.time.points, parts.risk.points]
        .into_iter()
        .fold(0_u8, u8::saturating_add);
    Percent::clamped(points)
}

/// The nearest pair of an affected and a changed service, if it gives points.
fn distance_part(
    symptom: &Symptom,
    change: &Candidate,
    distance: impl Fn(&ServiceId, &ServiceId) -> Option<u32>,
) -> Option<DistancePart> {
    let pairs = symptom
        .services
        .iter()
        .flat_map(|affected| change.services.iter().map(move |changed| (affected, changed)));
    let (hops, affected, changed) = pairs
        .filter_map(|(affected, changed)| Some((distance(affected, changed)?, affected, changed)))
        .min()?;
    let points = *WEIGHTS.hops.get(usize::try_from(hops).ok()?)?;
    Some(DistancePart {
        points,
        hops,
        affected: affected.clone(),
        changed: changed.clone(),
    })
}

/// How near in time a change is, if it gives points.
fn time_part(change: &Candidate, began: Instant) -> Option<TimePart> {
    change.started.filter(|started| *started <= began)?;
    let Some(finished) = change.finished.filter(|finished| *finished < began) else {
        return Some(TimePart {
            points: WEIGHTS.in_progress,
            ended_seconds_before: None,
        });
    };
    let gap = began.since(finished).as_secs();
    let (_, points) = WEIGHTS.ended.into_iter().find(|(longest, _)| gap <= *longest)?;
    Some(TimePart {
        points,
        ended_seconds_before: Some(gap),
    })
}

fn in_words(parts: &Parts) -> String {
    let DistancePart {
        hops,
        affected,
        changed,
        ..
    } = &parts.distance;
    let changed = if affected.namespace == changed.namespace {
        changed.name.to_string()
    } else {
        changed.to_string()
    };
    let place = match hops {
        0 => format!("same service {changed}"),
        1 => format!("dependency {changed}"),
        _ => format!("dependency {changed}, {hops} steps away"),
    };
    let time = parts.time.ended_seconds_before.map_or_else(
        || "going in when it began".to_owned(),
        |gap| format!("ended {} before", length(gap)),
    );
    let risk = if parts.risk.assumed {
        "not known"
    } else {
        parts.risk.level.as_str()
    };
    format!("{place}, {time}, risk {risk}")
}

/// A length of time in one unit, rounded down: `12 minutes`.
fn length(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        172_800.. => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
