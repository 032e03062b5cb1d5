#!/usr/bin/env python3
"""Writes the replay vectors of service level clocks beside it: python3 tests/data/sla/generate.py

It shares nothing with gitsm: it walks over minutes one by one, asks Python's zoneinfo for the local time of each,
and counts those that are open and not paused. The log of each vector is what `gitsm sla explain` reads. All times
are whole minutes; what is counted of them is exact (fractions).
"""

import json
import pathlib
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

HERE = pathlib.Path(__file__).parent
MINUTE = timedelta(minutes=1)
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
OFFICE = {"zone": "Europe/Berlin", "hours": [(DAYS[:5], "09:00", "17:00")], "holidays": []}
NIGHTS = {
    "zone": "Europe/Berlin",
    "hours": [(DAYS, "00:00", "06:00"), (DAYS, "22:00", "24:00")],
    "holidays": [],
}
NEW_YORK = {"zone": "America/New_York", "hours": [(DAYS[:5], "08:30", "18:15")], "holidays": ["2027-07-05"]}
EASTER = dict(OFFICE, holidays=["2027-03-26", "2027-03-29"])
THRESHOLDS = [50, 75, 100, 150]
ENDED = {"Resolved", "Closed"}


def instant(text):
    return datetime.fromisoformat(text).astimezone(timezone.utc)


