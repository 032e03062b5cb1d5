//! When events are to go.

use crate::store::Key;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The instants at which objects expire.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    queue: BTreeSet<(u64, Key)>,
    instants: HashMap<Key, u64>,
}

impl Expiry {
    /// An object expires at an instant; what was known of it before no longer counts.
    pub(super) fn set(&mut self, key: &Key, instant: u64) {
        self.forget(key);
        self.queue.insert((instant, key.clone()));
        self.instants.insert(key.clone(), instant);
    }

    pub(super) fn forget(&mut self, key: &Key) {
        if let Some(instant) = self.instants.remove(key) {
            self.queue.remove(&(instant, key.clone()));
        }
    }

    /// When the next one expires.
    pub(super) fn next(&self) -> Option<u64> {
        self.queue.first().map(|(instant, _)| *instant)
    }

    /// What has expired, at most `limit`; it stays known until it is forgotten or set anew.
    pub(super) fn expired(&self, now: u64, limit: usize) -> Vec<Key> {
        self.queue
            .iter()
            .take_while(|(instant, _)| *instant <= now)
            .take(limit)
            .map(|(_, key)| key.clone())
            .collect()
    }
}

/// When a stored event was written last, in milliseconds since 1970, as far as it tells: the latest of its times.
/// 0 when it has none.
pub(super) fn written(event: &Value) -> u64 {
    [
        &event["metadata"]["creationTimestamp"],
        &event["lastTimestamp"],
        &event["deprecatedLastTimestamp"],
        &event["eventTime"],
        &event["series"]["lastObservedTime"],
    ]
    .into_iter()
    .filter_map(|time| time.as_str()?.parse::<jiff::Timestamp>().ok())
    .filter_map(|time| u64::try_from(time.as_millisecond()).ok())
    .max()
    .unwrap_or_default()
}
