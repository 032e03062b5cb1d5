//! gitsm's own API server, inside of the test's process.

use crate::{ApiServer, Credentials, Identity, dump, kubeconfig};
use anyhow::{Context as _, Result};
use gitsm_apiserver::auth::tokens::Tokens;
use gitsm_apiserver::crd::controller::Clock;
use gitsm_apiserver::http::audit::NoAudit;
use gitsm_apiserver::http::gate::{NoReviews, OpenGate};
use gitsm_apiserver::http::limits::Limits;
use gitsm_apiserver::pki::Authority;
use gitsm_apiserver::registry::AdmitAll;
use gitsm_apiserver::security::Security;
use gitsm_apiserver::server::{Server, ServerOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const MASTERS: &str = "system:masters";
/// A certificate of a test is good for longer than any test runs.
const LIFETIME: Duration = Duration::from_hours(24);
/// Bytes of the audit log that are shown.
const TAIL: usize = 6_000;
const STOPPING: Duration = Duration::from_secs(5);

/// The embedded API server with TLS, certificates, tokens, RBAC and an audit log, in a folder and on a port of its own.
///
/// It runs on threads of its own, so that it serves while a test does not.
pub struct Embedded {
    // Fields are dropped in this order: nothing writes into the folder any more when it goes.
    server: Option<Server>,
    runtime: Option<tokio::runtime::Runtime>,
    folder: TempDir,
    authority: Authority,
    security: Arc<Security>,
    admin: Credentials,
    url: String,
    kubeconfig: PathBuf,
}

impl Embedded {
    /// Starts one by the clock of the machine; it lives as long as this value.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start() -> Result<Self> {
        Self::start_at(Arc::new(jiff::Timestamp::now)).await
    }

    /// Starts one by a clock of the test. Certificates are good by the clock of the machine: TLS asks no other.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_at(clock: Clock) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gitsm-test-")
            .tempdir()
            .context("cannot create a folder for the server")?;
        let now = SystemTime::now();
        let authority = Authority::load_or_create(folder.path(), now).context("no authority")?;
        let hosts = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let own = authority.issue_server(&hosts, now).context("no certificate")?;
        let tls = authority.server_config(&own).context("no TLS")?;
        let tokens = Tokens::load(folder.path()).context("no tokens")?;
        let security = Security::new(tokens, folder.path(), Arc::clone(&clock)).context("no security")?;
        let options = security.secure(ServerOptions {
            folder: folder.path().join("store"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: Some(Arc::new(tls)),
            // Replaced by those of `security`.
            gate: Box::new(|_| Arc::new(OpenGate)),
            reviews: Box::new(|_| Arc::new(NoReviews)),
            admission: Arc::new(AdmitAll),
            audit: Arc::new(NoAudit),
            limits: Limits::default(),
            clock,
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("embedded")
            .enable_all()
            .build()
            .context("no runtime for the server")?;
        let server = runtime
            .spawn(Server::start(options))
            .await
            .context("the embedded server fell while it started")?
            .context("the embedded server did not start")?;
        let url = format!("https://{}", server.address());
        let admin = client_of(&authority, "admin", Some(MASTERS))?;
        let kubeconfig = folder.path().join("kubeconfig");
        kubeconfig::write(&kubeconfig, &url, authority.certificate_pem(), &admin)?;
        Ok(Self {
            server: Some(server),
            runtime: Some(runtime),
            folder,
            authority,
            security,
            admin,
            url,
            kubeconfig,
        })
    }

    /// A client certificate of someone, in a group or in none.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn certificate(&self, user: &str, group: Option<&str>) -> Result<Credentials> {
        client_of(&self.authority, user, group)
    }

    /// A bearer token of someone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn token(&self, user: &str, groups: &[&str]) -> Result<Credentials> {
        let token = self.security.tokens().add(user, "", groups).context("no token")?;
        Ok(Credentials::Token(token))
    }

    /// The folder with everything that it keeps.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn client_of(authority: &Authority, user: &str, group: Option<&str>) -> Result<Credentials> {
    let issued = authority
        .issue_client(user, group, LIFETIME, SystemTime::now())
        .context("no client certificate")?;
    Ok(Credentials::Certificate(Identity {
        certificate: issued.certificate_pem,
        key: issued.key_pem,
    }))
}

impl ApiServer for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn ca(&self) -> &str {
        self.authority.certificate_pem()
    }

    fn admin(&self) -> &Credentials {
        &self.admin
    }

    fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig
    }

    fn logs(&self) -> String {
        let audit = self.folder.path().join("audit.jsonl");
        let bytes = std::fs::read(&audit).unwrap_or_default();
        let end = &bytes[bytes.len().saturating_sub(TAIL)..];
        format!(
            "--- {} ---\n{}\n",
            audit.display(),
            String::from_utf8_lossy(end).trim_end()
        )
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        dump::on_failure(self);
        let (Some(server), Some(runtime)) = (self.server.take(), self.runtime.take()) else {
            return;
        };
        // A runtime may not be waited for inside of another one, so this waits on a thread.
        let stopping = std::thread::spawn(move || {
            runtime.block_on(async { tokio::time::timeout(STOPPING, server.stop()).await.is_ok() });
            runtime.shutdown_timeout(STOPPING);
        });
        let _stopped = stopping.join();
    }
}

#[cfg(test)]
mod tests {
    use super::Embedded;
    use crate::{ApiServer as _, Credentials};
    use serde_json::json;

    #[tokio::test]
    async fn it_serves_its_administrator_and_asks_others_who_they_are() {
        let server = Embedded::start().await.unwrap();
        let config_map = json!({"metadata": {"name": "a"}, "data": {"b": "c"}});
        let path = "/api/v1/namespaces/default/configmaps";
        let admin = server.client().unwrap();
        let created = admin.post(path, &config_map).await.unwrap();
        assert_eq!(created.status, 201, "{created}");
        let nobody = server.client_as(&Credentials::Anonymous).unwrap();
        assert_eq!(nobody.get(path).await.unwrap().status, 403);
        let jane = server
            .client_as(&server.certificate("jane", None).unwrap())
            .unwrap();
        assert_eq!(jane.get(path).await.unwrap().status, 403);
        let joe = server
            .client_as(&server.token("joe", &["system:masters"]).unwrap())
            .unwrap();
        assert_eq!(joe.get(path).await.unwrap().status, 200);
        assert!(server.kubeconfig_path().is_file() && server.folder().join("store").exists());
    }
}
