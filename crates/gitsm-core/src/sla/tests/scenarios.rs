//! Clocks whose numbers can be checked by hand.

use super::*;

/// One row per line: when, state after, minutes elapsed, breach (`-` for none).
fn told(policy: &SlaPolicy, time: &dyn BusinessTime, rows: &[(&str, &str)], now: &str) -> Vec<String> {
    let replay = timer(policy, time).replay(&events(rows), at(now));
    let told = replay.lines.iter().map(|line| {
        let breach = line
            .breach_at
            .map_or_else(|| "-".to_owned(), |at| at.to_string()[8..16].to_owned());
        let when = &line.at.to_string()[8..16];
        format!("{when} {} {} {breach}", line.after, minutes(line.elapsed))
    });
    let reading = &replay.reading;
    told.chain([format!("now {} {}", reading.state, minutes(reading.elapsed))])
        .collect()
}

fn assert_told(
    policy: &SlaPolicy,
    time: &dyn BusinessTime,
    rows: &[(&str, &str)],
    now: &str,
    expected: &[&str],
) {
    assert_eq!(told(policy, time, rows, now), expected, "{rows:?}");
}

#[test]
fn a_clock_counts_but_for_its_pauses() {
    let rows = [
        ("10:00", "start P1"),
        ("10:10", "start pause P1"),
        ("11:00", "start P1"),
        ("11:15", "stop P1"),
    ];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:10 Paused 10 -",
        "01T11:00 Running 10 01T11:20",
        "01T11:15 Met 25 -",
        "now Met 25",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
}

#[test]
fn the_breach_between_two_events_is_told_at_its_instant() {
    let rows = [("10:00", "start P1"), ("11:00", "start P1"), ("11:10", "stop P1")];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:30 Breached 30 01T10:30",
        "01T11:00 Breached 60 01T10:30",
        "01T11:10 Stopped 70 01T10:30",
        "now Stopped 70",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
    // The same between the last event and now.
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:30 Breached 30 01T10:30",
        "now Breached 31",
    ];
    assert_told(&policy(), &AroundTheClock, &rows[..1], "10:31", &expected);
}

#[test]
fn the_target_is_kept_to_the_very_instant() {
    for (stop, state) in [("10:29", "Met"), ("10:30", "Met"), ("10:31", "Stopped")] {
        let rows = [("10:00", "start P1"), (stop, "stop P1")];
        let replay = timer(&policy(), &AroundTheClock).replay(&events(&rows), at("12:00"));
        assert_eq!(replay.reading.state.as_str(), state, "{stop}");
    }
    let mut late = events(&[("10:00", "start P1"), ("10:30", "stop P1")]);
    late[1].recorded_at = late[1].recorded_at.plus(SignedDuration::from_nanos(1));
    let replay = timer(&policy(), &AroundTheClock).replay(&late, at("12:00"));
    assert_eq!(replay.reading.state, SlaClockState::Stopped);
}

#[test]
fn a_target_used_up_when_the_calendar_closes_is_passed_when_it_opens() {
    // 30 minutes from 16:30; nothing is lost overnight, and the first moment of the next day is too late.
    let rows = [("16:30", "start P1"), ("02T09:10", "start P1")];
    let expected = [
        "01T16:30 Running 0 01T17:00",
        "02T09:00 Breached 30 01T17:00",
        "02T09:10 Breached 40 01T17:00",
        "now Breached 40",
    ];
    assert_told(&policy(), &Office, &rows, "02T09:10", &expected);
    assert_told(
        &policy(),
        &Office,
        &[("16:30", "start P1"), ("22:00", "stop P1")],
        "02T09:10",
        &["01T16:30 Running 0 01T17:00", "01T22:00 Met 30 -", "now Met 30"],
    );
}

