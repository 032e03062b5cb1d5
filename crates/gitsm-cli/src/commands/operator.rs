//! `gitsm operator`: keeps a cluster as its repositories say.

use crate::exit::Exit;
use crate::load::this_second;
use crate::up::data::DataArgs;
use crate::up::{cluster, start};
use anyhow::Context as _;
use clap::Args;
use gitsm_operator::repository::{self, Context, Fetcher};
use std::path::PathBuf;
use std::sync::Arc;

/// The hidden command that fetches; see [`FetchWorkerArgs`].
pub(crate) const FETCH_WORKER: &str = "fetch-worker";

/// Arguments of `gitsm operator`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gitsm operator                                 on the cluster of the current context
  gitsm operator --context staging               on another one
  gitsm operator --allow-local-repositories      repositories may be folders of this machine (file://)
  kubectl get repositories -o wide               what it has applied, and what keeps it from more

The definitions must be there; `gitsm up --engine kubeconfig` writes them. It runs until Ctrl-C.

Exit status: 0 stopped, 2 could not run.")]
pub(crate) struct OperatorArgs {
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    #[command(flatten)]
    data: DataArgs,

    /// Let repositories be folders of this machine; whoever may write a Repository can then have any folder read
    #[arg(long)]
    allow_local_repositories: bool,
}

/// Arguments of the command that fetches one branch. The operator starts it; what to fetch comes on standard input.
#[derive(Debug, Args)]
pub(crate) struct FetchWorkerArgs {}

/// Runs the controllers until told to stop.
pub(crate) fn run(args: &OperatorArgs) -> anyhow::Result<Exit> {
    start::log(true);
    let mirrors = args.data.folder()?.mirrors();
    start::runtime()?.block_on(async {
        let mut signals = start::Signals::new()?;
        let current = cluster::current(args.context.as_deref()).await?;
        tracing::info!(
            context = current.context,
            server = current.url,
            "the operator runs"
        );
        let context = context(current.client, mirrors, args.allow_local_repositories)?;
        let stop = async move { signals.next().await };
        repository::run(context, stop).await?;
        Ok(Exit::Clean)
    })
}

/// What the controllers of this program work with.
///
/// # Errors
///
/// When the folder cannot be made, or this program does not know where it is.
pub(crate) fn context(client: kube::Client, mirrors: PathBuf, may_be_local: bool) -> anyhow::Result<Context> {
    std::fs::create_dir_all(&mirrors).with_context(|| format!("cannot make {}", mirrors.display()))?;
    let program =
        std::env::current_exe().context("cannot find this program, to fetch in a process of its own")?;
    Ok(Context {
        client,
        mirrors,
        fetcher: Fetcher::Worker {
            program,
            arguments: vec![FETCH_WORKER.to_owned()],
        },
        may_be_local,
        clock: Arc::new(this_second),
    })
}

/// Fetches what standard input says.
pub(crate) fn fetch(_: &FetchWorkerArgs) -> anyhow::Result<Exit> {
    repository::work(std::io::stdin().lock(), std::io::stdout().lock())
        .context("this command is for the operator, which says on standard input what to fetch")?;
    Ok(Exit::Clean)
}
