//! Commands that are not obeyed, and why.

use super::super::decision::Decision;
use super::super::machine::{Guard, moves_from};
use super::super::record::CommandAnswer;
use super::super::vocabulary::ChangePhaseRequest;
use super::scene::{Scene, may_ask};
use crate::Text;

/// The guard that a command is for.
pub(super) const fn guard_of(request: ChangePhaseRequest) -> Guard {
    match request {
        ChangePhaseRequest::OnHold => Guard::HoldAsked,
        ChangePhaseRequest::Resume => Guard::ResumeAsked,
        ChangePhaseRequest::Implement => Guard::StartedByHand,
        ChangePhaseRequest::BackOut => Guard::BackOutAsked,
        ChangePhaseRequest::Cancel => Guard::CancelAsked,
        ChangePhaseRequest::Close => Guard::ReviewDone,
    }
}

/// Refuses the open command of a change that does not move. A command is answered once: who still wants it when it
/// has become possible asks again, so that nothing starts later than anybody expects.
pub(super) fn refuse(scene: &Scene<'_>, decision: &mut Decision) {
    let Some(command) = scene.open_command() else {
        return;
    };
    let guard = guard_of(command.to);
    let row = moves_from(decision.from).find(|row| row.guard == guard);
    let message = match row {
        None => format!(
            "{} is not possible while the change is {}",
            command.to, decision.phase
        ),
        Some(row) if guard != Guard::ReviewDone && !may_ask(command, row.actors) => {
            let actors: Vec<_> = row.actors.iter().map(|actor| actor.as_str()).collect();
            format!(
                "{} may not ask for {}; these may: {}",
                command.by,
                command.to,
                actors.join(", ")
            )
        }
        Some(_) => {
            let reasons: Vec<_> = decision.reasons.iter().map(ToString::to_string).collect();
            if reasons.is_empty() {
                format!("{} is not needed: the change goes on by itself", command.to)
            } else {
                format!("not yet: {}", reasons.join(" "))
            }
        }
    };
    let answer = CommandAnswer {
        command: command.clone(),
        obeyed: false,
        message: Text::clip(message),
    };
    decision.record.answer = Some(answer.clone());
    decision.answer = Some(answer);
}
