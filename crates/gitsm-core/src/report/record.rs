//! Records as reports count them. An absent field is "not recorded".

use crate::change::{ChangeOutcome, ChangePhase};
use crate::ident::{
    ChangeId, ChangeModelName, IncidentId, ProblemId, ResourceName, ServiceId, ServiceRequestId, TeamName,
};
use crate::incident::IncidentPhase;
use crate::risk::{Caused, Run};
use crate::sla::{SlaClockState, SlaMetric};
use crate::time::Instant;
use crate::vocabulary::{ChangeType, Priority};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// A change.
    Change(Box<ChangeRecord>),
    /// An incident.
    Incident(Box<IncidentRecord>),
    /// A problem.
    Problem(Box<ProblemRecord>),
    /// A service request.
    Request(Box<RequestRecord>),
    /// A review, written or only required.
    Review(Box<ReviewRecord>),
    /// An object of the catalogue.
    Catalog(Box<CatalogRecord>),
}

/// Declares a struct of a record, so that all of them are read and written alike.
macro_rules! records {
    ($($(#[$meta:meta])* pub struct $name:ident $body:tt)*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub struct $name $body
        )*
    };
}

records! {
    /// A change.
    pub struct ChangeRecord {
        /// Which one.
        pub id: ChangeId,
        /// Its model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub model: Option<ChangeModelName>,
        /// Its type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub change_type: Option<ChangeType>,
        /// The environment that it changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub environment: Option<ResourceName>,
        /// The services that it affected.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        pub services: BTreeSet<ServiceId>,
        /// The team that carried it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub team: Option<TeamName>,
        /// When it was written down first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Instant>,
        /// When the commits of its payload were made.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub committed_at: Vec<Instant>,
        /// Its moves, in any order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub moves: Vec<Move>,
        /// Whether `moves` holds all moves; false where older ones were cut.
        #[serde(default)]
        pub moves_complete: bool,
        /// When implementing began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Instant>,
        /// When implementing ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub finished_at: Option<Instant>,
        /// When it was in and began to be watched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub deployed_at: Option<Instant>,
        /// When it was taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub backed_out_at: Option<Instant>,
        /// Until when it was watched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub soak_until: Option<Instant>,
        /// How it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub outcome: Option<ChangeOutcome>,
        /// Whether it was found without approval.
        #[serde(default)]
        pub unauthorized: bool,
        /// Whether it serves an incident.
        #[serde(default)]
        pub serves_incident: bool,
        /// Incidents that it caused, as confirmed by people.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        pub caused_incidents: BTreeSet<IncidentId>,
        /// Its conflicts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub conflicts: Vec<ConflictRecord>,
        /// Its service level clocks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub clocks: Vec<ClockRecord>,
    }

    /// A move of a change to another phase.
    pub struct Move {
        /// When.
        pub at: Instant,
        /// To which phase.
        pub to: ChangePhase,
    }

    /// A conflict of a change.
    pub struct ConflictRecord {
        /// Whether it was first seen when the gate opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub first_seen_at_gate: Option<bool>,
    }

    /// A service level clock.
    #[derive(Copy)]
    pub struct ClockRecord {
        /// What it measures.
        pub metric: SlaMetric,
        /// Its state.
        pub state: SlaClockState,
        /// When it stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub stopped_at: Option<Instant>,
    }

    /// An incident.
    pub struct IncidentRecord {
        /// Which one.
        pub id: IncidentId,
        /// Where it stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub phase: Option<IncidentPhase>,
        /// Its priority.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub priority: Option<Priority>,
        /// The services that it affected.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        pub services: BTreeSet<ServiceId>,
        /// When its effect began or was first known, whichever was earlier.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub detected_at: Option<Instant>,
        /// When it was written down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub declared_at: Option<Instant>,
        /// When somebody took notice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub acknowledged_at: Option<Instant>,
        /// When its effect was gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub mitigated_at: Option<Instant>,
        /// When service was restored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub resolved_at: Option<Instant>,
        /// When it was closed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub closed_at: Option<Instant>,
        /// How often it was reopened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reopened: Option<u32>,
        /// How many teams it was assigned to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub teams: Option<u32>,
        /// The change that caused it, as confirmed by people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub caused_by: Option<ChangeId>,
        /// The problem it is a symptom of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub problem: Option<ProblemId>,
        /// How many alerts belong to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub alerts: Option<u32>,
        /// Whether it is another record of an incident that was reported before.
        #[serde(default)]
        pub duplicate: bool,
        /// Its service level clocks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub clocks: Vec<ClockRecord>,
    }

    /// A problem.
    pub struct ProblemRecord {
        /// Which one.
        pub id: ProblemId,
        /// Whether its cause or a workaround is documented.
        #[serde(default)]
        pub known_error: bool,
        /// When it was resolved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub resolved_at: Option<Instant>,
        /// Its service level clocks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub clocks: Vec<ClockRecord>,
    }

    /// A service request.
    pub struct RequestRecord {
        /// Which one.
        pub id: ServiceRequestId,
        /// When it was submitted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub submitted_at: Option<Instant>,
        /// When it was fulfilled first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fulfilled_at: Option<Instant>,
        /// Whether people edited anything on the way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub edited_by_people: Option<bool>,
        /// Its service level clocks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub clocks: Vec<ClockRecord>,
    }

    /// A review, written or only required.
    pub struct ReviewRecord {
        /// What it is about, or its own name.
        pub name: String,
        /// When it is due; without it, it is not known whether one is required.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub due_at: Option<Instant>,
        /// When it was merged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub merged_at: Option<Instant>,
        /// What was to be done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub actions: Vec<ActionRecord>,
    }

    /// Something that was to be done.
    pub struct ActionRecord {
        /// The end of the day by which it was to be done.
        pub due_at: Instant,
        /// Whether it is done or was decided against, when the record was read.
        pub closed: bool,
        /// When that was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub closed_at: Option<Instant>,
    }

    /// An object of the catalogue, as it was when it was read.
    pub struct CatalogRecord {
        /// Its class: the kind, or the class of a configuration item.
        pub class: String,
        /// Namespace and name.
        pub name: String,
        /// Whether its description is complete.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub complete: Option<bool>,
        /// Whether it was not confirmed or seen for too long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub stale: Option<bool>,
        /// Whether nothing refers to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub orphan: Option<bool>,
        /// Whether another object describes the same thing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub duplicate: Option<bool>,
    }
}

impl ChangeRecord {
    /// The change as history of risk: `None` where model, end or outcome are not recorded.
    ///
    /// `priority` gives the priority of an incident; one that it does not know counts as priority 1.
    pub fn to_run(&self, priority: &dyn Fn(&IncidentId) -> Option<Priority>) -> Option<Run> {
        Some(Run {
            change: self.id.clone(),
            model: self.model.clone()?,
            services: self.services.clone(),
            team: self.team.clone(),
            finished_at: self.finished_at?,
            outcome: self.outcome?,
            caused: self.caused(priority),
        })
    }

    /// The incidents that it caused, by priority; one of unknown priority counts as priority 1.
    pub fn caused(&self, priority: &dyn Fn(&IncidentId) -> Option<Priority>) -> Caused {
        let mut caused = Caused::default();
        for incident in &self.caused_incidents {
            caused.add(priority(incident));
        }
        caused
    }
}
