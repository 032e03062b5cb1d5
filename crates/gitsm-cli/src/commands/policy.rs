//! `gitsm policy test`: runs the cases that stand beside a policy.

use crate::exit::Exit;
use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use gitsm_check::config::Config;
use gitsm_check::diagnostic::Finding;
use gitsm_check::engine::{self, KindSet, Options, PolicySource};
use gitsm_check::input::MemoryInput;
use gitsm_check::yaml::Limits;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `gitsm policy`.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Run the pass and fail cases of policies
    #[command(
        after_help = "A policy is a folder with `policy.yaml` and two folders of cases:
  pass/ANY.yaml            the policy finds nothing
  fail/RULE.yaml           the rule RULE finds something; RULE--WHY.yaml where one rule has several cases
A case holds the manifests that the policy needs to see, services among them.

Examples:
  gitsm policy test                       the policies below ./policies
  gitsm policy test policies/freeze-needs-end --at 2027-01-01T00:00:00Z"
    )]
    Test(TestArgs),
}

#[derive(Debug, Args)]
struct TestArgs {
    /// Folders of policies, or of one policy
    #[arg(value_name = "DIR", default_value = "policies")]
    folders: Vec<PathBuf>,

    /// The instant that `now` is in the policies
    #[arg(long, value_name = "INSTANT", default_value = "2027-01-01T00:00:00Z")]
    at: jiff::Timestamp,
}

/// Runs a policy command.
pub(crate) fn run(args: &PolicyArgs) -> anyhow::Result<Exit> {
    match &args.command {
        PolicyCommand::Test(args) => test(args),
    }
}

fn test(args: &TestArgs) -> anyhow::Result<Exit> {
    let mut folders = Vec::new();
    for folder in &args.folders {
        let before = folders.len();
        find_policies(folder, &mut folders)?;
        ensure!(
            folders.len() > before,
            "no folder with a policy.yaml in {}",
            folder.display()
        );
    }
    let kinds = KindSet::new();
    let mut failures = Vec::new();
    let mut cases = 0;
    for folder in &folders {
        let (ran, mut failed) = test_folder(folder, &kinds, args.at)?;
        cases += ran;
        failures.append(&mut failed);
    }
    let mut out = std::io::stdout().lock();
    for failure in &failures {
        writeln!(out, "{failure}")?;
    }
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    writeln!(
        out,
        "{verdict}: {} policies, {cases} cases, {} failures",
        folders.len(),
        failures.len()
    )?;
    Ok(if failures.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

/// Folders that hold a `policy.yaml`, in order of their names.
fn find_policies(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if folder.join("policy.yaml").is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    for path in entries(folder)? {
        // Links are not followed: two that lead upwards would be walked for ever.
        if path.is_dir() && !path.is_symlink() {
            find_policies(&path, found)?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let listing = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    listing.map(|entry| Ok(entry?.path())).collect()
}

/// Runs the cases of one policy: how many, and what failed.
fn test_folder(folder: &Path, kinds: &KindSet, at: jiff::Timestamp) -> anyhow::Result<(usize, Vec<String>)> {
    let file = folder.join("policy.yaml");
    let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.to_string_lossy().into_owned();
    let policies = engine::policies_in(&MemoryInput::new().with(&name, text))?;
    ensure!(!policies.is_empty(), "{name} holds no RecordPolicy");
    let rules: BTreeSet<String> = policies.iter().flat_map(rule_names).collect();

    let (mut ran, mut failures) = (0, Vec::new());
    let mut tested = BTreeSet::new();
    for (group, must_find) in [("pass", false), ("fail", true)] {
        let cases = folder.join(group);
        if !cases.is_dir() {
            failures.push(format!("{name}: there is no folder {group}/ with cases"));
            continue;
        }
        for case in entries(&cases)?.into_iter().filter(|case| case.is_file()) {
            ran += 1;
            let findings = findings_of(&case, &policies, kinds, at)?;
            let shown = case.display();
            if !must_find {
                failures.extend(findings.iter().map(|finding| {
                    format!(
                        "{shown}: must pass, but {} says: {}",
                        finding.rule, finding.message
                    )
                }));
                continue;
            }
            let stem = case
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            let rule = stem.split("--").next().unwrap_or(&stem).to_owned();
            if !rules.contains(&rule) {
                failures.push(format!("{shown}: the policy has no rule {rule:?}"));
            } else if !findings
                .iter()
                .any(|finding| finding.rule.as_str().rsplit('/').next() == Some(&rule))
            {
                failures.push(format!("{shown}: {rule} must find something and does not"));
            }
            tested.insert(rule);
        }
    }
    failures.extend(
        rules
            .difference(&tested)
            .map(|rule| format!("{name}: the rule {rule:?} has no failing case")),
    );
    Ok((ran, failures))
}

fn rule_names(policy: &PolicySource) -> Vec<String> {
    let rules = policy
        .object
        .pointer("/spec/rules")
        .and_then(serde_json::Value::as_array);
    rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule.get("id")?.as_str().map(str::to_owned))
        .collect()
}

/// What the policies find in a case; a case that is not valid in itself proves nothing and is an error.
fn findings_of(
    case: &Path,
    policies: &[PolicySource],
    kinds: &KindSet,
    at: jiff::Timestamp,
) -> anyhow::Result<Vec<Finding>> {
    let shown = case.to_string_lossy().into_owned();
    let text = std::fs::read(case).with_context(|| format!("cannot read {shown}"))?;
    let options = Options {
        at,
        limits: Limits::default(),
        jobs: 1,
        list_judged: false,
        only: Vec::new(),
        policies: policies.to_vec(),
    };
    let report = engine::run(
        &MemoryInput::new().with(&shown, text),
        &Config::default(),
        kinds,
        &options,
    )?;
    ensure!(report.summary.documents > 0, "{shown} holds no resource of gitsm");
    if let Some(broken) = report
        .findings
        .iter()
        .find(|finding| finding.rule.code().starts_with("GS2"))
    {
        anyhow::bail!("{shown} is not a valid case: {}: {}", broken.rule, broken.message);
    }
    Ok(report
        .findings
        .into_iter()
        .filter(|finding| finding.rule.code().starts_with("GS5"))
        .collect())
}
