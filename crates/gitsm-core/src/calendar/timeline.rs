//! The open periods of a calendar in physical time, and sums over them.
//!
//! Time is cut into chunks of [`CHUNK`] seconds. A chunk holds its open spans with the open time before each, so that
//! a question within one is a binary search; chunks near the present are kept, others are made again each time.

use super::calendar::CalendarRules;
use crate::time::{Instant, LocalDate};
use crate::vocabulary::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use std::ops::Range;
use std::sync::OnceLock;

/// Seconds of a chunk: 388 days, and offsets fit 32 bits.
pub(super) const CHUNK: i64 = 1 << 25;
/// How many chunks are kept, from 1970 on: until 2106. With hours from nine to five, all of them take 600 kB.
const KEPT: usize = 128;
const DAY: i64 = 86_400;
/// How far from an instant the dates may lie that matter for it. Offsets and clock changes are below 26 hours each.
const MARGIN: i64 = 3 * DAY;
const NANOS: i128 = 1_000_000_000;
/// The first second there is, and the one after the last.
const BEGINNING: i64 = -62_135_596_800;
const END: i64 = 253_402_207_201;

/// An open span of a chunk, in seconds from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Open seconds of the chunk before this span.
    before: u32,
}

impl Span {
    fn open_until_end(self) -> u32 {
        self.before + (self.end - self.start)
    }
}

/// The spans of one chunk: in order, apart, none empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    spans: Box<[Span]>,
}

impl Chunk {
    /// Open seconds of the whole chunk.
    fn total(&self) -> u32 {
        self.spans.last().map_or(0, |span| span.open_until_end())
    }

    /// Open nanoseconds from the start of the chunk to a point in it.
    fn open_until(&self, point: Point) -> i128 {
        let following = self.spans.partition_point(|span| span.start <= point.second);
        let Some(span) = following.checked_sub(1).and_then(|index| self.spans.get(index)) else {
            return 0;
        };
        if point.second < span.end {
            nanos(span.before + (point.second - span.start)) + i128::from(point.nanos)
        } else {
            nanos(span.open_until_end())
        }
    }

    /// The first span that ends after a second.
    pub(super) fn span_ending_after(&self, second: u32) -> Option<Span> {
        let index = self.spans.partition_point(|span| span.end <= second);
        self.spans.get(index).copied()
    }

    /// The earliest nanosecond of the chunk by which so much open time (more than none) has passed.
    fn earliest_after(&self, open: i128) -> Option<i128> {
        let index = self
            .spans
            .partition_point(|span| nanos(span.open_until_end()) < open);
        let span = self.spans.get(index)?;
        Some(nanos(span.start) + open - nanos(span.before))
    }

    /// The latest nanosecond of the chunk before which there is so much open time.
    fn latest_before(&self, open: i128) -> Option<i128> {
        let following = self.spans.partition_point(|span| nanos(span.before) <= open);
        let span = self.spans.get(following.checked_sub(1)?)?;
        Some(nanos(span.start) + open - nanos(span.before))
    }
}

fn nanos(seconds: u32) -> i128 {
    i128::from(seconds) * NANOS
}

/// An instant as the chunk it lies in and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) chunk: i64,
    pub(super) second: u32,
    nanos: u32,
}

impl Point {
    pub(super) fn of(instant: Instant) -> Self {
        let timestamp = instant.timestamp();
        // jiff counts both parts towards zero.
        let (second, nanos) = match (timestamp.as_second(), timestamp.subsec_nanosecond()) {
            (second, nanos) if nanos < 0 => (second - 1, nanos + 1_000_000_000),
            parts => parts,
        };
        Self {
            chunk: second.div_euclid(CHUNK),
            second: u32::try_from(second.rem_euclid(CHUNK)).unwrap_or(0),
            nanos: u32::try_from(nanos).unwrap_or(0),
        }
    }
}

/// The instant so many nanoseconds after the start of a chunk; the ends of time where there is none.
fn instant_in(chunk: i64, nanos: i128) -> Instant {
    let nanos = i128::from(chunk) * i128::from(CHUNK) * NANOS + nanos;
    let instant = Timestamp::from_nanosecond(nanos)
        .ok()
        .and_then(|time| Instant::try_from(time).ok());
    instant.unwrap_or(if nanos < 0 { Instant::MIN } else { Instant::MAX })
}

/// The instant of a whole second of a chunk.
pub(super) fn second_of(chunk: i64, second: u32) -> Instant {
    instant_in(chunk, nanos(second))
}

/// Open seconds of a day, `from` included, `to` not, as seconds of an ordinary day.
type Seconds = Box<[(i64, i64)]>;