#[test]
fn every_mode_of_a_change_of_priority() {
    let rows = [
        ("10:00", "start P2"),
        ("10:10", "start pause P2"),
        ("10:20", "start P2"),
        ("10:50", "start P1"),
    ];
    // Counted until then: 40 of 60 minutes, 10 paused.
    let before = [
        "01T10:00 Running 0 01T11:00",
        "01T10:10 Paused 10 -",
        "01T10:20 Running 10 01T11:10",
    ];
    for (on_change, retro_pause, change, now) in [
        (
            OnPriorityChange::Restart,
            true,
            "01T10:50 Running 0 01T11:20",
            "now Running 5",
        ),
        (
            OnPriorityChange::Restart,
            false,
            "01T10:50 Running 0 01T11:20",
            "now Running 5",
        ),
        (
            OnPriorityChange::Retroactive,
            true,
            "01T10:50 Breached 40 01T10:40",
            "now Breached 45",
        ),
        (
            OnPriorityChange::Retroactive,
            false,
            "01T10:50 Breached 50 01T10:30",
            "now Breached 55",
        ),
        (
            OnPriorityChange::CarryElapsed,
            true,
            "01T10:50 Running 20 01T11:00",
            "now Running 25",
        ),
        (
            OnPriorityChange::CarryElapsed,
            false,
            "01T10:50 Running 25 01T10:55",
            "now Running 30",
        ),
    ] {
        let policy = SlaPolicy {
            on_change,
            retro_pause,
            ..policy()
        };
        let expected = [&before[..], &[change, now]].concat();
        assert_told(&policy, &AroundTheClock, &rows, "10:55", &expected);
    }
}

#[test]
fn a_change_of_priority_that_gives_more_time_can_take_a_breach_back() {
    let rows = [("10:00", "start P1"), ("10:40", "start P2")];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:30 Breached 30 01T10:30",
        "01T10:40 Running 40 01T11:00",
        "now Running 40",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "10:40", &expected);
    // A share that was carried over stays what it was.
    let carry = SlaPolicy {
        on_change: OnPriorityChange::CarryElapsed,
        ..policy()
    };
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:30 Breached 30 01T10:30",
        "01T10:40 Breached 80 01T10:30",
        "now Breached 80",
    ];
    assert_told(&carry, &AroundTheClock, &rows, "10:40", &expected);
}

#[test]
fn thresholds_are_told_with_their_instants() {
    let carry = SlaPolicy {
        on_change: OnPriorityChange::CarryElapsed,
        ..policy()
    };
    let rows = [
        ("10:00", "start P2"),
        ("10:45", "start P1"),
        ("10:50", "start pause P1"),
    ];
    let instants = |now: &str| -> Vec<(u32, Option<String>, bool)> {
        let replay = timer(&carry, &AroundTheClock).replay(&events(&rows), at(now));
        let crossings = replay.reading.thresholds.iter();
        crossings
            .map(|crossing| {
                let at = crossing.at.map(|at| at.to_string()[11..19].to_owned());
                (crossing.percent, at, crossing.reached)
            })
            .collect()
    };
    let some = |time: &str| Some(time.to_owned());
    // 75 percent have elapsed by 10:45, whatever the target; the rest is 7.5 of 30 minutes.
    assert_eq!(
        instants("10:46"),
        [
            (50, some("10:30:00"), true),
            (75, some("10:45:00"), true),
            (100, some("10:52:30"), false),
            (150, some("11:07:30"), false),
        ]
    );
    // While it is paused nobody knows.
    assert_eq!(
        instants("11:30"),
        [
            (50, some("10:30:00"), true),
            (75, some("10:45:00"), true),
            (100, None, false),
            (150, None, false),
        ]
    );
}

#[test]
fn a_record_that_is_reopened_goes_on_where_it_ended() {
    let rows = [
        ("10:00", "start P1"),
        ("10:20", "stop P1"),
        ("10:30", "stop P1"),
        ("11:00", "start P1"),
        ("11:15", "stop P1"),
    ];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:20 Met 20 -",
        "01T10:30 Met 20 -",
        "01T11:00 Running 20 01T11:10",
        "01T11:10 Breached 30 01T11:10",
        "01T11:15 Stopped 35 01T11:10",
        "now Stopped 35",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
    // Not when start held all the time: a policy whose stop condition only passes by is not reopened by it.
    let rows = [
        ("10:00", "start P1"),
        ("10:20", "start stop P1"),
        ("10:40", "start P1"),
    ];
    let last = told(&policy(), &AroundTheClock, &rows, "12:00").pop();
    assert_eq!(last.as_deref(), Some("now Met 20"));
}

