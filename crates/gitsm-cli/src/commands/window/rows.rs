//! Entries of the change calendar as lines, and which windows concern a service.

use crate::when;
use crate::wrap::after_or_below;
use gitsm_api::estate::Estate;
use gitsm_core::agenda::{Entry, EntryKind};
use gitsm_core::ident::{ServiceId, WindowId};
use gitsm_core::time::Instant;
use gitsm_core::window::{ChangeWindowType, SubjectChange, WindowOutcome, WindowSet, evaluate};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

/// The windows that select some change of a service, or those of all services.
#[derive(Debug)]
pub(crate) struct Selected(Option<BTreeSet<WindowId>>);

impl Selected {
    /// Those of one service, whatever the change; all where none is given.
    pub(crate) fn by(estate: &Estate, windows: &WindowSet, service: Option<&ServiceId>) -> Self {
        let Some(subject) = service.and_then(|id| estate.window_subject(id)) else {
            return Self(None);
        };
        // Selection does not depend on time.
        let verdict = evaluate(windows, &[], &subject, &SubjectChange::default(), Instant::MIN);
        let selecting = verdict.windows.into_iter().filter(|trace| {
            matches!(
                trace.outcome,
                WindowOutcome::Selects { .. } | WindowOutcome::Broken(_)
            )
        });
        Self(Some(selecting.map(|trace| trace.window).collect()))
    }

    /// Whether a window is among them.
    pub(crate) fn has(&self, window: &WindowId) -> bool {
        self.0.as_ref().is_none_or(|selected| selected.contains(window))
    }
}

/// Says of the windows that cannot be understood that they are missing from a list.
pub(crate) fn tell_broken(windows: &WindowSet, selected: &Selected) -> anyhow::Result<()> {
    let mut stderr = anstream::stderr().lock();
    for broken in windows.broken.iter().filter(|broken| selected.has(&broken.id)) {
        let effect = match broken.kind {
            Some(ChangeWindowType::Maintenance) => "never opens",
            Some(ChangeWindowType::Freeze) | None => "counts as an active freeze",
        };
        writeln!(
            stderr,
            "warning: the window {} is not listed, because it cannot be understood, and {effect}: {}",
            broken.id, broken.problem
        )?;
    }
    Ok(())
}

/// One line for each entry, grouped by the day in UTC on which it starts.
pub(crate) fn entries_as_text(entries: &[Entry]) -> String {
    let mut text = String::new();
    let kinds = entries
        .iter()
        .map(|entry| kind(entry.kind).len())
        .max()
        .unwrap_or_default();
    let mut notes = BTreeMap::new();
    let mut today = None;
    for entry in entries {
        let (start, end) = (when::utc(entry.during.start()), when::utc(entry.during.end()));
        if today != Some(start.date()) {
            today = Some(start.date());
            // Writing to a string does not fail.
            let _ = writeln!(text, "\n{} {}", when::day(start.weekday()), start.date());
        }
        let until = if end.date() == start.date() {
            format!("{:02}:{:02}", end.hour(), end.minute())
        } else {
            format!(
                "{:02}:{:02} {} {}",
                end.hour(),
                end.minute(),
                when::day(end.weekday()),
                end.date()
            )
        };
        let line = format!(
            "  {:02}:{:02} - {until:<20}  {:>7}  {:<kinds$}  {}",
            start.hour(),
            start.minute(),
            when::length(entry.during.end().since(entry.during.start())),
            kind(entry.kind),
            entry.id,
        );
        let _ = writeln!(text, "{line}");
        let note = note(entry);
        if !note.is_empty() {
            notes.entry((entry.kind, &entry.id)).or_insert(note);
        }
    }
    // Once, not at each occurrence: a year holds hundreds of the same window.
    let ids = notes.keys().map(|(_, id)| id.len()).max().unwrap_or_default();
    for (number, ((of, id), note)) in notes.iter().enumerate() {
        if number == 0 {
            text.push_str("\nWhat they are for\n");
        }
        let head = format!("  {:<kinds$}  {id:<ids$}  ", kind(*of));
        let _ = writeln!(text, "{}", after_or_below(&head, note, 11));
    }
    text
}

fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Freeze => "freeze",
        EntryKind::Maintenance => "window",
        EntryKind::Change => "change",
    }
}

fn note(entry: &Entry) -> String {
    if entry.kind != EntryKind::Change {
        return entry.reason.clone().unwrap_or_default();
    }
    let services: Vec<_> = entry.services.iter().map(ToString::to_string).collect();
    let phase = entry.phase.map(|phase| format!(", {phase}")).unwrap_or_default();
    format!("{} ({}{phase})", entry.title, services.join(", "))
}
