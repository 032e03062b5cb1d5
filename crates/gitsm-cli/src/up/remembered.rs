//! What a start is told once and later ones know.

use anyhow::Context as _;
use gitsm_apiserver::pki::write_private;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where a server listens unless it is told otherwise.
const LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 7443);

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remembered {
    /// Where the server listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the estate is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) estate: Option<Place>,
    /// The definitions as they were when they had been applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) definitions: Option<Definitions>,
}

/// Which definitions were applied, and what the server made of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definitions {
    /// [`gitsm_api::publish::DEFINITIONS`] of the gitsm that applied them.
    pub(crate) digest: String,
    /// Uid and generation of each by its name: both stay the same while nobody changes it.
    pub(crate) generations: BTreeMap<String, (String, i64)>,
}

/// Where an estate is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Place {
    /// A git work tree of the user's; the commit of its current branch counts.
    WorkTree(PathBuf),
    /// The bare repository in the data folder.
    #[serde(rename_all = "camelCase")]
    Own {
        /// The folder from whose files it was made.
        made_from: PathBuf,
        /// Where the estate is in it, with `/` between parts; empty for the root.
        within: String,
    },
}

impl Remembered {
    /// Reads it; nothing is remembered in a new folder.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is damaged.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| {
                format!(
                    "{} is damaged; delete it and name the estate and --listen again",
                    path.display()
                )
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes it, if it has changed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        if Self::read(path).is_ok_and(|known| known == *self) {
            return Ok(());
        }
        write_private(path, &serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    /// Where to listen.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| LISTEN.into())
    }
}
