//! The manifests of a commit, read from the object database: no checkout, no filters, no hooks.

use gitsm_check::input::{self, Input, InputFile};
use gitsm_check::source::{Mode, TreeEntry};
use gitsm_git::{BlobId, CommitId, EntryKind, Error, Repository, TreeLimits};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A repository that several threads read from.
#[derive(Clone)]
pub struct SharedRepository(Arc<Mutex<Repository>>);

impl SharedRepository {
    /// Shares a repository.
    pub fn new(repository: Repository) -> Self {
        Self(Arc::new(Mutex::new(repository)))
    }

    /// The repository, for one question at a time.
    pub fn lock(&self) -> MutexGuard<'_, Repository> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files of one commit below some paths.
pub struct CommitTree {
    repository: SharedRepository,
    commit: CommitId,
    entries: Vec<gitsm_git::TreeEntry>,
}

impl CommitTree {
    /// The files below paths, which count from the root of the repository; the empty one is all of it. With
    /// `may_be_absent` a path that the commit does not have holds nothing.
    ///
    /// # Errors
    /// [`Error::NoSuchPath`], and what [`Repository::tree_entries`] says.
    pub fn read<P: AsRef<str>>(
        repository: &SharedRepository,
        commit: CommitId,
        paths: &[P],
        limits: TreeLimits,
        may_be_absent: bool,
    ) -> Result<Self, Error> {
        let inner = repository.lock();
        let mut entries = Vec::new();
        for path in paths {
            match inner.tree_entries(commit, path.as_ref(), limits) {
                Err(Error::NoSuchPath { .. }) if may_be_absent => {}
                walk => {
                    for entry in walk? {
                        entries.push(entry?);
                    }
                }
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        drop(inner);
        Ok(Self {
            repository: repository.clone(),
            commit,
            entries,
        })
    }

    /// The commit.
    pub fn commit(&self) -> CommitId {
        self.commit
    }

    /// The manifests among the files that are selected by their path, and the tree itself for the rules about trees.
    ///
    /// # Errors
    /// [`Error::Missing`] in partial or damaged clones.
    pub fn into_input(self, selects: &dyn Fn(&str) -> bool) -> Result<CommitInput, Error> {
        let (mut files, mut blobs, mut tree) = (Vec::new(), Vec::new(), Vec::new());
        {
            let repository = self.repository.lock();
            for entry in self.entries {
                let name = entry
                    .path_str()
                    .filter(|name| input::is_manifest(name) && selects(name));
                let regular = matches!(entry.kind, EntryKind::File | EntryKind::Executable);
                let mut size = 0;
                if let (Some(name), Some(blob), true) = (name, entry.blob, regular) {
                    size = repository.blob_size(blob)?;
                    files.push(InputFile {
                        name: Arc::from(name),
                        size,
                    });
                    blobs.push(blob);
                }
                tree.push((entry.path, mode(entry.kind), size));
            }
        }
        Ok(CommitInput {
            repository: self.repository,
            files,
            blobs,
            tree,
        })
    }
}

fn mode(kind: EntryKind) -> Mode {
    match kind {
        EntryKind::File => Mode::File,
        EntryKind::Executable => Mode::Executable,
        EntryKind::Symlink => Mode::Symlink,
        EntryKind::Submodule => Mode::Submodule,
    }
}

/// The manifests of a commit.
pub struct CommitInput {
    repository: SharedRepository,
    files: Vec<InputFile>,
    blobs: Vec<BlobId>,
    tree: Vec<(Vec<u8>, Mode, u64)>,
}

impl CommitInput {
    /// Whether the manifests of two commits differ in any file that could hold a resource of gitsm.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn differs_from(&self, other: &Self) -> Result<bool, input::ReadError> {
        Ok(self.holds_what_is_not_in(other)? || other.holds_what_is_not_in(self)?)
    }

    fn holds_what_is_not_in(&self, other: &Self) -> Result<bool, input::ReadError> {
        let kinds: Vec<&str> = gitsm_api::kinds().iter().map(|info| info.kind).collect();
        for (index, file) in self.files.iter().enumerate() {
            let same = other
                .files
                .binary_search_by(|known| known.name.cmp(&file.name))
                .is_ok_and(|position| other.blobs[position] == self.blobs[index]);
            if !same && input::mentions_gitsm(&input::read(self, index, u64::MAX)?, &kinds) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Input for CommitInput {
    fn files(&self) -> &[InputFile] {
        &self.files
    }

    fn read(&self, index: usize, limit: u64) -> std::io::Result<Vec<u8>> {
        let repository = self.repository.lock();
        // The object database gives whole blobs only.
        let mut content = repository
            .read_blob(self.blobs[index], u64::MAX)
            .map_err(std::io::Error::other)?;
        content.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(content)
    }

    fn trees(&self) -> Vec<input::Tree<'_>> {
        let entries = self
            .tree
            .iter()
            .map(|(path, mode, size)| TreeEntry {
                path,
                mode: *mode,
                size: *size,
            })
            .collect();
        vec![input::Tree { folder: "", entries }]
    }
}
