//! One start from beginning to end: find and judge the estate, start the server, apply, say what runs, serve until
//! told to stop.

use crate::exit::Exit;
use crate::load::this_second;
use crate::terminal;
use crate::up::apply::{self, Applied};
use crate::up::data::DataFolder;
use crate::up::kubeconfig::{self, Kept};
use crate::up::outcome::{self, Outcome};
use crate::up::remembered::{Definitions, Remembered};
use crate::up::running::{self, Running};
use crate::up::source::{self, Found, Source};
use crate::up::{cluster, control, definitions, detach, embedded};
use anyhow::Context as _;
use gitsm_apiserver::server::Server;
use kube::Client;
use serde_json::Value;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What a process that is told to stop twice ends with, as a shell says it for an interrupt.
const INTERRUPTED: i32 = 130;
/// How long a thread beside the usual ones waits for more work.
const IDLE_THREADS: Duration = Duration::from_secs(1);

/// How to start.
#[derive(Debug)]
pub(crate) struct Start {
    /// The folder of the estate, if one was named.
    pub(crate) estate: Option<PathBuf>,
    /// The data folder.
    pub(crate) data: DataFolder,
    /// Where to listen, if that was said.
    pub(crate) listen: Option<SocketAddr>,
    /// Whether fields of others are taken.
    pub(crate) force: bool,
    /// Whether this is the process in the background.
    pub(crate) is_detached: bool,
}

/// Starts the embedded server and serves until told to stop.
///
/// # Errors
///
/// Whatever keeps it from starting.
pub(crate) fn embedded(start: &Start) -> anyhow::Result<Exit> {
    let data = &start.data;
    data.prepare()?;
    let _held = data.take()?;
    // A note that a crash left behind must not be taken for ours.
    forget_note(data)?;
    let mut remembered = Remembered::read(&data.remembered())?;
    // Takes as long as the start of the server, which waits for the disk meanwhile.
    let definitions = remembered
        .definitions
        .as_ref()
        .is_none_or(|known| !definitions::are_current(known))
        .then(|| std::thread::spawn(definitions::all));
    let mut source = match source::find(start.estate.as_deref(), data, &remembered)? {
        Found::Valid(source) => Some(*source),
        Found::Invalid => return Ok(Exit::Findings),
        Found::Nothing => None,
    };
    let listen = start.listen.unwrap_or_else(|| remembered.listen());
    runtime()?.block_on(async {
        let mut signals = Signals::new()?;
        let (server, authority) = embedded::start(data, listen).await?;
        remembered.listen = Some(server.address());
        let work = async {
            if let Some(source) = &mut source {
                source.settle(data)?;
                remembered.estate = Some(source.place.clone());
            }
            remembered.write(&data.remembered())?;
            let kept = kubeconfig::keep(data, &authority, server.address(), SystemTime::now())?;
            // Before anybody is told that the server is ready.
            if let Err(error) = control::serve(data, server.registry().store().clone()) {
                say(&format!("no backup while the server runs: {error:#}"));
            }
            let definitions = match definitions {
                Some(thread) => Some(joined(thread).await?),
                None => None,
            };
            fill_and_announce(start, source, &server, kept, definitions, &mut remembered).await
        };
        let filled = tokio::select! {
            filled = work => filled.map(Some),
            () = signals.next() => Ok(None),
        };
        let exit = match filled {
            Ok(Some(exit)) => {
                signals.next().await;
                Ok(exit)
            }
            Ok(None) => Ok(Exit::Clean),
            Err(error) => Err(error),
        };
        if exit.is_ok() && !start.is_detached {
            say("stopping; press Ctrl-C again to stop at once");
        }
        forget_note(data)?;
        tokio::select! {
            () = server.stop() => {}
            () = signals.next() => std::process::exit(INTERRUPTED),
        }
        // A server that ran is no finding; what was found was said when it was ready.
        exit.map(|_| Exit::Clean)
    })
}

/// Writes definitions and estate, and says that the server is ready.
async fn fill_and_announce(
    start: &Start,
    source: Option<Source>,
    server: &Server,
    kept: Kept,
    new_definitions: Option<Vec<Value>>,
    remembered: &mut Remembered,
) -> anyhow::Result<Exit> {
    let data = &start.data;
    let address = server.address();
    if kept == Kept::Mended {
        say(&format!(
            "{} was damaged and is written anew",
            data.kubeconfig().display()
        ));
    }
    if !address.ip().is_loopback() {
        say(&format!(
            "ATTENTION: {address} can be reached by other machines. Whoever has a copy of {} or a token is let in; \
             --listen 127.0.0.1:{} takes that back",
            data.kubeconfig().display(),
            address.port()
        ));
    }
    let client = cluster::embedded(data).await?;
    let are_there = match (&new_definitions, &remembered.definitions) {
        (None, Some(known)) => definitions::are_unchanged(&client, known).await?,
        _ => false,
    };
    if !are_there {
        let all = match new_definitions {
            Some(all) => all,
            None => definitions::all()?,
        };
        remembered.definitions = Some(define(&client, all, start.force).await?);
        remembered.write(&data.remembered())?;
    }
    let (source, applied) = fill(&client, source, start.force).await?;
    let url = kubeconfig::url(address);
    let note = Running {
        pid: std::process::id(),
        address,
        url: url.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: this_second().to_string(),
        estate: source.as_ref().map(|source| running::Applied {
            repository: source.repository.clone(),
            commit: source.commit.clone(),
            objects: applied.total(),
            failed: applied.problems.len(),
        }),
    };
    note.write(&data.note())?;
    let down = format!("`gitsm down{}` stops it", data.option());
    let outcome = Outcome {
        server: format!("{url}, data in {}", data.path().display()),
        data,
        is_embedded: true,
        context: None,
        stop: if start.is_detached {
            &down
        } else {
            "Ctrl-C stops it"
        },
        estate: source.as_ref().map(|source| (source, &applied)),
    };
    let exit = exit(&applied);
    terminal::print(&outcome.text())?;
    if start.is_detached {
        detach::say_ready(exit)?;
    }
    Ok(exit)
}

