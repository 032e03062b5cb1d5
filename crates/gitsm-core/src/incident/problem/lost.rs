//! The time lost to a problem.

use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// How long one incident was felt, by its effective times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outage {
    /// When the effect began.
    pub began: Instant,
    /// When it was gone; absent: it still is felt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Instant>,
}

/// Whole minutes during which at least one of the incidents was felt, up to `now`. Two incidents at the same time are
/// counted once: it is the time that would have been saved without the problem. An outage that ends before it begins
/// counts as none.
pub fn minutes_lost(outages: &[Outage], now: Instant) -> i64 {
    let mut spans: Vec<(Instant, Instant)> = outages
        .iter()
        .map(|outage| (outage.began, outage.ended.unwrap_or(now).min(now)))
        .filter(|(began, ended)| began < ended)
        .collect();
    spans.sort_unstable();
    let mut lost = jiff::SignedDuration::ZERO;
    let mut counted_until = Instant::MIN;
    for (began, ended) in spans {
        let from = began.max(counted_until);
        if from < ended {
            lost = lost.saturating_add(ended.since(from));
            counted_until = ended;
        }
    }
    lost.as_secs() / 60
}
