//! The words of risk.

use crate::choice::choices;

choices! {
    /// What the likelihood of a failure is computed from. Each gives a value from 0 (good) to 1 (worst).
    pub enum RiskFactorKind {
        /// Failures among earlier changes of the same model, smoothed: 1 - (successful + 1) / (all + 2).
        ModelFailure,
        /// How the team's earlier changes went.
        TeamScore,
        /// How much is changed.
        DiffSize,
        /// Whether anything like it was done to these items before.
        Novelty,
        /// Whether proof of tests is missing.
        MissingTests,
        /// How it is taken back: by itself 0, by a script 0.3, by hand 0.6, not at all 1.
        Backout,
        /// Planned time, backout included, as a share of the window that is left.
        TimePressure,
        /// P1 and P2 incidents of the affected items over the last 30 days.
        Instability,
        /// Share of the error budget that is used up.
        ErrorBudget,
        /// Changes at the same time to what it depends on.
        ConcurrentChanges,
        /// An answer that the author gives.
        Question,
    }
}
