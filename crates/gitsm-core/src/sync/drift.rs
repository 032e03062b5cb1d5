//! Repairs of one object that come again and again.
//!
//! Somebody else writes the object each time after it was repaired: another controller, a script. Repairing it at once
//! each time would be a fight at full speed, so it is repaired at once a few times in an hour and rarely after that.

use crate::time::Instant;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Repairs in [`PERIOD`] from which on it is a fight.
pub const FIGHT: usize = 5;
/// The time that repairs are counted in.
pub const PERIOD: SignedDuration = SignedDuration::from_hours(1);
/// How far repairs are apart in a fight.
pub const PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// When one object was repaired lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repairs {
    /// The last repairs, oldest first, at most [`FIGHT`].
    #[serde(default)]
    times: Vec<Instant>,
}

impl Repairs {
    /// Takes note of a repair.
    pub fn note(&mut self, at: Instant) {
        self.times.push(at);
        let superfluous = self.times.len().saturating_sub(FIGHT);
        self.times.drain(..superfluous);
    }

    /// Whether it is a fight at an instant.
    pub fn is_fight(&self, at: Instant) -> bool {
        let recent = self.times.iter().filter(|time| at.since(**time) < PERIOD);
        recent.count() >= FIGHT
    }

    /// When the object may be repaired that is found changed at an instant: then, or later in a fight.
    pub fn next(&self, at: Instant) -> Instant {
        match self.times.last() {
            Some(last) if self.is_fight(at) => at.max(last.plus(PAUSE)),
            _ => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fight_is_slowed_down_and_ends() {
        let start: Instant = "2026-11-02T09:00:00Z".parse().unwrap();
        let after = |minutes| start.plus(SignedDuration::from_mins(minutes));
        let mut repairs = Repairs::default();
        for minute in 0..4 {
            assert_eq!(repairs.next(after(minute)), after(minute));
            repairs.note(after(minute));
        }
        assert!(!repairs.is_fight(after(4)));
        repairs.note(after(4));
        assert!(repairs.is_fight(after(5)));
        assert_eq!(repairs.next(after(5)), after(19));
        assert_eq!(repairs.next(after(30)), after(30));
        // The first of the five is an hour old.
        assert!(!repairs.is_fight(after(60)));
        assert_eq!(repairs.next(after(60)), after(60));
    }
}