/// Writes definitions and estate to the cluster of the user's own kubeconfig.
///
/// # Errors
///
/// When there is no such cluster, it is too old, or it cannot be reached.
pub(crate) fn on_cluster(start: &Start, context: Option<&str>) -> anyhow::Result<Exit> {
    let data = &start.data;
    data.prepare()?;
    let _held = data.take()?;
    let mut remembered = Remembered::read(&data.remembered())?;
    let mut source = match source::find(start.estate.as_deref(), data, &remembered)? {
        Found::Valid(source) => Some(*source),
        Found::Invalid => return Ok(Exit::Findings),
        Found::Nothing => None,
    };
    runtime()?.block_on(async {
        let current = cluster::current(context).await?;
        if let Some(source) = &mut source {
            source.settle(data)?;
            remembered.estate = Some(source.place.clone());
            remembered.write(&data.remembered())?;
        }
        define(&current.client, definitions::all()?, start.force).await?;
        let (source, applied) = fill(&current.client, source, start.force).await?;
        let outcome = Outcome {
            server: format!("{}, Kubernetes {}", current.url, current.version),
            data,
            is_embedded: false,
            context: Some(&current.context),
            stop: "nothing of gitsm runs there; `gitsm operator` would",
            estate: source.as_ref().map(|source| (source, &applied)),
        };
        terminal::print(&outcome.text())?;
        Ok(exit(&applied))
    })
}

/// What a thread gives, without holding up others.
async fn joined<T: Send + 'static>(thread: JoinHandle<anyhow::Result<T>>) -> anyhow::Result<T> {
    let joined = tokio::task::spawn_blocking(|| thread.join()).await;
    match joined {
        Ok(Ok(result)) => result,
        _ => anyhow::bail!("making the definitions failed, which is a defect of gitsm"),
    }
}

/// Writes our definitions and waits until they are served.
async fn define(client: &Client, all: Vec<Value>, force: bool) -> anyhow::Result<Definitions> {
    let crds = apply::all(client, apply::definitions(all), force, "Applying definitions").await?;
    let text = outcome::problems(&crds.problems);
    anyhow::ensure!(
        crds.problems.is_empty(),
        "the definitions cannot be applied\n{text}"
    );
    definitions::wait_until_served(client).await
}

/// Writes the namespaces that the estate needs, and the estate.
async fn fill(
    client: &Client,
    source: Option<Source>,
    force: bool,
) -> anyhow::Result<(Option<Source>, Applied)> {
    let Some(mut source) = source else {
        return Ok((None, Applied::default()));
    };
    for notice in &source.notices {
        say(notice);
    }
    let items = apply::estate(std::mem::take(&mut source.manifests));
    let namespaces = apply::namespaces(client, &items).await?;
    let made = apply::all(client, namespaces, force, "Making namespaces").await?;
    let mut applied = apply::all(client, items, force, "Applying the estate").await?;
    applied.problems.splice(0..0, made.problems);
    let problems = outcome::problems(&applied.problems);
    if !problems.is_empty() {
        // Nothing is left to do when standard error itself cannot be written.
        let _ = anstream::stderr().lock().write_all(problems.as_bytes());
    }
    Ok((Some(source), applied))
}

fn exit(applied: &Applied) -> Exit {
    if applied.problems.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    }
}

/// One line of talk.
fn say(line: &str) {
    // Nothing is left to do when standard error itself cannot be written.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

fn forget_note(data: &DataFolder) -> anyhow::Result<()> {
    match std::fs::remove_file(data.note()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", data.note().display()))
        }
        _ => Ok(()),
    }
}

/// Lets the server say what goes wrong, and in the background also what goes on. `GITSM_LOG` asks for more.
pub(crate) fn log(is_detached: bool) {
    let usual = if is_detached { "info" } else { "warn" };
    let filter = EnvFilter::try_from_env("GITSM_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    // It fails only where there is a log already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// What everything here runs on.
///
/// # Errors
///
/// When the system has no threads left.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Threads that waited for the disk or judged something long keep memory of their own while they live.
        .thread_keep_alive(IDLE_THREADS)
        .build()
        .context("cannot start")
}

/// What tells a server to stop.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// When the system does not let it.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
