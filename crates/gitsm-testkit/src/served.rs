//! What all real servers of the tests have in common.

use crate::launch::Site;
use crate::{ApiServer, Credentials};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// A site whose servers answer, and where.
pub(crate) struct Served {
    pub(crate) site: Site,
    name: &'static str,
    url: String,
    kubeconfig: PathBuf,
}

impl Served {
    /// Writes the administrator's kubeconfig for the address.
    pub(crate) fn new(name: &'static str, site: Site, url: String) -> Result<Self> {
        let kubeconfig = site.kubeconfig("kubeconfig", &url)?;
        Ok(Self {
            site,
            name,
            url,
            kubeconfig,
        })
    }
}

/// A server that is no more than that to its clients.
pub(crate) trait HasServed {
    fn served(&self) -> &Served;
}

impl<T: HasServed + Send + Sync> ApiServer for T {
    fn name(&self) -> &'static str {
        self.served().name
    }

    fn url(&self) -> &str {
        &self.served().url
    }

    fn ca(&self) -> &str {
        self.served().site.pki.certificate()
    }

    fn admin(&self) -> &Credentials {
        &self.served().site.admin
    }

    fn kubeconfig_path(&self) -> &Path {
        &self.served().kubeconfig
    }

    fn logs(&self) -> String {
        self.served().site.logs()
    }
}