#[test]
fn reset_counts_anew_once() {
    let rows = [
        ("10:00", "start reset P1"),
        ("10:20", "start P1"),
        ("10:25", "start reset P1"),
        ("10:30", "start reset P1"),
        ("10:40", "stop reset P1"),
    ];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:20 Running 20 01T10:30",
        "01T10:25 Running 0 01T10:55",
        "01T10:30 Running 5 01T10:55",
        "01T10:40 Met 15 -",
        "now Met 15",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
}

#[test]
fn cancel_withdraws_and_the_next_start_is_new() {
    let rows = [
        ("10:00", "start P1"),
        ("10:20", "cancel P1"),
        ("10:50", "start P1"),
        ("10:55", "stop cancel P1"),
    ];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:20 Cancelled 20 -",
        "01T10:50 Running 0 01T11:20",
        "01T10:55 Cancelled 5 -",
        "now Cancelled 5",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
}

#[test]
fn what_cannot_be_evaluated_never_stops_a_clock() {
    let rows = [
        ("09:50", "start? P1"),
        ("10:00", "start P1"),
        ("10:05", "start stop? cancel? pause? reset? P1"),
        ("10:10", "start pause P1"),
        ("10:15", "start pause? P1"),
        ("10:20", "stop P1"),
        // Unknown is no change: the clock is not reopened by it.
        ("10:25", "start? P1"),
    ];
    let expected = [
        "01T09:50 Pending 0 -",
        "01T10:00 Running 0 01T10:30",
        "01T10:05 Running 5 01T10:30",
        "01T10:10 Paused 10 -",
        "01T10:15 Running 10 01T10:35",
        "01T10:20 Met 15 -",
        "01T10:25 Met 15 -",
        "now Met 15",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
    let replay = timer(&policy(), &AroundTheClock).replay(&events(&rows), at("12:00"));
    assert_eq!(replay.lines[2].faults.len(), 4);
    assert!(
        replay.lines[2]
            .why()
            .contains("stop cannot be evaluated and counts as not holding: no such key"),
        "{}",
        replay.lines[2].why()
    );
}

#[test]
fn a_resume_condition_decides_when_a_pause_ends() {
    let mut policy = policy();
    policy.conditions.resume = Some(Text::clip("resume"));
    let rows = [
        ("10:00", "start P1"),
        ("10:05", "pause P1"),
        ("10:10", "start P1"),
        ("10:20", "resume P1"),
        // Both hold: it counts.
        ("10:25", "pause resume P1"),
        ("10:26", "pause P1"),
        ("10:40", "pause resume? P1"),
    ];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:05 Paused 5 -",
        "01T10:10 Paused 5 -",
        "01T10:20 Running 5 01T10:45",
        "01T10:25 Running 10 01T10:45",
        "01T10:26 Paused 11 -",
        "01T10:40 Running 11 01T10:59",
        "now Running 21",
    ];
    assert_told(&policy, &AroundTheClock, &rows, "10:50", &expected);
}

