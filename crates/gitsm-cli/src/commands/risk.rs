//! `gitsm risk explain CHANGE`: the risk of a change, and where every part of it comes from.

use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs, Loaded, Source};
use crate::manifest::read_change;
use crate::names::hint;
use crate::records::RecordsArgs;
use crate::terminal;
use crate::wrap::after;
use anyhow::{anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use gitsm_api::domain::risk_facts::{self, Known, risk_facts};
use gitsm_api::v1alpha1::Change;
use gitsm_core::ident::ChangeId;
use gitsm_core::risk::{Assessment, RiskFactorKind, RiskFacts, WindowLeft, assess};
use gitsm_core::time::{Duration, Instant};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;

/// Arguments of `gitsm risk`.
#[derive(Debug, Args)]
pub(crate) struct RiskArgs {
    #[command(subcommand)]
    question: RiskQuestion,
}

#[derive(Debug, Subcommand)]
enum RiskQuestion {
    /// Explain the risk of one change: impact, every factor, and what was assumed
    Explain(ExplainArgs),
}

/// Arguments of `gitsm risk explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "The estate alone does not know how earlier changes went, how large the payload is or whether checks passed.
What is not known counts at its worst value and is shown as assumed, with the option that makes it known.

Examples:
  gitsm risk explain payments/payments-db-16
  gitsm risk explain payments-db-16 --records records.yaml --diff-lines 120
  gitsm risk explain new-change.yaml --check ci/integration=passed --format json
  kubectl get itsm-records -A -o yaml | gitsm risk explain payments-db-16 --records -"
)]
struct ExplainArgs {
    /// The change: namespace/name, a name that is unique in the estate, or a file with its manifest; `-`
    /// is standard input
    #[arg(value_name = "CHANGE")]
    change: String,

    #[command(flatten)]
    estate: EstateArgs,

    #[command(flatten)]
    at: AtArgs,

    #[command(flatten)]
    records: RecordsArgs,

    /// Lines that the payload adds and removes
    #[arg(long, value_name = "LINES")]
    diff_lines: Option<u64>,

    /// Result of a check run on the head commit; repeatable. Example: ci/integration=passed
    #[arg(long = "check", value_name = "NAME=passed|failed")]
    checks: Vec<CheckResult>,

    /// How long the window stays open from the start, or `unlimited` [default: from the estate's windows]
    #[arg(long, value_name = "DURATION", value_parser = window_left)]
    window_left: Option<WindowLeft>,

    /// Share of the error budget that is used up, in percent
    #[arg(long, value_name = "PERCENT")]
    error_budget_used: Option<u32>,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs, with the facts that it was computed from
    Json,
}

/// `NAME=passed` or `NAME=failed`.
#[derive(Debug, Clone)]
struct CheckResult {
    name: String,
    passed: bool,
}

impl FromStr for CheckResult {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, result) = text.rsplit_once('=').unwrap_or((text, ""));
        let passed = match result {
            "passed" => true,
            "failed" => false,
            _ => return Err("write NAME=passed or NAME=failed".to_owned()),
        };
        Ok(Self {
            name: name.to_owned(),
            passed,
        })
    }
}

