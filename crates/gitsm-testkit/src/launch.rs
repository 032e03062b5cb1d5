//! Starting servers: a folder, ports, the command lines, and waiting until they answer.

use crate::connections::Connections;
use crate::pki::{Identity, Pki, Subject, write, write_token_key};
use crate::process::Process;
use crate::{Client, Credentials, kubeconfig};
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Time for one server to become ready; on a busy machine the old kube-apiserver takes its time.
const READY: Duration = Duration::from_mins(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);
/// The organization whose members may do everything.
const MASTERS: &str = "system:masters";

/// What servers of one test share.
pub(crate) struct Site {
    // Fields are dropped in this order: what writes into the folder is gone before the folder is.
    pub(crate) processes: Vec<Process>,
    pub(crate) folder: TempDir,
    pub(crate) pki: Pki,
    /// Signs who a trusted proxy is. Of its own: a certificate of it without a named user is nobody.
    pub(crate) proxies: Pki,
    pub(crate) admin: Credentials,
}

impl Site {
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gitsm-test-")
            .tempdir()
            .context("cannot create a folder for the servers")?;
        let pki = Pki::new("test-ca")?;
        let proxies = Pki::new("test-proxy-ca")?;
        write(&folder.path().join("ca.crt"), pki.certificate())?;
        write(&folder.path().join("proxy-ca.crt"), proxies.certificate())?;
        pki.server()?.write(folder.path(), "server")?;
        write_token_key(folder.path())?;
        let admin = Credentials::Certificate(pki.client("admin", &[MASTERS])?);
        Ok(Self {
            folder,
            pki,
            proxies,
            admin,
            processes: Vec::new(),
        })
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a kubeconfig of the administrator.
    pub(crate) fn kubeconfig(&self, name: &str, url: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        kubeconfig::write(&path, url, self.pki.certificate(), &self.admin)?;
        Ok(path)
    }

    fn start(&mut self, name: &str, program: &Path, arguments: Vec<String>) -> Result<()> {
        let process = Process::start(self.folder.path(), name, program, arguments)?;
        self.processes.push(process);
        Ok(())
    }

    /// The address of a new etcd that forgets what it was told when the machine stops: tests do not mind.
    pub(crate) async fn etcd(&mut self, program: &Path) -> Result<String> {
        self.etcd_with(program, &["--unsafe-no-fsync"]).await
    }

    /// The address of a new etcd that has written to disk what it acknowledges, as in production.
    pub(crate) async fn durable_etcd(&mut self, program: &Path) -> Result<String> {
        // The usual quota of 2 GiB is reached before the last figure: every version of an object counts.
        self.etcd_with(program, &["--quota-backend-bytes=8589934592"])
            .await
    }

    async fn etcd_with(&mut self, program: &Path, options: &[&str]) -> Result<String> {
        let url = format!("http://127.0.0.1:{}", free_port()?);
        let peers = format!("http://127.0.0.1:{}", free_port()?);
        let mut arguments = vec![
            "--name=test".to_owned(),
            format!("--data-dir={}", self.path("etcd")),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=test={peers}"),
        ];
        arguments.extend(options.iter().map(|&option| option.to_owned()));
        self.start("etcd", program, arguments)?;
        self.wait(&url, "/health", "\"true\"").await?;
        Ok(url)
    }

    /// Flags that all API servers share: where they listen, their certificate, and whom they believe.
    fn serving(&self, port: u16, etcd: &str, prefix: &str) -> Vec<String> {
        vec![
            format!("--etcd-servers={etcd}"),
            format!("--etcd-prefix=/{prefix}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={port}"),
            format!("--cert-dir={}", self.path(prefix)),
            format!("--tls-cert-file={}", self.path("server.crt")),
            format!("--tls-private-key-file={}", self.path("server.key")),
            format!("--client-ca-file={}", self.path("ca.crt")),
            format!("--requestheader-client-ca-file={}", self.path("proxy-ca.crt")),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        ]
    }

    /// The address of a new kube-apiserver; `is_old` for 1.20, which still listens without TLS unless told not to.
    pub(crate) async fn apiserver(&mut self, program: &Path, etcd: &str, is_old: bool) -> Result<String> {
        let port = free_port()?;
        let mut arguments = self.serving(port, etcd, "core");
        arguments.extend([
            "--advertise-address=127.0.0.1".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", self.path("sa.pub")),
            format!("--service-account-signing-key-file={}", self.path("sa.key")),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
            "--disable-admission-plugins=ServiceAccount".to_owned(),
        ]);
        if is_old {
            arguments.push("--insecure-port=0".to_owned());
        }
        self.start("kube-apiserver", program, arguments)?;
        let url = format!("https://127.0.0.1:{port}");
        self.wait(&url, "/readyz", "ok").await?;
        Ok(url)
    }

