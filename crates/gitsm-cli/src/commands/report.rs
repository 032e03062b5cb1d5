//! `gitsm report`: key figures of a period, over records.

use crate::exit::Exit;
use crate::load::{Asked, EstateArgs, Source};
use crate::names::hint;
use crate::records::RecordsArgs;
use crate::terminal;
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use gitsm_api::domain::records::Recorded;
use gitsm_api::estate::Estate;
use gitsm_core::calendar::Calendar;
use gitsm_core::ident::{BusinessCalendarName, ResourceName};
use gitsm_core::report::{Kpi, Period, Question, Report, Unit, report};
use gitsm_core::time::{Instant, ZoneName};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

/// Names that environments of production usually have.
const PRODUCTION: [&str; 2] = ["prod", "production"];

/// Arguments of `gitsm report`.
#[derive(Debug, Args)]
#[command(
    after_help = "Records are Change, Incident, Problem, ServiceRequest and Review objects with their status; services and configuration
items among them give the health of the catalogue. Models, teams and owners are looked up in the estate, if there is
one. A figure without records has no value; what could not be counted is shown with its reason.

Examples:
  kubectl get itsm-records,reviews -A -o yaml > records.yaml
  gitsm report --period 2027-01 --records records.yaml
  gitsm report --period 2027-Q1 --zone Europe/Berlin --records records.yaml --format csv
  gitsm report --period 2027-01-15/2027-02-01 --records records.yaml --environment live --formulas"
)]
pub(crate) struct ReportArgs {
    /// The period: 2027-01, 2027-Q1, 2027, or FROM/TO with days or instants, TO not included
    #[arg(long, value_name = "PERIOD")]
    period: String,

    /// Zone in which days begin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: ZoneName,

    #[command(flatten)]
    records: RecordsArgs,

    #[command(flatten)]
    estate: EstateArgs,

    /// Environment that counts as production; repeatable [default: prod and production]
    #[arg(long = "environment", value_name = "NAME")]
    environments: Vec<ResourceName>,

    /// Calendar of the estate in which business time is counted [default: around the clock]
    #[arg(long, value_name = "NAME")]
    calendar: Option<BusinessCalendarName>,

    /// How the figures are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// With --format text: show the formula and source of each figure
    #[arg(long)]
    formulas: bool,
}

/// How the figures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs, with formulas
    Json,
    /// For spreadsheets (RFC 4180), with formulas
    Csv,
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &ReportArgs) -> anyhow::Result<Exit> {
    let period =
        Period::parse(&args.period, &args.zone).with_context(|| format!("--period {:?}", args.period))?;
    let Some(records) = args.records.read()? else {
        bail!(
            "there are no records to count; name a file with --records FILE, for example one written by \
             `kubectl get itsm-records,reviews -A -o yaml`"
        );
    };
    let (context, source) = match asked.estate_if_any(&args.estate)? {
        Some(loaded) => (loaded.estate, Some(loaded.source)),
        None => (Estate::default(), None),
    };
    tell_unknown(args, &context, &records)?;
    let calendar = match &args.calendar {
        None => Calendar::always(),
        Some(name) => context
            .business_calendars()
            .resolve(name)
            .with_context(|| format!("--calendar {name}"))?,
    };
    let production: BTreeSet<ResourceName> = if args.environments.is_empty() {
        PRODUCTION
            .iter()
            .map(|name| name.parse())
            .collect::<Result<_, _>>()?
    } else {
        args.environments.iter().cloned().collect()
    };
    let recorded = Recorded::new(&records, &context);
    let business = |from: Instant, to: Instant| {
        u64::try_from(calendar.business_between(from, to).as_secs()).unwrap_or(0)
    };
    let report = report(
        &recorded.to_report(&args.zone)?,
        &Question { period, production },
        &business,
    );
    let text = match args.format {
        Format::Text => {
            let line = source.map_or_else(String::new, |source| source.line());
            text(&report, args.formulas) + &line
        }
        Format::Json => serde_json::to_string_pretty(&Answer { source, report })? + "\n",
        Format::Csv => csv(&report),
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// The answer for programs.
#[derive(Serialize)]
struct Answer {
    /// What models, teams and owners were looked up in.
    #[serde(flatten)]
    source: Option<Source>,
    #[serde(flatten)]
    report: Report,
}

/// Says of an environment that nothing is in that its figures will be empty. A month may be quiet, so it is no error.
fn tell_unknown(args: &ReportArgs, context: &Estate, records: &Estate) -> anyhow::Result<()> {
    let (served, changes) = (context.graph(), records.changes.values());
    let known: BTreeSet<&str> = served
        .environments()
        .iter()
        .map(ResourceName::as_str)
        .chain(changes.map(|change| change.spec.environment.as_str()))
        .collect();
    let mut stderr = anstream::stderr().lock();
    for name in args.environments.iter().map(ResourceName::as_str) {
        if !known.contains(name) {
            let hint = hint(name, known.iter().copied());
            writeln!(
                stderr,
                "warning: no service and no change is in an environment {name}{hint}"
            )?;
        }
    }
    Ok(())
}

fn text(report: &Report, formulas: bool) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_text(&mut text, report, formulas);
    text
}

fn write_text(text: &mut String, report: &Report, formulas: bool) -> std::fmt::Result {
    let production: Vec<_> = report.production.iter().map(ResourceName::as_str).collect();
    writeln!(
        text,
        "{} to {}, {} records, production: {}\n",
        report.period.from(),
        report.period.to(),
        report.records,
        production.join(", ")
    )?;
    let titles: Vec<_> = report.kpis.iter().map(title).collect();
    let width = titles
        .iter()
        .map(|title| title.chars().count())
        .max()
        .unwrap_or_default();
    writeln!(
        text,
        "{:<width$}  {:>10}  {:>6}  {:>10}  {:>10}",
        "", "value", "n", "p50", "p90"
    )?;
    for (kpi, title) in report.kpis.iter().zip(&titles) {
        let shown = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| shown(kpi.unit, value));
        let line = format!(
            "{title:<width$}  {:>10}  {:>6}  {:>10}  {:>10}",
            shown(kpi.value),
            kpi.n,
            kpi.p50.map_or_else(String::new, |value| shown(Some(value))),
            kpi.p90.map_or_else(String::new, |value| shown(Some(value))),
        );
        writeln!(text, "{}", line.trim_end())?;
        if formulas {
            writeln!(text, "    = {}\n    source: {}", kpi.formula, kpi.source)?;
        }
        for exclusion in &kpi.exclusions {
            writeln!(text, "    {} not counted: {}", exclusion.count, exclusion.reason)?;
        }
    }
    Ok(())
}

