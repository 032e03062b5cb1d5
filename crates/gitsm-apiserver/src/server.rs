//! The server as a whole: a folder, an address, and what is between them.

use crate::cluster::RegistryCluster;
use crate::crd::controller::{Clock, Controller};
use crate::error::ApiError;
use crate::gc;
use crate::http::audit::AuditLog;
use crate::http::gate::{Gate, Reviews};
use crate::http::limits::{Inflight, Limits};
use crate::http::{Api, serve};
use crate::kind::Kind;
use crate::kinds::Kinds;
use crate::registry::{Admission, Registry};
use crate::store::{OpenError, Store, StoreOptions};
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Makes a part of the server once its objects can be read.
pub type Make<T> = Box<dyn FnOnce(&Registry) -> Arc<T> + Send>;

/// How a server is started.
pub struct ServerOptions {
    /// Where everything is kept.
    pub folder: PathBuf,
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Certificate, key and who is asked for a certificate; without it connections are plain, on loopback only.
    pub tls: Option<Arc<ServerConfig>>,
    /// Who may do what; made once the objects that it decides by can be read.
    pub gate: Make<dyn Gate>,
    /// Resources that are computed.
    pub reviews: Make<dyn Reviews>,
    /// Who may refuse writes.
    pub admission: Arc<dyn Admission>,
    /// What is noted of requests.
    pub audit: Arc<dyn AuditLog>,
    /// How much each user may ask at once.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// The address cannot be used.
    #[error("cannot listen on {address}: {why}; stop what listens there, or choose another address")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        why: std::io::Error,
    },
    /// Whoever can reach the address could do everything.
    #[error(
        "{0} can be reached by others, so it needs TLS; listen on 127.0.0.1, or give the server a certificate"
    )]
    Exposed(SocketAddr),
    /// What every server has at its start cannot be written.
    #[error("the objects that every server has cannot be written: {0}")]
    Begin(ApiError),
}

/// A running server. It stops when it is told to or dropped.
pub struct Server {
    address: SocketAddr,
    registry: Registry,
    api: Arc<Api>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    controllers: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the folder, serves what is in it and listens.
    ///
    /// # Errors
    /// When folder or address cannot be used.
    pub async fn start(options: ServerOptions) -> Result<Self, StartError> {
        if options.tls.is_none() && !options.listen.ip().is_loopback() {
            return Err(StartError::Exposed(options.listen));
        }
        // The address first: a second server finds it taken before it touches anything.
        let address = options.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|why| StartError::Address { address, why })?;
        let address = listener
            .local_addr()
            .map_err(|why| StartError::Address { address, why })?;
        let store = Store::open(&options.folder, StoreOptions::new(milliseconds(&options.clock)))?;
        let kinds = Arc::new(Kinds::new(built_in_kinds()));
        let registry = Registry::new(store, kinds, options.admission);
        crate::begin::write(&registry, address.port(), (options.clock)())
            .await
            .map_err(StartError::Begin)?;
        let (following, definitions) = follow_definitions(&registry, &options.clock).await;
        let controllers = vec![following, collect_garbage(&registry, &options.clock)];
        let (stop, stopping) = watch::channel(false);
        let api = Arc::new(Api {
            gate: (options.gate)(&registry),
            reviews: (options.reviews)(&registry),
            registry: registry.clone(),
            audit: options.audit,
            clock: options.clock,
            inflight: Inflight::new(options.limits),
            definitions,
            stopping: stopping.clone(),
        });
        let accepting = tokio::spawn(serve::run(Arc::clone(&api), listener, options.tls, stopping));
        Ok(Self {
            address,
            registry,
            api,
            stop,
            accepting,
            controllers,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its objects, for what runs in the same process.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What answers its requests, for requests that come without a connection.
    pub fn api(&self) -> &Arc<Api> {
        &self.api
    }

    /// Lets requests finish, ends watches, and closes the store.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let _ = (&mut self.accepting).await;
        self.controllers.iter().for_each(JoinHandle::abort);
        if let Err(error) = self.registry.store().close().await {
            tracing::warn!(%error, "the store could not be closed cleanly; acknowledged writes are safe");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.controllers.iter().for_each(JoinHandle::abort);
    }
}

/// Deletes what nobody owns any more, what is in deleted namespaces, and old events.
fn collect_garbage(registry: &Registry, clock: &Clock) -> JoinHandle<()> {
    let cluster = RegistryCluster::new(registry.clone(), Arc::clone(clock));
    let settings = gc::Settings::new(milliseconds(clock));
    tokio::spawn(gc::run(registry.store().clone(), Arc::new(cluster), settings))
}

/// What is served before any definition is there.
fn built_in_kinds() -> Vec<Arc<Kind>> {
    let mut kinds = vec![crate::crd::definition::kind()];
    kinds.extend(crate::builtin::kinds());
    kinds
}

fn milliseconds(clock: &Clock) -> crate::store::Clock {
    let clock = Arc::clone(clock);
    Arc::new(move || u64::try_from(clock().as_millisecond()).unwrap_or(0))
}

async fn follow_definitions(registry: &Registry, clock: &Clock) -> (JoinHandle<()>, watch::Receiver<u64>) {
    let (done, definitions) = watch::channel(0);
    let mut controller = Controller::new(registry.clone(), Arc::clone(clock), done);
    let after = controller.start().await;
    (tokio::spawn(controller.run(after)), definitions)
}
