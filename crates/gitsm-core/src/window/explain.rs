//! The sentences of verdicts.

use super::interval::Interval;
use super::model::{BrokenWindow, Freshness, Window};
use super::verdict::Reason;
use super::vocabulary::{ChangeWindowType, WindowReason};
use crate::ident::{ServiceId, WindowId};
use crate::selector::SelectorField;
use crate::time::Instant;

fn reason(reason: WindowReason, window: Option<&WindowId>, message: String) -> Reason {
    Reason {
        reason,
        window: window.cloned(),
        message,
    }
}

pub(super) fn in_freeze(window: &Window, occurrence: Interval, possible: Option<SelectorField>) -> Reason {
    let mut message = format!(
        "The freeze {} is active from {} to {}",
        window.id,
        occurrence.start(),
        occurrence.end()
    );
    if let Some(why) = &window.reason {
        message.push_str(&format!(": {why}"));
    }
    message.push_str(". ");
    if let Some(field) = possible {
        message.push_str(&format!(
            "It counts because it may select the change: what {field} asks for is not known yet. "
        ));
    }
    message.push_str(if window.overridable {
        "A WindowOverride can lift it for this change."
    } else {
        "It cannot be overridden."
    });
    reason(WindowReason::InFreeze, Some(&window.id), message)
}

pub(super) fn outside(selecting: usize, next: Option<(Instant, &WindowId)>) -> Reason {
    let windows = if selecting == 1 {
        "The only maintenance window that selects the change is closed".to_owned()
    } else {
        format!("All {selecting} maintenance windows that select the change are closed")
    };
    let message = match next {
        Some((start, window)) => format!("{windows}; {window} is the next to open, at {start}."),
        None => format!("{windows} and none opens within five years. Plan another window, or correct these."),
    };
    reason(
        WindowReason::OutsideWindow,
        next.map(|(_, window)| window),
        message,
    )
}

pub(super) fn closed_by_default() -> Reason {
    let message = "No maintenance window selects the change, and the catalogue's changePolicy.defaultWhenNoWindow is \
                   Closed. Add a window that selects it.";
    reason(WindowReason::OutsideWindow, None, message.to_owned())
}

pub(super) fn might_select(window: &Window, field: SelectorField) -> Reason {
    let message = format!(
        "The maintenance window {} does not count: what its {field} asks for is not known of the change yet.",
        window.id
    );
    reason(WindowReason::OutsideWindow, Some(&window.id), message)
}

pub(super) fn broken(broken: &BrokenWindow) -> Reason {
    let effect = match broken.kind {
        Some(ChangeWindowType::Maintenance) => "The maintenance window {} never opens",
        Some(ChangeWindowType::Freeze) => "The freeze {} counts as active",
        None => "The window {} counts as an active freeze",
    }
    .replace("{}", &broken.id.to_string());
    let message = format!(
        "{effect}, because it cannot be understood: {}.",
        broken.problem.trim_end_matches('.')
    );
    reason(WindowReason::Misconfigured, Some(&broken.id), message)
}

pub(super) fn no_policy(service: &ServiceId) -> Reason {
    let message = format!(
        "No single catalogue that can be read has the service {service}, so no changePolicy holds for it. Let exactly \
         one ServiceCatalog select it."
    );
    reason(WindowReason::Misconfigured, None, message)
}

pub(super) fn no_service() -> Reason {
    let message = "The change names no service that exists, so no window can be open for it.";
    reason(WindowReason::Misconfigured, None, message.to_owned())
}

pub(super) fn stale(freshness: &Freshness) -> Reason {
    let message = format!(
        "Windows were last seen at {}, more than {} away. Wait for the next synchronisation, or look at the clock of \
         this machine.",
        freshness.observed_at, freshness.max_age
    );
    reason(WindowReason::Stale, None, message)
}

pub(super) fn closes_soon(until: Instant, before: Instant) -> Reason {
    let message = format!("It closes at {until}; new work had to start before {before}.");
    reason(WindowReason::ExceedsWindow, None, message)
}

pub(super) fn exceeds(until: Instant, needed: Instant) -> Reason {
    let message = format!("It closes at {until}; with time to take it back the change needs until {needed}.");
    reason(WindowReason::ExceedsWindow, None, message)
}