    /// The address of a new apiextensions-apiserver that asks the kube-apiserver at `core` who may do what, or
    /// stands alone.
    pub(crate) async fn apiextensions(
        &mut self,
        program: &Path,
        etcd: &str,
        core: Option<&str>,
    ) -> Result<String> {
        let port = free_port()?;
        // Nothing listens on port 1: without a core server only what needs none is switched on.
        let config = self.kubeconfig("core.kubeconfig", core.unwrap_or("https://127.0.0.1:1"))?;
        let config = config.display().to_string();
        let disabled = if core.is_some() {
            "ValidatingAdmissionPolicy,MutatingAdmissionPolicy"
        } else {
            "NamespaceLifecycle,MutatingAdmissionPolicy,MutatingAdmissionWebhook,ValidatingAdmissionPolicy,\
             ValidatingAdmissionWebhook"
        };
        let mut arguments = self.serving(port, etcd, "apiextensions");
        arguments.extend([
            format!("--kubeconfig={config}"),
            format!("--authentication-kubeconfig={config}"),
            format!("--authorization-kubeconfig={config}"),
            "--authentication-skip-lookup".to_owned(),
            // What a binding allows or forbids counts for the very next request.
            "--authentication-token-webhook-cache-ttl=1ms".to_owned(),
            "--authorization-webhook-cache-authorized-ttl=1ms".to_owned(),
            "--authorization-webhook-cache-unauthorized-ttl=1ms".to_owned(),
            format!("--disable-admission-plugins={disabled}"),
            "--enable-priority-and-fairness=false".to_owned(),
        ]);
        self.start("apiextensions-apiserver", program, arguments)?;
        let url = format!("https://127.0.0.1:{port}");
        if core.is_some() {
            self.wait(&url, "/readyz", "ok").await?;
        } else {
            // Its informers never find a core server, so it never calls itself ready.
            self.wait(
                &url,
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                "\"CustomResourceDefinitionList\"",
            )
            .await?;
        }
        Ok(url)
    }

    /// Starts the controllers that finish the deletion of namespaces and collect garbage.
    pub(crate) fn controllers(&mut self, program: &Path, url: &str, is_old: bool) -> Result<()> {
        let config = self.kubeconfig("controllers.kubeconfig", url)?;
        let controllers = if is_old {
            "namespace,garbagecollector"
        } else {
            "namespace-controller,garbage-collector-controller"
        };
        let mut arguments = vec![
            format!("--kubeconfig={}", config.display()),
            format!("--controllers={controllers}"),
            "--leader-elect=false".to_owned(),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", free_port()?),
            format!("--cert-dir={}", self.path("controllers")),
        ];
        if is_old {
            arguments.push("--port=0".to_owned());
        }
        self.start("kube-controller-manager", program, arguments)
    }

    /// An identity that the servers believe when it says whose request it brings.
    pub(crate) fn proxy(&self) -> Result<Identity> {
        self.proxies.client("router", &[])
    }

    /// Waits until a path answers with a text.
    async fn wait(&mut self, url: &str, path: &str, text: &str) -> Result<()> {
        let client = Client::new(url, self.pki.certificate(), &self.admin)?;
        let deadline = Instant::now() + READY;
        loop {
            for process in &mut self.processes {
                process.check()?;
            }
            let answer = client.get(path).await;
            if let Ok(reply) = &answer
                && reply.status.is_success()
                && reply.text().contains(text)
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                let answer = answer.map_or_else(|error| format!("{error:#}"), |reply| reply.to_string());
                anyhow::bail!(
                    "{url}{path} was not ready in {} s: {answer}\n{}",
                    READY.as_secs(),
                    self.logs()
                );
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// The ends of all logs.
    pub(crate) fn logs(&self) -> String {
        self.processes.iter().map(Process::tail).collect()
    }

    pub(crate) fn connections(&self, url: &str, identity: Identity) -> Result<Connections> {
        Connections::new(url, self.pki.certificate(), &Credentials::Certificate(identity))
    }
}

impl Subject {
    /// The headers with which a proxy names a user.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let groups = self.groups.iter().map(|group| ("x-remote-group", group.as_str()));
        std::iter::once(("x-remote-user", self.name.as_str())).chain(groups)
    }
}

/// A port of 127.0.0.1 that nobody listens on, and that this process has not handed out before.
fn free_port() -> Result<u16> {
    static TAKEN: LazyLock<Mutex<BTreeSet<u16>>> = LazyLock::new(Mutex::default);
    loop {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
        let port = listener.local_addr().context("no free port")?.port();
        if TAKEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return Ok(port);
        }
    }
}
