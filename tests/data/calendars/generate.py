#!/usr/bin/env python3
"""Writes the vectors of business calendars beside itself.

    python3 -m pip install tzdata
    python3 tests/data/calendars/generate.py

It shares no idea with the implementation that it checks: every minute of a stretch of time is asked for what a clock
in the zone shows (zoneinfo), a boundary is the first or last minute that shows it, and sums are counts of minutes.
The zones come from the package tzdata, never from the machine, so that its version can be written down.
"""

import bisect
import json
import pathlib
import zoneinfo
from datetime import date, datetime, timedelta, timezone

import tzdata

zoneinfo.reset_tzpath(())
FOLDER = pathlib.Path(__file__).parent
MINUTE = timedelta(minutes=1)
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WORKDAYS = DAYS[:5]


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def write(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def week(days, *hours):
    return {day: [{"from": start, "to": end} for start, end in hours] for day in days}


def holidays(*dates):
    return {day: "Holiday" for day in dates}


def special(day, *hours):
    return {day: {"name": "Special", "hours": [{"from": start, "to": end} for start, end in hours]}}


class Chain:
    """A calendar and those it inherits from, asked date by date."""

    def __init__(self, definitions, name):
        self.levels = []
        while name is not None:
            self.levels.append(definitions[name])
            name = definitions[name].get("inherits")
        self.zone = zoneinfo.ZoneInfo(self.levels[0]["timeZone"])

    def hours(self, day):
        text = day.isoformat()
        hours_are_settled = False
        for level in self.levels:
            if text in level.get("specialDays", {}) and not hours_are_settled:
                return level["specialDays"][text]["hours"]
            if text in level.get("holidays", {}):
                return []
            hours_are_settled = hours_are_settled or "weekly" in level
        weekly = next(level["weekly"] for level in self.levels if "weekly" in level)
        return weekly.get(DAYS[day.weekday()], [])


def local(day, text):
    midnight = datetime.combine(day, datetime.min.time())
    hours, minutes = text.split(":")
    return midnight + timedelta(hours=int(hours), minutes=int(minutes))


def open_minutes(chain, start, end):
    """Whether each minute of [start, end) is open."""
    margin = timedelta(days=4)
    first = start - margin
    count = (end + margin - first) // MINUTE
    shown = [(first + n * MINUTE).astimezone(chain.zone).replace(tzinfo=None) for n in range(count)]
    firsts, lasts = {}, {}
    for n, wall in enumerate(shown):
        firsts.setdefault(wall, n)
        lasts[wall] = n

    def next_valid(wall):
        return next(n for n, other in enumerate(shown) if other > wall)

    is_open = bytearray(count)
    day, last_day = shown[0].date() + timedelta(days=2), shown[-1].date() - timedelta(days=2)
    while day <= last_day:
        for segment in chain.hours(day):
            opens, closes = local(day, segment["from"]), local(day, segment["to"])
            begin = firsts[opens] if opens in firsts else next_valid(opens)
            finish = lasts[closes] if closes in lasts else next_valid(closes)
            for n in range(begin, finish):
                is_open[n] = 1
        day += timedelta(days=1)
    skip = margin // MINUTE
    return is_open[skip : count - skip]


def vector(note, definitions, name, start, end, list_periods=True):
    start, end = instant(start), instant(end)
    is_open = open_minutes(Chain(definitions, name), start, end)
    counted = [0]
    for minute in is_open:
        counted.append(counted[-1] + minute)
    periods, begin = [], None
    for n, minute in enumerate([*is_open, 0]):
        if minute and begin is None:
            begin = n
        elif not minute and begin is not None:
            periods.append([write(start + begin * MINUTE), write(start + n * MINUTE)])
            begin = None

    def at(n):
        return write(start + n * MINUTE)

    # Points spread unevenly over the stretch; 7919 is a prime.
    points = sorted({(k * 7919 + 13) % (len(is_open) + 1) for k in range(12)})
    between = [
        {"from": at(a), "until": at(b), "minutes": counted[b] - counted[a]}
        for a in points
        for b in points[::3]
        if a <= b
    ]
    add = []
    for a in points:
        for minutes in (1, 59, 480, counted[-1] // 3):
            reached = bisect.bisect_left(counted, counted[a] + minutes)
            if 0 < minutes and reached < len(counted):
                add.append({"from": at(a), "minutes": minutes, "reaches": at(reached)})
    result = {"note": note, "calendars": definitions, "name": name, "from": write(start), "until": write(end)}
    if list_periods:
        result["periods"] = periods
    return {**result, "openMinutes": counted[-1], "between": between, "add": add}


def nights(zone, *hours):
    return {"nights": {"timeZone": zone, "weekly": week(DAYS, *hours)}}


ROUND_THE_CLOCK = ("00:00", "24:00")
BERLIN = {
    "germany": {
        "timeZone": "Europe/Berlin",
        "weekly": week(WORKDAYS, ("09:00", "17:30")),
        "holidays": holidays("2027-01-01", "2027-03-26", "2027-03-29", "2027-05-06", "2027-12-24", "2027-12-25"),
        "specialDays": special("2027-12-31", ("09:00", "12:00")),
    },
    "office": {
        "timeZone": "Europe/Berlin",
        "weekly": week(WORKDAYS[:4], ("09:00", "12:30"), ("13:00", "18:00")) | week(["friday"], ("09:00", "16:00")),
        "holidays": holidays("2027-03-08"),
        "specialDays": special("2027-12-24", ("10:00", "12:00")) | special("2027-06-20", ("08:00", "20:00")),
        "inherits": "germany",
    },
    "desk": {"timeZone": "Europe/Berlin", "holidays": holidays("2027-06-20"), "inherits": "office"},
    "london": {"timeZone": "Europe/London", "inherits": "germany"},
}
CASES = {
    "berlin-office": [
        vector("a year; holidays of two calendars, a special day on an inherited holiday", BERLIN, "office", "2027-01-01", "2028-01-01"),
        vector("hours inherited, and a holiday of its own on an inherited special day", BERLIN, "desk", "2027-06-14", "2027-06-28"),
        vector("hours read in the zone of the heir", BERLIN, "london", "2027-03-22", "2027-04-05"),
        vector("around the turn of the year", BERLIN, "germany", "2026-12-28", "2027-01-05"),
    ],
    "berlin-nights": [
        vector(note, nights("Europe/Berlin", *hours), "nights", start, end)
        for start, end in (("2027-03-26", "2027-03-30"), ("2027-10-29", "2027-11-02"))
        for note, hours in (
            ("boundaries inside the hour", [("01:00", "02:30"), ("02:45", "04:00")]),
            ("boundaries at the ends of the hour", [("01:00", "02:00"), ("03:00", "04:00")]),
            ("a segment inside the hour", [("02:10", "02:40")]),
            ("round the clock", [ROUND_THE_CLOCK]),
        )
    ],
    "new-york-nights": [
        vector(note, nights("America/New_York", *hours), "nights", start, end)
        for start, end in (("2027-03-12", "2027-03-16"), ("2027-11-05", "2027-11-09"))
        for note, hours in (
            ("boundaries around the hours", [("00:30", "01:30"), ("01:45", "02:15"), ("02:20", "03:10")]),
            ("round the clock", [ROUND_THE_CLOCK]),
        )
    ],
    "lord-howe-nights": [
        vector("half an hour", nights("Australia/Lord_Howe", ("01:15", "01:45"), ("01:50", "02:10")), "nights", start, end)
        for start, end in (("2027-04-01", "2027-04-06"), ("2027-09-30", "2027-10-05"))
    ],
    "casablanca-nights": [
        vector("the clock goes back for Ramadan", nights("Africa/Casablanca", ("01:30", "02:30"), ("02:40", "03:30")), "nights", start, end)
        for start, end in (("2024-03-08", "2024-03-12"), ("2024-04-12", "2024-04-16"))
    ],
    "apia-days": [
        vector(
            "2011-12-30 does not exist",
            {"apia": {"timeZone": "Pacific/Apia", "weekly": week(DAYS, ("00:00", "02:00"), ("09:00", "17:00"), ("22:00", "24:00"))}},
            "apia",
            "2011-12-27",
            "2012-01-03",
        ),
        vector("round the clock", nights("Pacific/Apia", ROUND_THE_CLOCK), "nights", "2011-12-27", "2012-01-03"),
        vector(
            "a special day on the day that does not exist",
            {
                "apia": {
                    "timeZone": "Pacific/Apia",
                    "weekly": week(["thursday", "saturday"], ("08:00", "24:00")),
                    "specialDays": special("2011-12-30", ("08:00", "24:00")),
                }
            },
            "apia",
            "2011-12-27",
            "2012-01-03",
        ),
    ],
    "midnight": [
        vector("Cairo: midnight is skipped, or occurs twice", nights("Africa/Cairo", *hours), "nights", start, end)
        for start, end in (("2024-04-23", "2024-04-28"), ("2024-10-29", "2024-11-02"))
        for hours in ([("22:30", "24:00")], [("00:00", "00:30")], [("00:00", "00:30"), ("22:30", "24:00")])
    ]
    + [
        vector("Beirut: as in Cairo, an hour earlier", nights("Asia/Beirut", ("23:30", "24:00"), ("00:00", "00:15")), "nights", "2027-10-28", "2027-11-03"),
        vector("Dhaka: the last hour of 2009 occurs twice", nights("Asia/Dhaka", ("23:15", "23:45"), ("00:00", "00:15")), "nights", "2009-12-29", "2010-01-03"),
    ],
    "leap-day": [
        vector(
            "29 February exists in 2028 only",
            {"office": {"timeZone": "UTC", "weekly": week(DAYS, ("08:00", "16:00")), "holidays": holidays("2028-02-29")}},
            "office",
            start,
            end,
        )
        for start, end in (("2027-02-26", "2027-03-03"), ("2028-02-26", "2028-03-03"))
    ],
    "decades": [
        vector(
            "thirty years, sums only",
            {"office": {"timeZone": "America/New_York", "weekly": week(WORKDAYS, ("00:30", "08:15"), ("20:00", "24:00")) | week(["sunday"], ROUND_THE_CLOCK)}},
            "office",
            "2010-01-01",
            "2040-01-01",
            list_periods=False,
        )
    ],
}

for name, vectors in CASES.items():
    lines = [json.dumps({**vector, "calendars": {"definitions": vector["calendars"]}}) for vector in vectors]
    source = json.dumps(f"tests/data/calendars/generate.py, tzdata {tzdata.IANA_VERSION}")
    content = f'{{"source": {source}, "vectors": [\n' + ",\n".join(lines) + "\n]}\n"
    (FOLDER / f"{name}.json").write_text(content)
    print(f"{name}: {len(vectors)} vectors")