#[derive(Debug)]
pub(super) struct Timeline {
    zone: TimeZone,
    /// Monday first.
    week: [Seconds; 7],
    /// Days with other hours than those of the week, by their number from 1970-01-01, in order.
    exceptions: Vec<(i64, Seconds)>,
    /// The chunks in which it can be open at all.
    active: Range<i64>,
    kept: Box<[OnceLock<Chunk>]>,
    /// Open seconds of the active chunks, as far as they were asked for.
    totals: OnceLock<Box<[OnceLock<u32>]>>,
}

impl Timeline {
    pub(super) fn new(rules: &CalendarRules) -> Self {
        let seconds =
            |hours: &super::DayHours| hours.segments().iter().map(|segment| segment.seconds()).collect();
        let mut exceptions: Vec<(i64, Seconds)> = rules
            .special_days
            .iter()
            .map(|(date, special)| (day_number(*date), seconds(&special.hours)))
            .chain(
                rules
                    .holidays
                    .keys()
                    .filter(|date| !rules.special_days.contains_key(date))
                    .map(|date| (day_number(*date), Seconds::default())),
            )
            .collect();
        exceptions.sort_unstable_by_key(|(day, _)| *day);
        let (first, last) = if rules.weekly.is_empty() {
            let mut open = exceptions
                .iter()
                .filter(|(_, hours)| !hours.is_empty())
                .map(|(day, _)| day * DAY);
            let first = open.next();
            (
                first.unwrap_or(END),
                open.next_back().or(first).unwrap_or(BEGINNING),
            )
        } else {
            (BEGINNING, END)
        };
        let chunk_of = |second: i64| second.clamp(BEGINNING, END).div_euclid(CHUNK);
        Self {
            zone: rules.time_zone.time_zone().clone(),
            week: [
                Weekday::Monday,
                Weekday::Tuesday,
                Weekday::Wednesday,
                Weekday::Thursday,
                Weekday::Friday,
                Weekday::Saturday,
                Weekday::Sunday,
            ]
            .map(|day| seconds(rules.weekly.of(day))),
            exceptions,
            active: chunk_of(first - MARGIN)..chunk_of(last + MARGIN) + 1,
            kept: (0..KEPT).map(|_| OnceLock::new()).collect(),
            totals: OnceLock::new(),
        }
    }

    pub(super) fn is_open(&self, at: Instant) -> bool {
        let point = Point::of(at);
        self.with(point.chunk, |chunk| {
            chunk
                .span_ending_after(point.second)
                .is_some_and(|span| span.start <= point.second)
        })
    }

    /// Open time of `[from, until)`, `from` not after `until`.
    pub(super) fn open_between(&self, from: Instant, until: Instant) -> SignedDuration {
        let (from, until) = (Point::of(from), Point::of(until));
        let before = self.with(from.chunk, |chunk| chunk.open_until(from));
        let last = self.with(until.chunk, |chunk| chunk.open_until(until));
        let whole: i128 = self
            .active_in(from.chunk..until.chunk)
            .map(|chunk| self.total(chunk))
            .sum();
        let nanos = whole + last - before;
        SignedDuration::new(
            i64::try_from(nanos.div_euclid(NANOS)).unwrap_or(i64::MAX),
            i32::try_from(nanos.rem_euclid(NANOS)).unwrap_or(0),
        )
    }

    /// The earliest instant by which a positive length of open time has passed since `at`.
    pub(super) fn after(&self, at: Instant, length: SignedDuration) -> Option<Instant> {
        let point = Point::of(at);
        let mut wanted = self.with(point.chunk, |chunk| chunk.open_until(point)) + length.as_nanos();
        for index in self.active_in(point.chunk..i64::MAX) {
            let total = self.total(index);
            if wanted <= total {
                let found = self.with(index, |chunk| chunk.earliest_after(wanted));
                return found.map(|nanos| instant_in(index, nanos));
            }
            wanted -= total;
        }
        None
    }

    /// The latest instant from which a negative `length` of open time, taken positive, has passed until `at`.
    pub(super) fn before(&self, at: Instant, length: SignedDuration) -> Option<Instant> {
        let point = Point::of(at);
        let mut wanted = self.with(point.chunk, |chunk| chunk.open_until(point)) + length.as_nanos();
        if wanted >= 0 {
            let found = self.with(point.chunk, |chunk| chunk.latest_before(wanted));
            return found.map(|nanos| instant_in(point.chunk, nanos));
        }
        for index in self.active_in(i64::MIN..point.chunk).rev() {
            wanted += self.total(index);
            if wanted >= 0 {
                let found = self.with(index, |chunk| chunk.latest_before(wanted));
                return found.map(|nanos| instant_in(index, nanos));
            }
        }
        None
    }

    /// The part of a range of chunks in which it can be open.
    pub(super) fn active_in(&self, range: Range<i64>) -> Range<i64> {
        let start = range.start.max(self.active.start);
        start..range.end.min(self.active.end).max(start)
    }

