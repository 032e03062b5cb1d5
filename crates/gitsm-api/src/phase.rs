//! The tables of moves between phases as CEL rules of the CRDs.

use crate::rule::{Reason, Rule, rule};
pub use gitsm_core::phase::{Transitions, can_move};
use std::{fmt::Display, fmt::Write as _};

/// The same table as a CEL transition rule of the field that holds the phase.
pub(crate) fn transition_rule<P: Display>(transitions: Transitions<P>) -> Rule {
    let mut expression = String::from("self == oldSelf");
    for (from, targets) in transitions {
        let targets: Vec<_> = targets.iter().map(|target| format!("'{target}'")).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            expression,
            " || (oldSelf == '{from}' && self in [{}])",
            targets.join(", ")
        );
    }
    rule(expression, "this move between phases is not possible")
        .explained_by("'cannot move from ' + oldSelf + ' to ' + self")
        .because(Reason::Forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1alpha1::{AssetState, ChangePhase, IncidentPhase, ProblemPhase, ServiceRequestPhase};
    use std::fmt::Debug;

    /// Phases from which `end` cannot be reached.
    fn stuck<P: PartialEq + Copy + Debug>(table: Transitions<P>, all: &[P], ends: &[P]) -> Vec<P> {
        let mut reaching: Vec<P> = ends.to_vec();
        loop {
            let more: Vec<P> = all
                .iter()
                .copied()
                .filter(|phase| !reaching.contains(phase))
                .filter(|phase| reaching.iter().any(|goal| can_move(table, phase, goal)))
                .collect();
            if more.is_empty() {
                return all
                    .iter()
                    .copied()
                    .filter(|phase| !reaching.contains(phase))
                    .collect();
            }
            reaching.extend(more);
        }
    }

    #[test]
    fn every_phase_can_come_to_an_end() {
        use {ChangePhase as C, IncidentPhase as I, ServiceRequestPhase as R};
        assert_eq!(stuck(C::TRANSITIONS, C::ALL, &[C::Closed, C::Cancelled]), []);
        assert_eq!(stuck(I::TRANSITIONS, I::ALL, &[I::Closed, I::Cancelled]), []);
        assert_eq!(
            stuck(
                ProblemPhase::TRANSITIONS,
                ProblemPhase::ALL,
                &[ProblemPhase::Closed]
            ),
            []
        );
        assert_eq!(stuck(R::TRANSITIONS, R::ALL, &[R::Closed, R::Cancelled]), []);
        assert_eq!(
            stuck(AssetState::TRANSITIONS, AssetState::ALL, &[AssetState::Disposed]),
            []
        );
    }

    #[test]
    fn an_end_is_final() {
        for phase in ChangePhase::ALL
            .iter()
            .filter(|phase| **phase != ChangePhase::Closed)
        {
            assert!(!can_move(ChangePhase::TRANSITIONS, &ChangePhase::Closed, phase));
        }
    }

    #[test]
    fn approval_cannot_be_skipped_once_a_change_is_scheduled_again() {
        assert!(!can_move(
            ChangePhase::TRANSITIONS,
            &ChangePhase::Expired,
            &ChangePhase::Scheduled
        ));
        assert!(!can_move(
            ChangePhase::TRANSITIONS,
            &ChangePhase::AwaitingApproval,
            &ChangePhase::Implementing
        ));
        assert!(!can_move(
            ChangePhase::TRANSITIONS,
            &ChangePhase::Implementing,
            &ChangePhase::Cancelled
        ));
    }

    #[test]
    fn the_rule_says_the_same_as_the_table() {
        let rule = serde_json::to_value(transition_rule(AssetState::TRANSITIONS)).unwrap();
        assert!(
            rule["rule"]
                .as_str()
                .unwrap()
                .contains("(oldSelf == 'Retired' && self in ['Disposed'])")
        );
    }
}
