//! What a range of commits changes.

use crate::{CommitId, Repository, Result};
use git2::{Delta, DiffFindOptions, DiffOptions};

/// Added and deleted files that are compared with each other to find renames; beyond it they stay an addition and
/// a deletion, because the comparison grows with the square.
const RENAME_CANDIDATES: usize = 1_000;

/// How a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Only at the head.
    Added,
    /// Only at the base.
    Deleted,
    /// At both, with other content or another mode.
    Modified,
    /// A file became a link or a submodule, or the other way round.
    TypeChanged,
    /// The content, or at least half of it, moved from another path.
    Renamed,
}

/// One file that differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedPath {
    /// The path at the head, or at the base when deleted; git does not promise UTF-8.
    pub path: Vec<u8>,
    /// How it changed.
    pub kind: ChangeKind,
    /// The path at the base, when renamed.
    pub old_path: Option<Vec<u8>>,
}

impl Repository {
    /// The files in which the trees of two commits differ, sorted by path. For what a pull request changes, `base`
    /// is the [merge base](Repository::merge_base), not the tip of the target branch.
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing) in shallow or damaged clones.
    pub fn changed_paths(&self, base: CommitId, head: CommitId) -> Result<Vec<ChangedPath>> {
        let doing = || format!("compare {base} with {head}");
        let tree = |id: CommitId| {
            let tree = self.inner.find_commit(id.0).and_then(|commit| commit.tree());
            tree.map_err(|source| self.missing(source, format!("commit {id} or its tree"), doing()))
        };
        let mut options = DiffOptions::new();
        options.include_typechange(true).ignore_submodules(false);
        let mut diff = self
            .inner
            .diff_tree_to_tree(Some(&tree(base)?), Some(&tree(head)?), Some(&mut options))
            .map_err(|source| self.missing(source, format!("a tree of {base} or {head}"), doing()))?;
        diff.find_similar(Some(
            DiffFindOptions::new()
                .renames(true)
                .rename_limit(RENAME_CANDIDATES),
        ))
        .map_err(|source| self.missing(source, format!("a file of {base} or {head}"), doing()))?;

        let mut changes: Vec<ChangedPath> = diff
            .deltas()
            .filter_map(|delta| {
                let kind = match delta.status() {
                    Delta::Added | Delta::Copied => ChangeKind::Added,
                    Delta::Deleted => ChangeKind::Deleted,
                    Delta::Modified => ChangeKind::Modified,
                    Delta::Typechange => ChangeKind::TypeChanged,
                    Delta::Renamed => ChangeKind::Renamed,
                    // States of a working tree, which two commits do not have.
                    _ => return None,
                };
                let old = delta.old_file().path_bytes().map(<[u8]>::to_vec);
                let new = delta.new_file().path_bytes().map(<[u8]>::to_vec);
                Some(ChangedPath {
                    path: if kind == ChangeKind::Deleted {
                        old.clone()?
                    } else {
                        new?
                    },
                    kind,
                    old_path: if kind == ChangeKind::Renamed { old } else { None },
                })
            })
            .collect();
        changes.sort();
        Ok(changes)
    }
}
