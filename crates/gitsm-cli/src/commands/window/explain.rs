//! `gitsm window explain`: whether changes may start, and why.

use super::{Format, text, timeline};
use crate::exit::Exit;
use crate::load::{Asked, AtArgs, EstateArgs, Source};
use crate::manifest::read_change;
use crate::names::hint;
use crate::service;
use crate::{environment, terminal};
use anyhow::bail;
use clap::Args;
use gitsm_api::domain::agenda::planned_time;
use gitsm_api::estate::Estate;
use gitsm_api::v1alpha1::Change;
use gitsm_core::ident::{ChangeModelName, ResourceName, ServiceId};
use gitsm_core::selector::{ChangeSubject, ServiceSubject};
use gitsm_core::time::Instant;
use gitsm_core::vocabulary::{ChangeType, RiskLevel};
use gitsm_core::window::{
    ChangeVerdict, PlanFit, Subject, SubjectChange, WindowFit, WindowState, evaluate_change, first_fit, fits,
};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `gitsm window explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is not known of a change counts on the safe side: a freeze that might select it holds, a maintenance window that
might does not. With --change the services, environment and model are those of the change; where it has a planned
start and --at is not given, the question is asked for that start, less its preparation.

Exit status: 0 when the question could be answered, 2 when not. With --exit-code 1 when changes may not start, or the
plan of the change does not fit.

Examples:
  gitsm window explain checkout --environment prod
  gitsm window explain shop/checkout --environment prod --type Standard --at 2027-02-06T20:00:00Z
  gitsm window explain --change changes/2027/payments-db-16.yaml --exit-code
  gitsm window explain checkout --format json | jq .nextOpening"
)]
pub(super) struct ExplainArgs {
    /// The service: NAME, or NAMESPACE/NAME where several have the name
    #[arg(value_name = "SERVICE", required_unless_present = "change")]
    service: Option<String>,

    /// A manifest with one Change to ask about, `-` for standard input; SERVICE asks about one of its services only
    #[arg(long, value_name = "FILE", conflicts_with_all = ["environment", "type", "model", "risk"])]
    change: Option<PathBuf>,

    /// The environment that is changed
    #[arg(long, value_name = "NAME")]
    environment: Option<ResourceName>,

    /// The type of the change [default: that of --model]
    #[arg(long, value_name = "TYPE")]
    r#type: Option<ChangeType>,

    /// The model of the change
    #[arg(long, value_name = "NAME")]
    model: Option<ChangeModelName>,

    /// The risk of the change
    #[arg(long, value_name = "LEVEL")]
    risk: Option<RiskLevel>,

    /// Exit with 1 where changes may not start
    #[arg(long)]
    exit_code: bool,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    at: AtArgs,

    #[command(flatten)]
    estate: EstateArgs,
}

/// What was found out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer<'a> {
    pub(super) at: Instant,
    #[serde(flatten)]
    pub(super) source: Source,
    /// Whether new work may start then.
    pub(super) may_start: bool,
    /// When it opens next; while it is open, after the next closing.
    pub(super) next_opening: Option<Instant>,
    /// When it closes next; while it is closed, after the next opening.
    pub(super) next_closing: Option<Instant>,
    pub(super) change: &'a SubjectChange,
    /// How the plan of the change fits, where it has a start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<PlanAnswer>,
    pub(super) verdict: &'a ChangeVerdict,
}

/// How a plan fits.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanAnswer {
    pub(super) fit: PlanFit,
    /// The first start from the instant of the question on at which it would.
    pub(super) first_fit: Option<Instant>,
}

/// Explains.
pub(super) fn run(asked: &Asked, args: &ExplainArgs) -> anyhow::Result<Exit> {
    let loaded = asked.estate(&args.estate)?;
    let estate = loaded.estate;
    let manifest = args.change.as_deref().map(read_change).transpose()?;
    let (services, change) = match &manifest {
        Some(manifest) => (
            services_of(&estate, &manifest.1, args)?,
            estate.window_change(&manifest.1),
        ),
        None => {
            let typed = args.service.as_deref().unwrap_or_default();
            environment::check(&estate, args.environment.as_ref())?;
            (vec![service::find(&estate, typed)?], described(&estate, args)?)
        }
    };
    let subjects: Vec<_> = services.iter().map(|id| subject(&estate, id)).collect();
    let planned = manifest.as_ref().and_then(|(_, change)| planned_time(change));
    let at = args
        .at
        .given()
        .or(planned.map(gitsm_core::window::PlannedTime::begin))
        .unwrap_or_else(|| args.at.instant());

    let windows = estate.window_set(None);
    let overrides = estate.overrides();
    let verdict_at = |at| evaluate_change(&windows, &overrides, &subjects, &change, at);
    let verdict = verdict_at(at);
    let next_closing = match verdict.state {
        WindowState::Open => verdict.until,
        WindowState::Closed => verdict.next.and_then(|opening| verdict_at(opening).until),
    };
    let plan = planned.map(|plan| PlanAnswer {
        fit: fits(&windows, &overrides, &subjects, &change, plan),
        first_fit: first_fit(&windows, &overrides, &subjects, &change, plan, at),
    });
    let answer = Answer {
        at,
        source: loaded.source,
        may_start: verdict.may_start(),
        next_opening: verdict.next,
        next_closing,
        change: &change,
        plan,
        verdict: &verdict,
    };
    let text = match args.format {
        Format::Text => format!(
            "{}\n{}",
            text::answer(&answer, manifest.is_none()),
            timeline::timeline(at, verdict_at)
        ),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&answer)?),
    };
    terminal::print(&text)?;
    let misfit = answer
        .plan
        .as_ref()
        .is_some_and(|plan| plan.fit.fit != WindowFit::Fits);
    if args.exit_code && (misfit || !answer.may_start) {
        Ok(Exit::Findings)
    } else {
        Ok(Exit::Clean)
    }
}

/// The change that the options describe.
fn described(estate: &Estate, args: &ExplainArgs) -> anyhow::Result<SubjectChange> {
    let mut change_type = args.r#type;
    if let Some(name) = &args.model {
        let Some(model) = estate.change_models.named(name.as_str()) else {
            let known = estate.change_models.iter().map(|(_, name, _)| name);
            bail!("no ChangeModel {:?}{}", name.as_str(), hint(name.as_str(), known));
        };
        change_type = change_type.or(Some(model.spec.r#type));
    }
    Ok(SubjectChange {
        id: None,
        subject: ChangeSubject {
            environment: args.environment.clone(),
            change_type,
            model: args.model.clone(),
            risk: args.risk,
        },
    })
}

/// The services of a change, or the one of them that was asked for.
fn services_of(estate: &Estate, change: &Change, args: &ExplainArgs) -> anyhow::Result<Vec<ServiceId>> {
    let all = estate.services_of_change(change);
    let Some(typed) = &args.service else {
        return Ok(all);
    };
    let service = service::find(estate, typed)?;
    if !all.contains(&service) {
        let names: Vec<_> = all.iter().map(ToString::to_string).collect();
        bail!(
            "{service} is not among the services of the change: {}",
            names.join(", ")
        );
    }
    Ok(vec![service])
}

/// A service as windows see it. One that does not exist has no catalogue, and is closed for that reason.
fn subject(estate: &Estate, id: &ServiceId) -> Subject {
    estate.window_subject(id).unwrap_or_else(|| Subject {
        service: ServiceSubject {
            id: id.clone(),
            tier: None,
            labels: [].into(),
            data_class: None,
        },
        policy: None,
    })
}
