//! What the status of a repository says after a decision. Pure: the old status and the decision make the new one.

use super::judge::MAX_FINDINGS;
use gitsm_api::conditions::{reasons, types};
use gitsm_api::v1alpha1::RepositoryStatus;
use gitsm_api::v1alpha1::repository::{SourceDecision, SourceFinding};
use gitsm_core::Text;
use gitsm_core::sync::{Facts, Reason, Retry, Signatures, Verdict};
use gitsm_core::time::Instant;
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// Commits that are kept in the history.
const MAX_HISTORY: usize = 10;
/// Digits of a commit in the printed column.
const SHORT: usize = 10;
/// How exactly the time of the last fetch is kept: a write for each fetch would say nothing else.
const FETCHED_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// What was found beside the verdict.
pub(super) struct Seen<'a> {
    pub(super) generation: Option<i64>,
    pub(super) facts: &'a Facts,
    pub(super) verdict: &'a Verdict,
    /// What keeps the last commit from being applied.
    pub(super) findings: &'a [SourceFinding],
    pub(super) finding_count: usize,
    pub(super) now: Instant,
}

/// The new status. It equals the old one where nothing has changed.
pub(super) fn fold(old: &RepositoryStatus, seen: &Seen<'_>) -> RepositoryStatus {
    let verdict = seen.verdict;
    let is_new = verdict.applied != old.applied_revision;
    let is_suspended = verdict.reason == Reason::Suspended;
    let last_fetch_at = match old.last_fetch_at {
        old if is_suspended || verdict.head.is_none() => old,
        Some(at) if verdict.head == old.head_revision && seen.now.since(at) < FETCHED_WITHIN => Some(at),
        _ => Some(seen.now),
    };
    RepositoryStatus {
        observed_generation: seen.generation,
        source_revision: old.source_revision.clone(),
        conditions: conditions(&old.conditions, seen),
        // A branch that could not be fetched is still where it was seen last.
        head_revision: verdict.head.clone().or_else(|| old.head_revision.clone()),
        applied_revision: verdict.applied.clone(),
        pending_revision: verdict.pending.clone(),
        unauthorized_revision: verdict.unauthorized.clone(),
        last_fetch_at,
        last_applied_at: if is_new {
            Some(seen.now)
        } else {
            old.last_applied_at
        },
        next_open: verdict.opens,
        journal_revision: old.journal_revision.clone(),
        object_count: verdict.objects.or(old.object_count),
        open_proposals: old.open_proposals,
        finding_count: (seen.finding_count > 0)
            .then(|| u32::try_from(seen.finding_count).unwrap_or(u32::MAX)),
        findings: seen.findings.iter().take(MAX_FINDINGS).cloned().collect(),
        history: history(&old.history, seen),
        summary: verdict
            .applied
            .as_ref()
            .map(|applied| Text::clip(applied.as_str().get(..SHORT).unwrap_or_default())),
    }
}

/// The decisions about the last commits: a commit that is decided about otherwise than before takes a new line.
fn history(old: &[SourceDecision], seen: &Seen<'_>) -> Vec<SourceDecision> {
    let mut history = old.to_vec();
    let Some(revision) = seen.verdict.head.clone() else {
        return history;
    };
    let reason = Text::clip(seen.verdict.reason.as_str());
    let newest = history.first();
    if newest.is_some_and(|newest| newest.revision == revision && newest.reason == reason) {
        return history;
    }
    history.insert(
        0,
        SourceDecision {
            revision,
            at: seen.now,
            reason,
            message: Text::clip(&seen.verdict.message),
        },
    );
    history.truncate(MAX_HISTORY);
    history
}

fn conditions(old: &[Condition], seen: &Seen<'_>) -> Vec<Condition> {
    let verdict = seen.verdict;
    let reason = verdict.reason.as_str();
    let message = verdict.message.as_str();
    let mut wanted: Vec<(&str, bool, &str, &str)> = vec![(types::READY, verdict.is_ready(), reason, message)];
    // What will change by itself, by kstatus: not what waits for an hour, for people or for nothing.
    if matches!(verdict.retry, Retry::Backoff) {
        wanted.push((types::RECONCILING, true, reasons::RETRYING, message));
    }
    if verdict.reason.is_stalled() {
        wanted.push((types::STALLED, true, reason, message));
    }
    match &seen.facts.signatures {
        Some(Signatures::Trusted { .. }) => {
            wanted.push((
                types::VERIFIED,
                true,
                reasons::SUCCEEDED,
                "signed by a trusted key",
            ));
        }
        Some(Signatures::Refused(refused)) => {
            wanted.push((types::VERIFIED, false, reason, refused.message.as_str()));
        }
        // What was verified once and is applied stays so.
        None if seen.facts.demands_signatures => {
            if let Some(known) = old.iter().find(|condition| condition.type_ == types::VERIFIED) {
                let is_true = known.status == "True";
                wanted.push((types::VERIFIED, is_true, &known.reason, &known.message));
            }
        }
        None => {}
    }
    if verdict.pending.is_some() {
        wanted.push((types::GATED, true, reason, message));
    }
    if verdict.unauthorized.is_some() {
        wanted.push((types::UNAUTHORIZED, true, Reason::Unauthorized.as_str(), message));
    }
    wanted
        .into_iter()
        .map(|(kind, holds, reason, message)| condition(old, kind, holds, reason, message, seen))
        .collect()
}

fn condition(
    old: &[Condition],
    kind: &str,
    holds: bool,
    reason: &str,
    message: &str,
    seen: &Seen<'_>,
) -> Condition {
    let status = if holds { "True" } else { "False" };
    let since = old
        .iter()
        .find(|known| known.type_ == kind && known.status == status)
        .map_or_else(
            || Time(seen.now.timestamp()),
            |known| known.last_transition_time.clone(),
        );
    Condition {
        type_: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: Text::<1000>::clip(message).as_str().to_owned(),
        observed_generation: seen.generation,
        last_transition_time: since,
    }
}