fn window_left(text: &str) -> Result<WindowLeft, String> {
    if text == "unlimited" {
        return Ok(WindowLeft::Unlimited);
    }
    let length: Duration = text
        .parse()
        .map_err(|error| format!("{error}; or write `unlimited`"))?;
    Ok(WindowLeft::Seconds(length.seconds().into()))
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &RiskArgs) -> anyhow::Result<Exit> {
    let RiskQuestion::Explain(args) = &args.question;
    let loaded = asked.estate(&args.estate)?;
    let (id, change) = find(&loaded, &args.change)?;
    let records = args.records.read()?;
    let graph = loaded.estate.graph();
    let known = Known {
        records: records.as_ref(),
        graph: Some(&graph),
        diff_lines: args.diff_lines,
        checks: args
            .checks
            .iter()
            .map(|check| (check.name.clone(), check.passed))
            .collect::<BTreeMap<_, _>>(),
        window_left: args.window_left,
        error_budget_used_permille: args.error_budget_used.map(|percent| percent.saturating_mul(10)),
    };
    let at = args.at.instant();
    let facts = risk_facts(
        risk_facts::Asked {
            estate: &loaded.estate,
            id: &id,
            change: &change,
            at,
        },
        &known,
    )?;
    let policies = loaded
        .estate
        .risk_policies()
        .map_err(|(name, error)| anyhow!("RiskPolicy {name}: {error}; no risk can be computed without it"))?;
    let assessment = assess(&policies, &facts);
    let text = match args.format {
        Format::Text => explain(&id, at, &assessment, &facts) + &loaded.source.line(),
        Format::Json => {
            let answer = Answer {
                change: &id,
                at,
                source: &loaded.source,
                assessment: &assessment,
                facts: &facts,
            };
            serde_json::to_string_pretty(&answer)? + "\n"
        }
    };
    terminal::print(&text)?;
    Ok(Exit::Clean)
}

/// The answer for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    change: &'a ChangeId,
    at: Instant,
    #[serde(flatten)]
    source: &'a Source,
    assessment: &'a Assessment,
    facts: &'a RiskFacts,
}

/// The change that is meant.
fn find(loaded: &Loaded, wanted: &str) -> anyhow::Result<(ChangeId, Change)> {
    let changes = &loaded.estate.changes;
    let path = Path::new(wanted);
    // A pipe is a file too, though no regular one.
    if wanted == "-" || (path.exists() && !path.is_dir()) {
        return read_change(path);
    }
    let found: Vec<_> = changes
        .iter()
        .filter(|(namespace, name, _)| match wanted.split_once('/') {
            Some(parts) => parts == (*namespace, *name),
            None => *name == wanted,
        })
        .collect();
    match found.as_slice() {
        [(namespace, name, change)] => Ok((format!("{namespace}/{name}").parse()?, (*change).clone())),
        [] => {
            let qualified = wanted.contains('/');
            let known: Vec<_> = changes
                .iter()
                .map(|(namespace, name, _)| {
                    if qualified {
                        format!("{namespace}/{name}")
                    } else {
                        name.to_owned()
                    }
                })
                .collect();
            bail!(
                "no Change {wanted:?} in {}, and no such file{}",
                loaded.source.folder,
                hint(wanted, known.iter().map(String::as_str))
            )
        }
        several => {
            let names: Vec<_> = several
                .iter()
                .map(|(namespace, name, _)| format!("{namespace}/{name}"))
                .collect();
            bail!(
                "{wanted}: several changes have this name; write one of {}",
                names.join(", ")
            )
        }
    }
}

/// The option that makes a factor known.
fn option(kind: RiskFactorKind) -> Option<&'static str> {
    match kind {
        RiskFactorKind::ModelFailure
        | RiskFactorKind::TeamScore
        | RiskFactorKind::Novelty
        | RiskFactorKind::Instability => Some("--records FILE"),
        RiskFactorKind::DiffSize => Some("--diff-lines LINES"),
        RiskFactorKind::MissingTests => Some("--check NAME=passed"),
        RiskFactorKind::TimePressure => Some("--window-left DURATION"),
        RiskFactorKind::ErrorBudget => Some("--error-budget-used PERCENT"),
        RiskFactorKind::Backout | RiskFactorKind::ConcurrentChanges | RiskFactorKind::Question => None,
    }
}

/// Thousandths as a number with three places.
fn permille(value: u32) -> String {
    format!("{}.{:03}", value / 1000, value % 1000)
}

fn explain(id: &ChangeId, at: Instant, assessment: &Assessment, facts: &RiskFacts) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_explanation(&mut text, id, at, assessment, facts);
    text
}

