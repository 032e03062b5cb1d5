//! What can go wrong: each message says what, where, and what to do about it.

use crate::{BlobId, CommitId};
use std::path::PathBuf;

/// What a shallow clone needs; CI systems make shallow clones by default.
pub(crate) const DEEPEN: &str = "shallow clone: fetch more history with `git fetch --deepen=1000`, or set \
     `fetch-depth: 0` for actions/checkout or `GIT_DEPTH: 0` for GitLab CI";

/// Why a repository could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no repository here.
    #[error(
        "no git repository at {} or above it; run inside a clone, or name its folder",
        .start.display()
    )]
    NotFound {
        /// Where the search started.
        start: PathBuf,
    },
    /// git's protection against repositories that another user prepared (CVE-2022-24765).
    #[error(
        "the repository at {path} belongs to another user; if you trust it, run \
         `git config --global --add safe.directory {path}` (in a container: change its owner)",
        path = .path.display()
    )]
    ForeignOwner {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// The repository is there but libgit2 cannot open it.
    #[error("cannot open the git repository at {}: {}", .path.display(), .source.message())]
    Open {
        /// The folder that was asked for.
        path: PathBuf,
        /// What libgit2 says.
        source: git2::Error,
    },
    /// No branch, tag or commit of this name.
    #[error("no revision {revision:?} in {}{}", .git_dir.display(), hint(.advice))]
    UnknownRevision {
        /// What was asked for.
        revision: String,
        /// The repository.
        git_dir: PathBuf,
        /// A name that was probably meant, or how to fetch what is missing.
        advice: Vec<String>,
    },
    /// The abbreviated id fits several objects.
    #[error("revision {revision:?} is ambiguous: give more digits of the commit id")]
    AmbiguousRevision {
        /// What was asked for.
        revision: String,
    },
    /// The name means a tree or a file.
    #[error("revision {revision:?} is a {kind}, not a commit: name a branch, a tag or a commit")]
    NotACommit {
        /// What was asked for.
        revision: String,
        /// What it is.
        kind: &'static str,
    },
    /// Two commits without common history.
    #[error("{one} and {two} have no common ancestor{}", hint(.advice))]
    NoMergeBase {
        /// One commit.
        one: CommitId,
        /// The other.
        two: CommitId,
        /// How to fetch what is missing, in a shallow clone.
        advice: Vec<String>,
    },
    /// An object that should be there is not.
    #[error("{what} is missing from the repository{}", hint(.advice))]
    Missing {
        /// `tree 4f1c...`, with where it is needed.
        what: String,
        /// How to fetch it.
        advice: Vec<String>,
    },
    /// The folder does not exist at this commit.
    #[error("no {path:?} at commit {commit}: the path counts from the root of the repository")]
    NoSuchPath {
        /// What was asked for.
        path: String,
        /// Where.
        commit: CommitId,
    },
    /// The content is larger than the caller takes.
    #[error("blob {id} has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Which content.
        id: BlobId,
        /// Its size in bytes.
        size: u64,
        /// What the caller takes, in bytes.
        limit: u64,
    },
    /// The tree has more entries, folders included, than the caller takes.
    #[error("the tree at commit {commit} has more than {limit} entries; narrow the path or raise the limit")]
    TooManyEntries {
        /// Which commit.
        commit: CommitId,
        /// What the caller takes.
        limit: usize,
    },
    /// Folders are nested deeper than the caller takes.
    #[error("folders of commit {commit} are nested deeper than {limit} levels, at {path:?}")]
    TooDeep {
        /// Which commit.
        commit: CommitId,
        /// What the caller takes.
        limit: usize,
        /// The folder that is one too deep.
        path: String,
    },
    /// A name in a tree that git itself never writes; it would lead outside of the folder.
    #[error(
        "commit {commit} has an entry with the forbidden name {name:?} in {folder:?}; the tree was tampered with"
    )]
    ForbiddenName {
        /// Which commit.
        commit: CommitId,
        /// The folder.
        folder: String,
        /// The name.
        name: String,
    },
    /// The question needs a working tree.
    #[error("{} is a bare repository, without files to compare; name a revision instead", .git_dir.display())]
    Bare {
        /// The repository.
        git_dir: PathBuf,
    },
    /// A journal is not as gitsm has written it, or what is to be written does not fit together.
    #[error("{place}: {problem}")]
    Journal {
        /// File and line, or the record.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// Other writers were first each time.
    #[error(
        "{reference} moved {attempts} times while lines were added to it; nothing was written, try again"
    )]
    JournalBusy {
        /// The branch of the journal.
        reference: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// There are more commits than the caller takes.
    #[error("there are more than {limit} commits between {from} and {to}")]
    TooManyCommits {
        /// The commit before the first one.
        from: CommitId,
        /// The last one.
        to: CommitId,
        /// What the caller takes.
        limit: usize,
    },
    /// A key that is to be trusted cannot be used.
    #[error(
        "key {name:?} cannot be used: {problem}; it must be the public key of an Ed25519 key of SSH \
         (`ssh-ed25519 AAAA...`)"
    )]
    TrustedKey {
        /// The name that it was given.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The key that commits are signed with cannot be used.
    #[error(
        "cannot sign with this key: {problem}; it must be an Ed25519 key in OpenSSH's format without passphrase \
         (`ssh-keygen -t ed25519 -N ''`)"
    )]
    SigningKey {
        /// What is wrong with it; nothing of the key itself.
        problem: String,
    },
    /// Anything else: damaged files, no permission.
    #[error("cannot {doing}: {}", .source.message())]
    Git {
        /// What was being done.
        doing: String,
        /// What libgit2 says.
        source: git2::Error,
    },
}

impl Error {
    /// Wraps an error of libgit2 that has no case of its own.
    pub(crate) fn while_doing(doing: impl Into<String>) -> impl FnOnce(git2::Error) -> Self {
        move |source| Self::Git {
            doing: doing.into(),
            source,
        }
    }
}

/// `; first; second`, behind the sentence that says what is wrong.
fn hint(advice: &[String]) -> String {
    let parts: Vec<&str> = std::iter::once("")
        .chain(advice.iter().map(String::as_str))
        .collect();
    parts.join("; ")
}
