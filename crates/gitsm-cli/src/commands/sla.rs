//! `gitsm sla`: explains service level clocks.

mod text;

use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs};
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use gitsm_api::estate::Estate;
use gitsm_api::v1alpha1::SLAPolicy;
use gitsm_check::engine::KindSet;
use gitsm_check::sla::RecordConditions;
use gitsm_check::yaml::{self, Limits};
use gitsm_core::calendar::Calendar;
use gitsm_core::ident::{BusinessCalendarName, SlaPolicyId};
use gitsm_core::sla::{
    AroundTheClock, BusinessTime, Event, Inputs, Line, Reading, RecordLog, SlaMetric, SlaPolicy, TimedRecord,
    Timer, known_events,
};
use gitsm_core::time::{Instant, tzdb_version};
use serde::Serialize;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

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
  gitsm sla explain examples/facts/incident-sla.yaml --estate examples/acme
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
    let log = read_log(&args.file)?;
    let shown = args.file.display();
    let events = log.to_events().with_context(|| format!("{shown}"))?;
    let estate = estate(asked, args, &log)?;
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
        clocks,
    };
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Text => out.write_all(text::render(&explanation).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &explanation)?;
            writeln!(out)?;
        }
    }
    Ok(Exit::Clean)
}

/// The objects that the log brings, or those of the estate.
fn estate(asked: &Asked, args: &ExplainArgs, log: &RecordLog) -> anyhow::Result<Estate> {
    if log.objects.is_empty() {
        return Ok(asked.estate(&args.estate)?.estate);
    }
    let mut estate = Estate::default();
    for (index, object) in log.objects.iter().enumerate() {
        estate
            .insert(object)
            .with_context(|| format!("{}: objects[{index}]", args.file.display()))?;
    }
    Ok(estate)
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
                .map(|(namespace, own, _)| format!("{namespace}/{own}"))
                .collect();
            bail!("there is no SLAPolicy {name}; there are {}", known.join(", "))
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

fn read_log(path: &Path) -> anyhow::Result<RecordLog> {
    let shown = path.display();
    let limits = Limits::default();
    let mut bytes = Vec::new();
    // One byte more than is allowed is enough to refuse it.
    let limit = u64::try_from(limits.file_bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    }
    .with_context(|| format!("cannot read {shown}"))?;
    let read = yaml::read(&bytes, &limits);
    if let Some(problem) = read.problems.iter().find(|problem| problem.is_error()) {
        bail!("{shown}:{}: {}", problem.span.start.line, problem.message);
    }
    let [document] = &read.documents[..] else {
        bail!(
            "{shown} holds {} documents; the log of a record is one; see `gitsm sla explain --help`",
            read.documents.len()
        );
    };
    serde_path_to_error::deserialize(document.root.to_json()).map_err(|error| {
        anyhow::anyhow!(
            "{shown} is not the log of a record: {}: {}; see `gitsm sla explain --help`",
            error.path(),
            error.inner()
        )
    })
}
