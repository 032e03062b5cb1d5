//! Walking the files of a commit.

use crate::{BlobId, CommitId, Error, Repository, Result};
use git2::{ErrorCode, ObjectType, Tree};
use std::path::Path;

/// What an entry is, by its git mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file (100644 and the historic 100664).
    File,
    /// A file that may be executed (100755).
    Executable,
    /// A symbolic link (120000); its blob holds the target.
    Symlink,
    /// A commit of another repository (160000); its content is not here.
    Submodule,
}

/// A file, link or submodule of a commit. Folders show only in the paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The path from the root of the repository, parts separated by `/`; git does not promise UTF-8.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Its content; `None` for submodules. Sizes are a look-up each ([`Repository::blob_size`]), so they are left
    /// to the caller, who needs few of them.
    pub blob: Option<BlobId>,
}

impl TreeEntry {
    /// The path as text; `None` unless it is UTF-8.
    pub fn path_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.path).ok()
    }
}

/// How much of a tree the caller takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Entries, folders included: nested folders that share their content can make a tree of a few hundred bytes
    /// with billions of entries.
    pub entries: usize,
    /// Levels of folders, counted from where the walk starts.
    pub depth: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self {
            entries: 200_000,
            depth: 64,
        }
    }
}

impl Repository {
    /// The entries of `commit` at or below `subpath` (empty for all), in git's order.
    ///
    /// # Errors
    /// [`Error::NoSuchPath`]; [`Error::Missing`]. The iterator ends with its first error.
    pub fn tree_entries(
        &self,
        commit: CommitId,
        subpath: &str,
        limits: TreeLimits,
    ) -> Result<TreeEntries<'_>> {
        let mut walk = TreeEntries {
            repository: self,
            commit,
            limits,
            seen: 0,
            folders: Vec::new(),
            single: None,
        };
        let root = self
            .inner
            .find_commit(commit.0)
            .and_then(|commit| commit.tree())
            .map_err(|source| {
                self.missing(
                    source,
                    format!("commit {commit} or its tree"),
                    format!("read the tree of commit {commit}"),
                )
            })?;
        let subpath = subpath.trim_end_matches('/');
        if subpath.is_empty() || subpath == "." {
            walk.folders.push(Folder::new(root, Vec::new()));
            return Ok(walk);
        }
        let no_such_path = || Error::NoSuchPath {
            path: subpath.to_owned(),
            commit,
        };
        let path = Path::new(subpath);
        if path.is_absolute() {
            return Err(no_such_path());
        }
        let entry = root.get_path(path).map_err(|source| match source.code() {
            ErrorCode::NotFound | ErrorCode::Invalid => no_such_path(),
            _ => Error::while_doing(format!("find {subpath:?} at commit {commit}"))(source),
        })?;
        let path = subpath.as_bytes().to_vec();
        if entry.kind() == Some(ObjectType::Tree) {
            let tree = walk.subtree(entry.id(), subpath)?;
            walk.folders.push(Folder::new(tree, path));
        } else {
            walk.single = Some(leaf(path, entry.filemode(), entry.id()));
        }
        Ok(walk)
    }
}

/// Iterator over the entries of a commit; see [`Repository::tree_entries`].
pub struct TreeEntries<'repository> {
    repository: &'repository Repository,
    commit: CommitId,
    limits: TreeLimits,
    seen: usize,
    /// The folder being read and those above it: recursion on the heap, bounded by `limits.depth`.
    folders: Vec<Folder<'repository>>,
    /// The only entry, when the walk starts at a file.
    single: Option<TreeEntry>,
}

struct Folder<'repository> {
    tree: Tree<'repository>,
    path: Vec<u8>,
    next: usize,
}

impl<'repository> Folder<'repository> {
    fn new(tree: Tree<'repository>, path: Vec<u8>) -> Self {
        Self { tree, path, next: 0 }
    }

    fn next_child(&mut self) -> Option<Child> {
        let entry = self.tree.get(self.next)?;
        self.next += 1;
        Some(Child {
            name: entry.name_bytes().to_vec(),
            kind: entry.kind(),
            mode: entry.filemode(),
            id: entry.id(),
        })
    }
}

/// One entry of a folder as git stores it.
struct Child {
    name: Vec<u8>,
    kind: Option<ObjectType>,
    mode: i32,
    id: git2::Oid,
}

impl<'repository> TreeEntries<'repository> {
    fn advance(&mut self) -> Option<Result<TreeEntry>> {
        if let Some(entry) = self.single.take() {
            return Some(Ok(entry));
        }
        loop {
            let folder = self.folders.last_mut()?;
            let Some(Child { name, kind, mode, id }) = folder.next_child() else {
                self.folders.pop();
                continue;
            };
            let mut path = folder.path.clone();
            self.seen += 1;
            if self.seen > self.limits.entries {
                return Some(Err(Error::TooManyEntries {
                    commit: self.commit,
                    limit: self.limits.entries,
                }));
            }
            if is_forbidden(&name) {
                return Some(Err(Error::ForbiddenName {
                    commit: self.commit,
                    folder: lossy(&path),
                    name: lossy(&name),
                }));
            }
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&name);
            if kind != Some(ObjectType::Tree) {
                return Some(Ok(leaf(path, mode, id)));
            }
            if self.folders.len() > self.limits.depth {
                return Some(Err(Error::TooDeep {
                    commit: self.commit,
                    limit: self.limits.depth,
                    path: lossy(&path),
                }));
            }
            match self.subtree(id, &lossy(&path)) {
                Ok(tree) => self.folders.push(Folder::new(tree, path)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn subtree(&self, id: git2::Oid, path: &str) -> Result<Tree<'repository>> {
        self.repository.inner.find_tree(id).map_err(|source| {
            self.repository.missing(
                source,
                format!("tree {id} ({path:?} at commit {})", self.commit),
                format!("read {path:?} at commit {}", self.commit),
            )
        })
    }
}

impl Iterator for TreeEntries<'_> {
    type Item = Result<TreeEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance();
        if matches!(item, Some(Err(_))) {
            self.folders.clear();
        }
        item
    }
}

impl std::iter::FusedIterator for TreeEntries<'_> {}

fn leaf(path: Vec<u8>, mode: i32, id: git2::Oid) -> TreeEntry {
    let kind = match mode {
        0o100_755 => EntryKind::Executable,
        0o120_000 => EntryKind::Symlink,
        0o160_000 => EntryKind::Submodule,
        _ => EntryKind::File,
    };
    TreeEntry {
        path,
        kind,
        blob: (kind != EntryKind::Submodule).then_some(BlobId(id)),
    }
}

/// Names that `git fsck` reports as `fullPathname`, `hasDot`, `hasDotdot` and `emptyName`.
fn is_forbidden(name: &[u8]) -> bool {
    name.is_empty() || name == b"." || name == b".." || name.contains(&b'/')
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
