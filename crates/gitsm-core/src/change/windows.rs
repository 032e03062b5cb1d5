//! When a change may start, as the state machine asks it.

use super::facts::Facts;
use crate::ident::WindowOverrideName;
use crate::time::Instant;
use crate::window::WindowFit;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// When changes to the affected services may start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowInput {
    /// The times at which they may, in order.
    pub openings: Vec<Opening>,
}

/// A time in which changes may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Opening {
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
}

/// An override for the change that a second person confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverrideInForce {
    /// Which one.
    pub name: WindowOverrideName,
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
}

/// What the windows say about a start at one instant.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Whether it may start, with the time that it needs.
    pub(super) fit: WindowFit,
    /// Why not, one sentence.
    pub(super) message: String,
    /// When the windows close; absent while they are closed or for ever open.
    pub(super) closes: Option<Instant>,
    /// The next instant at which the view can be another one.
    pub(super) changes: Option<Instant>,
    /// Whether running work pauses while closed.
    pub(super) pauses: bool,
}

/// What the windows say about a start at `at` that needs `length`.
pub(super) fn view(facts: &Facts, at: Instant, length: SignedDuration) -> View {
    let mut next = None;
    for opening in &facts.windows.openings {
        if opening.from > at {
            next = Some(opening.from);
            break;
        }
        if at < opening.until {
            let last_start = opening.until.plus(-length);
            let fits = at.plus(length) <= opening.until;
            return View {
                fit: if fits {
                    WindowFit::Fits
                } else {
                    WindowFit::ExceedsWindow
                },
                message: format!(
                    "it needs until {} and the window closes at {}",
                    at.plus(length),
                    opening.until
                ),
                closes: Some(opening.until),
                changes: Some(if fits && last_start > at {
                    last_start
                } else {
                    opening.until
                }),
                pauses: false,
            };
        }
    }
    View {
        fit: WindowFit::OutsideWindow,
        message: format!("no window is open at {at}"),
        closes: None,
        changes: next,
        pauses: false,
    }
}

/// How many openings are tried before a plan counts as one that fits nowhere.
const OPENINGS: usize = 400;

/// The first instant from `from` on at which a start fits, and what the windows say then.
pub(super) fn next_fit(facts: &Facts, from: Instant, length: SignedDuration) -> Option<(Instant, View)> {
    let mut at = from;
    for _ in 0..OPENINGS {
        let view = view(facts, at, length);
        if view.fit == WindowFit::Fits {
            return Some((at, view));
        }
        at = view.changes.filter(|next| *next > at)?;
    }
    None
}
