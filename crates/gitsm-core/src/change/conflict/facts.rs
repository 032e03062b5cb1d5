//! What conflicts are found from.

use crate::catalog::NodeId;
use crate::change::{ChangeOutcome, ChangePhase};
use crate::ident::{
    ChangeId, IncidentId, MemberId, RepositoryName, RepositoryPath, ResourceName, ServiceId, WindowId,
};
use crate::time::{Duration, Instant};
use crate::vocabulary::ChangeType;
use crate::window::WindowFit;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that conflicts are found from, beside the graph and the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConflictFacts {
    /// The instant of the decision.
    pub now: Instant,
    /// The changes that are not finished, those of open pull requests included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<ChangeId, PlannedChange>,
    /// Finished changes that others depend on. A change that is in neither list counts as unfinished.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub finished: BTreeMap<ChangeId, FinishedChange>,
    /// Major incidents that are open.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub major_incidents: BTreeMap<IncidentId, MajorIncident>,
    /// Services that have no error budget left.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exhausted_budgets: BTreeSet<ServiceId>,
}

/// One change as conflicts see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedChange {
    /// Where it stands.
    pub phase: ChangePhase,
    /// Its type; `None` where its model is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_type: Option<ChangeType>,
    /// The environment that it changes.
    pub environment: ResourceName,
    /// The services and configuration items that it touches.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub items: BTreeSet<NodeId>,
    /// When it is to go in. `None`: at the next opening, so that it collides with nothing in time yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlannedTime>,
    /// The people who carry it out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub people: BTreeSet<MemberId>,
    /// The pull request it is in, while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<OpenPullRequest>,
    /// Changes that must be finished first.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub depends_on: BTreeSet<ChangeId>,
    /// Incidents that it mends: they do not hold it back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub mends: BTreeSet<IncidentId>,
    /// How its plan relates to the windows; `None` where it has no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_fit: Option<WindowFit>,
    /// The window that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowId>,
    /// When a change may start next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_open: Option<Instant>,
}

/// When a change goes in and how long it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedTime {
    /// The planned start, or the actual one once there is one.
    pub start: Instant,
    /// How long it takes.
    pub duration: Duration,
    /// How long taking it back would take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backout_duration: Option<Duration>,
    /// Time before the start during which its items are already disturbed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Duration>,
}

/// A pull request that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenPullRequest {
    /// The repository it is in; `None` is the one of the estate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// Files that it touches, or folders of which it touches files.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub paths: BTreeSet<RepositoryPath>,
}

/// A change that is no longer planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FinishedChange {
    /// How it ended; `None` is not known and counts as not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ChangeOutcome>,
}

impl FinishedChange {
    /// Whether the change is in.
    pub fn is_in(self) -> bool {
        matches!(
            self.outcome,
            Some(ChangeOutcome::Successful | ChangeOutcome::SuccessfulWithIssues)
        )
    }
}

/// A major incident that is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MajorIncident {
    /// The services that it affects.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
}

impl PlannedTime {
    /// From the start of the preparation to the end of the backout, half open.
    pub fn occupied(&self) -> Span {
        let backout = self
            .backout_duration
            .map_or(SignedDuration::ZERO, Duration::to_signed);
        let preparation = self.preparation.map_or(SignedDuration::ZERO, Duration::to_signed);
        Span {
            from: self.start.plus(-preparation),
            until: self.start.plus(self.duration.to_signed()).plus(backout),
        }
    }
}

/// A half-open length of time, `[from, until)`. Empty where `until` is not after `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Span {
    /// The first instant.
    pub from: Instant,
    /// The instant after the last.
    pub until: Instant,
}

impl Span {
    /// Whether it holds no instant.
    pub fn is_empty(&self) -> bool {
        self.until <= self.from
    }

    /// What both hold; `None` if that is nothing.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Option<Self> {
        let both = Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
        };
        (!both.is_empty()).then_some(both)
    }
}

impl PlannedChange {
    /// Whether it is on its way in, so that it can collide.
    pub fn is_live(&self) -> bool {
        use ChangePhase as Phase;
        match self.phase {
            Phase::Draft
            | Phase::Assessing
            | Phase::AwaitingApproval
            | Phase::Approved
            | Phase::Scheduled
            | Phase::Implementing
            | Phase::Validating => true,
            Phase::Review
            | Phase::Closed
            | Phase::Rejected
            | Phase::OnHold
            | Phase::Expired
            | Phase::BackedOut
            | Phase::Cancelled => false,
        }
    }

    /// Whether it has begun and is not over.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, ChangePhase::Implementing | ChangePhase::Validating)
    }

    /// When it occupies its items. One that runs does so now, however long it was planned to take.
    pub fn occupied(&self, now: Instant) -> Option<Span> {
        let planned = self.plan.map(|plan| plan.occupied());
        if !self.is_running() {
            return planned.filter(|span| !span.is_empty());
        }
        let at_least = now.plus(SignedDuration::from_nanos(1));
        Some(planned.map_or(
            Span {
                from: now,
                until: at_least,
            },
            |span| Span {
                from: span.from.min(now),
                until: span.until.max(at_least),
            },
        ))
    }

    /// Whether its time has come: what may still change until then counts now.
    pub fn is_opening(&self, now: Instant) -> bool {
        match self.plan {
            Some(plan) => plan.occupied().from <= now,
            None => matches!(
                self.phase,
                ChangePhase::Scheduled | ChangePhase::Implementing | ChangePhase::Validating
            ),
        }
    }

    /// Its place in line, the first before the others: what runs, an authorised emergency, then by how far it has
    /// come. Only an authorised emergency goes before others: anybody can open one.
    pub(super) fn place(&self) -> u8 {
        use ChangePhase as Phase;
        let authorised = matches!(self.phase, Phase::Approved | Phase::Scheduled);
        if self.is_running() {
            0
        } else if authorised && self.change_type == Some(ChangeType::Emergency) {
            1
        } else {
            match self.phase {
                Phase::Scheduled => 2,
                Phase::Approved => 3,
                Phase::AwaitingApproval => 4,
                Phase::Assessing => 5,
                _ => 6,
            }
        }
    }
}
