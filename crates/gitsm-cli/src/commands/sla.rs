//! `gitsm sla`: explains service level clocks.

mod text;

use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs, Source};
use crate::names::hint;
use crate::{facts, terminal};
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use gitsm_api::estate::Estate;
use gitsm_api::v1alpha1::SLAPolicy;
use gitsm_check::engine::KindSet;
use gitsm_check::sla::RecordConditions;
use gitsm_core::calendar::Calendar;
use gitsm_core::ident::{BusinessCalendarName, SlaPolicyId};
use gitsm_core::sla::{
    AroundTheClock, BusinessTime, Event, Inputs, Line, Reading, RecordLog, SlaMetric, SlaPolicy, TimedRecord,
    Timer, known_events,
};
use gitsm_core::time::{Instant, tzdb_version};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

/// Arguments of `gitsm sla`.
#[derive(Debug, Args)]
pub(crate) struct SlaArgs {
    #[command(subcommand)]
    command: SlaCommand,
}

#[derive(Debug, Subcommand)]
enum SlaCommand {
    /// Compute the clocks of a record from its log, line by line
    #[command(after_help = "FILE is YAML or JSON:
  record: {kind: Incident, namespace: shop, name: inc-0412}
  events:                                  in any order
    - at: \"2027-02-05T15:00:00+01:00\"      when it was recorded
      effectiveAt: ...                     when it happened, where that was earlier
      by: ana
      reason: Reported
      record: {spec: {...}, status: {...}} the record after it, whole
    - at: \"2027-02-05T15:20:00+01:00\"
      patch: {status: {phase: InProgress}} or what changed since the entry before (RFC 7396)
  objects: [...]                           policies, calendars and services as they were; then no
                                           estate is read
Events recorded after --at are not known yet. The same file, policy, calendar and time zone
database give the same digest and the same clock.

Examples:
  gitsm sla explain examples/facts/incident-sla.yaml --estate examples/acme --at 2027-02-09T00:00:00Z
  gitsm sla explain inc-0412.yaml --policy standard-resolve
  gitsm sla explain inc-0412.yaml --format json | jq '.clocks[].reading'
  gitsm at v2027.1 sla explain inc-0412.yaml        by the policies of an older revision")]
    Explain(ExplainArgs),
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// The log of the record; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Only this policy, by name or namespace/name; also one that is not for this record [default: all that time it]
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    estate: EstateArgs,

    #[command(flatten)]
    at: AtArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// The clocks of a record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation {
    record: TimedRecord,
    at: Instant,
    /// Where policies come from; nothing where the log brings them.
    #[serde(flatten)]
    source: Option<Source>,
    clocks: Vec<ExplainedClock>,
}

/// One clock, with how it came to be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplainedClock {
    policy: SlaPolicyId,
    metric: SlaMetric,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<BusinessCalendarName>,
    /// The zone that the calendar is read in.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    reading: Reading,
    lines: Vec<ExplainedLine>,
    inputs: Inputs,
}

/// A line with its explanation in words.
#[derive(Debug, Serialize)]
struct ExplainedLine {
    #[serde(flatten)]
    line: Line,
    why: String,
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &SlaArgs) -> anyhow::Result<Exit> {
    match &args.command {
        SlaCommand::Explain(args) => explain(asked, args),
    }
}

