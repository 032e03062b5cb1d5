//! A whole real Kubernetes API.

use crate::launch::Site;
use crate::router::Router;
use crate::served::{HasServed, Served};
use crate::servers::{Layout, Servers};
use crate::{Pki, dump};
use anyhow::{Context as _, Result};

/// A real Kubernetes API with garbage collection and the deletion of namespaces, without nodes.
///
/// Where the servers are one current kube-apiserver, it is that one. Otherwise it is two behind a router: an old
/// kube-apiserver for the built-in kinds, a current apiextensions-apiserver for CRDs and custom resources, and one
/// discovery over both. The collector looks for new kinds every 30 seconds, so it needs that long to notice a CRD.
pub struct Real {
    // Fields are dropped in this order: the router before the servers behind it.
    router: Option<Router>,
    served: Served,
}

impl Real {
    /// Starts one; it lives as long as this value.
    ///
    /// # Errors
    /// When the programs are missing (the message says what to run) or do not become ready.
    pub async fn start() -> Result<Self> {
        let servers = Servers::find()?;
        let mut site = Site::new()?;
        let started = start(&servers, &mut site).await;
        let (router, url) = started.context("the real servers did not start")?;
        Ok(Self {
            router,
            served: Served::new("real", site, url)?,
        })
    }

    /// The authority that clients' certificates are issued by, to be someone else than the administrator.
    pub fn pki(&self) -> &Pki {
        &self.served.site.pki
    }

    /// Whether CRDs and built-in kinds are served by two servers behind a router.
    pub fn is_split(&self) -> bool {
        self.router.is_some()
    }
}

async fn start(servers: &Servers, site: &mut Site) -> Result<(Option<Router>, String)> {
    let etcd = site.etcd(&servers.etcd).await?;
    match &servers.layout {
        Layout::Current {
            apiserver,
            controller_manager,
        } => {
            let url = site.apiserver(apiserver, &etcd, false).await?;
            if let Some(program) = controller_manager {
                site.controllers(program, &url, false)?;
            }
            Ok((None, url))
        }
        Layout::Split {
            apiserver,
            controller_manager,
            apiextensions,
        } => {
            let core = site.apiserver(apiserver, &etcd, true).await?;
            let customs = site.apiextensions(apiextensions, &etcd, Some(&core)).await?;
            let router = Router::start(site, &core, &customs).await?;
            let url = router.url().to_owned();
            site.controllers(controller_manager, &url, true)?;
            Ok((Some(router), url))
        }
    }
}

impl HasServed for Real {
    fn served(&self) -> &Served {
        &self.served
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        dump::on_failure(self);
    }
}
