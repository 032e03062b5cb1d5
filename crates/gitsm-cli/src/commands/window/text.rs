//! The sentences of `gitsm window explain`.

use super::explain::Answer;
use crate::when::{length, with_day};
use crate::wrap::{after, after_or_below};
use gitsm_core::ident::ServiceId;
use gitsm_core::selector::SelectorField;
use gitsm_core::time::Instant;
use gitsm_core::window::{
    ChangeWindowType, Interval, Overrun, Verdict, WindowFit, WindowOutcome, WindowState, WindowTrace,
};
use std::fmt::Write as _;

/// The whole answer but the timeline. `hint`: whether what is not known of the change can be given as an option.
pub(super) fn answer(answer: &Answer<'_>, hint: bool) -> String {
    let mut text = String::new();
    let verdict = answer.verdict;
    let names: Vec<_> = verdict.services.keys().map(ToString::to_string).collect();
    let what = match &answer.change.id {
        Some(id) => format!("Change {id}, to {}", names.join(", ")),
        None => format!("Changes to {}", names.join(", ")),
    };
    let may = match (answer.may_start, verdict.state) {
        (true, _) => "may start",
        (false, WindowState::Open) => "may no longer start",
        (false, WindowState::Closed) => "may not start",
    };
    // Writing to a string does not fail.
    let _ = writeln!(text, "{what}: {may} at {}\n", with_day(answer.at));
    for (service, reason) in verdict.all_reasons() {
        let of = match service {
            Some(service) if verdict.services.len() > 1 => format!("{service}: "),
            _ => String::new(),
        };
        let head = format!("  {}: ", reason.reason);
        let _ = writeln!(text, "{}", after(&head, &format!("{of}{}", reason.message)));
    }
    if verdict.all_reasons().next().is_some() {
        text.push('\n');
    }
    let line = |text: &mut String, label: &str, instant: Option<Instant>, none: &str| {
        let shown = instant.map_or_else(
            || none.to_owned(),
            |instant| format!("{}  (in {})", with_day(instant), length(instant.since(answer.at))),
        );
        let _ = writeln!(text, "{label:<14}{shown}");
    };
    line(
        &mut text,
        "Next opening",
        answer.next_opening,
        "none is foreseeable within five years",
    );
    line(
        &mut text,
        "Next closing",
        answer.next_closing,
        "none is foreseeable within five years",
    );
    if let Some(before) = verdict.start_before.filter(|before| *before > answer.at) {
        line(&mut text, "Start before", Some(before), "");
    }
    plan(&mut text, answer);
    for (service, verdict) in &verdict.services {
        windows(&mut text, service, verdict, hint);
    }
    let _ = writeln!(text, "\nTime zones by tz database {}", verdict.tzdb);
    let _ = writeln!(text, "Estate: {}", answer.source);
    text
}

fn plan(text: &mut String, answer: &Answer<'_>) {
    let Some(plan) = &answer.plan else {
        return;
    };
    let fit = &plan.fit;
    let verb = match fit.fit {
        WindowFit::Fits => "fits".to_owned(),
        other => format!("does not fit ({other})"),
    };
    let _ = writeln!(
        text,
        "\nPlan, with preparation and the way back from {} to {}: {verb}",
        with_day(fit.begin),
        with_day(fit.end)
    );
    for one in &fit.reasons {
        let of = one
            .service
            .as_ref()
            .map(|service| format!("{service}: "))
            .unwrap_or_default();
        let head = format!("  {}: ", one.reason.reason);
        let _ = writeln!(text, "{}", after(&head, &format!("{of}{}", one.reason.message)));
    }
    if fit.fit != WindowFit::Fits {
        let first = plan
            .first_fit
            .map_or_else(|| "none within five years".to_owned(), with_day);
        let _ = writeln!(text, "  First start that fits: {first}");
    }
}