def minutes_of(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def is_open(calendar, minute):
    if calendar is None:
        return True
    local = minute.astimezone(ZoneInfo(calendar["zone"]))
    if local.date().isoformat() in calendar["holidays"]:
        return False
    now, day = local.hour * 60 + local.minute, DAYS[local.weekday()]
    return any(day in days and minutes_of(start) <= now < minutes_of(end) for days, start, end in calendar["hours"])


class Clock:
    """Minutes since the start, in their order; `base` is what was carried over when the target changed."""

    def __init__(self, case):
        self.case = case
        self.base = Fraction(0)
        self.counted, self.paused = [], []
        self.target = None
        self.crossed = {}
        self.state = "Pending"

    def elapsed(self):
        return self.base + len(self.counted)

    def reached(self, goal, minutes):
        """The instant at which `goal` minutes have been counted, if the minutes are counted after the base."""
        rest = goal - self.base
        if rest <= 0:
            return None
        whole = int(rest)
        if rest == whole:
            return minutes[whole - 1] + MINUTE if whole <= len(minutes) else None
        return minutes[whole] + timedelta(seconds=float((rest - whole) * 60)) if whole < len(minutes) else None

    def crossing(self, percent, minutes):
        return self.crossed.get(percent) or self.reached(Fraction(self.target * percent, 100), minutes)

    def change_target(self, new, now):
        old, self.target = self.target, new
        if old is None or old == new or self.state != "Running":
            return
        mode, keeps = self.case["onChange"], self.case["retroPause"]
        if mode == "Restart":
            self.base, self.counted, self.paused = Fraction(0), [], []
            return
        if not keeps:
            self.counted = sorted(self.counted + self.paused)
            self.paused = []
        if mode == "CarryElapsed":
            for percent in THRESHOLDS:
                at = self.reached(Fraction(old * percent, 100), self.counted)
                if at is not None:
                    self.crossed.setdefault(percent, at)
            self.base = self.elapsed() * new / old
            self.counted, self.paused = [], []

    def minute(self, minute):
        if self.state == "Running" and is_open(self.case["calendar"], minute):
            (self.paused if self.is_paused else self.counted).append(minute)

    def event(self, event, now):
        phase = event["phase"]
        self.is_paused = phase == "OnHold" and event["hold"] == "AwaitingRequester"
        targets = self.case["targets"]
        if phase == "Cancelled":
            self.state = "Cancelled"
            return
        if phase in ENDED:
            if self.state == "Running":
                self.state = "Ended"
            return
        self.state = "Running"
        self.change_target(targets.get(event["priority"], targets.get("Any")), now)


def timeline(events, at):
    """What is known at `at`, as it is known then to have been: a later entry replaces what it contradicts."""
    known = []
    for event in events:
        if instant(event["at"]) <= at:
            effective = instant(event.get("effectiveAt", event["at"]))
            known = [earlier for earlier in known if earlier[0] < effective]
            known.append((effective, event))
    return known


def expectation(case, at):
    clock = Clock(case)
    known = timeline(case["events"], at)
    now = known[0][0]
    while True:
        while known and known[0][0] == now:
            clock.event(known.pop(0)[1], now)
        if now >= at:
            break
        clock.minute(now)
        now += MINUTE
    elapsed, target = clock.elapsed(), clock.target
    late = elapsed > target
    ahead = list(clock.counted)
    running = clock.state == "Running" and not clock.is_paused
    if running:
        # What follows if nothing happens any more.
        while len(ahead) < target * 2 + 1:
            if is_open(case["calendar"], now):
                ahead.append(now)
            now += MINUTE
    if clock.state == "Ended":
        state = "Stopped" if late else "Met"
    elif clock.state == "Running":
        state = "Paused" if clock.is_paused else "Breached" if late else "Running"
    else:
        state = clock.state
    told = lambda moment: None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    breach = clock.crossing(100, ahead)
    hides_breach = state in ("Met", "Cancelled")
    seconds = elapsed * 60
    assert seconds.denominator == 1, "choose numbers that are whole seconds"
    return {
        "at": told(at),
        "state": state,
        "elapsedSeconds": int(seconds),
        "targetMinutes": target,
        "breachAt": None if hides_breach else told(breach),
        "thresholds": [
            [percent, None if state == "Cancelled" else told(clock.crossing(percent, ahead))] for percent in THRESHOLDS
        ],
    }


def calendar_object(calendar):
    return {
        "apiVersion": "gitsm.dev/v1alpha1",
        "kind": "BusinessCalendar",
        "metadata": {"name": "hours"},
        "spec": {
            "timeZone": calendar["zone"],
            "weekly": [{"days": days, "from": start, "to": end} for days, start, end in calendar["hours"]],
            **(
                {"holidays": [{"date": date, "name": "Holiday"} for date in calendar["holidays"]]}
                if calendar["holidays"]
                else {}
            ),
        },
    }


def log(case):
    spec = {
        "appliesTo": {"kind": "Incident"},
        "metric": "Resolve",
        "targets": [
            {"minutes": minutes} if priority == "Any" else {"priority": priority, "minutes": minutes}
            for priority, minutes in case["targets"].items()
        ],
        "onChange": case["onChange"],
        "retroPause": case["retroPause"],
        "thresholds": [{"percent": percent} for percent in THRESHOLDS],
    }
    objects = []
    if case["calendar"] is not None:
        spec["calendar"] = "hours"
        objects.append(calendar_object(case["calendar"]))
    objects.append(
        {
            "apiVersion": "gitsm.dev/v1alpha1",
            "kind": "SLAPolicy",
            "metadata": {"name": "gold", "namespace": "shop"},
            "spec": spec,
        }
    )
    events = []
    for event in case["events"]:
        entry = {"at": datetime.fromisoformat(event["at"]).isoformat()}
        if "effectiveAt" in event:
            entry["effectiveAt"] = datetime.fromisoformat(event["effectiveAt"]).isoformat()
        snapshot = {"spec": {"services": ["checkout"]}, "status": {"phase": event["phase"], "priority": event["priority"]}}
        if event["hold"]:
            snapshot["spec"]["hold"] = {"reason": event["hold"]}
        events.append(entry | {"record": snapshot})
    return {
        "record": {"kind": "Incident", "namespace": "shop", "name": "inc-1"},
        "events": events,
        "objects": objects,
    }


def write(name, note, events, at, calendar=None, targets=None, on_change="Retroactive", retro_pause=True):
    """Events are `local time, phase[/hold reason], priority`, with `recorded<-effective` for a late entry."""
    rows = []
    for when, phase, priority in events:
        recorded, _, effective = when.partition("<-")
        phase, _, hold = phase.partition("/")
        row = {"at": recorded, "phase": phase, "hold": hold, "priority": priority}
        rows.append(row | ({"effectiveAt": effective} if effective else {}))
    case = {
        "calendar": calendar,
        "targets": targets or {"P1": 240, "P2": 480, "Any": 960},
        "onChange": on_change,
        "retroPause": retro_pause,
        "events": rows,
    }
    document = {
        "source": "tests/data/sla/generate.py",
        "note": note,
        "log": log(case),
        "expect": [expectation(case, instant(moment)) for moment in at],
    }
    (HERE / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


# 2027-02-05 is a Friday; Berlin is one hour ahead of UTC.
write(
    "weekend-pause",
    "Paused from Friday 16:30 to Monday 10:00: one hour and a half is counted on Friday.",
    [
        ("2027-02-05T15:00+01:00", "New", "P2"),
        ("2027-02-05T15:10+01:00", "InProgress", "P2"),
        ("2027-02-05T16:30+01:00", "OnHold/AwaitingRequester", "P2"),
        ("2027-02-08T10:00+01:00", "InProgress", "P2"),
        ("2027-02-08T16:00+01:00", "Resolved", "P2"),
    ],
    ["2027-02-05T16:00+01:00", "2027-02-06T12:00+01:00", "2027-02-08T10:30+01:00", "2027-02-08T15:59+01:00", "2027-02-09T12:00+01:00"],
    OFFICE,
)
write(
    "supplier-does-not-pause",
    "Waiting for a supplier is counted, waiting for the requester is not.",
    [
        ("2027-02-05T15:00+01:00", "New", "P1"),
        ("2027-02-05T15:30+01:00", "OnHold/AwaitingSupplier", "P1"),
        ("2027-02-05T18:00+01:00", "OnHold/AwaitingRequester", "P1"),
        ("2027-02-05T20:00+01:00", "InProgress", "P1"),
    ],
    ["2027-02-05T17:00+01:00", "2027-02-05T19:00+01:00", "2027-02-05T21:00+01:00", "2027-02-05T21:01+01:00"],
)
write(
    "spring-night",
    "The night of 28 March has seven hours of its eight: 02:00 to 03:00 does not exist.",
    [("2027-03-27T23:00+01:00", "New", "P1"), ("2027-03-28T05:30+02:00", "Resolved", "P1")],
    ["2027-03-28T01:59+01:00", "2027-03-28T03:00+02:00", "2027-03-28T04:00+02:00", "2027-03-28T05:00+02:00", "2027-03-29T00:00+02:00"],
    NIGHTS,
)
write(
    "autumn-night",
    "The night of 31 October has nine hours: 02:00 to 03:00 comes twice, and counts twice.",
    [("2027-10-30T23:00+02:00", "New", "P2"), ("2027-10-31T05:45+01:00", "Resolved", "P2")],
    ["2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00", "2027-10-31T05:00+01:00", "2027-11-01T00:00+01:00"],
    NIGHTS,
)
write(
    "spring-day-around-the-clock",
    "Around the clock an hour is an hour, whatever clocks on the wall do.",
    [("2027-03-27T20:00+01:00", "New", "P2")],
    ["2027-03-28T03:00+02:00", "2027-03-28T05:00+02:00", "2027-03-28T05:01+02:00"],
)
write(
    "used-up-at-closing",
    "Reported after hours with a target of a whole day: used up at closing on Friday, broken on Monday.",
    [("2027-02-04T20:00+01:00", "New", "P2")],
    ["2027-02-05T16:59+01:00", "2027-02-06T12:00+01:00", "2027-02-08T09:00+01:00", "2027-02-08T09:01+01:00"],
    OFFICE,
)
write(
    "easter",
    "Two holidays and a weekend lie between, and clocks change meanwhile.",
    [("2027-03-25T15:00+01:00", "New", "P2"), ("2027-03-30T14:00+02:00", "Resolved", "P2")],
    ["2027-03-27T12:00+01:00", "2027-03-30T09:00+02:00", "2027-03-31T09:00+02:00"],
    EASTER,
)
write(
    "new-york",
    "Another zone, hours that are not whole, and a holiday.",
    [
        ("2027-07-02T17:00-04:00", "New", "P2"),
        ("2027-07-06T08:45-04:00", "OnHold/AwaitingRequester", "P2"),
        ("2027-07-06T09:45-04:00", "InProgress", "P2"),
    ],
    ["2027-07-04T12:00-04:00", "2027-07-06T09:00-04:00", "2027-07-06T12:00-04:00", "2027-07-07T12:00-04:00"],
    NEW_YORK,
)
CHANGE = [
    ("2027-02-05T09:00+01:00", "New", "P2"),
    ("2027-02-05T10:00+01:00", "OnHold/AwaitingRequester", "P2"),
    ("2027-02-05T11:00+01:00", "InProgress", "P2"),
    ("2027-02-05T14:00+01:00", "InProgress", "P1"),
    ("2027-02-08T10:00+01:00", "Resolved", "P1"),
]
for mode in ["Restart", "Retroactive", "CarryElapsed"]:
    for keeps in [True, False]:
        write(
            f"raised-{mode.lower()}-{'keeps' if keeps else 'drops'}-pauses",
            "Four hours counted of eight, one paused; then the target is four hours.",
            CHANGE,
            ["2027-02-05T13:59+01:00", "2027-02-05T14:00+01:00", "2027-02-05T15:00+01:00", "2027-02-09T09:00+01:00"],
            OFFICE,
            on_change=mode,
            retro_pause=keeps,
        )
    write(
        f"lowered-{mode.lower()}",
        "Broken as P1, then lowered to a target of sixteen hours, while paused for a time.",
        [
            ("2027-02-05T09:00+01:00", "New", "P1"),
            ("2027-02-05T14:00+01:00", "OnHold/AwaitingRequester", "P1"),
            ("2027-02-05T15:00+01:00", "OnHold/AwaitingRequester", "P4"),
            ("2027-02-05T16:00+01:00", "InProgress", "P4"),
        ],
        ["2027-02-05T13:30+01:00", "2027-02-05T14:30+01:00", "2027-02-05T15:30+01:00", "2027-02-05T16:30+01:00", "2027-02-10T12:00+01:00"],
        OFFICE,
        on_change=mode,
    )
write(
    "reopened",
    "Resolved within the target, reopened on the next day: it goes on where it ended.",
    [
        ("2027-02-04T09:00+01:00", "New", "P2"),
        ("2027-02-04T15:00+01:00", "Resolved", "P2"),
        ("2027-02-05T10:00+01:00", "InProgress", "P2"),
        ("2027-02-05T11:00+01:00", "OnHold/AwaitingRequester", "P2"),
        ("2027-02-05T13:00+01:00", "InProgress", "P2"),
        ("2027-02-05T15:00+01:00", "Resolved", "P2"),
        ("2027-02-12T15:00+01:00", "Closed", "P2"),
    ],
    ["2027-02-04T16:00+01:00", "2027-02-05T10:30+01:00", "2027-02-05T12:00+01:00", "2027-02-05T14:30+01:00", "2027-02-15T09:00+01:00"],
    OFFICE,
)
write(
    "late-entry",
    "Restored on Friday at 12:30, entered on Monday: broken as far as was known, and kept in truth.",
    [
        ("2027-02-05T09:00+01:00", "New", "P1"),
        ("2027-02-05T12:45+01:00", "OnHold/AwaitingRequester", "P1"),
        ("2027-02-05T13:15+01:00", "InProgress", "P1"),
        ("2027-02-08T09:30+01:00<-2027-02-05T12:30+01:00", "Resolved", "P1"),
    ],
    ["2027-02-05T12:40+01:00", "2027-02-05T13:00+01:00", "2027-02-05T16:00+01:00", "2027-02-08T09:30+01:00"],
    OFFICE,
)
write(
    "late-stop",
    "Resolved an hour after the target, paused in between.",
    [
        ("2027-02-05T09:00+01:00", "New", "P1"),
        ("2027-02-05T11:00+01:00", "OnHold/AwaitingRequester", "P1"),
        ("2027-02-05T12:00+01:00", "InProgress", "P1"),
        ("2027-02-05T14:30+01:00", "OnHold/AwaitingRequester", "P1"),
        ("2027-02-05T15:30+01:00", "InProgress", "P1"),
        ("2027-02-05T16:00+01:00", "Resolved", "P1"),
    ],
    ["2027-02-05T14:00+01:00", "2027-02-05T14:01+01:00", "2027-02-05T15:00+01:00", "2027-02-06T09:00+01:00"],
    OFFICE,
)
write(
    "cancelled",
    "A false alarm is timed no longer.",
    [("2027-02-05T09:00+01:00", "New", "P1"), ("2027-02-05T10:00+01:00", "Cancelled", "P1")],
    ["2027-02-05T09:30+01:00", "2027-02-05T18:00+01:00"],
    OFFICE,
)
