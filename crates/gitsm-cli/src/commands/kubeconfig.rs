//! `gitsm kubeconfig`: what kubectl connects to the control plane with.

use crate::exit::Exit;
use crate::terminal;
use crate::up::data::DataArgs;
use crate::up::kubeconfig;
use clap::Args;
use std::time::{Duration, SystemTime};

/// Arguments of `gitsm kubeconfig`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --user it holds the key of an administrator: whoever reads it may do everything.

With --user it is made for somebody else, who may do what roles allow, until its certificate ends. A certificate
cannot be taken back; what its user may do can, by deleting the bindings.

Examples:
  export KUBECONFIG=$(gitsm kubeconfig --path)
  gitsm kubeconfig > ~/.kube/gitsm
  gitsm kubeconfig --user jane --days 7 > jane.kubeconfig
  kubectl create rolebinding jane --clusterrole=gitsm-reader --user=jane -n payments

Exit status: 0 printed, 2 there is none, or it is damaged."
)]
pub(crate) struct KubeconfigArgs {
    #[command(flatten)]
    data: DataArgs,

    /// Print where the file is instead of what is in it
    #[arg(long)]
    path: bool,

    /// Make one for this user instead of printing that of the administrator
    #[arg(long, value_name = "NAME", conflicts_with = "path", value_parser = subject)]
    user: Option<String>,

    /// A group of the user
    #[arg(long, value_name = "GROUP", requires = "user", value_parser = subject)]
    group: Option<String>,

    /// How many days the user's certificate is good for
    #[arg(long, value_name = "DAYS", requires = "user", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
}

/// Names of users and groups that people may have.
fn subject(name: &str) -> Result<String, String> {
    if name.trim() != name || name.is_empty() {
        Err("it is empty, or has blanks at its ends".to_owned())
    } else if name.starts_with("system:") {
        Err("names that begin with `system:` belong to the server".to_owned())
    } else {
        Ok(name.to_owned())
    }
}

/// Prints it.
pub(crate) fn run(args: &KubeconfigArgs) -> anyhow::Result<Exit> {
    let data = args.data.folder()?;
    data.require()?;
    if let Some(user) = &args.user {
        let lifetime = Duration::from_hours(24 * u64::from(args.days));
        let text = kubeconfig::for_user(&data, user, args.group.as_deref(), lifetime, SystemTime::now())?;
        terminal::print(&text)?;
        return Ok(Exit::Clean);
    }
    let (text, _) = kubeconfig::read(&data)?;
    if args.path {
        terminal::print(&format!("{}\n", data.kubeconfig().display()))?;
    } else {
        terminal::print(&text)?;
    }
    Ok(Exit::Clean)
}