#[test]
fn an_effective_time_counts_from_when_it_happened() {
    // Resolved at 10:20, entered at 10:50, after a pause and a breach that were not: both lines stay told.
    let rows = [
        ("10:00", "start P1"),
        ("10:25", "start pause P1"),
        ("10:30", "start P1"),
        ("10:50<-10:20", "stop P1"),
    ];
    let expected = [
        "01T10:00 Running 0 01T10:30",
        "01T10:25 Paused 25 -",
        "01T10:30 Running 25 01T10:35",
        "01T10:35 Breached 30 01T10:35",
        "01T10:20 Met 20 -",
        "now Met 20",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
    // Begun before it was reported; a time in the future counts as now.
    let rows = [("10:40<-10:00", "start P1"), ("10:50<-11:30", "stop P1")];
    let expected = [
        "01T10:00 Breached 40 01T10:30",
        "01T10:50 Stopped 50 01T10:30",
        "now Stopped 50",
    ];
    assert_told(&policy(), &AroundTheClock, &rows, "12:00", &expected);
}

#[test]
fn a_priority_without_target_withdraws_the_clock_until_there_is_one() {
    let target = |minutes: u32| TargetMinutes::try_from(minutes).unwrap();
    let rows = [
        ("10:00", "start P1"),
        ("10:10", "start P5"),
        ("10:15", "start P5"),
        ("10:20", "start P1"),
    ];
    for (on_change, last, now) in [
        (
            OnPriorityChange::Retroactive,
            "01T10:20 Running 20 01T10:30",
            "now Running 25",
        ),
        (
            OnPriorityChange::CarryElapsed,
            "01T10:20 Running 10 01T10:40",
            "now Running 15",
        ),
    ] {
        let policy = SlaPolicy {
            targets: [(TargetPriority::P1, target(30))].into_iter().collect(),
            on_change,
            ..policy()
        };
        let expected = [
            "01T10:00 Running 0 01T10:30",
            "01T10:10 Cancelled 10 -",
            "01T10:15 Cancelled 10 -",
            last,
            now,
        ];
        assert_told(&policy, &AroundTheClock, &rows, "10:25", &expected);
        let never = told(&policy, &AroundTheClock, &[("10:00", "start P4")], "12:00");
        assert_eq!(never, ["01T10:00 Pending 0 -", "now Pending 0"]);
    }
}

#[test]
fn a_clock_that_would_be_over_does_not_start() {
    for (says, why) in [
        ("start stop P1", "but stop does too"),
        ("start cancel P1", "but cancel does too"),
        ("stop P1", "start does not hold"),
    ] {
        let replay = timer(&policy(), &AroundTheClock).replay(&events(&[("10:00", says)]), at("12:00"));
        assert_eq!(replay.clock.state, SlaClockState::Pending, "{says}");
        assert!(
            replay.lines[0].why().contains(why),
            "{says}: {}",
            replay.lines[0].why()
        );
    }
}

#[test]
fn a_calendar_without_hours_never_breaks_a_target() {
    let replay = timer(&policy(), &Closed).replay(&events(&[("10:00", "start P1")]), at("28T00:00"));
    assert_eq!(replay.reading.state, SlaClockState::Running);
    assert_eq!(replay.reading.breach_at, None);
}

#[test]
fn events_after_the_instant_asked_for_are_not_known_and_their_order_does_not_matter() {
    let mut shuffled = events(&[("10:00", "start P1"), ("10:20", "stop P1"), ("10:40", "start P1")]);
    shuffled.reverse();
    let policy = policy();
    let replay = timer(&policy, &AroundTheClock).replay(&shuffled, at("10:10"));
    assert_eq!(
        (replay.lines.len(), replay.reading.state),
        (1, SlaClockState::Running)
    );
    let mut clock = timer(&policy, &AroundTheClock)
        .replay(&shuffled, at("12:00"))
        .clock;
    let before = clock.clone();
    let error = timer(&policy, &AroundTheClock)
        .fold(&mut clock, &shuffled[1])
        .unwrap_err();
    assert!(error.to_string().contains("replay the clock"), "{error}");
    assert_eq!(clock, before);
}

#[test]
fn the_digest_changes_with_every_input() {
    let events = events(&[("10:00", "start P1"), ("10:20", "stop P1")]);
    let known: Vec<&Event> = events.iter().collect();
    let office = "office".parse().unwrap();
    let other = SlaPolicy {
        retro_pause: false,
        ..policy()
    };
    let digests: std::collections::BTreeSet<_> = [
        Inputs::of(&policy(), None::<(_, &Value)>, "2026a", &known),
        Inputs::of(&other, None::<(_, &Value)>, "2026a", &known),
        Inputs::of(
            &policy(),
            Some((&office, &json!({"from": "09:00"}))),
            "2026a",
            &known,
        ),
        Inputs::of(
            &policy(),
            Some((&office, &json!({"from": "10:00"}))),
            "2026a",
            &known,
        ),
        Inputs::of(&policy(), None::<(_, &Value)>, "2026b", &known),
        Inputs::of(&policy(), None::<(_, &Value)>, "2026a", &known[..1]),
    ]
    .into_iter()
    .map(|inputs| inputs.unwrap().digest)
    .collect();
    assert_eq!(digests.len(), 6);
    assert_eq!(
        Inputs::of(&policy(), None::<(_, &Value)>, "2026a", &known).unwrap(),
        Inputs::of(&policy(), None::<(_, &Value)>, "2026a", &known).unwrap()
    );
}
