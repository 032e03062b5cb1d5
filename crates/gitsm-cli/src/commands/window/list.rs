//! `gitsm window list`: the windows and freezes of a stretch of time.

use super::Format;
use super::rows::{Selected, entries_as_text, tell_broken};
use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs, Source};
use crate::service;
use crate::stretch::StretchArgs;
use crate::terminal;
use clap::Args;
use gitsm_core::agenda::{EntryKind, Layout, agenda};
use gitsm_core::ident::{ServiceId, TeamName};
use gitsm_core::time::Instant;
use gitsm_core::window::{BrokenWindow, ChangeWindowType, Interval};
use serde::Serialize;

/// Thirty days.
const DAYS: i64 = 30;

/// Arguments of `gitsm window list`.
#[derive(Debug, Args)]
#[command(
    after_help = "Occurrences that overlap or adjoin are one line, cut off at both ends of the stretch. Times are UTC.
The stretch is 30 days where --to is not given, and five years at most.

Examples:
  gitsm window list                                      the next 30 days
  gitsm window list --from 2027-02-01 --to 2027-03-01    a month
  gitsm window list --service checkout --type freeze     what may stop changes to a service
  gitsm window list --format json | jq '.occurrences[].window'"
)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    stretch: StretchArgs,

    /// Only windows that select some change to this service: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,

    /// Only windows of this type
    #[arg(long, value_name = "TYPE", value_parser = window_type)]
    r#type: Option<ChangeWindowType>,

    /// How the list is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    at: AtArgs,

    #[command(flatten)]
    estate: EstateArgs,
}

/// The list for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    from: Instant,
    to: Instant,
    #[serde(flatten)]
    source: &'a Source,
    service: Option<ServiceId>,
    occurrences: Vec<Occurrence<'a>>,
    broken: Vec<&'a BrokenWindow>,
}

/// One line of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Occurrence<'a> {
    window: &'a str,
    #[serde(rename = "type")]
    kind: EntryKind,
    #[serde(flatten)]
    during: Interval,
    reason: Option<&'a str>,
    owner: Option<&'a TeamName>,
}

/// A type of window, whatever its case.
fn window_type(text: &str) -> Result<ChangeWindowType, String> {
    let mut types = ChangeWindowType::ALL.iter().copied();
    let found = types.find(|one| one.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "not one of maintenance, freeze".to_owned())
}

/// Prints the list.
pub(super) fn run(asked: &Asked, args: &ListArgs) -> anyhow::Result<Exit> {
    let loaded = asked.estate(&args.estate)?;
    let stretch = args.stretch.interval(args.at.instant(), DAYS)?;
    let service = args
        .service
        .as_deref()
        .map(|typed| service::find(&loaded.estate, typed))
        .transpose()?;
    let set = loaded.estate.window_set(None);
    let selected = Selected::by(&loaded.estate, &set, service.as_ref());
    tell_broken(&set, &selected)?;
    let windows = set
        .windows
        .iter()
        .filter(|window| selected.has(&window.id) && args.r#type.is_none_or(|kind| kind == window.kind));
    let entries = agenda(windows, [], stretch, Layout::Joined);
    let text = match args.format {
        Format::Text => {
            let what = service.map(|id| format!(" for {id}")).unwrap_or_default();
            let none = if entries.is_empty() { "\nnone\n" } else { "" };
            format!(
                "Windows{what} from {} to {}, UTC\n{}{none}{}",
                stretch.start(),
                stretch.end(),
                entries_as_text(&entries),
                loaded.source.line()
            )
        }
        Format::Json => {
            let occurrences: Vec<_> = entries
                .iter()
                .map(|entry| Occurrence {
                    window: &entry.id,
                    kind: entry.kind,
                    during: entry.during,
                    reason: entry.reason.as_deref(),
                    owner: entry.owner.as_ref(),
                })
                .collect();
            let broken: Vec<_> = set
                .broken
                .iter()
                .filter(|broken| selected.has(&broken.id))
                .collect();
            let list = List {
                from: stretch.start(),
                to: stretch.end(),
                source: &loaded.source,
                service,
                occurrences,
                broken,
            };
            format!("{}\n", serde_json::to_string_pretty(&list)?)
        }
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}