fn write_explanation(
    text: &mut String,
    id: &ChangeId,
    at: Instant,
    assessment: &Assessment,
    facts: &RiskFacts,
) -> std::fmt::Result {
    let star = |assumed: bool| if assumed { " *" } else { "" };
    writeln!(
        text,
        "Risk of {id} at {at}: {}, score {}{}",
        assessment.level,
        assessment.score,
        if assessment.assumes() {
            " (* marks what was assumed)"
        } else {
            ""
        }
    )?;
    let environment = facts
        .change
        .environment
        .as_ref()
        .map_or_else(String::new, |environment| format!(" in {environment}"));

    let impact = &assessment.impact;
    writeln!(text, "\nImpact{environment}: {}", impact.level)?;
    writeln!(
        text,
        "  {:<9} {}{}",
        impact.base,
        impact.source,
        star(impact.assumed)
    )?;
    for raise in &impact.raises {
        writeln!(text, "  {:<9} {}{}", "one up", raise.source, star(raise.assumed))?;
    }

    writeln!(
        text,
        "\nLikelihood: {} (weighted mean, policy {})",
        permille(assessment.likelihood_permille),
        assessment.policy
    )?;
    let width = assessment
        .factors
        .iter()
        .map(|factor| factor.name.as_str().len())
        .chain([6])
        .max()
        .unwrap_or_default();
    writeln!(text, "  {:<width$}  value  weight   part  source", "factor")?;
    for factor in &assessment.factors {
        writeln!(
            text,
            "{}",
            after(
                &format!(
                    "  {:<width$}  {}  {:>6}  {}  ",
                    factor.name.as_str(),
                    permille(factor.value_permille),
                    factor.weight,
                    permille(factor.contribution_permille)
                ),
                &format!("{}{}", factor.source, star(factor.assumed))
            )
        )?;
    }

    writeln!(text, "\nLevel: {}", assessment.level)?;
    writeln!(
        text,
        "  {:<9} from the matrix: impact {}, likelihood {}",
        assessment.matrix_level,
        impact.level,
        permille(assessment.likelihood_permille)
    )?;
    for floor in &assessment.floors {
        writeln!(
            text,
            "  {:<9} at least: {}{}",
            floor.level,
            floor.reason,
            star(floor.assumed)
        )?;
    }
    for one in &assessment.considered {
        writeln!(
            text,
            "  {:<9} score {} by policy {}: {}",
            one.level, one.score, one.policy, one.why
        )?;
    }
    write_assumptions(text, assessment)?;
    writeln!(
        text,
        "\nDigest of facts and policies: {}",
        assessment.digest.as_str()
    )
}

/// What was assumed, and how to make it known.
fn write_assumptions(text: &mut String, assessment: &Assessment) -> std::fmt::Result {
    if !assessment.assumes() {
        return Ok(());
    }
    writeln!(text, "\nAssumed, and how to make it known:")?;
    if assessment.impact.assumed {
        writeln!(
            text,
            "  impact: name services and configuration items that are in the estate, each with a tier"
        )?;
    }
    for raise in assessment.impact.raises.iter().filter(|raise| raise.assumed) {
        writeln!(
            text,
            "  {}: {}",
            raise.kind,
            raise.remedy.as_deref().unwrap_or("-")
        )?;
    }
    for factor in assessment.factors.iter().filter(|factor| factor.assumed) {
        let option = option(factor.kind).map_or_else(String::new, |option| format!(" ({option})"));
        writeln!(
            text,
            "{}",
            after(
                &format!("  {}: ", factor.name),
                &format!("{}{option}", factor.remedy.as_deref().unwrap_or("-"))
            )
        )?;
    }
    for floor in assessment.floors.iter().filter(|floor| floor.assumed) {
        writeln!(text, "  floor {}: {}", floor.level, floor.reason)?;
    }
    Ok(())
}
