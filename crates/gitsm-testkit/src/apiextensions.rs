//! The real server for CRDs and custom resources, alone.

use crate::launch::Site;
use crate::servers::{Layout, Servers};
use crate::{ApiServer, Credentials, dump};
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// A real apiextensions-apiserver without a kube-apiserver: schemas, rules, pruning, defaults, apply, watches are all
/// the real thing. Namespaces need not exist, nobody but the administrator gets in, `/api` and `/apis` are 404.
///
/// Where the servers are one current kube-apiserver, this is that one: it contains the same code.
pub struct Apiextensions {
    site: Site,
    url: String,
    kubeconfig: PathBuf,
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
        let kubeconfig = site.kubeconfig("kubeconfig", &url)?;
        Ok(Self {
            site,
            url,
            kubeconfig,
        })
    }
}

impl ApiServer for Apiextensions {
    fn name(&self) -> &'static str {
        "apiextensions"
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn ca(&self) -> &str {
        self.site.pki.certificate()
    }

    fn admin(&self) -> &Credentials {
        &self.site.admin
    }

    fn kubeconfig_path(&self) -> &Path {
        &self.kubeconfig
    }

    fn logs(&self) -> String {
        self.site.logs()
    }
}

impl Drop for Apiextensions {
    fn drop(&mut self) {
        dump::on_failure(self);
    }
}
