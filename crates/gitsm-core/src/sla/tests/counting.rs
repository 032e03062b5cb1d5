//! The arithmetic below clocks.

use super::super::counting::{Counting, scale};
use super::*;

#[test]
fn a_share_is_carried_over_exactly_or_a_nanosecond_up() {
    let minutes = SignedDuration::from_mins;
    assert_eq!(scale(minutes(30), 60, 240), SignedDuration::from_secs(450));
    assert_eq!(scale(minutes(240), 60, 240), minutes(60));
    let nanosecond = SignedDuration::from_nanos(1);
    assert_eq!(scale(nanosecond, 1, 3), nanosecond);
    // What was passed stays passed, what was not stays not.
    let (old, new) = (
        TargetMinutes::try_from(7).unwrap(),
        TargetMinutes::try_from(3).unwrap(),
    );
    for (elapsed, past) in [
        (old.length() + nanosecond, true),
        (old.length(), false),
        (old.length() - nanosecond, false),
    ] {
        assert_eq!(scale(elapsed, 3, 7) > new.length(), past, "{elapsed}");
    }
    assert_eq!(scale(SignedDuration::MAX, u32::MAX, 1), SignedDuration::MAX);
}

#[test]
fn a_share_of_a_target_is_exact() {
    let target = TargetMinutes::try_from(7).unwrap();
    assert_eq!(target.share(33), SignedDuration::from_millis(138_600));
    assert_eq!(target.share(100), target.length());
    let year = TargetMinutes::try_from(TargetMinutes::MAX).unwrap();
    assert_eq!(year.share(1000), year.length() * 10);
    assert_eq!(
        year.share(u32::MAX),
        SignedDuration::from_millis(525_600 * 600 * i64::from(u32::MAX))
    );
    assert!(TargetMinutes::try_from(0).is_err());
    assert!(serde_json::from_str::<TargetMinutes>("525601").is_err());
}

#[test]
fn rewinding_forgets_what_came_later() {
    let mut counting = Counting::from(at("10:00"));
    counting.pause(at("10:10"), None, &AroundTheClock);
    counting.resume(at("10:20"));
    counting.pause(at("10:30"), None, &AroundTheClock);
    let elapsed = |counting: &Counting, time| minutes(counting.elapsed(at(time), &AroundTheClock));
    assert_eq!(elapsed(&counting, "11:00"), 20);
    // Into the second span of counting, into the first pause, before everything.
    for (to, paused, later) in [("10:25", false, 50), ("10:15", true, 10), ("09:00", false, 60)] {
        let mut counting = counting.clone();
        counting.rewind(at(to));
        assert_eq!(
            (counting.is_paused(), elapsed(&counting, "11:00")),
            (paused, later),
            "{to}"
        );
    }
}