fn windows(text: &mut String, service: &ServiceId, verdict: &Verdict, hint: bool) {
    let _ = writeln!(text, "\nWindows, for {service}");
    let width = verdict
        .windows
        .iter()
        .map(|trace| trace.window.to_string().len())
        .max()
        .unwrap_or_default();
    let mut lines: Vec<_> = verdict
        .windows
        .iter()
        .map(|trace| (rank(trace), window(trace, width, hint)))
        .collect();
    lines.sort_by_key(|(rank, _)| *rank);
    if lines.is_empty() {
        text.push_str("  the estate has none\n");
    }
    for (_, line) in lines {
        let _ = writeln!(text, "{line}");
    }
    if verdict.overrun == Overrun::Pause {
        text.push_str("  Work that still runs at the closing is paused (overrun: Pause).\n");
    }
}

/// What decides first.
fn rank(trace: &WindowTrace) -> u8 {
    match &trace.outcome {
        WindowOutcome::Broken(_) => 0,
        WindowOutcome::Selects { active: true, .. } => 1,
        WindowOutcome::Selects { possible: None, .. } => 2,
        WindowOutcome::Selects { .. } => 3,
        WindowOutcome::NotSelected(_) => 4,
        WindowOutcome::OutOfReach => 5,
    }
}

fn window(trace: &WindowTrace, width: usize, hint: bool) -> String {
    let kind = match trace.kind {
        Some(ChangeWindowType::Freeze) => "freeze",
        Some(ChangeWindowType::Maintenance) => "window",
        None => "unknown",
    };
    let (mark, why) = match &trace.outcome {
        WindowOutcome::Broken(problem) => ("broken", format!("cannot be understood: {problem}")),
        WindowOutcome::OutOfReach => (
            "-",
            "out of reach: the catalogue's changePolicy.windowNamespaces does not list its namespace"
                .to_owned(),
        ),
        WindowOutcome::NotSelected(field) => ("-", format!("is about other {}", others(*field))),
        WindowOutcome::Selects {
            possible,
            active,
            occurrence,
            lifted_by,
        } => {
            let mark = match (trace.kind, active) {
                (Some(ChangeWindowType::Maintenance), true) => "open",
                (Some(ChangeWindowType::Maintenance), false) => "closed",
                (_, true) => "active",
                (_, false) => "inactive",
            };
            let mut why = takes_place(*active, *occurrence);
            if let Some(lift) = lifted_by {
                why.push_str(&format!("; lifted by the override {lift}"));
            }
            if let Some(field) = possible {
                why.push_str(&format!("; {}", unknown(*field, hint)));
                why.push_str(match trace.kind {
                    Some(ChangeWindowType::Maintenance) => ", so it does not count",
                    _ => ", so it counts",
                });
            }
            (mark, why)
        }
    };
    let head = format!("  {mark:<8}  {kind:<7}  {:<width$}  ", trace.window.to_string());
    after_or_below(&head, &why, 12)
}

fn takes_place(active: bool, occurrence: Option<Interval>) -> String {
    match occurrence {
        Some(now) if active => format!("from {} to {}", with_day(now.start()), with_day(now.end())),
        Some(next) => format!("next from {} to {}", with_day(next.start()), with_day(next.end())),
        None => "does not take place within five years".to_owned(),
    }
}

fn others(field: SelectorField) -> &'static str {
    match field {
        SelectorField::Namespaces => "namespaces",
        SelectorField::Services => "services",
        SelectorField::Tiers => "tiers",
        SelectorField::Labels => "labels",
        SelectorField::DataClasses => "classes of data",
        SelectorField::Environments => "environments",
        SelectorField::ChangeTypes => "types of change",
        SelectorField::ChangeModels => "models of change",
        SelectorField::RiskLevels => "levels of risk",
    }
}

fn unknown(field: SelectorField, hint: bool) -> String {
    let (what, option) = match field {
        SelectorField::Environments => ("environment", "--environment"),
        SelectorField::ChangeTypes => ("type of the change", "--type"),
        SelectorField::ChangeModels => ("model of the change", "--model"),
        SelectorField::RiskLevels => ("risk", "--risk"),
        SelectorField::Tiers => ("tier of the service", ""),
        SelectorField::Namespaces
        | SelectorField::Services
        | SelectorField::Labels
        | SelectorField::DataClasses => (field.as_str(), ""),
    };
    if hint && !option.is_empty() {
        format!("the {what} is not known (give {option})")
    } else {
        format!("the {what} is not known")
    }
}