fn title(kpi: &Kpi) -> String {
    match &kpi.group {
        None => kpi.title.clone(),
        Some(group) => format!("{}: {group}", kpi.title),
    }
}

/// A value with its unit.
fn shown(unit: Unit, value: i64) -> String {
    let (whole, rest) = (value / 1000, (value % 1000).abs());
    match unit {
        Unit::Seconds => duration(value),
        Unit::Permille => format!("{}.{} %", value / 10, (value % 10).abs()),
        Unit::Thousandths => format!("{whole}.{rest:03}"),
        Unit::ThousandthsPerDay => format!("{whole}.{rest:03}/day"),
        Unit::Count | Unit::Points => value.to_string(),
    }
}

/// Seconds with their two largest units; days are of 24 hours.
fn duration(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        if rest >= length {
            parts.push(format!("{}{unit}", rest / length));
            rest %= length;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.concat()
    }
}

fn csv(report: &Report) -> String {
    const HEAD: [&str; 15] = [
        "kpi",
        "group",
        "title",
        "unit",
        "from",
        "to",
        "n",
        "value",
        "p50",
        "p90",
        "numerator",
        "denominator",
        "notCounted",
        "formula",
        "source",
    ];
    let mut text = row(HEAD.map(str::to_owned));
    let number = |value: Option<i64>| value.map_or_else(String::new, |value| value.to_string());
    let count = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    for kpi in &report.kpis {
        let exclusions: Vec<_> = kpi
            .exclusions
            .iter()
            .map(|one| format!("{}: {}", one.count, one.reason))
            .collect();
        text += &row([
            kpi.id.clone(),
            kpi.group.clone().unwrap_or_default(),
            kpi.title.clone(),
            kpi.unit.to_string(),
            report.period.from().to_string(),
            report.period.to().to_string(),
            kpi.n.to_string(),
            number(kpi.value),
            number(kpi.p50),
            number(kpi.p90),
            count(kpi.numerator),
            count(kpi.denominator),
            exclusions.join("; "),
            kpi.formula.clone(),
            kpi.source.clone(),
        ]);
    }
    text
}

/// One line of CSV by RFC 4180: fields with a comma, quote or line break in quotes, quotes doubled, CRLF at the end.
fn row<const N: usize>(fields: [String; N]) -> String {
    let fields = fields.map(|field| {
        if field.contains([',', '"', '\r', '\n']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field
        }
    });
    fields.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_csv_are_quoted_where_they_must_be() {
        let fields = ["plain", "a,b", "say \"yes\"", "two\nlines", ""].map(str::to_owned);
        assert_eq!(
            row(fields),
            "plain,\"a,b\",\"say \"\"yes\"\"\",\"two\nlines\",\r\n"
        );
    }

    #[test]
    fn values_are_shown_with_their_unit() {
        for (unit, value, expected) in [
            (Unit::Seconds, 0, "0s"),
            (Unit::Seconds, 59, "59s"),
            (Unit::Seconds, 5_400, "1h30m"),
            (Unit::Seconds, 90_061, "1d1h"),
            (Unit::Seconds, 86_460, "1d1m"),
            (Unit::Permille, 333, "33.3 %"),
            (Unit::Thousandths, 2_750, "2.750"),
            (Unit::ThousandthsPerDay, 65, "0.065/day"),
            (Unit::Points, -7, "-7"),
        ] {
            assert_eq!(shown(unit, value), expected);
        }
    }
}
