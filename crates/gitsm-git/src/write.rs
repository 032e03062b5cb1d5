//! Making a repository: a bare one with a first commit.

use crate::{CommitId, EntryKind, Error, Repository, Result};
use git2::{Index, IndexEntry, IndexTime, RepositoryInitOptions, Signature, Time};
use std::path::Path;

/// Who made a commit, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author<'a> {
    /// The name.
    pub name: &'a str,
    /// The e-mail address.
    pub email: &'a str,
    /// Seconds since 1970, UTC.
    pub seconds: i64,
}

/// The files of a commit that is being made. Their content is in the object database as soon as they are added.
pub struct NewTree<'r> {
    repository: &'r Repository,
    index: Index,
}

impl Repository {
    /// Makes a bare repository in a folder, which is made where it is absent. `branch` is the one that a clone
    /// checks out.
    ///
    /// # Errors
    /// [`Error::Git`] when the folder cannot be written to.
    pub fn init_bare(folder: &Path, branch: &str) -> Result<Self> {
        let mut options = RepositoryInitOptions::new();
        options
            .bare(true)
            .mkpath(true)
            .no_reinit(true)
            .initial_head(branch)
            // Hooks of the machine are no part of an estate.
            .external_template(false);
        git2::Repository::init_opts(folder, &options).map_err(Error::while_doing(format!(
            "make a repository in {}",
            folder.display()
        )))?;
        Self::open(folder)
    }

    /// Begins a commit that has no file yet.
    ///
    /// # Errors
    /// [`Error::Git`].
    pub fn new_tree(&self) -> Result<NewTree<'_>> {
        Ok(NewTree {
            repository: self,
            index: Index::new().map_err(Error::while_doing("begin a commit"))?,
        })
    }
}

impl NewTree<'_> {
    /// Adds a file. Its path counts from the root of the repository, parts separated by `/`.
    ///
    /// # Errors
    /// [`Error::Git`] for a path that git does not allow (`.git` in it, for example), and when the object database
    /// cannot be written to.
    pub fn add(&mut self, path: &[u8], kind: EntryKind, content: &[u8]) -> Result<()> {
        let doing = || format!("add {}", String::from_utf8_lossy(path));
        // libgit2 leaves these to the file system, and there is none here.
        if path.split(|byte| *byte == b'/').any(<[u8]>::is_empty) {
            let error = git2::Error::from_str("a part of the path has no name");
            return Err(Error::while_doing(doing())(error));
        }
        let id = self
            .repository
            .inner
            .blob(content)
            .map_err(Error::while_doing(doing()))?;
        let mode = match kind {
            EntryKind::Executable => 0o100_755,
            EntryKind::Symlink => 0o120_000,
            EntryKind::Submodule | EntryKind::File => 0o100_644,
        };
        let entry = IndexEntry {
            ctime: IndexTime::new(0, 0),
            mtime: IndexTime::new(0, 0),
            dev: 0,
            ino: 0,
            mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path: path.to_vec(),
        };
        self.index.add(&entry).map_err(Error::while_doing(doing()))
    }

    /// Makes the commit, the first one of a branch.
    ///
    /// # Errors
    /// [`Error::Git`], also when the branch has commits.
    pub fn commit(mut self, branch: &str, author: Author<'_>, message: &str) -> Result<CommitId> {
        let repository = &self.repository.inner;
        let mut write = || -> Result<git2::Oid, git2::Error> {
            let tree = repository.find_tree(self.index.write_tree_to(repository)?)?;
            let time = Time::new(author.seconds, 0);
            let signature = Signature::new(author.name, author.email, &time)?;
            let reference = format!("refs/heads/{branch}");
            repository.commit(Some(&reference), &signature, &signature, message, &tree, &[])
        };
        write()
            .map(CommitId)
            .map_err(Error::while_doing(format!("make the first commit of {branch}")))
    }
}

impl std::fmt::Debug for NewTree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTree")
            .field("files", &self.index.len())
            .finish_non_exhaustive()
    }
}
