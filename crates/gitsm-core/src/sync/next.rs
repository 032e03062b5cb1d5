//! The order in which a repository is looked at.

use super::facts::{
    Ancestry, Applied, Authorization, Facts, FetchProblem, Fetched, Fight, Judged, Signatures,
};
use super::verdict::{Reason, Retry, Verdict};
use crate::ident::GitRevision;
use serde::{Deserialize, Serialize};

/// How many digits of a commit people are shown.
const SHORT: usize = 10;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Step {
    /// Fetch the branch.
    Fetch,
    /// Find out how a commit descends from another one.
    Relate {
        /// The last applied commit, or the baseline; absent where there is neither.
        from: Option<GitRevision>,
        /// The commit.
        to: GitRevision,
    },
    /// Verify signatures.
    Verify {
        /// The commit before the first one that is looked at; absent: only `to` is.
        from: Option<GitRevision>,
        /// The last commit that is looked at.
        to: GitRevision,
    },
    /// Validate a commit.
    Judge(GitRevision),
    /// Find out whether approvals cover each commit of a range, and whether its window is open.
    Authorize {
        /// The commit before the first one; absent: only `to` is looked at.
        from: Option<GitRevision>,
        /// The last commit.
        to: GitRevision,
    },
    /// Make the objects of the cluster those of a commit.
    Apply(GitRevision),
    /// Nothing is left.
    Rest(Verdict),
}

/// What is to be done next about a repository. Whoever does it adds what came of it to the facts and asks again; each
/// answer is another one, and the last is [`Step::Rest`].
///
/// A commit that may not be applied does not keep the last applied one from being repaired.
pub fn next(facts: &Facts) -> Step {
    if facts.is_suspended {
        let message = "it is suspended; set spec.suspend to false to let it go on";
        return Step::Rest(keep(
            facts,
            Reason::Suspended,
            message.to_owned(),
            Retry::OnChange,
        ));
    }
    let head = match &facts.fetched {
        None => return Step::Fetch,
        Some(Fetched::Head(head)) => head,
        Some(Fetched::Failed { problem, message }) => {
            return repair(facts, unreachable(facts, *problem, message));
        }
    };
    if facts.is_enforced && facts.applied.is_none() && facts.baseline.is_none() {
        let message =
            "enforcement Enforce needs spec.baseline: the commit from which on every one must be approved";
        let verdict = keep(
            facts,
            Reason::BaselineMissing,
            message.to_owned(),
            Retry::Interval,
        );
        return Step::Rest(verdict);
    }
    let from = facts.applied.as_ref().or(facts.baseline.as_ref());
    let Some(ancestry) = facts.ancestry else {
        return Step::Relate {
            from: from.cloned(),
            to: head.clone(),
        };
    };
    if facts.applied.as_ref() == Some(head) {
        return match outcome_of(facts, head) {
            None if facts.fight.is_some() => Step::Rest(fought(facts, head)),
            None => Step::Apply(head.clone()),
            Some(applied) => Step::Rest(applied_verdict(facts, head, applied)),
        };
    }
    match refusal(facts, head, from, ancestry) {
        Gate::Ask(step) => step,
        Gate::Closed(verdict) => repair(facts, verdict),
        Gate::Open => match outcome_of(facts, head) {
            None => Step::Apply(head.clone()),
            Some(applied) => Step::Rest(applied_verdict(facts, head, applied)),
        },
    }
}

/// Whether a new commit may be applied.
enum Gate {
    Ask(Step),
    Closed(Verdict),
    Open,
}

