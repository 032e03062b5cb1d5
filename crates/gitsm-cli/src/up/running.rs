//! The note that a running server leaves in its folder: written when it is ready, removed when it stops. After a
//! crash it stays behind; the lock on the folder, which ends with the process, tells that it means nothing then.

use anyhow::Context as _;
use gitsm_apiserver::pki::write_private;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Running {
    /// Its process.
    pub(crate) pid: u32,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where clients of this machine find it.
    pub(crate) url: String,
    /// The version of gitsm.
    pub(crate) version: String,
    /// Since when, RFC 3339.
    pub(crate) started: String,
    /// What it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) estate: Option<Applied>,
}

/// The estate that a server was started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Applied {
    /// The repository.
    pub(crate) repository: PathBuf,
    /// The commit.
    pub(crate) commit: String,
    /// How many objects it has.
    pub(crate) objects: usize,
    /// How many of them could not be applied.
    pub(crate) failed: usize,
}

impl Running {
    /// Reads a note; `None` where there is none that can be read.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Leaves the note.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_private(path, &serde_json::to_vec_pretty(self)?).context("cannot note that the server runs")
    }
}
