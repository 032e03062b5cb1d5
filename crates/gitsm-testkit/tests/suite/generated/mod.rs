//! Cases made by chance: a definition by a grammar, and what is done to its objects.
//!
//! `GITSM_SEED` is the seed of the first case; each further one is one more. `GITSM_CASES` is how many there are.

mod operations;
mod random;
mod schema;
mod values;

use crate::pair::{Pair, Strictness};
use crate::step::{JSON, Request, Step};
use gitsm_testkit::{Apiextensions, Embedded, tier};
use http::Method;
use random::Random;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const SEED: u64 = 1_000_000;
const CASES: u64 = 500;
const SOAK: u64 = 10_000;
/// Cases that are run on the same two servers. Definitions cost both of them more the more groups there have been: of
/// ten thousand cases on one pair, the last ones take four times as long as the first.
const PER_SERVERS: u64 = 2_000;
/// Cases under way at once.
const AT_ONCE: usize = 32;
/// Failed cases that are made small and shown.
const SHOWN: usize = 8;
const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

struct Case {
    definition: Value,
    steps: Vec<Step>,
}

impl Case {
    /// The case of a seed. `run` keeps the groups of two runs of it apart.
    fn new(seed: u64, run: usize) -> Self {
        let mut random = Random::new(seed);
        let group = format!("g{seed}r{run}.example.com");
        let definition = schema::definition(&mut random, &group);
        let base = format!("/apis/{group}/v1/namespaces/default/things");
        let count = 6 + random.below(8);
        let steps = operations::steps(&mut random, &definition, &base, count);
        Self { definition, steps }
    }
}

/// Where the two servers differ in a case, or nothing. Only the steps in `kept` are taken.
async fn differs(servers: &Servers, seed: u64, run: usize, kept: &[usize]) -> anyhow::Result<Option<String>> {
    let case = Case::new(seed, run);
    let group = case.definition["spec"]["group"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let base = format!("/apis/{group}/v1/namespaces/default/things");
    let mut pair = Pair::new(&servers.real, &servers.ours, &BTreeMap::new(), Strictness::Whole)?;
    let crd = Request::with_body(Method::POST, CRDS, JSON, &case.definition).into();
    let (code, what) = pair.take(&crd).await?;
    if let Some(what) = what {
        // Taken back wherever it was accepted, so that servers do not fill up.
        pair.ignore(&Request::new(Method::DELETE, format!("{CRDS}/things.{group}")).into())
            .await;
        return Ok(Some(format!("{crd}\n{what}")));
    }
    if code != 201 {
        return Ok(None);
    }
    let served = Step {
        until: Some(200),
        ..Request::new(Method::GET, base).into()
    };
    pair.take(&served).await?;
    let mut report = String::new();
    for (index, step) in case.steps.iter().enumerate() {
        let is_last = index + 1 == case.steps.len();
        if !is_last && !kept.is_empty() && !kept.contains(&index) {
            continue;
        }
        let (code, what) = pair.take(step).await?;
        if let Some(what) = what {
            let _ = write!(report, "step {index}: {}\n{what}", pair.shown(step));
            break;
        }
        if is_last && code == 201 {
            let reading = operations::reading();
            if let (_, Some(what)) = pair.take(&reading).await? {
                let _ = write!(report, "step {index}: {reading}\n{what}");
            }
        }
    }
    pair.ignore(&Request::new(Method::DELETE, format!("{CRDS}/things.{group}")).into())
        .await;
    Ok((!report.is_empty()).then_some(report))
}

struct Servers {
    real: Apiextensions,
    ours: Embedded,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_cases_are_answered_as_the_real_server_does() {
    if tier::skips_real("generated_cases_are_answered_as_the_real_server_does") {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("GITSM_SEED").unwrap_or(SEED);
    let cases = number("GITSM_CASES").unwrap_or(if tier::is_soak() { SOAK } else { CASES });
    eprintln!("{cases} generated cases with seeds from {first}");
    let started = Instant::now();
    let mut failed = Vec::new();
    let mut from = first;
    while from < first + cases {
        let to = (from + PER_SERVERS).min(first + cases);
        failed.extend(batch(from..to, SHOWN.saturating_sub(failed.len())).await);
        from = to;
        eprintln!(
            "{} of {cases} cases after {:.1} s, {} differ",
            to - first,
            started.elapsed().as_secs_f64(),
            failed.len()
        );
    }
    assert!(
        failed.is_empty(),
        "{} of {cases} cases differ:\n{}",
        failed.len(),
        failed.concat()
    );
}

/// What was found in the cases of these seeds, run on servers of their own. The first `shown` are made small.
async fn batch(seeds: Range<u64>, shown: usize) -> Vec<String> {
    let (real, ours) = tokio::join!(Apiextensions::start(), Embedded::start());
    let servers = Arc::new(Servers {
        real: real.unwrap(),
        ours: ours.unwrap(),
    });
    let next = Arc::new(AtomicU64::new(seeds.start));
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (servers, next) = (Arc::clone(&servers), Arc::clone(&next));
            tokio::spawn(async move {
                let mut failed = Vec::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return failed;
                    }
                    if let Some(what) = differs_again(&servers, seed).await {
                        failed.push((seed, what));
                    }
                }
            })
        })
        .collect();
    let mut failed = Vec::new();
    for worker in workers {
        failed.extend(worker.await.unwrap());
    }
    failed.sort();
    let mut reports = Vec::new();
    for (index, (seed, what)) in failed.into_iter().enumerate() {
        let way = if index < shown {
            replay(&servers, seed).await
        } else {
            String::new()
        };
        reports.push(format!("seed {seed}:\n{what}{way}\n"));
    }
    reports
}

