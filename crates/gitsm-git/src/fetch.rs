//! Fetching one branch of another repository.

use crate::{CommitId, Repository};
use git2::{AutotagOption, Direction, ErrorClass, ErrorCode, FetchOptions, RemoteCallbacks, RemoteRedirect};
use std::cell::Cell;

/// Where the last fetched commit of a branch is kept, so that it is not swept away.
const FETCHED: &str = "refs/gitsm/fetched/";

/// How far a fetch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Objects that have arrived.
    pub objects: usize,
    /// Objects that will arrive.
    pub of: usize,
    /// Bytes that have arrived.
    pub bytes: u64,
}

/// Why a branch could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The server or the network, or there is no repository.
    #[error("cannot fetch from {url}: {problem}")]
    Unreachable {
        /// From where.
        url: String,
        /// What happened.
        problem: String,
    },
    /// The repository has no such branch.
    #[error("{url} has no branch {branch:?}{}", or_else(.others))]
    BranchMissing {
        /// From where.
        url: String,
        /// What was asked for.
        branch: String,
        /// Some of the branches that there are.
        others: Vec<String>,
    },
    /// The credentials are missing or refused, or the files belong to somebody else.
    #[error("{url} refuses access: {problem}")]
    AccessDenied {
        /// From where.
        url: String,
        /// What was said.
        problem: String,
    },
    /// The server is not the trusted one.
    #[error("the server of {url} is not trusted: {problem}")]
    ServerNotTrusted {
        /// From where.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More arrived than the caller takes.
    #[error("fetching from {url} was ended after {limit} bytes, the most that may arrive at once")]
    TooLarge {
        /// From where.
        url: String,
        /// What the caller takes, in bytes.
        limit: u64,
    },
}

/// Branches that a message names.
const NAMED: usize = 5;

fn or_else(names: &[String]) -> String {
    match names {
        [] => "; it has no branch at all: push a first commit".to_owned(),
        names => format!("; it has {}", names.join(", ")),
    }
}

impl Repository {
    /// Fetches a branch with everything that its commits need, and gives the commit it is on. What is here already does
    /// not come again; what arrived before an error stays. The branches of this repository stay as they are.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn fetch_branch(
        &self,
        url: &str,
        branch: &str,
        max_bytes: u64,
        progress: &mut dyn FnMut(Transfer),
    ) -> Result<CommitId, FetchError> {
        let is_too_large = Cell::new(false);
        let failed = |error: git2::Error| {
            if is_too_large.get() {
                return FetchError::TooLarge {
                    url: url.to_owned(),
                    limit: max_bytes,
                };
            }
            fetch_error(url, &error)
        };
        let mut remote = self.inner.remote_anonymous(url).map_err(failed)?;
        remote.connect(Direction::Fetch).map_err(failed)?;
        let name = format!("refs/heads/{branch}");
        let heads = remote.list().map_err(failed)?;
        let Some(head) = heads.iter().find(|head| head.name() == name) else {
            let names = heads
                .iter()
                .filter_map(|head| head.name().strip_prefix("refs/heads/").map(str::to_owned));
            return Err(FetchError::BranchMissing {
                url: url.to_owned(),
                branch: branch.to_owned(),
                others: names.take(NAMED).collect(),
            });
        };
        let id = head.oid();
        let mut callbacks = RemoteCallbacks::new();
        callbacks.transfer_progress(|stats| {
            let bytes = stats.received_bytes() as u64;
            progress(Transfer {
                objects: stats.received_objects(),
                of: stats.total_objects(),
                bytes,
            });
            is_too_large.set(bytes > max_bytes);
            !is_too_large.get()
        });
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(callbacks)
            .download_tags(AutotagOption::None)
            // A server must not send its credentials elsewhere.
            .follow_redirects(RemoteRedirect::None);
        let kept = format!("{FETCHED}{branch}");
        remote
            .download(&[format!("+{name}:{kept}")], Some(&mut options))
            .map_err(failed)?;
        drop(options);
        // The server named the commit, and must have sent it.
        self.inner.find_commit(id).map_err(failed)?;
        self.inner.reference(&kept, id, true, "fetched").map_err(failed)?;
        Ok(CommitId(id))
    }
}

fn fetch_error(url: &str, error: &git2::Error) -> FetchError {
    let (url, problem) = (url.to_owned(), error.message().to_owned());
    match (error.code(), error.class()) {
        (ErrorCode::Auth | ErrorCode::Owner, _) => FetchError::AccessDenied { url, problem },
        (ErrorCode::Certificate, _) | (_, ErrorClass::Ssl) => FetchError::ServerNotTrusted { url, problem },
        _ => FetchError::Unreachable { url, problem },
    }
}
