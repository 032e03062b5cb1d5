//! `gitsm blast-radius`: what fails with a service.

mod dot;
mod picture;
mod svg;
mod text;

use crate::exit::Exit;
use crate::load::{Asked, EstateArgs, Source};
use crate::{environment, terminal};
use anyhow::bail;
use clap::{Args, ValueEnum};
use gitsm_check::nearest::nearest;
use gitsm_core::catalog::{BlastRadius, Graph, GraphIssue, NodeId};
use gitsm_core::ident::ResourceName;
use serde::Serialize;
use std::collections::BTreeSet;

/// Arguments of `gitsm blast-radius`.
#[derive(Debug, Args)]
#[command(
    after_help = "A service is down when something it needs is down, or when a redundancy group has fewer members up \
than it needs. It is degraded when something it only wants is down; that goes no further.\n\nExamples:\n  \
gitsm blast-radius payments-db                                what fails with a service, in any environment\n  \
gitsm blast-radius payments/payments-db --environment prod    in one environment\n  \
gitsm blast-radius ci/bus-broker-1 --also ci/bus-broker-2     two items at once\n  \
gitsm blast-radius edge-network --format svg > edge.svg       as a picture, made without other programs\n  \
gitsm blast-radius edge-network --format dot | dot -Tpdf > edge.pdf"
)]
pub(crate) struct BlastRadiusArgs {
    /// What fails: a service by its name, or by namespace/name where several have it; ci/NAME or ci/namespace/NAME
    /// is a configuration item
    #[arg(value_name = "SERVICE")]
    failed: String,

    /// What fails at the same time, written in the same way; may be given several times
    #[arg(long, value_name = "NODE")]
    also: Vec<String>,

    /// The environment it fails in [default: all of them, the worst of each]
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<ResourceName>,

    /// How to write the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    estate: EstateArgs,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree with reasons
    Text,
    /// A graph for graphviz
    Dot,
    /// A picture that stands alone
    Svg,
    /// All of it, for programs
    Json,
}

/// What a question is answered with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'g> {
    #[serde(flatten)]
    source: &'g Source,
    #[serde(flatten)]
    radius: BlastRadius,
    /// What is wrong with the nodes of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    issues: Vec<&'g GraphIssue>,
    #[serde(skip)]
    graph: &'g Graph,
}

/// Answers the question.
pub(crate) fn run(asked: &Asked, args: &BlastRadiusArgs) -> anyhow::Result<Exit> {
    let loaded = asked.estate(&args.estate)?;
    let graph = loaded.estate.graph();
    let failed = std::iter::once(&args.failed)
        .chain(&args.also)
        .map(|name| find(&graph, name))
        .collect::<anyhow::Result<Vec<_>>>()?;
    environment::check(&loaded.estate, args.environment.as_ref())?;

    let radius = graph.blast_radius(&failed, args.environment.as_ref());
    let hit: BTreeSet<&NodeId> = radius
        .failed
        .iter()
        .chain(
            radius
                .down
                .iter()
                .chain(&radius.degraded)
                .map(|impact| &impact.node),
        )
        .collect();
    let issues = graph
        .issues()
        .iter()
        .filter(|issue| hit.contains(issue.node()))
        .collect();
    let answer = Answer {
        source: &loaded.source,
        radius,
        issues,
        graph: &graph,
    };
    let written = match args.format {
        Format::Text => text::write(&answer),
        Format::Dot => dot::write(&answer),
        Format::Svg => svg::write(&answer),
        Format::Json => {
            let mut json = serde_json::to_string_pretty(&answer)?;
            json.push('\n');
            json
        }
    };
    terminal::print(&written)?;
    Ok(Exit::Clean)
}

/// The node that a person means.
fn find(graph: &Graph, given: &str) -> anyhow::Result<NodeId> {
    if let Ok(id) = given.parse::<NodeId>()
        && graph.node(&id).is_some()
    {
        return Ok(id);
    }
    let (is_item, name) = match given.strip_prefix("ci/") {
        Some(name) => (true, name),
        None => (false, given),
    };
    let named: Vec<&NodeId> = graph
        .nodes()
        .map(|(id, _)| id)
        .filter(|id| match name.split_once('/') {
            Some((namespace, name)) => id.namespace().as_str() == namespace && id.name() == name,
            None => id.name() == name,
        })
        .collect();
    let of_kind = |id: &&NodeId| id.as_service().is_none() == is_item;
    let fitting: Vec<&NodeId> = named.iter().copied().filter(of_kind).collect();
    match fitting[..] {
        [only] => return Ok(only.clone()),
        [] => {}
        [..] => {
            let all: Vec<_> = fitting.iter().map(|id| id.short()).collect();
            bail!(
                "{given:?} is the name of several: write one of {}",
                all.join(", ")
            );
        }
    }
    let kind = if is_item { "configuration item" } else { "service" };
    if let Some(other) = named.first() {
        bail!("no {kind} {given:?}: did you mean {}?", other.short());
    }
    let known: Vec<(String, String)> = graph
        .nodes()
        .map(|(id, _)| id)
        .filter(of_kind)
        .map(|id| {
            let short = id.short();
            let typed = if name.contains('/') {
                format!("{}/{}", id.namespace(), id.name())
            } else {
                id.name().to_owned()
            };
            (typed, short)
        })
        .collect();
    let other = if is_item {
        ""
    } else {
        ", and ci/NAME names a configuration item"
    };
    let guess = nearest(name, known.iter().map(|(typed, _)| typed.as_str()))
        .and_then(|guess| known.iter().find(|(typed, _)| typed == guess));
    match guess {
        Some((_, short)) => bail!("no {kind} {given:?}: did you mean {short}?"),
        None => bail!(
            "no {kind} {given:?}; the estate has {} of them{other}",
            known.len()
        ),
    }
}
