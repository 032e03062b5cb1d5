//! `gitsm status`: whether the control plane runs.

use crate::exit::Exit;
use crate::terminal;
use crate::up::cluster;
use crate::up::data::{DataArgs, DataFolder, Holder};
use crate::up::running::Running;
use crate::up::source::short;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// How long the server may take to say that it is well.
const PATIENCE: Duration = Duration::from_secs(5);

/// Arguments of `gitsm status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gitsm status
  gitsm status --format json --data ./lab

Exit status: 0 it runs and answers, 1 it does not, 2 could not tell.")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    data: DataArgs,

    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

/// How to print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How a control plane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    /// It answers.
    Running,
    /// Its process is there, but it has not said that it is ready, or has begun to stop.
    Busy,
    /// Its process is there and says that it is ready, but does not answer.
    Silent,
    /// There is no process.
    Stopped,
}

/// What is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    state: State,
    data: PathBuf,
    kubeconfig: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Running>,
}

/// Prints it.
pub(crate) fn run(args: &StatusArgs) -> anyhow::Result<Exit> {
    let data = args.data.folder()?;
    data.require()?;
    let (state, pid, server) = match data.holder()? {
        Holder::Nobody => (State::Stopped, None, None),
        Holder::Somebody { pid, note: None } => (State::Busy, pid, None),
        Holder::Somebody { pid, note } => {
            let state = if answers(&data)? {
                State::Running
            } else {
                State::Silent
            };
            (state, pid, note)
        }
    };
    let status = Status {
        state,
        data: data.path().to_owned(),
        kubeconfig: data.kubeconfig(),
        pid,
        server,
    };
    let text = match args.format {
        Format::Text => text(&status, &data),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&status)?),
    };
    terminal::print(&text)?;
    Ok(if state == State::Running {
        Exit::Clean
    } else {
        Exit::Findings
    })
}

/// Whether the server says that it is ready.
fn answers(data: &DataFolder) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot ask the server")?;
    runtime.block_on(async {
        let ask = async {
            let client = cluster::embedded(data).await?;
            let request = http::Request::get("/readyz").body(Vec::new())?;
            let answer = client.request_text(request).await?;
            anyhow::Ok(answer == "ok")
        };
        // Why it does not answer is in its log; here it only matters that it does not.
        let answer = tokio::time::timeout(PATIENCE, ask).await;
        Ok(matches!(answer, Ok(Ok(true))))
    })
}

fn text(status: &Status, data: &DataFolder) -> String {
    let process = status
        .pid
        .map_or_else(String::new, |pid| format!(", process {pid}"));
    let option = data.option();
    let first = match (&status.state, &status.server) {
        (State::Running, Some(server)) => {
            format!(
                "running at {}{process}, gitsm {}, since {}",
                server.url, server.version, server.started
            )
        }
        (State::Silent, Some(server)) => {
            format!(
                "does not answer at {}{process}; its log may say why, `gitsm down{option}` stops it",
                server.url
            )
        }
        (State::Stopped, _) => format!("not running; `gitsm up{option}` starts it"),
        _ => format!("starting or stopping{process}"),
    };
    let mut text = format!("Server   {first}\nData     {}\n", status.data.display());
    if let Some(estate) = status.server.as_ref().and_then(|server| server.estate.as_ref()) {
        let failed = match estate.failed {
            0 => String::new(),
            failed => format!(", {failed} not applied"),
        };
        text += &format!(
            "Estate   {} objects of commit {} in {}{failed}\n",
            estate.objects,
            short(&estate.commit),
            estate.repository.display()
        );
    }
    text
}
