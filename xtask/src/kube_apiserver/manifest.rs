//! What is in the cache: which programs, built from what, with which hashes.

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Name of the file in the cache that names everything else. `gitsm-testkit` reads it.
pub(super) const FILE: &str = "servers.json";

/// Parts by name: `etcd`, `core`, `apiextensions`.
#[derive(Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) parts: BTreeMap<String, Entry>,
}

/// One part: programs that were fetched or built together.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Entry {
    /// Version of what the programs were built from.
    pub(super) version: String,
    /// The recipe of this program that built it.
    pub(super) recipe: u32,
    /// Folder below the cache; programs are in its `bin`.
    pub(super) folder: String,
    /// File name of each program and its SHA-256.
    pub(super) programs: BTreeMap<String, String>,
    /// File name of everything it was made from and its SHA-256.
    pub(super) inputs: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads the manifest of a cache; no file is an empty one, and so is a file that nobody can read any more.
    pub(super) fn read(cache: &Path) -> Self {
        let Ok(text) = std::fs::read(cache.join(FILE)) else {
            return Self::default();
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            println!("    {FILE} is damaged and is made again: {error}");
            Self::default()
        })
    }

    /// Replaces the manifest in one step.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub(super) fn write(&self, cache: &Path) -> Result<()> {
        let new = cache.join(format!("{FILE}.new"));
        let text = serde_json::to_string_pretty(self).context("a manifest is JSON")?;
        std::fs::write(&new, text + "\n").with_context(|| format!("cannot write {}", new.display()))?;
        std::fs::rename(&new, cache.join(FILE)).context("cannot replace the manifest")
    }
}

impl Entry {
    /// The folder of the programs.
    pub(super) fn bin(&self, cache: &Path) -> PathBuf {
        cache.join(&self.folder).join("bin")
    }

    /// Checks that every program is what it was when it was built.
    ///
    /// # Errors
    /// When one is missing or has changed.
    pub(super) fn verify(&self, cache: &Path) -> Result<()> {
        for (program, expected) in &self.programs {
            let path = self.bin(cache).join(program);
            if hash(&path)? != *expected {
                bail!("{} is not what was built", path.display());
            }
        }
        Ok(())
    }
}

/// Names and hashes of files.
///
/// # Errors
/// When one cannot be read.
pub(super) fn hashes(files: &[PathBuf]) -> Result<BTreeMap<String, String>> {
    files
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Ok((name.into_owned(), hash(path)?))
        })
        .collect()
}

/// The SHA-256 of a file in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub(super) fn hash(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file
            .read(&mut buffer)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    Ok(digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Entry, Manifest, hash};
    use std::collections::BTreeMap;

    #[test]
    fn a_changed_program_is_noticed() {
        let cache = tempfile::tempdir().unwrap();
        let bin = cache.path().join("etcd-1/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join("etcd"), "abc").unwrap();
        let digest = hash(&bin.join("etcd")).unwrap();
        assert_eq!(
            digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let entry = Entry {
            version: "1".to_owned(),
            recipe: 1,
            folder: "etcd-1".to_owned(),
            programs: BTreeMap::from([("etcd".to_owned(), digest)]),
            inputs: BTreeMap::new(),
        };
        entry.verify(cache.path()).unwrap();
        let manifest = Manifest {
            parts: BTreeMap::from([("etcd".to_owned(), entry.clone())]),
        };
        manifest.write(cache.path()).unwrap();
        assert_eq!(Manifest::read(cache.path()), manifest);
        std::fs::write(bin.join("etcd"), "abd").unwrap();
        assert!(
            entry
                .verify(cache.path())
                .unwrap_err()
                .to_string()
                .ends_with("etcd is not what was built")
        );
        std::fs::write(cache.path().join(super::FILE), "{").unwrap();
        assert_eq!(Manifest::read(cache.path()), Manifest::default());
    }
}
