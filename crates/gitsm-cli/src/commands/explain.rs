//! `gitsm explain [RULE]`: what a rule finds, why it matters and how to mend it.

use crate::exit::Exit;
use anyhow::bail;
use clap::Args;
use gitsm_check::rules::{self, RuleMeta};
use std::fmt::Write as _;
use std::io::Write as _;

/// Arguments of `gitsm explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gitsm explain           list all rules\n  gitsm explain GS301     one rule, with a bad and a good example\n  gitsm explain dangling-reference"
)]
pub(crate) struct ExplainArgs {
    /// A rule, by id or name; all rules in one line each when absent
    rule: Option<String>,
}

/// Prints one rule, or the list of rules.
pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let text = match &args.rule {
        None => list(),
        Some(name) => {
            // A policy finding carries the policy's name behind the rule: GS501/two-approvers/quorum.
            let code = name.split('/').next().unwrap_or(name);
            match rules::find(code) {
                Some(rule) => explain(rule),
                None => bail!(
                    "no rule {name:?}{}; `gitsm explain` lists all rules",
                    closest(code)
                ),
            }
        }
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

fn list() -> String {
    let width = rules::all()
        .iter()
        .map(|rule| rule.name.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for rule in rules::all() {
        let (id, level, name) = (rule.id, rule.level.as_str(), rule.name);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{id}  {level:<7}  {name:<width$}  {}", rule.summary);
    }
    text
}

fn explain(rule: &RuleMeta) -> String {
    let mut text = format!(
        "{} {} ({})\n\n{}\n\n{}\n",
        rule.id,
        rule.name,
        rule.level.as_str(),
        rule.summary,
        rule.explanation.trim()
    );
    for (title, example) in [("Wrong", rule.bad), ("Right", rule.good)] {
        if !example.trim().is_empty() {
            text.extend(["\n", title, ":\n\n"]);
            text.extend(example.trim_matches('\n').lines().map(|line| {
                if line.is_empty() {
                    "\n".to_owned()
                } else {
                    format!("    {line}\n")
                }
            }));
        }
    }
    text
}

fn closest(name: &str) -> String {
    rules::all()
        .iter()
        .flat_map(|rule| [rule.id, rule.name])
        .map(|known| {
            (
                strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase()),
                known,
            )
        })
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, known)| format!(", did you mean {known}"))
        .unwrap_or_default()
}
