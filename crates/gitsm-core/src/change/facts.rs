//! Everything that a decision about a change is taken from.

use super::conflict::Conflict;
use super::model::ChangeModel;
use super::record::{Binding, Change, Content, Record};
use super::vocabulary::{ChangeOutcome, ChangePhase, ChangePhaseRequest, ConflictEffect, GuardedPhase};
use crate::Text;
use crate::approval;
use crate::calendar::CalendarRules;
use crate::catalog::ServiceHealth;
use crate::choice::choices;
use crate::ident::{ChangeId, GitRevision, IncidentId, MemberId, ResourceName, ReviewName};
use crate::risk::{self, Run};
use crate::selector::ServiceSubject;
use crate::time::Instant;
use crate::vocabulary::{Priority, RiskLevel};
use crate::window::{self, WindowPolicy, WindowSet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The format of a facts file. A later format gets another name; old files stay readable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactsFormat {
    /// The first one.
    #[default]
    #[serde(rename = "change/v1")]
    ChangeV1,
}

/// Everything that a decision about one change is taken from, gathered at one instant.
///
/// What could not be read is named in [`Facts::unreadable`] and holds the change back: a decision never takes
/// "not known" for "not there".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Facts {
    /// What kind of facts these are.
    pub facts: FactsFormat,
    /// When they were gathered. The decision is taken for this instant, unless a replay asks for another one.
    pub now: Instant,
    /// The change as its author wrote it.
    pub change: Change,
    /// Where it stands; absent before the first decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<ChangePhase>,
    /// What earlier decisions recorded.
    #[serde(default)]
    pub record: Record,
    /// Its model; absent where there is none of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelFacts>,
    /// The affected services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceFacts>,
    /// What validation says against the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Text<500>>,
    /// What could not be read or is out of date, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Text<300>>,
    /// The pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<PullRequest>,
    /// The content as the payload resolves now; absent where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// What the risk is computed from; absent before it was gathered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskInput>,
    /// Conflicts; absent before they were looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<ConflictFact>>,
    /// The changes that it depends on. One that is missing here counts as not finished.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<ChangeId, Dependency>,
    /// Open incidents on affected services, and incidents that it may have caused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<IncidentFact>,
    /// The windows of the estate.
    #[serde(default)]
    pub windows: WindowSet,
    /// Overrides for this change, confirmed by a second person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<window::Override>,
    /// What people said; absent where it was not read. Its instant, the digest of the change and whether it is an
    /// emergency are those of the decision, whatever stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<approval::Facts>,
    /// Requirements of type Field and Expression, as evaluated by the caller. One that is missing counts as not
    /// met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<EvaluatedRequirement>,
    /// Check runs at the forge on the head commit. One that is missing has not reported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<Text<500>, CheckState>,
    /// What somebody asks for by `spec.phaseRequest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Who merges.
    pub merge: MergeBy,
    /// What was observed of the rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Members who carry the change out or carried it out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub implementers: BTreeSet<MemberId>,
    /// The review of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewFacts>,
}

impl Facts {
    /// The risk, computed from the facts of it.
    pub fn assess(&self) -> Option<risk::Assessment> {
        let input = self.risk.as_ref()?;
        Some(risk::assess(&input.policies, &input.facts))
    }

    /// What a decision over these facts is bound to. The digest of it goes into the statement that an approver signs.
    pub fn binding(&self) -> Binding {
        let change = &self.change;
        Binding {
            content: self.content.clone(),
            spec_hash: change.spec_hash.clone(),
            model: change.model.clone(),
            environment: change.environment.clone(),
            services: change.services.clone(),
            plan: match &self.model {
                Some(model) => change.effective_plan(&model.definition),
                None => change.plan,
            },
            risk: self.assess().map(|risk| RiskAssessment {
                level: risk.level,
                score: risk.score,
            }),
        }
    }
}

/// The model of a change and what is known about its use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelFacts {
    /// The model.
    pub definition: ChangeModel,
    /// Its changes so far, in any order. Only a model with `provenSuccess` is judged by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Run>,
    /// The calendar in which the time until the review of an emergency is counted; absent, time as it passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_calendar: Option<CalendarRules>,
    /// The emergency change of the same team whose review is overdue: until it is done the team's standard models
    /// cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<ChangeId>,
}

/// An affected service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceFacts {
    /// What selectors see of it.
    pub subject: ServiceSubject,
    /// What its catalogue says about windows; absent where no catalogue can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_policy: Option<WindowPolicy>,
    /// Its health.
    pub health: ServiceHealth,
    /// Its error budget.
    pub error_budget: ErrorBudget,
}

choices! {
    /// What is left of the error budget of a service.
    pub enum ErrorBudget {
        /// The service has no objective, hence no budget.
        None,
        /// There is some left.
        Left,
        /// It is used up.
        Exhausted,
        /// It has an objective and the measurement cannot be read.
        Unknown,
    }
}

