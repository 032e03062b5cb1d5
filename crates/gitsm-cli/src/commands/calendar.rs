//! `gitsm calendar`: the change calendar.

use super::window::{Selected, entries_as_text, tell_broken};
use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs, Loaded, Source};
use crate::service;
use crate::stretch::StretchArgs;
use crate::terminal;
use clap::{Args, ValueEnum};
use gitsm_api::estate::Estate;
use gitsm_core::agenda::icalendar::icalendar;
use gitsm_core::agenda::{Entry, Layout, agenda};
use gitsm_core::time::Instant;
use serde::Serialize;

/// A quarter of a year.
const DAYS: i64 = 90;

/// Arguments of `gitsm calendar`.
#[derive(Debug, Args)]
#[command(
    after_help = "Maintenance windows, freezes, and changes that have a planned start. The stretch is 90 days where --to is not
given, and five years at most.

text and json join occurrences that overlap or adjoin and cut them off at both ends of the stretch; times are UTC. ics
is iCalendar (RFC 5545), for calendar programs: every occurrence is a whole event in UTC, which keeps its UID; DTSTAMP
is --at, so that the same estate and the same --at give the same bytes.

Examples:
  gitsm calendar                                          the next 90 days
  gitsm calendar --service payments-db --from 2027-01-01 --to 2028-01-01
  gitsm calendar --format ics > changes.ics               to be opened in a calendar program
  gitsm at HEAD~1 calendar --format ics                   as it was before the last commit"
)]
pub(crate) struct CalendarArgs {
    #[command(flatten)]
    stretch: StretchArgs,

    /// Only what concerns this service: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// How the calendar is written
    #[arg(long, value_enum, default_value_t = CalendarFormat::Text)]
    format: CalendarFormat,

    #[command(flatten)]
    at: AtArgs,

    #[command(flatten)]
    estate: EstateArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CalendarFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For calendar programs: iCalendar.
    Ics,
}

/// The calendar for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calendar<'a> {
    name: &'a str,
    from: Instant,
    to: Instant,
    #[serde(flatten)]
    source: &'a Source,
    entries: Vec<Entry>,
}

/// Prints the calendar.
pub(crate) fn run(asked: &Asked, args: &CalendarArgs) -> anyhow::Result<Exit> {
    let Loaded { estate, source } = asked.estate(&args.estate)?;
    let at = args.at.instant();
    let stretch = args.stretch.interval(at, DAYS)?;
    let service = args
        .service
        .as_deref()
        .map(|typed| service::find(&estate, typed))
        .transpose()?;
    let set = estate.window_set(None);
    let selected = Selected::by(&estate, &set, service.as_ref());
    tell_broken(&set, &selected)?;
    let windows = set.windows.iter().filter(|window| selected.has(&window.id));
    let planned = estate.planned_changes();
    let changes = planned.iter().filter(|change| {
        service
            .as_ref()
            .is_none_or(|service| change.services.contains(service))
    });
    let entries = |layout| agenda(windows, changes, stretch, layout);
    let name = match &service {
        Some(service) => format!("Changes to {service}"),
        None => title(&estate),
    };
    let text = match args.format {
        CalendarFormat::Text => {
            let entries = entries(Layout::Joined);
            let none = if entries.is_empty() { "\nnothing\n" } else { "" };
            let (start, end) = (stretch.start(), stretch.end());
            format!(
                "{name}, {start} to {end}, UTC\n{}{none}{}",
                entries_as_text(&entries),
                source.line()
            )
        }
        CalendarFormat::Json => {
            let calendar = Calendar {
                name: &name,
                from: stretch.start(),
                to: stretch.end(),
                source: &source,
                entries: entries(Layout::Joined),
            };
            format!("{}\n", serde_json::to_string_pretty(&calendar)?)
        }
        CalendarFormat::Ics => icalendar(&name, &entries(Layout::Single), at),
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// What the calendar of a whole estate is called: by its catalogue, if it has one.
fn title(estate: &Estate) -> String {
    let mut catalogs = estate.catalogs.values();
    match (catalogs.next(), catalogs.next()) {
        (Some(catalog), None) => format!("Changes: {}", catalog.spec.title),
        _ => "Changes".to_owned(),
    }
}
