//! Deciding: the table of the machine, walked once.

mod commands;
mod gate;
mod guards;
mod moves;
mod outcome;
mod scene;
mod standing;

use super::decision::Decision;
use super::facts::Facts;
use super::machine::{Row, moves_from};
use super::reason::{Explanation, Reason};
use super::vocabulary::ChangePhase;
use crate::digest::digest_of;
use crate::time::Instant;
use scene::{Scene, Verdict};

/// Decides about one change.
///
/// It makes **one move at most**. Each move is one line of the journal, with facts, guard and actor of its own; a chain
/// of moves in one decision would hide the steps between. After a move the caller stores phase and record and decides
/// again at once ([`Decision::next_transition`] says so); [`settle`] does that where no facts need to be read in between.
///
/// The same facts at the same instant give the same decision, byte for byte in
/// [canonical JSON](crate::digest::canonical_json). Nothing that is not known helps a change forward, and a clock that
/// stands before the last decision moves nothing.
pub fn decide(facts: &Facts, now: Instant) -> Decision {
    let scene = Scene::new(facts, now);
    let mut decision = Decision {
        at: now,
        facts_digest: digest_of(facts).ok(),
        from: facts.phase,
        phase: facts.phase.unwrap_or(ChangePhase::Draft),
        guard: None,
        reasons: Vec::new(),
        actions: Vec::new(),
        next_transition: None,
        outcome: None,
        answer: None,
        record: facts.record.clone(),
    };
    if let Some(since) = facts.record.phase_since.filter(|since| now < *since) {
        decision.reasons.push(Explanation::new(
            Reason::ClockBehind,
            format!("it is {now} and the last decision was taken for {since}"),
        ));
        decision.next_transition = Some(since);
        decision.outcome = decision.record.outcome;
        return decision;
    }
    match first_move(&scene, &mut decision.reasons) {
        Some((row, reasons)) => {
            decision.phase = row.to;
            decision.guard = Some(row.guard);
            decision.reasons = reasons;
            moves::enter(&scene, row, &mut decision);
            decision.next_transition = Some(now);
        }
        None => {
            standing::stay(&scene, &mut decision);
            commands::refuse(&scene, &mut decision);
            decision.next_transition = scene.next();
        }
    }
    decision.outcome = decision.record.outcome;
    decision
}

/// The first row whose guard holds; else what the guards wait for is added to `held`.
fn first_move(scene: &Scene<'_>, held: &mut Vec<Explanation>) -> Option<(&'static Row, Vec<Explanation>)> {
    for row in moves_from(scene.facts.phase) {
        match guards::evaluate(scene, row) {
            Verdict::Silent => {}
            Verdict::Moves(reasons) => return Some((row, reasons)),
            Verdict::Held(reasons) => {
                for reason in reasons {
                    if !held.contains(&reason) {
                        held.push(reason);
                    }
                }
            }
        }
    }
    None
}

/// Moves that a change can make at one instant without new facts. More would be a circle, which the table has not.
const LONGEST_CHAIN: usize = 2 * ChangePhase::ALL.len();

/// Decides until nothing moves, each decision with the record of the one before. The last decision moves nothing,
/// unless the chain was cut after twice as many decisions as there are phases.
pub fn settle(facts: &Facts, now: Instant) -> Vec<Decision> {
    let mut facts = facts.clone();
    let mut decisions = Vec::new();
    while decisions.len() < LONGEST_CHAIN {
        let decision = decide(&facts, now);
        let settled = !decision.moves() && decision.record == facts.record;
        facts.phase = Some(decision.phase);
        facts.record = decision.record.clone();
        decisions.push(decision);
        if settled {
            break;
        }
    }
    decisions
}
