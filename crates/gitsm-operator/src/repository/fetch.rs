//! Fetching a branch into the mirror that the operator keeps of each repository.

use gitsm_core::ident::GitRevision;
use gitsm_core::sync::{FetchProblem, Fetched};
use gitsm_git::{FetchError, Repository, Transfer};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The branch that the mirror's HEAD names; nothing is ever on it.
const UNUSED: &str = "main";

/// What to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FetchRequest {
    /// From where.
    pub url: String,
    /// Which branch.
    pub branch: String,
    /// The bare repository that it is fetched into; made where it is absent.
    pub mirror: PathBuf,
    /// Most bytes that may arrive.
    pub max_bytes: u64,
    /// Whether the repository may be a folder of this machine.
    pub may_be_local: bool,
}

/// Who fetches.
#[derive(Debug, Clone)]
pub enum Fetcher {
    /// A thread of this process. It cannot be ended: for folders of this machine, and for tests.
    Here,
    /// A process of this program, which is given the request on its standard input. It is killed when its time is over
    /// or when nobody waits for it any more.
    Worker {
        /// The program.
        program: PathBuf,
        /// What makes it call [`work`].
        arguments: Vec<String>,
    },
}

impl Fetcher {
    /// Fetches within a time. Every failure is a fact.
    pub async fn fetch(&self, request: FetchRequest, within: Duration) -> Fetched {
        if let Some(problem) = refusal(&request) {
            return failed(FetchProblem::NotAllowed, problem);
        }
        let url = request.url.clone();
        let work = async {
            match self {
                Self::Here => match tokio::task::spawn_blocking(move || fetch_here(&request)).await {
                    Ok(fetched) => fetched,
                    Err(error) => failed(FetchProblem::Unreachable, format!("fetching ended: {error}")),
                },
                Self::Worker { program, arguments } => worker(program, arguments, &request)
                    .await
                    .unwrap_or_else(|error| failed(FetchProblem::Unreachable, error)),
            }
        };
        match tokio::time::timeout(within, work).await {
            Ok(fetched) => fetched,
            Err(_) => failed(
                FetchProblem::Unreachable,
                format!(
                    "fetching from {url} took more than {} s and was ended; if it is that large, raise \
                     spec.limits.fetchTimeout",
                    within.as_secs()
                ),
            ),
        }
    }
}

/// Why a repository may not be fetched at all.
fn refusal(request: &FetchRequest) -> Option<String> {
    let scheme = request.url.split("://").next().unwrap_or_default();
    match scheme {
        "file" if request.may_be_local => None,
        "file" => Some(format!(
            "{} is a folder of the machine that the operator runs on, which only `--allow-local-repositories` lets it \
             read",
            request.url
        )),
        other => Some(format!(
            "gitsm cannot fetch over {other} yet, only from folders (file://) of its own machine"
        )),
    }
}

/// What the worker process does: reads a request and writes what came of it.
///
/// # Errors
/// When the request cannot be understood or the answer not be written.
pub fn work(input: impl std::io::Read, output: impl std::io::Write) -> Result<(), serde_json::Error> {
    let request: FetchRequest = serde_json::from_reader(input)?;
    serde_json::to_writer(output, &fetch_here(&request))
}

async fn worker(program: &Path, arguments: &[String], request: &FetchRequest) -> Result<Fetched, String> {
    let doing =
        |what: &'static str| move |error: std::io::Error| format!("cannot {what} the fetch worker: {error}");
    let mut child = Command::new(program)
        .args(arguments)
        // Proxies, credentials and configuration of whoever started the operator are no part of a repository.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(doing("start"))?;
    let text = serde_json::to_vec(request).map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&text).await.map_err(doing("ask"))?;
    }
    let output = child.wait_with_output().await.map_err(doing("hear"))?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        format!(
            "the fetch worker ended with {} and said nothing useful ({error})",
            output.status
        )
    })
}

fn fetch_here(request: &FetchRequest) -> Fetched {
    if let Some(problem) = refusal(request) {
        return failed(FetchProblem::NotAllowed, problem);
    }
    let mirror = match open(&request.mirror) {
        Ok(mirror) => mirror,
        Err(problem) => return failed(FetchProblem::Unreachable, problem),
    };
    let mut ignored = |_: Transfer| {};
    match mirror.fetch_branch(&request.url, &request.branch, request.max_bytes, &mut ignored) {
        Ok(commit) => match commit.to_string().parse::<GitRevision>() {
            Ok(head) => Fetched::Head(head),
            Err(error) => failed(FetchProblem::Unreachable, error.to_string()),
        },
        Err(error) => failed(problem(&error), error.to_string()),
    }
}

/// Opens a mirror. It holds nothing that cannot be fetched again, so one that is damaged is made anew.
fn open(mirror: &Path) -> Result<Repository, String> {
    match Repository::open(mirror) {
        Ok(repository) => return Ok(repository),
        Err(gitsm_git::Error::Open { .. }) => {
            std::fs::remove_dir_all(mirror)
                .map_err(|error| format!("cannot remove the damaged mirror {}: {error}", mirror.display()))?;
        }
        Err(_) => {}
    }
    Repository::init_bare(mirror, UNUSED).map_err(|error| error.to_string())
}

fn problem(error: &FetchError) -> FetchProblem {
    match error {
        FetchError::Unreachable { .. } => FetchProblem::Unreachable,
        FetchError::BranchMissing { .. } => FetchProblem::BranchMissing,
        FetchError::AccessDenied { .. } => FetchProblem::AccessDenied,
        FetchError::ServerNotTrusted { .. } => FetchProblem::ServerNotTrusted,
        FetchError::TooLarge { .. } => FetchProblem::TooLarge,
    }
}

fn failed(problem: FetchProblem, message: String) -> Fetched {
    Fetched::Failed { problem, message }
}
