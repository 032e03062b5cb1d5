//! Opening a repository and asking it about blobs and its working tree.

use crate::error::DEEPEN;
use crate::{BlobId, CommitId, Error, Result};
use git2::{Config, ConfigLevel, ErrorCode, ObjectType, RepositoryOpenFlags, StatusOptions};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// An open repository.
pub struct Repository {
    pub(crate) inner: git2::Repository,
}

impl Repository {
    /// Opens the repository that `start` is in: the folder itself or the nearest one above it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::ForeignOwner`], [`Error::Open`].
    pub fn discover(start: &Path) -> Result<Self> {
        Self::open_with(start, RepositoryOpenFlags::CROSS_FS)
    }

    /// Opens the repository whose working tree or git folder `path` is; nothing above it is searched.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::ForeignOwner`], [`Error::Open`].
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, RepositoryOpenFlags::NO_SEARCH)
    }

    fn open_with(path: &Path, flags: RepositoryOpenFlags) -> Result<Self> {
        let no_ceiling: [&OsStr; 0] = [];
        let opened =
            git2::Repository::open_ext(path, flags, no_ceiling).map_err(|source| match source.code() {
                ErrorCode::NotFound => Error::NotFound {
                    start: path.to_owned(),
                },
                ErrorCode::Owner => Error::ForeignOwner {
                    path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
                },
                _ => Error::Open {
                    path: path.to_owned(),
                    source,
                },
            })?;
        ignore_ambient_configuration(&opened).map_err(|source| Error::Open {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { inner: opened })
    }

    /// The root of the working tree; `None` for a bare repository.
    pub fn workdir(&self) -> Option<&Path> {
        self.inner.workdir()
    }

    /// The folder of the repository itself, `.git` in most cases.
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// Whether history was cut off when cloning, as CI systems do by default.
    pub fn is_shallow(&self) -> bool {
        self.inner.is_shallow()
    }

    /// The size of a blob in bytes, without reading its content.
    ///
    /// # Errors
    /// [`Error::Missing`] in partial or damaged clones.
    pub fn blob_size(&self, id: BlobId) -> Result<u64> {
        let doing = || format!("read the header of blob {id}");
        let database = self.inner.odb().map_err(Error::while_doing(doing()))?;
        let (size, kind) = database
            .read_header(id.0)
            .map_err(|source| self.missing(source, format!("blob {id}"), doing()))?;
        if kind != ObjectType::Blob {
            return Err(Error::Missing {
                what: format!("blob {id} (a {} has this id)", kind.str()),
                advice: Vec::new(),
            });
        }
        Ok(size as u64)
    }

    /// The content of a blob as it is stored, without filters.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it has more than `max_bytes`, found out before it is unpacked; [`Error::Missing`].
    pub fn read_blob(&self, id: BlobId, max_bytes: u64) -> Result<Vec<u8>> {
        let size = self.blob_size(id)?;
        if size > max_bytes {
            return Err(Error::TooLarge {
                id,
                size,
                limit: max_bytes,
            });
        }
        let blob = self
            .inner
            .find_blob(id.0)
            .map_err(|source| self.missing(source, format!("blob {id}"), format!("read blob {id}")))?;
        Ok(blob.content().to_vec())
    }

    /// Whether any file at or below `paths` differs from `HEAD`: changed, added, removed or untracked, ignored
    /// files aside. Paths count from the root of the repository; none of them means everything.
    ///
    /// A hint for people, not for decisions: the personal `git/ignore` and `git/attributes` files count here, since
    /// libgit2 finds them without configuration.
    ///
    /// # Errors
    /// [`Error::Bare`], [`Error::Git`].
    pub fn is_dirty(&self, paths: &[&Path]) -> Result<bool> {
        Ok(!self.statuses(paths)?.is_empty())
    }

    fn statuses(&self, paths: &[&Path]) -> Result<git2::Statuses<'_>> {
        if self.inner.is_bare() {
            return Err(Error::Bare {
                git_dir: self.git_dir().to_owned(),
            });
        }
        let mut options = StatusOptions::new();
        options
            .include_untracked(true)
            .include_ignored(false)
            .exclude_submodules(true)
            // A path is a path: `[` in a file name is no pattern.
            .disable_pathspec_match(true);
        for path in paths {
            options.pathspec(path);
        }
        self.inner
            .statuses(Some(&mut options))
            .map_err(Error::while_doing("compare the working tree with HEAD"))
    }

    /// The first few files that differ from `HEAD`, as [`Repository::is_dirty`] finds them, and how many there are.
    ///
    /// # Errors
    /// [`Error::Bare`], [`Error::Git`].
    pub fn edited(&self, at_most: usize) -> Result<(Vec<String>, usize)> {
        let statuses = self.statuses(&[])?;
        let paths = statuses
            .iter()
            .take(at_most)
            .map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned())
            .collect();
        Ok((paths, statuses.len()))
    }

    /// The name of the branch that `HEAD` is on; `None` when it is on a commit only.
    pub fn branch(&self) -> Option<String> {
        let head = self.inner.find_reference("HEAD").ok()?;
        let target = head.symbolic_target_bytes()?;
        let name = target.strip_prefix(b"refs/heads/")?;
        Some(String::from_utf8_lossy(name).into_owned())
    }

    /// The best common ancestor of two commits: where a pull request branched off.
    ///
    /// # Errors
    /// [`Error::NoMergeBase`], [`Error::Missing`].
    pub fn merge_base(&self, one: CommitId, two: CommitId) -> Result<CommitId> {
        match self.inner.merge_base(one.0, two.0) {
            Ok(base) => Ok(CommitId(base)),
            Err(source) if source.code() == ErrorCode::NotFound => Err(Error::NoMergeBase {
                one,
                two,
                advice: self.history_advice(),
            }),
            Err(source) => Err(Error::while_doing(format!(
                "find the merge base of {one} and {two}"
            ))(source)),
        }
    }

    /// How to get at history that is not here.
    pub(crate) fn history_advice(&self) -> Vec<String> {
        if self.is_shallow() {
            vec![DEEPEN.to_owned()]
        } else {
            Vec::new()
        }
    }

    /// An object that another one refers to could not be read.
    pub(crate) fn missing(&self, source: git2::Error, what: String, doing: String) -> Error {
        if source.code() != ErrorCode::NotFound {
            return Error::while_doing(doing)(source);
        }
        let mut advice = self.history_advice();
        if advice.is_empty() {
            advice.push(
                "the clone is partial or damaged: clone without `--filter`, or run `git fsck`".to_owned(),
            );
        }
        Error::Missing { what, advice }
    }
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository")
            .field("git_dir", &self.git_dir())
            .finish_non_exhaustive()
    }
}

/// Leaves only the repository's own configuration. (Opening has looked at `safe.directory` by then, which is
/// the user's to say. Clearing libgit2's search paths instead would be `unsafe`, for the whole process.)
fn ignore_ambient_configuration(repository: &git2::Repository) -> Result<(), git2::Error> {
    let file: PathBuf = repository.commondir().join("config");
    let mut own = Config::new()?;
    own.add_file(&file, ConfigLevel::Local, false)?;
    repository.set_config(&own)
}