fn explain(asked: &Asked, args: &ExplainArgs) -> anyhow::Result<Exit> {
    let log: RecordLog = facts::read(&args.file, "log of a record", "gitsm sla explain")?;
    let shown = args.file.display();
    let events = log.to_events().with_context(|| format!("{shown}"))?;
    let (estate, source) = estate(asked, args, &log)?;
    let at = args.at.instant();
    let known = known_events(&events, at);
    let Some(last) = known.last() else {
        bail!("{shown} holds no event recorded until {at}; ask for a later instant with --at");
    };
    let policies = match &args.policy {
        Some(name) => vec![named(&estate, name)?],
        None => estate.policies_of_record(&log.record, &last.snapshot),
    };
    ensure!(
        !policies.is_empty(),
        "no SLAPolicy times {}: name its services in spec.services, or a policy with --policy",
        log.record
    );
    let kinds = KindSet::new();
    let clocks = policies
        .into_iter()
        .map(|object| explain_clock(&estate, &kinds, object, &log.record, &events, at))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let explanation = Explanation {
        record: log.record,
        at,
        source,
        clocks,
    };
    let text = match args.format {
        Format::Text => text::render(&explanation),
        Format::Json => serde_json::to_string_pretty(&explanation)? + "\n",
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// The objects that the log brings, or those of the estate.
fn estate(asked: &Asked, args: &ExplainArgs, log: &RecordLog) -> anyhow::Result<(Estate, Option<Source>)> {
    if log.objects.is_empty() {
        let loaded = asked.estate(&args.estate)?;
        return Ok((loaded.estate, Some(loaded.source)));
    }
    // To leave out silently what was asked for would answer another question.
    ensure!(
        asked.revision.is_none() && !args.estate.is_given(),
        "{} brings its own policies in `objects`, so that no estate is read; take `objects` out of it, or leave out \
         `at` and --estate",
        args.file.display()
    );
    let mut estate = Estate::default();
    for (index, object) in log.objects.iter().enumerate() {
        estate
            .insert(object)
            .with_context(|| format!("{}: objects[{index}]", args.file.display()))?;
    }
    Ok((estate, None))
}

/// The policy of a name, with or without its namespace.
fn named<'e>(estate: &'e Estate, name: &str) -> anyhow::Result<&'e SLAPolicy> {
    let found: Vec<_> = estate
        .sla_policies
        .iter()
        .filter(|(namespace, own, _)| *own == name || format!("{namespace}/{own}") == name)
        .collect();
    match found[..] {
        [(_, _, policy)] => Ok(policy),
        [] => {
            let known: Vec<_> = estate
                .sla_policies
                .iter()
                .map(|(namespace, own, _)| {
                    if name.contains('/') {
                        format!("{namespace}/{own}")
                    } else {
                        own.to_owned()
                    }
                })
                .collect();
            let known = known.iter().map(String::as_str);
            bail!("no SLAPolicy {name:?}{}", hint(name, known))
        }
        _ => bail!("several namespaces have an SLAPolicy {name}; write namespace/{name}"),
    }
}

fn explain_clock(
    estate: &Estate,
    kinds: &KindSet,
    object: &SLAPolicy,
    record: &TimedRecord,
    events: &[Event],
    at: Instant,
) -> anyhow::Result<ExplainedClock> {
    let policy = SlaPolicy::try_from(object).context("an SLAPolicy cannot be used")?;
    let name = &policy.id;
    ensure!(
        policy.kind == record.kind,
        "SLAPolicy {name} times records of kind {}, and this is the log of a {}",
        policy.kind,
        record.kind
    );
    let conditions = RecordConditions::compile(kinds, policy.kind, &policy.conditions)
        .with_context(|| format!("SLAPolicy {name}"))?;
    let known = known_events(events, at);
    // Whose zone counts is asked of the record as it was at first: a clock does not change its calendar on the way.
    let first = known.first().map_or(&Value::Null, |event| &event.snapshot);
    let calendar = estate
        .calendar_of_clock(object, record, first)
        .with_context(|| format!("SLAPolicy {name}"))?;
    let time: &dyn BusinessTime = match &calendar {
        Some(calendar) => calendar,
        None => &AroundTheClock,
    };
    let timer = Timer {
        policy: &policy,
        conditions: &conditions,
        time,
    };
    let replay = timer.replay(events, at);
    let rules = calendar.as_ref().map(Calendar::rules);
    let inputs = Inputs::of(
        &policy,
        policy.calendar.as_ref().zip(rules),
        tzdb_version(),
        &known,
    )?;
    let lines = replay.lines.into_iter().map(|line| ExplainedLine {
        why: line.why(),
        line,
    });
    Ok(ExplainedClock {
        metric: policy.metric,
        calendar: policy.calendar.clone(),
        time_zone: rules.map(|rules| rules.time_zone.to_string()),
        reading: replay.reading,
        lines: lines.collect(),
        inputs,
        policy: policy.id,
    })
}
