//! The server in this process.

use crate::up::data::DataFolder;
use anyhow::Context as _;
use gitsm_apiserver::auth::tokens::Tokens;
use gitsm_apiserver::http::audit::NoAudit;
use gitsm_apiserver::http::gate::{NoReviews, OpenGate};
use gitsm_apiserver::http::limits::Limits;
use gitsm_apiserver::pki::Authority;
use gitsm_apiserver::registry::AdmitAll;
use gitsm_apiserver::security::Security;
use gitsm_apiserver::server::{Server, ServerOptions, StartError};
use jiff::Timestamp;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// Names under which programs of a cluster look for its server.
const NAMES: [&str; 5] = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// Starts the server of a folder: with TLS and authentication, always.
///
/// # Errors
///
/// When the keys are damaged, the address is taken, or the store cannot be used.
pub(crate) async fn start(data: &DataFolder, listen: SocketAddr) -> anyhow::Result<(Server, Authority)> {
    for folder in [data.pki(), data.audit()] {
        make_private_folder(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let now = SystemTime::now();
    let authority = Authority::load_or_create(&data.pki(), now)?;
    let tokens = Tokens::load(&data.pki())?;
    let certificate = authority.issue_server(&hosts(listen), now)?;
    let tls = authority.server_config(&certificate)?;
    let clock: gitsm_apiserver::crd::controller::Clock = Arc::new(Timestamp::now);
    let security = Security::new(tokens, &data.audit(), Arc::clone(&clock))?;
    // Security puts itself in the place of what lets everyone in.
    let options = security.secure(ServerOptions {
        folder: data.store(),
        listen,
        tls: Some(Arc::new(tls)),
        gate: Box::new(|_| Arc::new(OpenGate)),
        reviews: Box::new(|_| Arc::new(NoReviews)),
        admission: Arc::new(AdmitAll),
        audit: Arc::new(NoAudit),
        limits: Limits::default(),
        clock,
    });
    match Server::start(options).await {
        Ok(server) => Ok((server, authority)),
        Err(StartError::Address { address, why }) if why.kind() == ErrorKind::AddrInUse => {
            anyhow::bail!(
                "port {} is in use on {}; stop what listens there, or take another port with --listen {} \
                 (port 0: any free one); it is remembered",
                address.port(),
                address.ip(),
                SocketAddr::new(address.ip(), 0)
            )
        }
        Err(StartError::Address { address, why }) => anyhow::bail!(
            "cannot listen on {address}: {why}; name an address of this machine with --listen ADDRESS:PORT"
        ),
        Err(error) => Err(error.into()),
    }
}

/// What the server's certificate is for.
fn hosts(listen: SocketAddr) -> Vec<String> {
    let mut hosts: Vec<String> = NAMES.map(str::to_owned).to_vec();
    hosts.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    if !listen.ip().is_loopback() {
        if !listen.ip().is_unspecified() {
            hosts.push(listen.ip().to_string());
        }
        let name = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok());
        // A machine may have a name that no certificate can be for.
        let is_host = |name: &String| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
        };
        hosts.extend(name.filter(is_host));
    }
    hosts
}

fn make_private_folder(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}
