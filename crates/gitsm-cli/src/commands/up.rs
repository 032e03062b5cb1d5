//! `gitsm up`: runs the control plane.

use crate::exit::Exit;
use crate::up::data::DataArgs;
use crate::up::detach;
use crate::up::start::{self, Start};
use anyhow::ensure;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `gitsm up`.
#[derive(Debug, Args)]
#[command(
    after_help = "The estate is judged as `gitsm validate` judges it; if anything is wrong, nothing is applied and nothing runs.
If ESTATE is the top of a git work tree, the commit of its current branch is applied; what is not committed is not.
Otherwise its files become the first commit of a repository in the data folder. Later starts find the estate again.

Examples:
  gitsm up examples/acme                    run, with this estate; Ctrl-C stops it
  gitsm up                                  run again, with the estate of the last time
  gitsm up --detach                         run in the background; `gitsm down` stops it
  gitsm up --data ./lab --listen 127.0.0.1:0  another one beside it, on any free port
  gitsm up . --engine kubeconfig            apply to the cluster of kubectl's current context

Exit status: 0 it ran, or runs in the background; 1 findings, or objects that were not applied; 2 could not run."
)]
pub(crate) struct UpArgs {
    /// Folder of the estate [default: that of the last start, else the nearest folder upwards with a gitsm.yaml]
    #[arg(value_name = "ESTATE")]
    estate: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    /// Where to listen; port 0 takes any free one [default: that of the last start, else 127.0.0.1:7443]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// Run in the background and return when the server is ready
    #[arg(long)]
    detach: bool,

    /// Where the objects live
    #[arg(long, value_enum, default_value_t = Engine::Embedded, value_name = "ENGINE")]
    engine: Engine,

    /// Context of the kubeconfig, with --engine kubeconfig [default: the current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Set fields that somebody else has set to other values
    #[arg(long)]
    force_conflicts: bool,

    /// This is the process in the background.
    #[arg(long = detach::OPTION, hide = true, conflicts_with = "detach")]
    in_background: bool,
}

/// Where the objects live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// In a server in this process, which keeps them in the data folder
    Embedded,
    /// In the cluster of kubectl's current context, Kubernetes 1.31 or newer
    Kubeconfig,
}

/// Runs it.
pub(crate) fn run(args: &UpArgs) -> anyhow::Result<Exit> {
    let data = args.data.folder()?;
    let start = Start {
        estate: args.estate.clone(),
        listen: args.listen,
        force: args.force_conflicts,
        is_detached: args.in_background,
        data,
    };
    if args.engine == Engine::Kubeconfig {
        ensure!(
            args.listen.is_none() && !args.detach,
            "--listen and --detach are for the embedded server; with --engine kubeconfig nothing is left running"
        );
        return start::on_cluster(&start, args.context.as_deref());
    }
    ensure!(
        args.context.is_none(),
        "--context names a cluster, which needs --engine kubeconfig"
    );
    if args.detach {
        return detach::run(&start.data);
    }
    if args.in_background {
        detach::leave_session()?;
    }
    start::log(args.in_background);
    start::embedded(&start)
}
