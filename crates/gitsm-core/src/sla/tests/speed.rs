//! How long a replay takes: `cargo test --release -p gitsm-core -- --ignored --nocapture replay_takes`.

use super::*;

#[test]
#[ignore = "a measurement, for release builds"]
#[allow(clippy::disallowed_methods, reason = "it measures")]
fn replay_takes_less_than_a_millisecond_for_a_thousand_events() {
    let policy = SlaPolicy {
        on_change: OnPriorityChange::CarryElapsed,
        ..policy()
    };
    let words = [
        "start P1",
        "start P1",
        "start pause P1",
        "start pause P1",
        "start P2",
        "start P2",
        "stop P2",
        "start P1",
    ];
    let started = at("00:00");
    let events: Vec<Event> = (0..1_000_u64)
        .map(|sequence| {
            let mut event = event(
                sequence,
                "00:00",
                words[usize::try_from(sequence).unwrap() % words.len()],
            );
            event.recorded_at =
                started.plus(SignedDuration::from_mins(i64::try_from(sequence).unwrap() * 97));
            event
        })
        .collect();
    let now = started.plus(SignedDuration::from_hours(2_000));
    for (name, time) in [
        ("around the clock", &AroundTheClock as &dyn BusinessTime),
        ("office", &Office),
    ] {
        let timer = timer(&policy, time);
        let mut best = std::time::Duration::MAX;
        for _ in 0..200 {
            let begin = std::time::Instant::now();
            let replay = std::hint::black_box(timer.replay(std::hint::black_box(&events), now));
            best = best.min(begin.elapsed());
            assert!(replay.lines.len() > 1_000);
        }
        println!("1000 events, {name}: {best:?}");
        assert!(best < std::time::Duration::from_millis(1), "{name}: {best:?}");
    }
}
