#!/usr/bin/env python3
"""Writes the vectors of change windows beside itself.

    python3 -m pip install tzdata python-dateutil
    python3 tests/data/windows/generate.py

It shares no idea with the implementation that it checks. Dates come from dateutil's recurrence rules, or for cron from
looking at every date; local times become instants by zoneinfo, whose `fold=0` is what RFC 5545, section 3.3.5 asks
for; occurrences are laid out for all years in question and verdicts are read off the sorted list of open stretches.
The zones come from the package tzdata, never from the machine, so that its version can be written down. The files name
that version and the digest of this script; a test compares the digest, so that a script edited without a new run is
noticed where there is no Python.
"""

import hashlib
import json
import pathlib
import zoneinfo
from datetime import date, datetime, timedelta, timezone

import dateutil.rrule as rr
import tzdata

zoneinfo.reset_tzpath(())
FOLDER = pathlib.Path(__file__).parent
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = 10**9
DAY = 86_400 * SECOND
SEARCH = (5 * 365 + 2) * DAY
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
RR_DAYS = [rr.MO, rr.TU, rr.WE, rr.TH, rr.FR, rr.SA, rr.SU]


def nanos(moment):
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND


def instant(text):
    return nanos(datetime.fromisoformat(text.replace("Z", "+00:00")))


