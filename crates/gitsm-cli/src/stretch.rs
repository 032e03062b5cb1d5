//! The stretch of time that a list is asked for.

use anyhow::{Context as _, ensure};
use clap::Args;
use gitsm_core::time::{Instant, LocalDate};
use gitsm_core::window::{Interval, SEARCH_DAYS};
use jiff::SignedDuration;
use std::str::FromStr;

/// Where a list begins and ends.
#[derive(Debug, Args)]
pub(crate) struct StretchArgs {
    /// Where it begins: an instant, or a date for its midnight in UTC [default: --at]
    #[arg(long, value_name = "WHEN")]
    from: Option<When>,

    /// Where it ends, not included
    #[arg(long, value_name = "WHEN")]
    to: Option<When>,
}

impl StretchArgs {
    /// The stretch; so many days from `at` where nothing else was given.
    pub(crate) fn interval(&self, at: Instant, days: i64) -> anyhow::Result<Interval> {
        let length = |days: i64| SignedDuration::from_hours(24 * days);
        let from = self.from.map_or(at, |from| from.0);
        let to = self.to.map_or_else(|| from.plus(length(days)), |to| to.0);
        let stretch = Interval::new(from, to)
            .ok()
            .with_context(|| format!("--to ({to}) is not after --from ({from})"))?;
        ensure!(
            to.since(from) <= length(SEARCH_DAYS),
            "from {from} to {to} is more than five years; windows are not looked for further than that"
        );
        Ok(stretch)
    }
}

/// An instant, or the start of a day in UTC.
#[derive(Debug, Clone, Copy)]
struct When(Instant);

impl FromStr for When {
    type Err = gitsm_core::ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('T') {
            return text.parse().map(Self);
        }
        let date: LocalDate = text.parse()?;
        format!("{date}T00:00:00Z").parse().map(Self)
    }
}
