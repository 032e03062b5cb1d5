//! The servers that are compared.

use crate::caller::{Caller, Place, YAML};
use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gitsm_testkit::{ApiServer as _, Credentials, Identity, Parts, client_config};
use http::Method;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SLOWEST_START: Duration = Duration::from_mins(1);
/// The last definition, by name: what is written last is served last.
const SERVICES: &str = "/apis/gitsm.dev/v1alpha1/itservices?limit=1";

/// How long a start took.
pub(crate) struct Start {
    /// Until `/readyz` said yes.
    pub(crate) ready: Duration,
    /// Until kubectl, started then, had its answer; none where there is no kubectl.
    pub(crate) kubectl: Option<Duration>,
    /// Until the definitions of gitsm were served, where the server brings them.
    pub(crate) whole: Option<Duration>,
}

/// A running server.
pub(crate) struct Side {
    /// Where built-in kinds are.
    pub(crate) core: Place,
    /// Where custom resources are.
    pub(crate) customs: Place,
    /// Its processes.
    pub(crate) processes: Vec<(String, u32)>,
    pub(crate) start: Start,
    running: Running,
}

enum Running {
    Embedded(Killed),
    // Boxed since it is much larger.
    Real(Box<Parts>),
}

/// A process that ends with this value.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Side {
    /// `gitsm up` in a folder, which may be new.
    pub(crate) async fn embedded(binary: &Path, folder: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let authority = format!("127.0.0.1:{port}");
        let note = folder.join("server.json");
        let log = std::fs::File::create(folder.with_extension("log")).context("cannot write a log")?;
        let began = Instant::now();
        let child = Command::new(binary)
            .arg("up")
            .arg("--data")
            .arg(folder)
            .args(["--listen", &authority])
            // Not inside of a work tree, which would be taken for the estate.
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let pid = child.id();
        let mut child = Killed(child);
        let kubeconfig = folder.join("kubeconfig");
        let place = loop {
            if let Ok(place) = place_of(&kubeconfig, &authority)
                && is_ready(&place).await
            {
                break place;
            }
            if let Some(status) = child.0.try_wait()? {
                bail!("gitsm up has ended: {status}");
            }
            ensure!(began.elapsed() < SLOWEST_START, "gitsm up does not get ready");
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        let ready = began.elapsed();
        let kubectl = kubectl(&kubeconfig)?.then(|| began.elapsed());
        while !note.exists() {
            ensure!(began.elapsed() < SLOWEST_START, "gitsm up does not get ready");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // When kubectl ran in between, the time of the note tells what this process did not see.
        let whole = std::fs::metadata(&note)?
            .modified()?
            .elapsed()
            .ok()
            .map(|since| began.elapsed().saturating_sub(since));
        Ok(Self {
            core: place.clone(),
            customs: place,
            processes: vec![("gitsm".to_owned(), pid)],
            start: Start {
                ready,
                kubectl,
                whole,
            },
            running: Running::Embedded(child),
        })
    }

    /// kube-apiserver, etcd and what serves custom resources.
    pub(crate) async fn real() -> Result<Self> {
        let began = Instant::now();
        let parts = Parts::start().await?;
        let whole = began.elapsed();
        let (core_ready, all_ready) = parts.ready();
        // Waiting for the second server is no part of the first answer of the first.
        let before = Instant::now();
        let kubectl = kubectl(parts.kubeconfig_path())?.then(|| core_ready + before.elapsed());
        let tls = Arc::new(client_config(parts.ca(), parts.admin())?);
        let place = |url: &str| Place {
            authority: url.trim_start_matches("https://").to_owned(),
            tls: Arc::clone(&tls),
        };
        let processes = parts.processes();
        ensure!(
            processes.len() >= 2,
            "the processes of the real servers cannot be seen: {processes:?} after {whole:?}"
        );
        Ok(Self {
            core: place(parts.url()),
            customs: place(parts.customs()),
            processes,
            start: Start {
                ready: all_ready,
                kubectl,
                whole: None,
            },
            running: Running::Real(Box::new(parts)),
        })
    }

    /// Writes the definitions and waits until they are served.
    pub(crate) async fn define(&self, crds: &Path) -> Result<()> {
        let mut caller = Caller::connect(&self.customs).await?;
        let mut files: Vec<_> = std::fs::read_dir(crds)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with(".gitsm.dev.yaml"))
            .collect();
        files.sort();
        for file in files {
            let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            caller
                .call(Method::POST, path, YAML, std::fs::read(&file)?)
                .await?;
        }
        let began = Instant::now();
        while caller.get(SERVICES).await.is_err() {
            ensure!(
                began.elapsed() < SLOWEST_START,
                "the definitions are not served: {}",
                self.logs()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    fn logs(&self) -> String {
        match &self.running {
            Running::Embedded(_) => String::new(),
            Running::Real(parts) => parts.logs(),
        }
    }

    /// Stops it.
    pub(crate) fn stop(self) -> Result<()> {
        let Running::Embedded(mut child) = self.running else {
            return Ok(());
        };
        // As a user stops it; killing would be tolerated, but the next start is then another one.
        Command::new("kill").arg(child.0.id().to_string()).status()?;
        child.0.wait()?;
        Ok(())
    }
}

async fn is_ready(place: &Place) -> bool {
    match Caller::connect(place).await {
        Ok(mut caller) => caller.get("/readyz").await.is_ok(),
        Err(_) => false,
    }
}

/// Asks by kubectl with an empty cache; `false` where there is none.
fn kubectl(kubeconfig: &Path) -> Result<bool> {
    let program = std::env::var_os("GITSM_KUBECTL").unwrap_or_else(|| "kubectl".into());
    let cache = tempfile::tempdir()?;
    let output = Command::new(program)
        .arg("get")
        .arg("namespaces")
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .arg("--cache-dir")
        .arg(cache.path())
        .stdin(Stdio::null())
        .output();
    match output {
        Err(_) => Ok(false),
        Ok(output) => {
            ensure!(
                output.status.success(),
                "kubectl: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(true)
        }
    }
}

/// Reads the kubeconfig that `gitsm up` wrote.
fn place_of(kubeconfig: &Path, authority: &str) -> Result<Place> {
    let text = std::fs::read_to_string(kubeconfig)?;
    ensure!(
        text.contains(authority),
        "the kubeconfig is that of an earlier start"
    );
    let pem = |key: &str| -> Result<String> {
        let (_, rest) = text.split_once(key).context("a field is missing")?;
        let encoded = rest.lines().next().unwrap_or_default().trim();
        let bytes = STANDARD.decode(encoded).ok().context("not base64")?;
        String::from_utf8(bytes).context("not PEM")
    };
    let identity = Identity {
        certificate: pem("client-certificate-data:")?,
        key: pem("client-key-data:")?,
    };
    let tls = client_config(
        &pem("certificate-authority-data:")?,
        &Credentials::Certificate(identity),
    )?;
    Ok(Place {
        authority: authority.to_owned(),
        tls: Arc::new(tls),
    })
}
