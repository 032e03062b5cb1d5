//! A change as its author wrote it, and what is recorded about it from decision to decision.

use super::facts::{Command, RiskAssessment};
use super::model::ChangeModel;
use super::vocabulary::{ChangeOutcome, LockedField};
use crate::Text;
use crate::choice::choices;
use crate::digest::{digest_of, sha256};
use crate::ident::{
    ChangeId, ChangeModelName, ConfigurationItemId, Digest, ForgeLogin, GitRevision, IncidentId, MemberId,
    ResourceName, ServiceId, TeamName,
};
use crate::time::{Duration, Instant};
use crate::vocabulary::BackoutKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A change as its author wrote it, the services found from its payload added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// Which one.
    pub id: ChangeId,
    /// `metadata.generation` of the object that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// The model that it follows.
    pub model: ChangeModelName,
    /// Who wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<MemberId>,
    /// Who carries it out; absent, gitsm by merging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementer: Option<Implementer>,
    /// The environment that is changed.
    pub environment: ResourceName,
    /// Affected services, stated and found.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
    /// Affected configuration items.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub configuration_items: BTreeSet<ConfigurationItemId>,
    /// When it is to go in and how long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// How it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backout: Option<BackoutKind>,
    /// Changes that must be finished first.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub depends_on: BTreeSet<ChangeId>,
    /// The incident that it fixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixes_incident: Option<IncidentId>,
    /// Fields that the author set and a standard model may lock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated: Vec<LockedField>,
    /// Digest of the whole `spec` without the command in it.
    pub spec_hash: Digest,
    /// True when it was found in the cluster or on the branch without anybody having asked for it.
    #[serde(default)]
    pub unauthorized: bool,
}

/// Who carries a change out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Implementer {
    /// A person.
    Member(MemberId),
    /// A team.
    Team(TeamName),
    /// A program, by its account at the forge.
    Bot(ForgeLogin),
}

/// When a change goes in and how long it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// Planned start; absent, at the next opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Instant>,
    /// Latest start, itself allowed; absent, the end of the window that contains the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Instant>,
    /// How long it takes.
    pub duration: Duration,
    /// How long taking it back would take.
    pub backout_duration: Duration,
    /// Time before the start during which the services are already disturbed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preparation: Option<Duration>,
}

impl Change {
    /// The plan of the author or, where there is none, one of the model's durations. A model without a duration
    /// for the way back gives it the time of the way in.
    pub fn effective_plan(&self, model: &ChangeModel) -> Option<Plan> {
        self.plan.or_else(|| {
            let duration = model.default_duration?;
            Some(Plan {
                start: None,
                not_after: None,
                duration,
                backout_duration: model.default_backout_duration.unwrap_or(duration),
                preparation: None,
            })
        })
    }
}

/// The content that goes in, as the payload resolves now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content {
    /// The commit.
    #[serde(rename = "headSHA")]
    pub head_sha: GitRevision,
    /// Digest of its difference from the base, the manifest of the change left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_digest: Option<Digest>,
}

impl Content {
    /// Whether the other is the same content: the same commit, or a commit with the same difference. A rebase or
    /// a squash changes the commit and leaves the difference as it is.
    pub fn is_same(&self, other: &Self) -> bool {
        self.head_sha == other.head_sha
            || self
                .diff_digest
                .as_ref()
                .is_some_and(|digest| other.diff_digest.as_ref() == Some(digest))
    }
}

choices! {
    /// A part of a change that approvals are bound to.
    #[derive(PartialOrd, Ord)]
    pub enum BoundPart {
        /// The model.
        Model,
        /// The environment.
        Environment,
        /// The commit and its difference.
        Payload,
        /// The services.
        Services,
        /// The plan.
        Plan,
        /// The computed risk level.
        RiskLevel,
        /// Anything else in the spec.
        Spec,
    }
}

/// What was assessed and approved. Whatever of it changes later voids the approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Binding {
    /// The content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// Digest of the spec.
    pub spec_hash: Digest,
    /// The model.
    pub model: ChangeModelName,
    /// The environment.
    pub environment: ResourceName,
    /// The services, found ones included.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub services: BTreeSet<ServiceId>,
    /// The plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskAssessment>,
}

