//! What holds for every log.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

const MODES: [OnPriorityChange; 3] = [
    OnPriorityChange::Restart,
    OnPriorityChange::Retroactive,
    OnPriorityChange::CarryElapsed,
];

fn policies() -> impl Strategy<Value = SlaPolicy> {
    (select(&MODES[..]), any::<[bool; 5]>()).prop_map(|(on_change, [keep, any, pause, resume, rest])| {
        let mut policy = policy();
        policy.on_change = on_change;
        policy.retro_pause = keep;
        if !any {
            policy.targets = policy
                .targets
                .iter()
                .filter(|(priority, _)| *priority != TargetPriority::Any)
                .collect();
        }
        if !pause {
            policy.conditions.pause = None;
        }
        policy.conditions.resume = (pause && resume).then(|| Text::clip("resume"));
        if !rest {
            (policy.conditions.reset, policy.conditions.cancel) = (None, None);
        }
        policy
    })
}

/// Each condition as it is often, seldom or never found; some are not known.
fn snapshots(with_faults: bool) -> impl Strategy<Value = Value> {
    proptest::collection::vec(0..20_u8, 6).prop_map(move |draws| {
        let often = [12, 5, 8, 4, 2, 1];
        let mut snapshot = json!({});
        for ((name, draw), often) in ConditionName::ALL.iter().zip(draws).zip(often) {
            if with_faults && draw == 19 {
                snapshot[name.field()] = json!("no such key");
            } else {
                snapshot[name.field()] = json!(draw < often);
            }
        }
        snapshot
    })
}

fn logs(with_faults: bool, with_changes: bool) -> impl Strategy<Value = Vec<Event>> {
    let row = (
        0..7_200_i64,
        snapshots(with_faults),
        0..4_usize,
        proptest::option::weighted(0.2, -9_000..1_000_i64),
    );
    proptest::collection::vec(row, 0..40).prop_map(move |rows| {
        let mut recorded_at = at("08:00");
        (1..)
            .zip(rows)
            .map(|(sequence, (gap, snapshot, priority, effective))| {
                // A gap of nothing is likely: events of one instant.
                recorded_at = recorded_at.plus(SignedDuration::from_secs((gap - 1_000).max(0)));
                Event {
                    sequence,
                    recorded_at,
                    effective_at: effective
                        .filter(|_| with_changes)
                        .map(|offset| recorded_at.plus(SignedDuration::from_secs(offset))),
                    snapshot,
                    priority: [Some(Priority::P1), Some(Priority::P2), Some(Priority::P4), None]
                        [if with_changes { priority } else { 1 }],
                    actor: None,
                    reason: None,
                }
            })
            .collect()
    })
}

fn calendars() -> impl Strategy<Value = &'static dyn BusinessTime> {
    prop_oneof![
        Just(&AroundTheClock as &'static dyn BusinessTime),
        Just(&Office as &'static dyn BusinessTime),
        Just(&Closed as &'static dyn BusinessTime),
    ]
}

impl std::fmt::Debug for dyn BusinessTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a calendar")
    }
}

