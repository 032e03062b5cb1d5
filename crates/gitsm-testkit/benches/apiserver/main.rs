//! `cargo xtask bench apiserver`: the embedded server and the real ones, measured by one client on one machine, one
//! server at a time.
//!
//! Objects are services of 1.8 kB. Every request that writes is on disk when it is answered, on both sides. The client
//! speaks HTTP/1.1 over TLS, one connection for each of its workers, and runs on one thread. What is reported: time of
//! a request (median, 99th percentile), requests per second, and processor time of the server's processes per request.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "a program for people"
)]

mod caller;
mod figures;
mod objects;
mod processes;
mod scenarios;
mod side;
mod watchers;

use anyhow::{Context as _, Result};
use clap::Parser;
use figures::Figures;
use side::{Side, Start};
use std::path::PathBuf;

/// Measures API servers.
#[derive(Debug, Parser)]
struct Arguments {
    /// The gitsm whose `up` is measured.
    #[arg(long)]
    binary: PathBuf,
    /// Where data goes; the same disk for both servers.
    #[arg(long)]
    folder: PathBuf,
    /// The definitions of the custom resources, as files.
    #[arg(long)]
    crds: PathBuf,
    /// Fewer objects and requests: to see that it works, not to compare.
    #[arg(long)]
    quick: bool,
    /// Measure only this: start, memory, create, get, update, apply, list, watch.
    #[arg(long)]
    only: Vec<String>,
    /// Measure only this server.
    #[arg(long, value_enum)]
    server: Option<Server>,
    /// Told by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Server {
    /// `gitsm up`.
    Embedded,
    /// kube-apiserver, etcd and, for custom resources, apiextensions-apiserver.
    Real,
}

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Amounts {
    /// Objects in the namespace that is read and changed.
    objects: usize,
    /// Objects of the last measurement of memory; none where it is not made.
    many: Option<usize>,
    /// Requests by one worker, of writes and of reads.
    alone: (usize, usize),
    /// Requests by all workers together, of writes and of reads.
    together: (usize, usize),
    /// Lists by one worker and by all.
    lists: (usize, usize),
    /// Watchers.
    watchers: usize,
    /// Events: one after the other, and as fast as possible.
    events: (usize, usize),
}

const FULL: Amounts = Amounts {
    objects: 10_000,
    many: Some(100_000),
    alone: (500, 3_000),
    together: (5_000, 20_000),
    lists: (10, 32),
    watchers: 100,
    events: (200, 2_000),
};

const QUICK: Amounts = Amounts {
    objects: 2_000,
    many: None,
    alone: (100, 500),
    together: (1_000, 4_000),
    lists: (5, 16),
    watchers: 100,
    events: (50, 300),
};

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let amounts = if arguments.quick { QUICK } else { FULL };
    std::fs::create_dir_all(&arguments.folder).context("cannot make the folder")?;
    // One thread: a client that took both cores would measure itself.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    let mut all = Vec::new();
    for server in [Server::Embedded, Server::Real] {
        if arguments.server.is_some_and(|only| only != server) {
            continue;
        }
        let mut figures = Figures::new(match server {
            Server::Embedded => "embedded",
            Server::Real => "real",
        });
        runtime
            .block_on(measure(&arguments, server, amounts, &mut figures))
            .with_context(|| format!("measuring the {} server", figures.server))?;
        all.push(figures);
    }
    println!("{}", figures::table(&all));
    let path = arguments.folder.join("apiserver.json");
    std::fs::write(&path, format!("{:#}\n", figures::json(&all)))
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("All figures: {}", path.display());
    Ok(())
}

async fn measure(
    arguments: &Arguments,
    server: Server,
    amounts: Amounts,
    figures: &mut Figures,
) -> Result<()> {
    let wants = |what: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == what);
    eprintln!("starting the {} server", figures.server);
    let folder = arguments.folder.join("embedded");
    let side = match server {
        Server::Embedded => {
            if folder.exists() {
                std::fs::remove_dir_all(&folder).context("cannot empty the folder")?;
            }
            let side = Side::embedded(&arguments.binary, &folder).await?;
            if wants("start") {
                record_start(figures, "first start", &side.start);
                side.stop()?;
                let again = Side::embedded(&arguments.binary, &folder).await?;
                record_start(figures, "later start", &again.start);
                again
            } else {
                side
            }
        }
        Server::Real => {
            let side = Side::real().await?;
            if wants("start") {
                record_start(figures, "first start", &side.start);
            }
            side.define(&arguments.crds).await?;
            side
        }
    };
    scenarios::run(&side, amounts, &wants, figures).await?;
    side.stop()
}

fn record_start(figures: &mut Figures, what: &str, start: &Start) {
    let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1_000.0;
    figures.single(&format!("{what} to /readyz"), "ms", milliseconds(start.ready));
    if let Some(answered) = start.kubectl {
        figures.single(
            &format!("{what} to kubectl's first answer"),
            "ms",
            milliseconds(answered),
        );
    }
    if let Some(whole) = start.whole {
        figures.single(&format!("{what} to all CRDs served"), "ms", milliseconds(whole));
    }
}
