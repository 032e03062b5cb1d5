//! The real server for CRDs and custom resources, alone.

use crate::dump;
use crate::launch::Site;
use crate::served::{HasServed, Served};
use crate::servers::{Layout, Servers};
use anyhow::{Context as _, Result};

/// A real apiextensions-apiserver without a kube-apiserver: schemas, rules, pruning, defaults, apply, watches are all
/// the real thing. Namespaces need not exist, nobody but the administrator gets in, `/api` and `/apis` are 404.
///
/// Where the servers are one current kube-apiserver, this is that one: it contains the same code.
pub struct Apiextensions {
    served: Served,
}

impl Apiextensions {
    /// Starts one; it lives as long as this value.
    ///
    /// # Errors
    /// When the programs are missing (the message says what to run) or do not become ready.
    pub async fn start() -> Result<Self> {
        let servers = Servers::find()?;
        let mut site = Site::new()?;
        let etcd = site.etcd(&servers.etcd).await?;
        let url = match &servers.layout {
            Layout::Split { apiextensions, .. } => site.apiextensions(apiextensions, &etcd, None).await,
            Layout::Current { apiserver, .. } => site.apiserver(apiserver, &etcd, false).await,
        }
        .context("the real apiextensions-apiserver did not start")?;
        Ok(Self {
            served: Served::new("apiextensions", site, url)?,
        })
    }
}

impl HasServed for Apiextensions {
    fn served(&self) -> &Served {
        &self.served
    }
}

impl Drop for Apiextensions {
    fn drop(&mut self) {
        dump::on_failure(self);
    }
}