/// Whether a line may tell of less than the one before it.
fn may_count_less(line: &Line) -> bool {
    line.recorded_at.is_some()
        || line.steps.iter().any(|step| {
            matches!(
                step,
                Step::Started
                    | Step::StartedAnew
                    | Step::PausesDropped
                    | Step::TargetChanged { .. }
                    | Step::Returned
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn replay_equals_incremental_folding(
        policy in policies(), log in logs(true, true), time in calendars(), looks in proptest::collection::vec(any::<bool>(), 40),
        later in 0..100_000_i64,
    ) {
        let timer = timer(&policy, time);
        let now = log.last().map_or(at("08:00"), |event| event.recorded_at).plus(SignedDuration::from_secs(later));
        let replay = timer.replay(&log, now);
        let mut shuffled = log.clone();
        shuffled.reverse();
        prop_assert_eq!(&timer.replay(&shuffled, now), &replay);

        let mut clock = Clock::default();
        let mut lines = Vec::new();
        for (index, (event, looks)) in log.iter().zip(looks).enumerate() {
            if let (true, Some(before)) = (looks, index.checked_sub(1).and_then(|before| log.get(before))) {
                // Somebody looks in between, and the clock goes through a file.
                let gap = event.recorded_at.since(before.recorded_at);
                lines.extend(timer.advance(&mut clock, before.recorded_at.plus(gap / 2)));
                clock = serde_json::from_str(&serde_json::to_string(&clock).unwrap()).unwrap();
            }
            lines.extend(timer.fold(&mut clock, event).unwrap());
        }
        lines.extend(timer.advance(&mut clock, now));
        prop_assert_eq!(timer.read(&clock, now), replay.reading);
        prop_assert_eq!(clock, replay.clock);
        prop_assert_eq!(lines, replay.lines);
    }

    #[test]
    fn lines_follow_the_laws(policy in policies(), log in logs(true, true), time in calendars()) {
        let timer = timer(&policy, time);
        let now = log.last().map_or(at("08:00"), |event| event.recorded_at);
        let replay = timer.replay(&log, now);
        let mut before: Option<&Line> = None;
        for line in &replay.lines {
            if let Some(before) = before {
                prop_assert_eq!(before.after, line.before);
                if !may_count_less(line) {
                    prop_assert!(line.elapsed >= before.elapsed, "{:?}\n{:?}", before, line);
                    let stands = [SlaClockState::Paused, SlaClockState::Met, SlaClockState::Stopped, SlaClockState::Cancelled];
                    if stands.contains(&before.after) {
                        prop_assert_eq!(line.elapsed, before.elapsed);
                    }
                }
            }
            prop_assert!(!line.elapsed.is_negative());
            let target = line.target.map(TargetMinutes::length);
            prop_assert_eq!(line.remaining, target.map(|target| target - line.elapsed));
            let elapsed = |ordering: fn(&SignedDuration, &SignedDuration) -> bool| target.is_some_and(|target| ordering(&line.elapsed, &target));
            match line.after {
                SlaClockState::Met => prop_assert!(elapsed(SignedDuration::le)),
                SlaClockState::Stopped => prop_assert!(elapsed(SignedDuration::gt)),
                SlaClockState::Running => prop_assert!(elapsed(SignedDuration::le)),
                // The line of the passing itself stands at the instant at which the target is used up.
                SlaClockState::Breached if line.sequence.is_none() => prop_assert_eq!(Some(line.elapsed), target),
                SlaClockState::Breached => prop_assert!(elapsed(SignedDuration::gt)),
                SlaClockState::Paused if elapsed(SignedDuration::lt) => prop_assert_eq!(line.breach_at, None),
                SlaClockState::Pending | SlaClockState::Paused | SlaClockState::Cancelled => {}
            }
            prop_assert!(!line.why().is_empty());
            before = Some(line);
        }
        // The instant of breach is one until which the target holds, and after which, when the calendar is open, not.
        let reading = timer.read(&replay.clock, now);
        if let (SlaClockState::Running, Some(breach)) = (reading.state, reading.breach_at) {
            prop_assert_eq!(timer.read(&replay.clock, breach).state, SlaClockState::Running);
            let next = time.add_business(breach, SignedDuration::from_nanos(1)).unwrap();
            prop_assert_eq!(timer.read(&replay.clock, next).state, SlaClockState::Breached);
        }
        for crossing in &reading.thresholds {
            if let (true, Some(crossed), true) = (crossing.reached, crossing.at, policy.on_change != OnPriorityChange::CarryElapsed) {
                let share = reading.target.unwrap().share(crossing.percent);
                prop_assert_eq!(replay.clock.elapsed_at(crossed, time), share);
            }
        }
    }

    /// The sum over spans, computed without any of the clock's means.
    #[test]
    fn elapsed_is_the_sum_of_the_spans_in_which_it_ran(log in logs(false, false), office in any::<bool>()) {
        let mut policy = policy();
        (policy.conditions.reset, policy.conditions.cancel) = (None, None);
        let time: &dyn BusinessTime = if office { &Office } else { &AroundTheClock };
        let replay = timer(&policy, time).replay(&log, Instant::MAX);
        let mut runs: Vec<(Instant, Instant)> = Vec::new();
        let (mut state, mut started) = ("pending", false);
        for (index, event) in log.iter().enumerate() {
            let says = |name: &str| event.snapshot[name] == json!(true);
            let became = says("start") && !index.checked_sub(1).is_some_and(|before| log[before].snapshot["start"] == json!(true));
            state = match state {
                _ if says("stop") => if started { "ended" } else { "pending" },
                "pending" if says("start") => if says("pause") { "paused" } else { "running" },
                "ended" if became => if says("pause") { "paused" } else { "running" },
                "paused" | "running" => if says("pause") { "paused" } else { "running" },
                other => other,
            };
            started |= state != "pending";
            if state == "running" {
                let until = log.get(index + 1).map_or(at("28T00:00"), |next| next.recorded_at);
                runs.push((event.recorded_at, until));
            }
        }
        let expected: SignedDuration = runs.iter().map(|(from, until)| time.business_between(*from, *until)).sum();
        prop_assert_eq!(replay.clock.elapsed_at(at("28T00:00"), time), expected);
    }

    #[test]
    fn nothing_panics_at_the_ends_of_time(
        policy in policies(), log in logs(true, true), time in calendars(), ends in proptest::collection::vec(0..4_u8, 40), now in 0..3_u8,
    ) {
        let extreme = |end, usual: Instant| match end { 0 => Instant::MIN, 1 => Instant::MAX, _ => usual };
        let log: Vec<Event> = log.into_iter().zip(ends).map(|(event, end)| Event {
            recorded_at: extreme(end, event.recorded_at),
            effective_at: event.effective_at.map(|at| extreme((end + 1) % 4, at)),
            ..event
        }).collect();
        // Office computes with nanoseconds beyond what an instant holds; it is asked within them.
        let replay = timer(&policy, time).replay(&log, extreme(now, at("10:00")));
        for line in &replay.lines {
            prop_assert!(!line.why().is_empty());
        }
        let text = serde_json::to_string(&replay).unwrap();
        prop_assert_eq!(serde_json::from_str::<Replay>(&text).unwrap(), replay);
    }
}
