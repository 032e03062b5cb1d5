//! The real servers without anything between them and their clients, to be measured.

use crate::launch::Site;
use crate::served::{HasServed, Served};
use crate::servers::{Layout, Servers};
use anyhow::{Context as _, Result};
use std::time::{Duration, Instant};

/// A real Kubernetes API as it costs: writes are on disk when they are acknowledged, no router, no controllers.
///
/// Where built-in kinds and custom resources are served by two servers, each has an address of its own.
pub struct Parts {
    served: Served,
    customs: String,
    ready: (Duration, Duration),
}

impl Parts {
    /// Starts them; they live as long as this value.
    ///
    /// # Errors
    /// When the programs are missing (the message says what to run) or do not become ready.
    pub async fn start() -> Result<Self> {
        let servers = Servers::find()?;
        let mut site = Site::new()?;
        let began = Instant::now();
        let etcd = site.durable_etcd(&servers.etcd).await?;
        let (apiserver, customs) = match &servers.layout {
            Layout::Current { apiserver, .. } => (apiserver, None),
            Layout::Split {
                apiserver,
                apiextensions,
                ..
            } => (apiserver, Some(apiextensions)),
        };
        let core = site
            .apiserver(apiserver, &etcd, customs.is_some())
            .await
            .context("the real server did not start")?;
        let core_ready = began.elapsed();
        let customs = match customs {
            None => core.clone(),
            Some(program) => site
                .apiextensions(program, &etcd, Some(&core))
                .await
                .context("the real server for custom resources did not start")?,
        };
        Ok(Self {
            served: Served::new("real", site, core)?,
            customs,
            ready: (core_ready, began.elapsed()),
        })
    }

    /// The address at which custom resources and their definitions are served.
    pub fn customs(&self) -> &str {
        &self.customs
    }

    /// How long it took until the server of the built-in kinds said that it is ready, and until all did.
    pub fn ready(&self) -> (Duration, Duration) {
        self.ready
    }

    /// The programs and their processes, where the system tells them.
    pub fn processes(&self) -> Vec<(String, u32)> {
        let processes = self.served.site.processes.iter();
        processes
            .filter_map(|process| Some((process.name().to_owned(), process.pid()?)))
            .collect()
    }
}

impl HasServed for Parts {
    fn served(&self) -> &Served {
        &self.served
    }
}
