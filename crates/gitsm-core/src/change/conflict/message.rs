//! The sentences that tell people of a conflict.

use super::detect::Subject;
use super::facts::{FinishedChange, PlannedChange};
use super::found::{Conflict, GroupCollision};
use crate::change::ConflictType;
use crate::ident::ChangeId;
use crate::window::WindowFit;
use std::fmt::Display;

/// How many of a list a sentence names; the conflict itself holds all.
const NAMED: usize = 3;

fn list<T>(all: &[T], name: impl Fn(&T) -> String) -> String {
    let mut names: Vec<String> = all.iter().take(NAMED).map(name).collect();
    names.dedup();
    let rest = all.len().saturating_sub(NAMED);
    if rest > 0 {
        names.push(format!("{rest} more"));
    }
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn plain<T: Display>(all: &[T]) -> String {
    list(all, ToString::to_string)
}

pub(super) fn of_pair(conflict: &Conflict, subject: &Subject<'_>, other: &Subject<'_>) -> String {
    let name = other.id;
    let what = match conflict.r#type {
        ConflictType::SameItem => format!(
            "{name} touches {} too",
            list(&conflict.items, |pair| pair.item.short())
        ),
        ConflictType::ParentItem => format!(
            "{name} touches {}, which contains {}",
            list(&conflict.items, |pair| pair.other.short()),
            list(&conflict.items, |pair| pair.item.short())
        ),
        ConflictType::ChildItem => format!(
            "{name} touches {}, part of {}",
            list(&conflict.items, |pair| pair.other.short()),
            list(&conflict.items, |pair| pair.item.short())
        ),
        ConflictType::SameRedundancyGroup => {
            format!("together with {name}, {}", list(&conflict.groups, of_group))
        }
        ConflictType::SamePerson => format!("{} would carry out {name} too", plain(&conflict.people)),
        ConflictType::SameFiles => format!(
            "the open pull request of {name} touches {} too",
            plain(&conflict.paths)
        ),
        // The other kinds are not between two plans.
        other => format!("{other} with {name}"),
    };
    let when = conflict.when.map_or_else(String::new, |span| {
        format!(" from {} to {}", span.from, span.until)
    });
    let todo = match conflict.r#type {
        ConflictType::SameFiles if conflict.gives_way => {
            format!("merge {name} first and update this pull request")
        }
        ConflictType::SamePerson if conflict.gives_way => {
            "name somebody else, or plan this change for another time".to_owned()
        }
        _ if conflict.gives_way => match other.span {
            Some(span) if !other.change.is_running() => format!(
                "plan this change to start after {}, join the two, or ask the change authority for a waiver",
                span.until
            ),
            _ => "wait until it is over, or ask the change authority for a waiver".to_owned(),
        },
        _ if subject.change.is_running() => "this change is running and goes on; the other waits".to_owned(),
        _ => "this change goes first; the other gives way".to_owned(),
    };
    format!("{what}{when}; {todo}")
}

fn of_group(group: &GroupCollision) -> String {
    let mut lost: Vec<_> = group.lost.iter().chain(&group.lost_to_other).collect();
    lost.sort_unstable();
    lost.dedup();
    format!(
        "the redundancy group {} of {} loses {} of {} members and needs {}",
        group.group,
        group.node.short(),
        list(&lost, |member| member.short()),
        group.up,
        group.needed
    )
}

pub(super) fn of_window(subject: &Subject<'_>, fit: WindowFit) -> String {
    let window = subject
        .change
        .window
        .as_ref()
        .map_or_else(String::new, |window| format!(" {window}"));
    let start = subject.change.plan.map_or_else(
        || "the planned time".to_owned(),
        |plan| format!("the planned start {}", plan.start),
    );
    let end = subject
        .span
        .map_or_else(|| "its end".to_owned(), |span| span.until.to_string());
    let next = subject.change.next_open.map_or_else(
        || "`gitsm window explain` shows when it may go in".to_owned(),
        |next| format!("it may start at {next}"),
    );
    match fit {
        WindowFit::InFreeze => {
            format!("the freeze{window} forbids {start}; {next}, or earlier with an override")
        }
        WindowFit::ExceedsWindow => format!(
            "with its backout it would last until {end}, after the window{window} closes; start earlier in the window, make \
             it shorter, or use a longer window; {next}"
        ),
        WindowFit::Unknown => format!(
            "the windows could not be evaluated, so {start} counts as closed; mend the windows that `gitsm window \
             explain` names"
        ),
        WindowFit::OutsideWindow | WindowFit::Fits => {
            format!("no maintenance window is open at {start}; {next}")
        }
    }
}

pub(super) fn of_needed(
    needed: &ChangeId,
    planned: Option<&PlannedChange>,
    finished: Option<&FinishedChange>,
    in_order: bool,
) -> String {
    match (planned, finished) {
        (_, Some(finished)) => {
            let ended = finished.outcome.map_or_else(
                || "in an unknown way".to_owned(),
                |outcome| format!("as {outcome}"),
            );
            format!(
                "it depends on {needed}, which ended {ended} and is not in; plan {needed} anew or drop the dependency"
            )
        }
        (Some(planned), None) if in_order => format!(
            "it depends on {needed}, which is {} and planned to be over before; it must be finished by then",
            planned.phase
        ),
        (Some(planned), None) => format!(
            "it depends on {needed}, which is {}; plan this change after it, or wait until it is finished",
            planned.phase
        ),
        (None, None) => {
            format!("it depends on {needed}, which does not exist; correct dependsOn")
        }
    }
}

pub(super) fn of_incident(conflict: &Conflict) -> String {
    let incident = conflict
        .with
        .as_ref()
        .map_or_else(String::new, |with| format!(" {with}"));
    format!(
        "the major incident{incident} is open on {}; wait until it is resolved, or say in relates.incident that this \
         change mends it",
        plain(&conflict.services)
    )
}

pub(super) fn of_budget(conflict: &Conflict) -> String {
    format!(
        "no error budget is left for {}; bring forward what makes it more reliable, and wait with the rest until the \
         budget recovers",
        plain(&conflict.services)
    )
}
