//! Which changes may have caused an incident.

use crate::catalog::{Direction, Distance, Graph, NodeId};
use crate::ident::{ChangeId, ResourceName};
use crate::time::Instant;
use crate::vocabulary::RiskLevel;
use crate::{Percent, Text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// An incident, as far as the search for its cause goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Symptom {
    /// Affected services and configuration items.
    pub affected: BTreeSet<NodeId>,
    /// When the effect began.
    pub began: Instant,
}

/// A change that may have caused an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// Which one.
    pub change: ChangeId,
    /// Services and configuration items that it changes.
    pub changed: BTreeSet<NodeId>,
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

/// How near what was changed is to what is affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DistancePart {
    /// Points.
    pub points: u8,
    /// Which way what was changed lies, and how many dependencies are in between.
    pub distance: Distance,
    /// What is affected.
    pub affected: NodeId,
    /// What was changed.
    pub changed: NodeId,
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
/// depend on can hardly break it, and what depends on it only by load; then time, since most faults of a change show
/// within its first hours; risk last, since it says how bad a failure would be rather than whether it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Weights {
    /// Points by number of hops, falling; further away is none.
    pub hops: [u8; 7],
    /// So many hops further away counts what depends on the affected service, rather than the other way round.
    pub dependant_detour: u32,
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
    dependant_detour: 2,
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

/// The changes that may have caused an incident, the most suspected first, [`MOST_SUSPECTS`] at most, by the distances
/// of a catalogue in one environment, or over all of them.
pub fn suspects_in<'c>(
    graph: &Graph,
    symptom: &Symptom,
    changes: impl IntoIterator<Item = &'c Candidate>,
    environment: Option<&ResourceName>,
    now: Instant,
) -> Vec<Suspect> {
    let distances: BTreeMap<_, _> = symptom
        .affected
        .iter()
        .filter_map(|node| Some((node, graph.distances(node, environment)?)))
        .collect();
    let distance = |from: &NodeId, to: &NodeId| distances.get(from)?.to(to);
    suspects(symptom, changes, distance, now)
}

/// The changes that may have caused an incident, the most suspected first, [`MOST_SUSPECTS`] at most.
///
/// `distance` is asked for the way from what is affected to what was changed; it gives `None` if neither needs the
/// other. The same node is always at distance 0, whether the graph knows it or not. A change that began after the
/// effect, that has no way to what is affected, or that ended more than a week before, is no suspect. Equal scores are
/// ordered by distance, time, risk and name; neither the order of `changes` nor a change that is given twice matters.
pub fn suspects<'c>(
    symptom: &Symptom,
    changes: impl IntoIterator<Item = &'c Candidate>,
    distance: impl Fn(&NodeId, &NodeId) -> Option<Distance>,
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
    (Distance, Option<i64>, Reverse<RiskLevel>, bool),
    (&'s ChangeId, &'s NodeId, &'s NodeId),
);

fn rank(suspect: &Suspect) -> Rank<'_> {
    let Parts { distance, time, risk } = &suspect.parts;
    (
        Reverse(suspect.score),
        (
            distance.distance,
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

/// The pair of something affected and something changed that gives most points, if any gives one.
fn distance_part(
    symptom: &Symptom,
    change: &Candidate,
    distance: impl Fn(&NodeId, &NodeId) -> Option<Distance>,
) -> Option<DistancePart> {
    let pairs = symptom
        .affected
        .iter()
        .flat_map(|affected| change.changed.iter().map(move |changed| (affected, changed)));
    let (Reverse(points), distance, affected, changed) = pairs
        .filter_map(|(affected, changed)| {
            let distance = if affected == changed {
                HERE
            } else {
                distance(affected, changed)?
            };
            Some((Reverse(distance_points(distance)?), distance, affected, changed))
        })
        .min()?;
    Some(DistancePart {
        points,
        distance,
        affected: affected.clone(),
        changed: changed.clone(),
    })
}

const HERE: Distance = Distance {
    hops: 0,
    direction: Direction::Same,
};

fn distance_points(distance: Distance) -> Option<u8> {
    let hops = match distance.direction {
        Direction::Same | Direction::Dependency => distance.hops,
        Direction::Dependant => distance.hops.saturating_add(WEIGHTS.dependant_detour),
    };
    WEIGHTS.hops.get(usize::try_from(hops).ok()?).copied()
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
        distance,
        affected,
        changed,
        ..
    } = &parts.distance;
    let name = if affected.namespace() == changed.namespace() && changed.as_service().is_some() {
        changed.name().to_owned()
    } else {
        changed.short()
    };
    let place = match distance.direction {
        Direction::Same if changed.as_service().is_none() => format!("same item {name}"),
        Direction::Same => format!("same service {name}"),
        Direction::Dependency => format!("dependency {name}"),
        Direction::Dependant => format!("dependant {name}"),
    };
    let place = if distance.hops > 1 {
        format!("{place}, {} steps away", distance.hops)
    } else {
        place
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
