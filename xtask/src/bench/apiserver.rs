//! `cargo xtask bench apiserver`: builds what is measured, finds the real servers, and starts the client, which is a
//! bench target of gitsm-testkit.

use crate::kube_apiserver::{self, Servers};
use crate::steps::{cargo, execute};
use anyhow::Context as _;
use std::path::Path;

/// What is measured of the servers.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// With apiserver: fewer objects and requests, to see that it works; not for figures.
    #[arg(long)]
    quick: bool,
    /// With apiserver: only this (start, memory, create, get, update, apply, list, watch).
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// With apiserver: only this server (embedded, real).
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
}

/// Measures both servers, one after the other.
///
/// # Errors
/// When something cannot be built, or a request fails.
pub(crate) fn run(options: &Options, binary: &Path, root: &Path) -> anyhow::Result<()> {
    // Below the target folder, so that both servers write to the same disk, and not to memory.
    let folder = root.join("target/bench/apiserver");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut command = cargo();
    command
        .args([
            "bench",
            "--package",
            "gitsm-testkit",
            "--bench",
            "apiserver",
            "--",
        ])
        .arg("--binary")
        .arg(binary)
        .arg("--folder")
        .arg(&folder)
        .arg("--crds")
        .arg(root.join("crds"))
        .env("TMPDIR", &folder);
    if options.server.as_deref() != Some("embedded")
        && let Servers::Cached(file) =
            kube_apiserver::ensure(false).context("the real servers cannot be had")?
    {
        command.env("GITSM_KUBE_SERVERS", file);
    }
    if options.quick {
        command.arg("--quick");
    }
    for only in &options.only {
        command.args(["--only", only]);
    }
    if let Some(server) = &options.server {
        command.args(["--server", server]);
    }
    execute(&mut command)
}
