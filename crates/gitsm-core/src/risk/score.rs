//! The change success score of a team.
//!
//! Points are those that ServiceNow publishes for its change success score: 3 for a successful change, -2 for one
//! with issues, -5 for an unsuccessful one (taken back included), -10, -5 and -2 for each incident of priority 1, 2
//! and 3 that it caused.
//!
//! As a factor of risk the score is smoothed like Laplace's rule of succession: [`PRIOR_RUNS`] imagined changes, one
//! half successful and one half not, are added to the team's own. Points of one change range from 3 (value 0) to -5
//! (value 1), so with `n` changes and `T` points
//!
//! ```text
//! value = (3 n + 40 - T) / (8 (n + 10))     cut to 0..1, in thousandths, rounded up
//! ```
//!
//! A team without any change has 0.5; ten successful changes bring it to 0.25, ninety to 0.05.

use super::WORST;
use super::history::{Caused, Run};
use crate::change::ChangeOutcome;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// How many imagined changes a team's record is smoothed with.
pub const PRIOR_RUNS: u32 = 10;

const BEST: i64 = 3;
const RANGE: i64 = 8;

/// What a team's changes over a period came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TeamScore {
    /// Changes that went in.
    pub runs: u32,
    /// Points: `3S - 2I - 5U - 10P1 - 5P2 - 2P3`.
    pub points: i64,
}

impl TeamScore {
    /// The score of the runs that [count](Run::counts_at) at `now`.
    pub fn of<'r>(runs: impl IntoIterator<Item = &'r Run>, now: Instant) -> Self {
        let mut score = Self::default();
        for run in runs.into_iter().filter(|run| run.counts_at(now)) {
            score.add(run.outcome, run.caused);
        }
        score
    }

    /// Adds one change. One that was cancelled did not go in and changes nothing.
    pub fn add(&mut self, outcome: ChangeOutcome, caused: Caused) {
        let own = match outcome {
            ChangeOutcome::Successful => 3,
            ChangeOutcome::SuccessfulWithIssues => -2,
            ChangeOutcome::Unsuccessful | ChangeOutcome::BackedOut => -5,
            ChangeOutcome::Cancelled => return,
        };
        let lost = 10 * i64::from(caused.p1) + 5 * i64::from(caused.p2) + 2 * i64::from(caused.p3);
        self.runs = self.runs.saturating_add(1);
        self.points = self.points.saturating_add(own).saturating_sub(lost);
    }

    /// The smoothed value as a factor of risk, in thousandths: 0 (good) to 1000 (worst).
    pub fn value_permille(self) -> u32 {
        let runs = i64::from(self.runs);
        let prior = i64::from(PRIOR_RUNS);
        // Half of the imagined changes have 3 points, half have -5: -1 on average.
        let lost = (BEST * runs)
            .saturating_add(BEST * prior + prior)
            .saturating_sub(self.points)
            .max(0);
        let whole = RANGE * (runs + prior);
        // Cut first, so that the product fits: `whole` is below 2^36.
        let permille = (lost.min(whole) * i64::from(WORST)).div_euclid(whole)
            + i64::from((lost.min(whole) * i64::from(WORST)).rem_euclid(whole) != 0);
        u32::try_from(permille).unwrap_or(WORST).min(WORST)
    }
}