/// Where the two servers differ in a case, if they do so twice.
///
/// A real server that has just begun to serve a kind may begin anew, and then answers one request with 503 or ends a
/// watch. A seed makes the same case each time, so what is no chance shows again.
async fn differs_again(servers: &Servers, seed: u64) -> Option<String> {
    let mut last = None;
    for run in 0..2 {
        match differs(servers, seed, run, &[]).await {
            Ok(None) => return None,
            Ok(Some(what)) => last = Some(what),
            Err(error) => last = Some(format!("{error:#}\n")),
        }
        eprintln!("seed {seed} differs in run {run}");
    }
    last
}

/// The fewest steps that show a difference.
async fn replay(servers: &Servers, seed: u64) -> String {
    let steps = Case::new(seed, 1).steps;
    let mut kept: Vec<usize> = (0..steps.len()).collect();
    let mut run = 2;
    for index in (0..steps.len()).rev() {
        let fewer: Vec<usize> = kept.iter().copied().filter(|&one| one != index).collect();
        if fewer.is_empty() {
            break;
        }
        run += 1;
        if let Ok(Some(_)) = differs(servers, seed, run, &fewer).await {
            kept = fewer;
        }
    }
    let case = Case::new(seed, 0);
    let mut text = format!(
        "  the shortest way there:\n  POST {CRDS} -d '{}'\n",
        case.definition
    );
    for index in kept {
        let _ = writeln!(text, "  {}", case.steps[index]);
    }
    text
}

#[test]
fn a_seed_always_makes_the_same_case() {
    let shown = |seed| {
        let case = Case::new(seed, 0);
        let steps: Vec<String> = case.steps.iter().map(ToString::to_string).collect();
        (case.definition.to_string(), steps)
    };
    assert_eq!(shown(5), shown(5));
    assert_ne!(shown(5), shown(6));
}

#[test]
fn the_real_kinds_of_requests_are_all_made() {
    let mut seen = String::new();
    for seed in 0..60 {
        for step in Case::new(seed, 0).steps {
            let _ = writeln!(seen, "{step}");
        }
    }
    for part in [
        "POST",
        "PUT",
        "merge-patch",
        "json-patch",
        "apply-patch",
        "DELETE",
        "/status",
        "finalizers",
        "limit=1",
        "force=true",
        "open all",
    ] {
        assert!(seen.contains(part), "{part} is never made");
    }
}
