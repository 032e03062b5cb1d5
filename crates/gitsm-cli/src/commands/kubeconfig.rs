//! `gitsm kubeconfig`: what kubectl connects to the control plane with.

use crate::exit::Exit;
use crate::terminal;
use crate::up::data::DataArgs;
use crate::up::kubeconfig;
use clap::Args;

/// Arguments of `gitsm kubeconfig`.
#[derive(Debug, Args)]
#[command(
    after_help = "It holds the key of an administrator: whoever reads it may do everything.

Examples:
  export KUBECONFIG=$(gitsm kubeconfig --path)
  gitsm kubeconfig > ~/.kube/gitsm

Exit status: 0 printed, 2 there is none, or it is damaged."
)]
pub(crate) struct KubeconfigArgs {
    #[command(flatten)]
    data: DataArgs,

    /// Print where the file is instead of what is in it
    #[arg(long)]
    path: bool,
}

/// Prints it.
pub(crate) fn run(args: &KubeconfigArgs) -> anyhow::Result<Exit> {
    let data = args.data.folder()?;
    data.require()?;
    let (text, _) = kubeconfig::read(&data)?;
    if args.path {
        terminal::print(&format!("{}\n", data.kubeconfig().display()))?;
    } else {
        terminal::print(&text)?;
    }
    Ok(Exit::Clean)
}