fn refusal(facts: &Facts, head: &GitRevision, from: Option<&GitRevision>, ancestry: Ancestry) -> Gate {
    let closed = |reason, message: String| Gate::Closed(keep(facts, reason, message, Retry::Interval));
    let is_accepted = facts.accepted_history.as_ref() == Some(head);
    if ancestry == Ancestry::Unrelated && !is_accepted {
        let from = from.map_or("-", short);
        return closed(
            Reason::HistoryRewritten,
            format!(
                "{head} does not descend from {from}, which was applied last: the branch was rewound or rewritten; push \
                 a descendant of it, or accept the new history by annotating the repository with \
                 gitsm.dev/accept-history={head}",
            ),
        );
    }
    // What a new history has in common with the old one is unknown: all of it that is looked at is the commit itself.
    let from = from.filter(|_| ancestry == Ancestry::Descendant).cloned();
    if facts.demands_signatures {
        match &facts.signatures {
            None => {
                return Gate::Ask(Step::Verify {
                    from,
                    to: head.clone(),
                });
            }
            Some(Signatures::Refused(refused)) => {
                return closed(
                    Reason::SignatureRefused,
                    format!("commit {}: {}", short(&refused.commit), refused.message),
                );
            }
            Some(Signatures::Trusted { .. }) => {}
        }
    }
    match &facts.judged {
        None => return Gate::Ask(Step::Judge(head.clone())),
        Some(Judged::Unreadable { message }) => {
            return closed(
                Reason::TreeUnreadable,
                format!("commit {}: {message}", short(head)),
            );
        }
        Some(Judged::Invalid { errors, first }) => {
            let more = match errors.saturating_sub(1) {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            return closed(
                Reason::ValidationFailed,
                format!("commit {}: {first}{more}", short(head)),
            );
        }
        Some(Judged::Valid { .. }) => {}
    }
    match &facts.authorization {
        None => Gate::Ask(Step::Authorize {
            from,
            to: head.clone(),
        }),
        Some(authorization) if facts.is_enforced => enforce(facts, authorization),
        Some(_) => Gate::Open,
    }
}

fn enforce(facts: &Facts, authorization: &Authorization) -> Gate {
    match authorization {
        Authorization::Granted => Gate::Open,
        Authorization::OutsideWindow { commit, opens } => {
            let when = match opens {
                Some(opens) => format!("its window opens at {opens}"),
                None => "no window opens for it within five years".to_owned(),
            };
            let retry = opens.map_or(Retry::Interval, Retry::At);
            let message = format!("commit {} is approved; {when}", short(commit));
            Gate::Closed(Verdict {
                pending: Some(commit.clone()),
                opens: *opens,
                ..keep(facts, Reason::OutsideWindow, message, retry)
            })
        }
        Authorization::Missing(refused) => {
            let message = format!(
                "commit {}: {}; revert it, or have it accepted by an Acceptance",
                short(&refused.commit),
                refused.message
            );
            Gate::Closed(Verdict {
                unauthorized: Some(refused.commit.clone()),
                ..keep(facts, Reason::Unauthorized, message, Retry::Interval)
            })
        }
        Authorization::Unknown { message } => Gate::Closed(keep(
            facts,
            Reason::AuthorizationUnknown,
            message.clone(),
            Retry::Backoff,
        )),
    }
}

/// Before a verdict is final that lets the last applied commit stand, that one is repaired.
fn repair(facts: &Facts, verdict: Verdict) -> Step {
    let Some(applied) = &facts.applied else {
        return Step::Rest(verdict);
    };
    match outcome_of(facts, applied) {
        // The verdict says what people must mend first; that nothing is repaired meanwhile comes after it.
        None if facts.fight.is_some() => Step::Rest(verdict),
        None => Step::Apply(applied.clone()),
        Some(outcome) => Step::Rest(Verdict {
            objects: objects(outcome),
            ..verdict
        }),
    }
}

/// The last commit is applied, and others change its objects as often as they are repaired.
fn fought(facts: &Facts, head: &GitRevision) -> Verdict {
    let (message, retry) = match &facts.fight {
        Some(Fight { until, objects }) => (
            format!(
                "commit {} is applied, but somebody else changes {objects} each time it is repaired; find out who by \
                 its managedFields; it is repaired again at {until}",
                short(head)
            ),
            Retry::At(*until),
        ),
        None => (String::new(), Retry::Interval),
    };
    keep(facts, Reason::DriftFlapping, message, retry)
}

fn outcome_of<'f>(facts: &'f Facts, revision: &GitRevision) -> Option<&'f Applied> {
    let outcome = facts.outcome.as_ref()?;
    (outcome.revision == *revision).then_some(&outcome.applied)
}

fn applied_verdict(facts: &Facts, head: &GitRevision, outcome: &Applied) -> Verdict {
    let unauthorized = match &facts.authorization {
        Some(Authorization::Missing(refused)) => Some(refused.commit.clone()),
        _ => None,
    };
    let done = Verdict {
        applied: Some(head.clone()),
        objects: objects(outcome),
        unauthorized,
        ..keep(facts, Reason::Applied, String::new(), Retry::Interval)
    };
    match outcome {
        Applied::Done { objects, .. } => Verdict {
            message: format!("commit {} is applied: {}", short(head), counted(*objects)),
            ..done
        },
        Applied::PruneBlocked { why, .. } => Verdict {
            reason: Reason::PruneBlocked,
            message: format!(
                "commit {} is applied, but nothing is deleted: {why}; if that is meant, annotate the repository with \
                 gitsm.dev/allow-prune={head}",
                short(head)
            ),
            ..done
        },
        Applied::Refused {
            failed,
            first,
            in_dry_run,
        } => {
            let written = if *in_dry_run { "; nothing was written" } else { "" };
            let message = format!(
                "the server refuses {} of commit {}: {first}{written}",
                counted(*failed),
                short(head)
            );
            keep(facts, Reason::ApplyFailed, message, Retry::Backoff)
        }
        Applied::Interrupted { message } => keep(facts, Reason::Interrupted, message.clone(), Retry::Backoff),
    }
}

fn counted(objects: u32) -> String {
    format!("{objects} object{}", if objects == 1 { "" } else { "s" })
}

fn objects(applied: &Applied) -> Option<u32> {
    match applied {
        Applied::Done { objects, .. } | Applied::PruneBlocked { objects, .. } => Some(*objects),
        Applied::Refused { .. } | Applied::Interrupted { .. } => None,
    }
}

fn unreachable(facts: &Facts, problem: FetchProblem, message: &str) -> Verdict {
    let reason = match problem {
        FetchProblem::Unreachable => Reason::RepositoryUnreachable,
        FetchProblem::BranchMissing => Reason::BranchMissing,
        FetchProblem::AccessDenied => Reason::AccessDenied,
        FetchProblem::ServerNotTrusted => Reason::ServerNotTrusted,
        FetchProblem::TooLarge => Reason::TooLarge,
        FetchProblem::NotAllowed => Reason::NotAllowed,
    };
    let retry = if problem.may_pass() {
        Retry::Backoff
    } else {
        Retry::Interval
    };
    keep(facts, reason, message.to_owned(), retry)
}

/// A verdict that lets the last applied commit stand.
fn keep(facts: &Facts, reason: Reason, message: String, retry: Retry) -> Verdict {
    let head = match &facts.fetched {
        Some(Fetched::Head(head)) => Some(head.clone()),
        _ => None,
    };
    Verdict {
        reason,
        message,
        retry,
        head,
        applied: facts.applied.clone(),
        pending: None,
        opens: None,
        unauthorized: None,
        objects: None,
    }
}

fn short(revision: &GitRevision) -> &str {
    revision.as_str().get(..SHORT).unwrap_or_default()
}