    /// Open time of a chunk, which is remembered for every chunk: a question about thousands of years (a target that
    /// is hardly ever counted) makes each of them once.
    fn total(&self, index: i64) -> i128 {
        let totals = self.totals.get_or_init(|| {
            let chunks = self.active.end.saturating_sub(self.active.start);
            (0..chunks).map(|_| OnceLock::new()).collect()
        });
        let place = usize::try_from(index.saturating_sub(self.active.start)).ok();
        match place.and_then(|place| totals.get(place)) {
            Some(total) => nanos(*total.get_or_init(|| self.with(index, Chunk::total))),
            None => 0,
        }
    }

    /// Asks a chunk, one that is kept or one made for the purpose.
    pub(super) fn with<T>(&self, index: i64, ask: impl FnOnce(&Chunk) -> T) -> T {
        match usize::try_from(index).ok().and_then(|place| self.kept.get(place)) {
            Some(kept) => ask(kept.get_or_init(|| self.chunk(index))),
            None => ask(&self.chunk(index)),
        }
    }

    fn chunk(&self, index: i64) -> Chunk {
        if !self.active.contains(&index) {
            return Chunk::default();
        }
        let start = index * CHUNK;
        let (from, until) = (start.max(BEGINNING), (start + CHUNK).min(END));
        let offsets = Offsets::between(&self.zone, from - MARGIN, until + MARGIN);
        let days = (from - MARGIN).div_euclid(DAY)..(until + MARGIN).div_euclid(DAY) + 1;
        let first = self.exceptions.partition_point(|(day, _)| *day < days.start);
        let mut exceptions = self.exceptions.iter().skip(first).peekable();

        let mut spans: Vec<(i64, i64)> = Vec::new();
        for day in days {
            let hours = match exceptions.next_if(|(exception, _)| *exception == day) {
                Some((_, hours)) => hours,
                None => self.hours_of_week(day),
            };
            for (opens, closes) in hours {
                let opens = offsets.first_instant(day * DAY + opens).max(from);
                let closes = offsets.last_instant(day * DAY + closes).min(until);
                match spans.last_mut() {
                    _ if opens >= closes => {}
                    // Later local times have later instants (see `Offsets`), so that order and union are a matter of
                    // the last span alone.
                    Some((_, end)) if opens <= *end => *end = closes.max(*end),
                    _ => spans.push((opens, closes)),
                }
            }
        }

        let mut before = 0;
        let spans = spans
            .into_iter()
            .map(|(opens, closes)| {
                let span = Span {
                    start: u32::try_from(opens - start).unwrap_or(0),
                    end: u32::try_from(closes - start).unwrap_or(0),
                    before,
                };
                before = span.open_until_end();
                span
            })
            .collect();
        Chunk { spans }
    }

    fn hours_of_week(&self, day: i64) -> &[(i64, i64)] {
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        self.week.get(weekday).map_or(&[], |hours| hours)
    }
}

fn day_number(date: LocalDate) -> i64 {
    date.date()
        .duration_since(civil::date(1970, 1, 1))
        .as_secs()
        .div_euclid(DAY)
}

/// What the clocks of a zone show over a stretch of time: pieces of one offset each.
///
/// Local times are seconds from 1970-01-01T00:00 as a clock in the zone shows them. Both functions are monotone.
struct Offsets {
    pieces: Vec<Piece>,
}

/// The offset from UTC in `[from, until)`.
#[derive(Clone, Copy)]
struct Piece {
    from: i64,
    until: i64,
    offset: i64,
}

impl Offsets {
    /// The first and the last piece are taken to last for ever: only instants in the stretch are right.
    fn between(zone: &TimeZone, from: i64, until: i64) -> Self {
        let from = Timestamp::from_second(from).unwrap_or(Timestamp::MIN);
        let mut piece = Piece {
            from: i64::MIN / 2,
            until: i64::MAX / 2,
            offset: i64::from(zone.to_offset(from).seconds()),
        };
        let mut pieces = Vec::new();
        for transition in zone.following(from) {
            let at = transition.timestamp().as_second();
            if at >= until {
                break;
            }
            let offset = i64::from(transition.offset().seconds());
            if offset != piece.offset {
                pieces.push(Piece { until: at, ..piece });
                piece = Piece {
                    from: at,
                    offset,
                    ..piece
                };
            }
        }
        pieces.push(piece);
        Self { pieces }
    }

    /// The first instant at which a local time is shown, or the next valid one where it is skipped.
    fn first_instant(&self, local: i64) -> i64 {
        let piece = self
            .pieces
            .iter()
            .find(|piece| local < piece.until + piece.offset);
        piece.map_or(END, |piece| (local - piece.offset).max(piece.from))
    }

    /// The last instant at which a local time is shown, or the next valid one where it is skipped.
    fn last_instant(&self, local: i64) -> i64 {
        let piece = self
            .pieces
            .iter()
            .rfind(|piece| piece.from + piece.offset <= local);
        piece.map_or(BEGINNING, |piece| (local - piece.offset).min(piece.until))
    }
}