/// What a risk is computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskInput {
    /// The policies that apply; without one, the built-in policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<risk::Policy>,
    /// The facts that they weigh.
    pub facts: risk::RiskFacts,
}

/// A computed risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RiskAssessment {
    /// The level, from the matrix.
    pub level: RiskLevel,
    /// The likelihood score, 0 to 100.
    pub score: u32,
}

choices! {
    /// Where a pull request stands.
    pub enum PullRequestState {
        /// Being written.
        Draft,
        /// Ready for review.
        Open,
        /// Merged.
        Merged,
        /// Closed without a merge.
        Closed,
    }
}

/// The pull request of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullRequest {
    /// Where it stands.
    pub state: PullRequestState,
}

choices! {
    /// Who merges an approved change.
    pub enum MergeBy {
        /// gitsm, when the window is open.
        Auto,
        /// People.
        Manual,
    }
}

/// A conflict and whether it was waived. Conflicts are found over the whole estate and all open changes
/// ([`detect`](super::conflict::detect)); what was found is kept here, what it was found in is the revision of the
/// estate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConflictFact {
    /// The conflict.
    pub conflict: Conflict,
    /// Member of the change authority who waived it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived_by: Option<MemberId>,
}

impl ConflictFact {
    /// Whether it holds the change back.
    pub fn blocks(&self) -> bool {
        self.conflict.effect == ConflictEffect::Blocking && self.waived_by.is_none()
    }
}

/// A change that another one depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dependency {
    /// Where it stands.
    pub phase: ChangePhase,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ChangeOutcome>,
}

choices! {
    /// Whether a change caused an incident.
    pub enum Causation {
        /// Nobody suspects it.
        None,
        /// It is suspected, and nobody has said yes or no.
        Suspected,
        /// People confirmed it.
        Confirmed,
        /// People ruled it out.
        Dismissed,
    }
}

/// An incident near a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentFact {
    /// Which one.
    pub id: IncidentId,
    /// Its priority.
    pub priority: Priority,
    /// Whether it is declared major.
    #[serde(default)]
    pub major: bool,
    /// Whether it is still open on an affected service.
    #[serde(default)]
    pub open: bool,
    /// Whether the change caused it.
    pub caused: Causation,
}

choices! {
    /// How a requirement was evaluated.
    pub enum RequirementResult {
        /// It holds.
        Met,
        /// It does not hold.
        NotMet,
        /// It could not be evaluated.
        Error,
    }
}

/// A requirement of the model that the caller evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluatedRequirement {
    /// The phase whose entry it guards.
    pub to: GuardedPhase,
    /// Its name in the model.
    pub name: ResourceName,
    /// What came out.
    pub result: RequirementResult,
}

choices! {
    /// The state of a check run at the forge.
    pub enum CheckState {
        /// Not finished.
        Pending,
        /// Passed.
        Passed,
        /// Failed.
        Failed,
    }
}

choices! {
    /// What somebody is to a change.
    #[derive(PartialOrd, Ord)]
    pub enum CommandRole {
        /// Who wants the change.
        Requester,
        /// An owner of an affected service.
        ServiceOwner,
        /// A member of the change authority.
        ChangeAuthority,
        /// Who carries it out.
        Implementer,
    }
}

/// A move that a person asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Command {
    /// The move.
    pub to: ChangePhaseRequest,
    /// Who asks.
    pub by: MemberId,
    /// Why.
    pub reason: Text<500>,
    /// When it was written. The same words at another time are another command.
    pub given_at: Instant,
    /// What that person is to the change, as found at the time.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<CommandRole>,
}

impl Command {
    /// Whether it is the same writing, whatever its author is to the change by now.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.to, &self.by, &self.reason, self.given_at)
            == (other.to, &other.by, &other.reason, other.given_at)
    }
}

choices! {
    /// How far a rollout is.
    pub enum RolloutState {
        /// Nothing has reached the workloads yet.
        Pending,
        /// Going on.
        Progressing,
        /// Finished, and what was rolled out is healthy.
        Healthy,
        /// It failed or was stopped, or what was rolled out is not healthy.
        Failed,
    }
}

/// What was observed of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    /// How far it is.
    pub state: RolloutState,
    /// The content that was found in the workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implemented: Option<Content>,
    /// When it finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
    /// The commit that was applied before, to which a backout returns.
    #[serde(default, rename = "previousSHA", skip_serializing_if = "Option::is_none")]
    pub previous_sha: Option<GitRevision>,
    /// The commit that a backout was verified to have returned to.
    #[serde(default, rename = "backedOutTo", skip_serializing_if = "Option::is_none")]
    pub backed_out_to: Option<GitRevision>,
}

/// The review of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReviewFacts {
    /// Which one.
    pub name: ReviewName,
    /// When it was merged; absent while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<Instant>,
    /// Who wrote it and who agreed to it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reviewers: BTreeSet<MemberId>,
}