def write(at):
    moment = EPOCH + timedelta(seconds=at // SECOND)
    fraction = f".{at % SECOND:09}".rstrip("0") if at % SECOND else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def seconds(duration):
    total, number = 0, ""
    for letter in duration:
        if letter.isdigit():
            number += letter
        else:
            total += int(number) * {"h": 3_600, "m": 60, "s": 1}[letter]
            number = ""
    return total


def resolve(zone, day, minute):
    """The instant of a local time, or None where the calendar ends."""
    local = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    return nanos(local.replace(tzinfo=zone, fold=0).astimezone(timezone.utc))


def minute_of(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def cron_values(text, low, high, names=()):
    values = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        if span == "*":
            first, last = low, high
        else:
            ends = [names.index(end.upper()) if end.upper() in names else int(end) for end in span.split("-")]
            first, last = ends[0], ends[-1]
        values.update(range(first, last + 1, int(step or 1)))
    return values


MONTH_NAMES = ["", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAY_NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def pattern(recurrence, first, last):
    """Dates and minutes of start between two dates, limits and exceptions aside."""
    begin, end = datetime.combine(first, datetime.min.time()), datetime.combine(last, datetime.min.time())
    if "cron" in recurrence:
        minute, hour, month_day, month, weekday = recurrence["cron"].split()
        minutes, hours = cron_values(minute, 0, 59), cron_values(hour, 0, 23)
        starts = sorted(h * 60 + m for h in hours for m in minutes)
        month_days = cron_values(month_day, 1, 31)
        months = cron_values(month, 1, 12, MONTH_NAMES)
        weekdays = {day % 7 for day in cron_values(weekday, 0, 7, DAY_NAMES)}
        dates = []
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            by_month = day.day in month_days
            by_week = (day.weekday() + 1) % 7 in weekdays
            either = month_day != "*" and weekday != "*"
            if day.month in months and ((by_month or by_week) if either else (by_month and by_week)):
                dates.append(day)
        return dates, starts
    starts = [minute_of(recurrence["start"])]
    if "dates" in recurrence:
        return [date.fromisoformat(day) for day in recurrence["dates"]], starts
    if "rrule" in recurrence:
        # `from` is the DTSTART of the calendar entry; a rule that needs none starts anywhere.
        start = recurrence.get("from")
        begin = datetime.fromisoformat(start) if start else begin
        rule = rr.rrulestr(recurrence["rrule"], dtstart=begin)
        return [day.date() for day in rule.between(begin, end, inc=True)], starts
    if "days" in recurrence:
        weekdays = [RR_DAYS[DAYS.index(day)] for day in recurrence["days"]]
        every = recurrence.get("weeksEvery", 1)
        if every > 1:
            anchor = date.fromisoformat(recurrence["anchor"])
            week = anchor - timedelta(days=anchor.weekday())
            # dateutil counts from its start on, so that it has to begin in a counted week before everything.
            while week > first:
                week -= timedelta(weeks=every)
            begin = datetime.combine(week, datetime.min.time())
        rule = rr.rrule(rr.WEEKLY, dtstart=begin, until=end, interval=every, wkst=rr.MO, byweekday=weekdays)
    elif "nthWeekday" in recurrence:
        nth = recurrence["nthWeekday"]
        weekday = RR_DAYS[DAYS.index(nth["weekday"])](nth["nth"])
        rule = rr.rrule(rr.MONTHLY, dtstart=begin, until=end, byweekday=weekday)
    else:
        rule = rr.rrule(rr.MONTHLY, dtstart=begin, until=end, bymonthday=recurrence["monthDays"])
    return [day.date() for day in rule], starts


def occurrences(window, start, end):
    """Occurrences that touch [start, end), sorted by start."""
    if "interval" in window:
        interval = window["interval"]
        return [(instant(interval["start"]), instant(interval["end"]))]
    zone, recurrence = zoneinfo.ZoneInfo(window["timeZone"]), window["recurrence"]
    first = (EPOCH + timedelta(seconds=start // SECOND)).date() - timedelta(days=12)
    last = (EPOCH + timedelta(seconds=end // SECOND)).date() + timedelta(days=3)
    dates, starts = pattern(recurrence, first, last)
    found = []
    for day in dates:
        text = day.isoformat()
        if text in recurrence.get("exceptDates", []):
            continue
        if not recurrence.get("from", "0000") <= text <= recurrence.get("until", "9999"):
            continue
        if day.month not in recurrence.get("months", range(1, 13)):
            continue
        for minute in starts:
            begin = resolve(zone, day, minute)
            if "duration" in recurrence:
                finish = begin + seconds(recurrence["duration"]) * SECOND
            else:
                close = minute_of(recurrence["endLocal"])
                finish = resolve(zone, day if close > minute else day + timedelta(days=1), close)
            if begin < finish and finish > start and begin < end:
                found.append((begin, finish))
    return sorted(found)


def union(stretches):
    joined = []
    for begin, finish in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], finish))
        else:
            joined.append((begin, finish))
    return joined


def without(stretches, holes):
    """`stretches` less `holes`, both unions."""
    left = []
    for begin, finish in stretches:
        for hole_begin, hole_finish in holes:
            if hole_finish <= begin or hole_begin >= finish:
                continue
            if hole_begin > begin:
                left.append((begin, hole_begin))
            begin = hole_finish
            if begin >= finish:
                break
        if begin < finish:
            left.append((begin, finish))
    return left


def schedule(note, zone, first, last, **recurrence):
    window = {"timeZone": zone, "recurrence": recurrence}
    start, end = instant(first), instant(last)
    found = occurrences(window, start, end)
    stretches = [(max(begin, start), min(finish, end)) for begin, finish in union(found)]
    return {
        "note": note,
        "timeZone": zone,
        "recurrence": recurrence,
        "from": write(start),
        "to": write(end),
        "open": [[write(begin), write(finish)] for begin, finish in stretches],
    }


def maintenance(zone="UTC", **fields):
    return {"type": "Maintenance", "timeZone": zone} | fields


def freeze(zone="UTC", **fields):
    return {"type": "Freeze", "timeZone": zone, "reason": "Test", "overridable": True} | fields


def once(start, end):
    return {"interval": {"start": start, "end": end}}


def verdict(note, default, windows, overrides=(), at=()):
    """Verdicts at the given instants, and at all transitions of the first days, a nanosecond before, and between."""
    asked = {instant(text) for text in at}
    low, high = min(asked), max(asked)
    start, end = low - 15 * DAY, high + SEARCH + 15 * DAY
    freezes, allowed = [], []
    for index, window in enumerate(windows):
        found = occurrences(window, start, end)
        lifted = [(instant(begin), instant(finish)) for of, begin, finish in overrides if of == index]
        if window["type"] == "Freeze":
            freezes += without(union(found), union(lifted)) if window["overridable"] else found
        else:
            allowed += found + lifted
    if not any(window["type"] == "Maintenance" for window in windows):
        allowed = [(start, end)] if default == "Open" else []
    stretches = without(union(allowed), union(freezes))
    edges = sorted(edge for stretch in stretches for edge in stretch)
    for edge in [edge for edge in edges if low <= edge <= high][:24]:
        asked |= {edge, edge - 1, edge + 1_800 * SECOND}
    answers = []
    for moment in sorted(asked):
        is_open = any(begin <= moment < finish for begin, finish in stretches)
        limit = moment + SEARCH
        after = [edge for edge in edges if moment < edge <= limit and start < edge < end]
        openings = [begin for begin, _ in stretches if moment < begin <= limit]
        answers.append({
            "at": write(moment),
            "state": "Open" if is_open else "Closed",
            "until": write(after[0]) if after else None,
            "next": write(openings[0]) if openings else None,
        })
    return {
        "note": note,
        "default": default,
        "windows": windows,
        "overrides": [{"window": of, "start": begin, "end": finish} for of, begin, finish in overrides],
        "answers": answers,
    }


def nights(zone, first, last):
    """Everything that can happen to a start or an end around a clock change."""
    days = {"days": DAYS}
    return [
        schedule("starts every half hour, in and out of a gap", zone, first, last, cron="0,30 0-4 * * *", duration="10m"),
        schedule("four hours are four hours", zone, first, last, start="23:30", duration="4h", **days),
        schedule("a start in the hour that changes", zone, first, last, start="02:15", duration="1h", **days),
        schedule("a start at the change", zone, first, last, start="02:00", duration="30m", **days),
        schedule("an end in the hour that changes", zone, first, last, start="22:00", endLocal="02:15", **days),
        schedule("an end after the hour that changes", zone, first, last, start="01:45", endLocal="03:15", **days),
        schedule("both in the hour that changes", zone, first, last, start="02:10", endLocal="02:20", **days),
        schedule("a start in a gap and an end soon after", zone, first, last, start="02:15", endLocal="03:05", **days),
        schedule("until the same time of the next day", zone, first, last, start="02:15", endLocal="02:15", **days),
        schedule("around the clock by length", zone, first, last, start="00:00", duration="24h", **days),
        schedule("around the clock by the clock", zone, first, last, start="00:00", endLocal="00:00", **days),
    ]


def files():
    two_am = {"start": "02:00", "duration": "2h"}
    yield "europe-berlin", nights("Europe/Berlin", "2027-03-25T00:00:00Z", "2027-03-31T00:00:00Z") + nights(
        "Europe/Berlin", "2027-10-28T00:00:00Z", "2027-11-03T00:00:00Z")
    yield "america-new-york", nights("America/New_York", "2027-03-12T00:00:00Z", "2027-03-17T00:00:00Z") + nights(
        "America/New_York", "2027-11-05T00:00:00Z", "2027-11-10T00:00:00Z")
    yield "australia-lord-howe", nights("Australia/Lord_Howe", "2027-04-01T00:00:00Z", "2027-04-06T00:00:00Z") + nights(
        "Australia/Lord_Howe", "2027-10-01T00:00:00Z", "2027-10-06T00:00:00Z")
    yield "africa-casablanca", nights("Africa/Casablanca", "2026-02-13T00:00:00Z", "2026-02-18T00:00:00Z") + nights(
        "Africa/Casablanca", "2026-03-20T00:00:00Z", "2026-03-25T00:00:00Z")
    apia = ("Pacific/Apia", "2011-12-27T00:00:00Z", "2012-01-04T00:00:00Z")
    yield "pacific-apia", nights(*apia) + [
        schedule("a Friday that does not exist", *apia, days=["Friday"], start="22:00", duration="4h"),
        schedule("a Friday that does not exist, by the clock", *apia, days=["Friday"], start="22:00", endLocal="02:00"),
        schedule("into a day that does not exist", *apia, days=["Thursday"], start="22:00", endLocal="02:00"),
        schedule("a date that does not exist", *apia, dates=["2011-12-30"], start="00:00", duration="24h"),
        schedule("many starts", *apia, cron="0 */3 * * *", duration="1h"),
    ]
    midnight = ("America/Santiago", "2027-09-02T00:00:00Z", "2027-09-08T00:00:00Z")
    folded = ("America/Santiago", "2027-04-01T00:00:00Z", "2027-04-07T00:00:00Z")
    yield "midnight", [
        schedule(note, *where, days=DAYS, **times)
        for where in (midnight, folded)
        for note, times in [
            ("from midnight", {"start": "00:00", "duration": "1h"}),
            ("from a skipped or repeated time", {"start": "00:30", "duration": "45m"}),
            ("before midnight", {"start": "23:30", "duration": "1h"}),
            ("until midnight", {"start": "22:00", "endLocal": "00:00"}),
            ("within a skipped hour", {"start": "00:10", "endLocal": "00:40"}),
            ("within a repeated hour", {"start": "23:10", "endLocal": "23:40"}),
        ]
    ]
    year = ("Europe/Berlin", "2026-12-01T00:00:00Z", "2028-03-02T00:00:00Z")
    long = ("Europe/Berlin", "2026-01-01T00:00:00Z", "2033-01-01T00:00:00Z")
    yield "patterns", [
        schedule("overnight Friday", *year, days=["Friday"], start="23:00", endLocal="01:00", months=[1, 12]),
        schedule("29 February", *long, monthDays=[29], months=[2], **two_am),
        schedule("29 February by cron", *long, cron="0 12 29 feb *", duration="12h"),
        schedule("a day that no year has", *long, monthDays=[30], months=[2], **two_am),
        schedule("month end", *year, monthDays=[-1], **two_am),
        schedule("the 31st", *year, monthDays=[31], **two_am),
        schedule("31 days before the end", *year, monthDays=[-31], **two_am),
        schedule("year end", *long, monthDays=[31], months=[12], start="22:00", duration="4h"),
        schedule("second Tuesday", *year, nthWeekday={"nth": 2, "weekday": "Tuesday"}, **two_am),
        schedule("fifth Monday", *year, nthWeekday={"nth": 5, "weekday": "Monday"}, **two_am),
        schedule("last Sunday, when clocks change", *year, nthWeekday={"nth": -1, "weekday": "Sunday"}, start="02:30", duration="1h"),
        schedule("fifth Saturday from the end", *year, nthWeekday={"nth": -5, "weekday": "Saturday"}, **two_am),
        schedule("Thanksgiving", *long, nthWeekday={"nth": 4, "weekday": "Thursday"}, months=[11], **two_am),
        schedule("every second week", *year, days=["Monday", "Sunday"], weeksEvery=2, anchor="2027-01-07", months=[1, 2, 12], **two_am),
        schedule("every third week from an anchor to come", *year, days=["Wednesday"], weeksEvery=3, anchor="2029-05-16", **two_am),
        schedule("every 52 weeks", *long, days=["Thursday"], weeksEvery=52, anchor="2020-02-29", **two_am),
        schedule("dates", *year, dates=["2027-11-26", "2027-01-01", "2030-01-01"], **two_am),
        schedule("from and until", *year, days=["Saturday"], **{"from": "2027-02-06", "until": "2027-03-06"}, **two_am),
        schedule("exceptions", *year, days=["Saturday"], months=[12], exceptDates=["2026-12-26", "2027-12-25"], **two_am),
        schedule("cron: Friday or the 13th", *year, cron="0 22 13 2,3 5", duration="1h"),
        schedule("cron: names and steps", *year, cron="30 6-18/6 */10 jun,DEC *", duration="15m"),
        schedule("cron: Sunday by both numbers", *year, cron="0 0 * 5 0,7", duration="1h"),
    ]
    yield "rules", [
        schedule("weekly", *year, rrule="FREQ=WEEKLY;BYDAY=SA", months=[2], **two_am),
        schedule("the weekday of the start", *year, rrule="FREQ=WEEKLY", **{"from": "2027-11-03"}, **two_am),
        schedule("every second week", *year, rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=MO", **{"from": "2027-10-06"}, **two_am),
        schedule("daily until", *year, rrule="FREQ=DAILY;UNTIL=20270110", **{"from": "2027-01-05"}, **two_am),
        schedule("daily on weekdays in a month", *year, rrule="FREQ=DAILY;BYDAY=TU,TH;BYMONTH=5", **two_am),
        schedule("first and last", *year, rrule="FREQ=MONTHLY;BYDAY=1SA,-1SU", **two_am),
        schedule("month days", *year, rrule="FREQ=MONTHLY;BYMONTHDAY=1,15,-1", **two_am),
        schedule("the day of the start", *year, rrule="FREQ=MONTHLY", **{"from": "2026-12-31"}, **two_am),
        schedule("quarters", *year, rrule="FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1", **{"from": "2026-11-01"}, **two_am),
        schedule("weekdays of months", *year, rrule="FREQ=MONTHLY;INTERVAL=6;BYDAY=WE", **{"from": "2027-01-01"}, **two_am),
        schedule("yearly by month and number", *long, rrule="FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", **two_am),
        schedule("yearly by month and day", *long, rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", **two_am),
        schedule("yearly on the date of the start", *long, rrule="FREQ=YEARLY", **{"from": "2026-07-14"}, **two_am),
        schedule("every Monday of January", *long, rrule="FREQ=YEARLY;BYMONTH=1;BYDAY=MO", **two_am),
    ]
    yield "chains", [
        schedule("days that join up", "UTC", *year[1:], days=DAYS, start="00:00", duration="24h"),
        schedule("days that overlap", *year, days=DAYS[:3], months=[1], start="20:00", duration="30h"),
        schedule("weeks that join up but for clock changes", *year, days=["Monday"], start="00:00", duration="168h"),
        schedule("starts inside of occurrences", *year, cron="0 8-12/2 1 * *", duration="3h"),
        schedule("a week over the year", *long, cron="0 18 19,26 12 *", duration="168h"),
        schedule("longer than the period", *year, days=["Monday", "Thursday"], months=[3], start="00:00", duration="120h"),
    ]
    night = {"recurrence": {"days": ["Saturday"], "start": "22:00", "duration": "6h"}}
    early = {"recurrence": {"days": ["Sunday"], "start": "04:00", "duration": "2h"}}
    inside = {"recurrence": {"days": ["Sunday"], "start": "00:00", "duration": "1h"}}
    week = ["2027-03-26T00:00:00Z", "2027-04-06T00:00:00Z"]
    yield "verdicts", [
        verdict("one window over a clock change", "Closed", [maintenance("Europe/Berlin", **night)], at=week),
        verdict("windows that adjoin", "Closed", [maintenance(**night), maintenance(**early)], at=week),
        verdict("allowed and frozen at one instant", "Closed", [maintenance(**night), freeze(**night)], at=week),
        verdict("a freeze inside a window", "Closed", [maintenance(**night), freeze(**inside)], at=week),
        verdict("a freeze that adjoins", "Closed", [maintenance(**night), freeze(**early)], at=week),
        verdict("a freeze that ends with the start of a window", "Closed",
                [maintenance(**night), freeze(**once("2027-03-20T00:00:00Z", "2027-03-27T22:00:00Z"))], at=week),
        verdict("a freeze over several windows", "Closed",
                [maintenance(**night), freeze(**once("2027-03-28T01:00:00Z", "2027-04-04T01:00:00Z"))], at=week),
        verdict("two freezes that join", "Open", [
            freeze(**once("2027-03-28T00:00:00Z", "2027-03-29T00:00:00Z")),
            freeze("Europe/Berlin", recurrence={"dates": ["2027-03-29"], "start": "02:00", "endLocal": "12:00"}),
        ], at=week),
        verdict("nothing, open by default", "Open", [], at=week),
        verdict("nothing, closed by default", "Closed", [], at=week),
        verdict("a freeze in five years less a day", "Open",
                [freeze(**once("2032-03-25T00:00:00Z", "2033-01-01T00:00:00Z"))], at=week),
        verdict("a freeze in five years and a day", "Open",
                [freeze(**once("2032-04-10T00:00:00Z", "2033-01-01T00:00:00Z"))], at=week),
        verdict("a window that is over", "Open", [maintenance(**once("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"))], at=week),
        verdict("a chain of windows in several zones", "Closed", [
            maintenance(zone, recurrence={"days": ["Monday", "Wednesday"], "start": "22:00", "duration": "9h"})
            for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York")
        ], at=week),
        verdict("an override lifts a freeze", "Closed", [maintenance(**night), freeze(**night)],
                [(1, "2027-03-27T23:00:00Z", "2027-03-28T02:30:00Z")], at=week),
        verdict("an override of a freeze that nobody can lift", "Closed",
                [maintenance(**night), freeze(**inside, overridable=False)],
                [(1, "2027-03-27T23:00:00Z", "2027-03-28T02:30:00Z")], at=week),
        verdict("an override of one of two freezes", "Closed", [maintenance(**night), freeze(**night), freeze(**inside)],
                [(1, "2027-03-27T23:00:00Z", "2027-03-28T02:30:00Z")], at=week),
        verdict("an override opens a window", "Closed", [maintenance(**night), freeze(**early)],
                [(0, "2027-03-28T03:00:00Z", "2027-03-28T07:00:00Z")], at=week),
        verdict("always open", "Closed",
                [maintenance(recurrence={"days": DAYS, "start": "00:00", "duration": "24h"})], at=week[:1]),
        verdict("always open but for the end of summer time", "Closed",
                [maintenance("Europe/Berlin", recurrence={"days": DAYS, "start": "00:00", "duration": "24h"})], at=week[:1]),
    ]


def main():
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    for name, vectors in files():
        lines = ",\n".join(json.dumps(vector) for vector in vectors)
        head = {"source": "tests/data/windows/generate.py", "sha256": digest, "tzdb": tzdata.IANA_VERSION}
        text = json.dumps(head)[:-1] + f', "vectors": [\n{lines}\n]}}\n'
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
