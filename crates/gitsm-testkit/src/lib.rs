//! API servers for tests: each is started by one test in a folder and on ports of its own, and ends with it.
//!
//! | server | is |
//! |---|---|
//! | [`Embedded`] | gitsm's own server, inside of the test's process: ready at once |
//! | [`Real`] | a real Kubernetes API: built-in kinds, CRDs, custom resources, garbage collection, RBAC |
//! | [`Apiextensions`] | the real server for CRDs and custom resources alone: ready in a second |
//! | [`Parts`] | the real servers with durable writes and nothing between them and their clients: for measurements |
//!
//! The programs of the real ones are made by `cargo xtask kube-apiserver`. Tests that need them belong to the real
//! tier: they begin
//! with [`tier::skips_real`] and run under `cargo xtask test --real`. When such a test fails, the end of each
//! server's log and the objects that are there are printed with it.
//!
//! For development only: no crate of the workspace may depend on this one except for its tests.

pub mod client;
pub mod tier;

mod apiextensions;
mod connections;
mod dump;
mod embedded;
#[cfg(test)]
mod fake;
mod kubeconfig;
mod launch;
mod parts;
mod pki;
mod process;
mod real;
mod router;
mod served;
mod servers;

pub use apiextensions::Apiextensions;
pub use client::{Client, Reply, Stream};
pub use connections::client_config;
pub use embedded::Embedded;
pub use parts::Parts;
pub use pki::{Identity, Pki};
pub use real::Real;
pub use servers::{Layout, Servers};

use anyhow::Result;
use std::path::Path;

/// Who a client says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A client certificate and its key, both PEM.
    Certificate(Identity),
    /// A bearer token.
    Token(String),
    /// Nobody.
    Anonymous,
}

/// A running API server, whichever it is: a suite that takes this runs against each of them.
pub trait ApiServer: Send + Sync {
    /// What to call it in the messages of a failed comparison.
    fn name(&self) -> &'static str;

    /// Its address without a slash at the end: `https://127.0.0.1:41234`.
    fn url(&self) -> &str;

    /// The certificate that its own is signed by, PEM.
    fn ca(&self) -> &str;

    /// Someone who may do everything.
    fn admin(&self) -> &Credentials;

    /// A kubeconfig file for [`ApiServer::admin`].
    fn kubeconfig_path(&self) -> &Path;

    /// What helps to understand a failure: the ends of the logs.
    fn logs(&self) -> String;

    /// A client as someone.
    ///
    /// # Errors
    /// When the credentials cannot be read.
    fn client_as(&self, credentials: &Credentials) -> Result<Client> {
        Client::new(self.url(), self.ca(), credentials)
    }

    /// A client that may do everything.
    ///
    /// # Errors
    /// Never for a server that has started.
    fn client(&self) -> Result<Client> {
        self.client_as(self.admin())
    }
}
