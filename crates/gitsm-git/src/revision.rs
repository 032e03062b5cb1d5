//! From what people type (`main`, `v1.2`, `HEAD~3`, `4f1c0de`) to a commit.

use crate::{CommitId, Error, Repository, Result};
use git2::{ErrorCode, ObjectType};

/// A suggestion must be at least this similar to what was asked for, from 0 to 1.
const SIMILAR: f64 = 0.7;

impl Repository {
    /// The commit that a branch, tag, id or expression such as `HEAD~3` stands for.
    ///
    /// # Errors
    /// [`Error::UnknownRevision`] with the closest name there is, or with how to fetch more;
    /// [`Error::AmbiguousRevision`]; [`Error::NotACommit`].
    pub fn resolve(&self, revision: &str) -> Result<CommitId> {
        let object = self
            .inner
            .revparse_single(revision)
            .map_err(|source| self.unresolved(revision, source))?;
        let kind = object.kind().map_or("unknown object", |kind| kind.str());
        object
            .peel(ObjectType::Commit)
            .map(|commit| CommitId(commit.id()))
            .map_err(|_| Error::NotACommit {
                revision: revision.to_owned(),
                kind,
            })
    }

    fn unresolved(&self, revision: &str, source: git2::Error) -> Error {
        match source.code() {
            ErrorCode::Ambiguous => Error::AmbiguousRevision {
                revision: revision.to_owned(),
            },
            ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::UnbornBranch => {
                Error::UnknownRevision {
                    revision: revision.to_owned(),
                    git_dir: self.git_dir().to_owned(),
                    advice: self.revision_advice(revision),
                }
            }
            _ => Error::while_doing(format!("resolve revision {revision:?}"))(source),
        }
    }

    fn revision_advice(&self, revision: &str) -> Vec<String> {
        let names = self.reference_names();
        if names.is_empty() {
            return vec!["the repository has no commits yet".to_owned()];
        }
        let mut advice = Vec::new();
        if let Some(name) = closest(names, revision) {
            advice.push(format!("did you mean {name:?}?"));
        }
        advice.extend(self.history_advice());
        if advice.is_empty() {
            advice.push("`git fetch --all --tags` gets what others have pushed".to_owned());
        }
        advice
    }

    fn reference_names(&self) -> Vec<String> {
        let Ok(references) = self.inner.references() else {
            return Vec::new();
        };
        references
            .flatten()
            .filter_map(|reference| reference.shorthand().ok().map(str::to_owned))
            .collect()
    }
}

/// The name at a remote (`origin/main` for `main`: CI has no local branches), or the most similar name.
fn closest(names: Vec<String>, revision: &str) -> Option<String> {
    let at_remote = names
        .iter()
        .find(|name| name.split_once('/').is_some_and(|(_, rest)| rest == revision));
    at_remote.cloned().or_else(|| {
        names
            .into_iter()
            .map(|name| (strsim::normalized_damerau_levenshtein(&name, revision), name))
            .filter(|(similarity, _)| *similarity >= SIMILAR)
            .max_by(|(one, _), (two, _)| one.total_cmp(two))
            .map(|(_, name)| name)
    })
}
