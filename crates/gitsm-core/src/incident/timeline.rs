//! When an incident took its steps.

use crate::ValueError;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// When an incident took its steps: the times of record, which never go backwards.
///
/// A time that people enter later (the effect began before it was reported) is an effective time and stands beside
/// these, see [`EffectiveTimes`]; a time of record is never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "UncheckedTimestamps")]
pub struct Timestamps {
    detected: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    declared: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mitigated: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Instant>,
}

/// Timestamps as they are written, not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UncheckedTimestamps {
    /// When it was first known.
    pub detected: Instant,
    /// When it was declared a major incident.
    #[serde(default)]
    pub declared: Option<Instant>,
    /// When somebody took notice.
    #[serde(default)]
    pub acknowledged: Option<Instant>,
    /// When the effect was gone.
    #[serde(default)]
    pub mitigated: Option<Instant>,
    /// When service was restored.
    #[serde(default)]
    pub resolved: Option<Instant>,
    /// When it was closed.
    #[serde(default)]
    pub closed: Option<Instant>,
}

impl TryFrom<UncheckedTimestamps> for Timestamps {
    type Error = ValueError;

    /// # Errors
    ///
    /// When a time stands before one that must come first.
    fn try_from(times: UncheckedTimestamps) -> Result<Self, Self::Error> {
        let chain = [times.acknowledged, times.mitigated, times.resolved, times.closed];
        let in_order = chain
            .into_iter()
            .flatten()
            .try_fold(times.detected, |last, next| (last <= next).then_some(next));
        // A declaration may come at any time between detection and closing.
        let declared = times.declared.is_none_or(|declared| {
            times.detected <= declared && times.closed.is_none_or(|closed| declared <= closed)
        });
        if in_order.is_none() || !declared {
            return Err(ValueError::new(
                "the timestamps of an incident",
                "they are not in the order detected, acknowledged, mitigated, resolved, closed",
                r#"{"detected": "2027-02-04T14:17:00Z", "acknowledged": "2027-02-04T14:20:00Z"}"#,
            ));
        }
        Ok(Self {
            detected: times.detected,
            declared: times.declared,
            acknowledged: times.acknowledged,
            mitigated: times.mitigated,
            resolved: times.resolved,
            closed: times.closed,
        })
    }
}

impl Timestamps {
    /// The timestamps of an incident that is new.
    pub fn detected_at(detected: Instant) -> Self {
        Self {
            detected,
            declared: None,
            acknowledged: None,
            mitigated: None,
            resolved: None,
            closed: None,
        }
    }

    /// When it was first known. It never changes.
    pub fn detected(&self) -> Instant {
        self.detected
    }

    /// When it was declared a major incident.
    pub fn declared(&self) -> Option<Instant> {
        self.declared
    }

    /// When somebody took notice.
    pub fn acknowledged(&self) -> Option<Instant> {
        self.acknowledged
    }

    /// When the effect was gone.
    pub fn mitigated(&self) -> Option<Instant> {
        self.mitigated
    }

    /// When service was restored.
    pub fn resolved(&self) -> Option<Instant> {
        self.resolved
    }

    /// When it was closed.
    pub fn closed(&self) -> Option<Instant> {
        self.closed
    }

    /// The last of them.
    pub fn latest(&self) -> Instant {
        [
            self.declared,
            self.acknowledged,
            self.mitigated,
            self.resolved,
            self.closed,
        ]
        .into_iter()
        .flatten()
        .fold(self.detected, Instant::max)
    }

    // Each step is recorded at `at` or, where the clock stands before the last step, at that step's time: times of
    // record never go backwards, whatever the clock does.

    pub(super) fn declare(&mut self, at: Instant) {
        let at = self.not_before_latest(at);
        // Facts may hold the time of a closing without its phase; a declaration after it could not be read again.
        self.declared
            .get_or_insert(self.closed.map_or(at, |closed| at.min(closed)));
    }

    /// Whether somebody can still take notice: not after the effect was gone.
    pub(super) fn awaits_acknowledgement(&self) -> bool {
        self.acknowledged.is_none()
            && self.mitigated.is_none()
            && self.resolved.is_none()
            && self.closed.is_none()
    }

    pub(super) fn acknowledge(&mut self, at: Instant) {
        if self.awaits_acknowledgement() {
            self.acknowledged = Some(self.not_before_latest(at));
        }
    }

    pub(super) fn mitigate(&mut self, at: Instant) {
        if self.resolved.is_none() && self.closed.is_none() {
            let at = self.not_before_latest(at);
            self.mitigated.get_or_insert(at);
        }
    }

    pub(super) fn resolve(&mut self, at: Instant) {
        self.mitigate(at);
        if self.closed.is_none() {
            let at = self.not_before_latest(at);
            self.resolved.get_or_insert(at);
        }
    }

    pub(super) fn close(&mut self, at: Instant) {
        let at = self.not_before_latest(at);
        self.closed.get_or_insert(at);
    }

    /// The effect is back: it is neither mitigated nor resolved. What was, is in the events.
    pub(super) fn take_back(&mut self) {
        self.mitigated = None;
        self.resolved = None;
    }

    fn not_before_latest(&self, at: Instant) -> Instant {
        at.max(self.latest())
    }
}

/// When things truly happened, where people know it better than the record: for the length of an outage and for
/// the search of its cause. Where nobody entered a time, it is the time of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EffectiveTimes {
    /// When the effect began; never after its detection.
    pub began: Instant,
    /// When service was restored; never before `began`, never after the record of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_never_later_than_the_closing() {
        let text = r#"{"detected": "2027-02-04T14:17:00Z", "closed": "2027-02-04T15:00:00Z"}"#;
        let mut times: Timestamps = serde_json::from_str(text).unwrap();
        times.declare(Instant::MAX);
        assert_eq!(times.declared(), times.closed());
        let saved = serde_json::to_string(&times).unwrap();
        assert_eq!(serde_json::from_str::<Timestamps>(&saved).unwrap(), times);
    }
}
