//! How a change model does: whether its results suspend it, and whether a model could become a standard one.

use super::history::{HISTORY, Run, RunCounts};
use crate::Percent;
use crate::ident::ChangeId;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Results that a standard model must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvenSuccess {
    /// Changes that must have gone in before the share counts.
    pub min_runs: u32,
    /// Share that must have been successful.
    pub min_percent: Percent,
}

/// How a model does at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Changes that went in over the last 365 days.
    pub runs: u32,
    /// Those that went as planned and caused no incident.
    pub successful: u32,
    /// Their share, rounded down; `None` without any change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_percent: Option<Percent>,
    /// When the last of them ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Instant>,
    /// Whether the model's results suspend it.
    pub suspended: bool,
    /// Since when they do, without a break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Why, or what speaks for the model; one sentence each.
    pub why: Vec<String>,
}

/// Whether a model could become a standard one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// Whether it could.
    pub candidate: bool,
    /// Its results.
    pub standing: Standing,
}

/// How a model does.
///
/// `history` are the changes of the model, in any order. A model counts as suspended
///
/// - while at least `minRuns` changes of the last 365 days went in and fewer than `minPercent` of them were successful;
/// - after a change that caused an incident of priority 1, until `minRuns` successful changes in a row have ended
///   after it, or 365 days have passed.
///
/// A model without `proven` is never suspended.
pub fn model_standing(history: &[Run], proven: Option<ProvenSuccess>, now: Instant) -> Standing {
    let mut sweep = Sweep::new(proven);
    // A run that counts no longer leaves before another one of the same instant enters.
    let mut steps: Vec<(Instant, u8, &Run)> = history
        .iter()
        .filter(|run| run.went_in() && run.finished_at <= now)
        // At the end of time a year later is no later; such a run never counts.
        .filter(|run| run.finished_at < run.finished_at.plus(HISTORY))
        .flat_map(|run| {
            let end = run.finished_at.plus(HISTORY);
            let leaves = (end <= now).then_some((end, 0, run));
            [Some((run.finished_at, 1, run)), leaves]
        })
        .flatten()
        .collect();
    steps.sort_by(|one, other| (one.0, one.1, &one.2.change).cmp(&(other.0, other.1, &other.2.change)));
    for group in steps.chunk_by(|one, other| one.0 == other.0) {
        for (_, enters, run) in group {
            sweep.take(*enters == 1, run);
        }
        if let Some((at, ..)) = group.first() {
            sweep.judge(*at);
        }
    }
    sweep.standing(last_used(history, now))
}

/// Whether a model that is not standard could become one: its changes meet `bar`, and none of them caused an incident
/// of priority 1.
pub fn promotion(history: &[Run], bar: ProvenSuccess, now: Instant) -> Promotion {
    let mut standing = model_standing(history, Some(bar), now);
    let p1 = history.iter().any(|run| run.counts_at(now) && run.caused.p1 > 0);
    let enough = standing.runs >= bar.min_runs && standing.runs > 0;
    let candidate = enough && !standing.suspended && !p1;
    if p1 && !standing.suspended {
        standing
            .why
            .push("one of its changes caused an incident of priority 1".to_owned());
    }
    // Suspension is for standard models.
    standing.suspended = false;
    standing.since = None;
    Promotion { candidate, standing }
}

fn last_used(history: &[Run], now: Instant) -> Option<Instant> {
    history
        .iter()
        .filter(|run| run.counts_at(now))
        .map(|run| run.finished_at)
        .max()
}

/// The state of a model while its history is walked through in time.
struct Sweep {
    proven: Option<ProvenSuccess>,
    counts: RunCounts,
    /// The last change that caused an incident of priority 1, while it counts.
    severe: Option<(ChangeId, Instant)>,
    /// Successful changes in a row since then.
    streak: u32,
    since: Option<Instant>,
}

impl Sweep {
    fn new(proven: Option<ProvenSuccess>) -> Self {
        Self {
            proven,
            counts: RunCounts::default(),
            severe: None,
            streak: 0,
            since: None,
        }
    }

    fn take(&mut self, enters: bool, run: &Run) {
        let success = u32::from(run.is_success());
        if enters {
            self.counts.runs = self.counts.runs.saturating_add(1);
            self.counts.successful = self.counts.successful.saturating_add(success);
            if run.caused.p1 > 0 {
                self.severe = Some((run.change.clone(), run.finished_at));
                self.streak = 0;
            } else if success == 1 {
                self.streak = self.streak.saturating_add(1);
            } else {
                self.streak = 0;
            }
        } else {
            self.counts.runs = self.counts.runs.saturating_sub(1);
            self.counts.successful = self.counts.successful.saturating_sub(success);
            if self.severe.as_ref().is_some_and(|(_, at)| *at == run.finished_at) {
                self.severe = None;
            }
        }
    }

    fn below(&self) -> bool {
        self.proven.is_some_and(|proven| {
            self.counts.runs >= proven.min_runs
                && self.counts.runs > 0
                && u64::from(self.counts.successful) * 100
                    < u64::from(proven.min_percent.get()) * u64::from(self.counts.runs)
        })
    }

    fn distrusted(&self) -> Option<&ChangeId> {
        let needed = self.proven?.min_runs;
        self.severe
            .as_ref()
            .filter(|_| self.streak < needed)
            .map(|(change, _)| change)
    }

    fn judge(&mut self, at: Instant) {
        if self.below() || self.distrusted().is_some() {
            self.since.get_or_insert(at);
        } else {
            self.since = None;
        }
    }

    fn standing(self, last_used_at: Option<Instant>) -> Standing {
        let RunCounts { runs, successful } = self.counts;
        let percent = (u64::from(successful) * 100).checked_div(u64::from(runs));
        Standing {
            runs,
            successful,
            success_percent: percent
                .and_then(|percent| i64::try_from(percent).ok())
                .and_then(|percent| Percent::try_from(percent).ok()),
            last_used_at,
            suspended: self.since.is_some(),
            since: self.since,
            why: self.why(),
        }
    }

    fn why(&self) -> Vec<String> {
        let RunCounts { runs, successful } = self.counts;
        let result = format!("{successful} of {runs} changes over 365 days were successful");
        let Some(proven) = self.proven else {
            return vec![result];
        };
        let mut why = vec![if self.below() {
            format!("{result}, fewer than {}", proven.min_percent)
        } else if runs < proven.min_runs {
            format!("{result}; the share counts from {} changes", proven.min_runs)
        } else {
            format!("{result}, at least {}", proven.min_percent)
        }];
        if let Some(change) = self.distrusted() {
            why.push(format!(
                "{change} caused an incident of priority 1; {} of the {} successful changes in a row that are needed \
                 since have ended",
                self.streak, proven.min_runs
            ));
        }
        why
    }
}