impl Binding {
    /// Digest of everything but the content, which a review is bound to by its commit, and the score, which says
    /// nothing within one risk level. It is what
    /// [`ChangeFacts::digest`](crate::approval::ChangeFacts::digest) of a change holds.
    pub fn digest(&self) -> Digest {
        let parts = (
            &self.spec_hash,
            &self.model,
            &self.environment,
            &self.services,
            &self.plan,
            self.risk.map(|risk| risk.level),
        );
        // Names, digests and instants are all text: there is nothing in it that JSON could not hold.
        digest_of(&parts).unwrap_or_else(|error| sha256(error.to_string().as_bytes()))
    }

    /// The parts in which another binding differs, in order, each part once. The spec counts only where no part
    /// of it that has a name of its own does. A payload or a risk that is not known now is no difference: it
    /// holds the change back by itself.
    pub fn differences(&self, now: &Self) -> Vec<BoundPart> {
        let payload = match (&self.content, &now.content) {
            (Some(before), Some(after)) => !before.is_same(after),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let risk = match (self.risk, now.risk) {
            (Some(before), Some(after)) => before.level != after.level,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let mut parts: Vec<_> = [
            (self.model != now.model, BoundPart::Model),
            (self.environment != now.environment, BoundPart::Environment),
            (payload, BoundPart::Payload),
            (self.services != now.services, BoundPart::Services),
            (self.plan != now.plan, BoundPart::Plan),
            (risk, BoundPart::RiskLevel),
        ]
        .into_iter()
        .filter_map(|(differs, part)| differs.then_some(part))
        .collect();
        if parts.is_empty() && self.spec_hash != now.spec_hash {
            parts.push(BoundPart::Spec);
        }
        parts
    }
}

choices! {
    /// By whose authority a change goes in.
    pub enum Authority {
        /// Its standard model, approved once for all.
        Model,
        /// The people whom its approval policy names.
        People,
        /// The two people of an override; those of the policy are asked afterwards.
        Override,
    }
}

choices! {
    /// Something that happened to a change and counts until its end.
    #[derive(PartialOrd, Ord)]
    pub enum Mark {
        /// Its time passed unused: its model alone no longer approves it. Gone once it is approved again.
        Expired,
        /// An override let it start.
        UsedOverride,
        /// Its rollout failed.
        RolloutFailed,
        /// It took longer than planned.
        Overran,
        /// Something else than the approved content was in.
        UnauthorizedContent,
    }
}

/// What is recorded about a change from one decision to the next. [`decide`](super::decide) gives the record after
/// its decision; the caller stores it and changes nothing in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// When the phase was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase_since: Option<Instant>,
    /// What was assessed, and what approvals are bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Binding>,
    /// Reviews that are not younger than this count no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals_void_until: Option<Instant>,
    /// By whose authority it goes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
    /// What happened to it on the way.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marks: BTreeSet<Mark>,
    /// When it is to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_start: Option<Instant>,
    /// First instant at which it is too late to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ends: Option<Instant>,
    /// When implementing began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// When implementing ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
    /// Until when it is watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak_until: Option<Instant>,
    /// When it was closed or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
    /// The commit that was applied.
    #[serde(default, rename = "implementedSHA", skip_serializing_if = "Option::is_none")]
    pub implemented_sha: Option<GitRevision>,
    /// By when review and late approval are due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_due: Option<Instant>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ChangeOutcome>,
    /// The content that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Binding>,
    /// The command that was answered last, and how. A command is obeyed or refused once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<CommandAnswer>,
}

impl Record {
    /// Whether something happened to the change.
    pub fn has(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    /// Records that something happened, where it did. What is recorded stays.
    pub(super) fn mark(&mut self, mark: Mark, happened: bool) {
        if happened {
            self.marks.insert(mark);
        }
    }
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommandAnswer {
    /// The command.
    pub command: Command,
    /// Whether it was obeyed.
    pub obeyed: bool,
    /// What to tell who asked.
    pub message: Text<500>,
}
