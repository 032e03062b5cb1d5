//! `gitsm decide`: replays a decision from a saved facts file.

use crate::exit::Exit;
use crate::facts;
use crate::wrap::after;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use gitsm_core::change::{Decision, Facts, decide, settle};
use gitsm_core::digest::canonical_json;
use gitsm_core::time::Instant;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `gitsm decide`.
#[derive(Debug, Args)]
#[command(
    after_help = "The facts are everything that a decision about a change was taken from, as the journal keeps them. The same
facts give the same decision, byte for byte: decisions can be taken again years later and compared. The instant is that
of the facts, not of the clock.

A decision makes one move at most; --settle goes on until nothing moves.

Exit status: 0 decided (and as expected), 1 not as expected, 2 could not run.

Examples:
  gitsm decide examples/facts/change-scheduled.yaml
  gitsm decide --at 2027-02-06T20:00:00Z examples/facts/change-scheduled.yaml
  gitsm decide --settle --format json facts.json
  gitsm decide --expect decision.json facts.json"
)]
pub(crate) struct DecideArgs {
    /// The facts, as JSON or YAML; `-` for standard input
    #[arg(value_name = "FACTS")]
    facts: PathBuf,

    /// Decide for this instant, RFC 3339 with an offset, instead of that of the facts
    #[arg(long, value_name = "INSTANT")]
    at: Option<Instant>,

    /// Go on until nothing moves, each decision with the record of the one before
    #[arg(long)]
    settle: bool,

    /// How the decision is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,

    /// Compare with a stored decision, and say what differs
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// Canonical JSON, one line for each decision
    Json,
}

/// Decides.
pub(crate) fn run(args: &DecideArgs) -> anyhow::Result<Exit> {
    let facts: Facts = facts::read(&args.facts, "facts of a decision", "gitsm decide")?;
    let now = args.at.unwrap_or(facts.now);
    let decisions = if args.settle {
        settle(&facts, now)
    } else {
        vec![decide(&facts, now)]
    };
    let mut out = std::io::stdout().lock();
    if let Some(expected) = &args.expect {
        let differences = compare(expected, &decisions)?;
        for line in &differences {
            writeln!(out, "{line}")?;
        }
        return Ok(if differences.is_empty() {
            writeln!(out, "The decision is the expected one.")?;
            Exit::Clean
        } else {
            Exit::Findings
        });
    }
    for (number, decision) in decisions.iter().enumerate() {
        match args.format {
            Format::Json => writeln!(out, "{}", canonical_json(decision)?)?,
            Format::Text => {
                if number > 0 {
                    writeln!(out)?;
                }
                out.write_all(text(&facts, decision)?.as_bytes())?;
            }
        }
    }
    Ok(Exit::Clean)
}

fn text(facts: &Facts, decision: &Decision) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "Change {} at {}", facts.change.id, decision.at)?;
    let from = decision.from.map_or("new", |phase| phase.as_str());
    if let Some(guard) = decision.guard {
        writeln!(text, "  {from} -> {} ({guard})", decision.phase)?;
    } else {
        writeln!(text, "  stays {}", decision.phase)?;
    }
    let reasons = decision.reasons.iter().map(ToString::to_string);
    section(&mut text, "why", reasons.map(|reason| after("    ", &reason)))?;
    let actions: Result<Vec<_>, _> = decision.actions.iter().map(canonical_json).collect();
    let actions = actions?.into_iter().map(|action| format!("    {action}"));
    section(&mut text, "to do", actions)?;
    if let Some(answer) = &decision.answer {
        let verdict = if answer.obeyed { "obeyed" } else { "refused" };
        writeln!(
            text,
            "  {} of {}: {verdict}: {}",
            answer.command.to, answer.command.by, answer.message
        )?;
    }
    if let Some(outcome) = decision.outcome {
        writeln!(text, "  outcome: {outcome}")?;
    }
    match decision.next_transition {
        Some(next) if next == decision.at => writeln!(text, "  next: decide again at once")?,
        Some(next) => writeln!(text, "  next: {next}")?,
        None => writeln!(text, "  next: when something else changes")?,
    }
    if let Some(digest) = &decision.facts_digest {
        writeln!(text, "  facts: {digest}")?;
    }
    Ok(text)
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) -> std::fmt::Result {
    for (number, line) in lines.enumerate() {
        if number == 0 {
            writeln!(text, "  {title}:")?;
        }
        writeln!(text, "{line}")?;
    }
    Ok(())
}

/// What differs from the stored decisions, one line for each value, by its path.
fn compare(expected: &Path, decisions: &[Decision]) -> anyhow::Result<Vec<String>> {
    let bytes =
        std::fs::read_to_string(expected).with_context(|| format!("cannot read {}", expected.display()))?;
    let stored: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&bytes)
        .into_iter::<Value>()
        .collect();
    let stored = stored.with_context(|| format!("{} holds no decision", expected.display()))?;
    let taken: Result<Vec<_>, _> = decisions.iter().map(serde_json::to_value).collect();
    let mut differences = Vec::new();
    differ("", &Value::Array(stored), &Value::Array(taken?), &mut differences);
    Ok(differences)
}

fn differ(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                differ(&format!("{path}/{key}"), &at(one), &at(other), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for index in 0..one.len().max(other.len()) {
                let at = |list: &[Value]| list.get(index).cloned().unwrap_or(Value::Null);
                differ(&format!("{path}/{index}"), &at(one), &at(other), differences);
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => differences.push(format!("{path}: expected {expected}, decided {found}")),
    }
}
