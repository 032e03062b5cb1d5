//! Which commit descends from which, and what a commit says of itself.

use crate::{CommitId, Error, Repository, Result};

/// A person as a commit names one. Nobody has checked it: whoever makes a commit writes what they like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// When, in seconds since 1970, UTC, by the clock of whoever made the commit.
    pub seconds: i64,
}

/// What a commit says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// The commits it was made from; of a merge the first is the branch that was merged into.
    pub parents: Vec<CommitId>,
    /// Who wrote the content.
    pub author: Person,
    /// Who made the commit.
    pub committer: Person,
    /// The whole message.
    pub message: String,
}

impl Repository {
    /// Reads a commit. Bytes of names and messages that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// [`Error::Missing`] in shallow or damaged clones.
    pub fn commit(&self, id: CommitId) -> Result<Commit> {
        let commit = self.found(id)?;
        Ok(Commit {
            id,
            parents: commit.parent_ids().map(CommitId).collect(),
            author: person(&commit.author()),
            committer: person(&commit.committer()),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
        })
    }

    /// Whether `descendant` is `ancestor` or was made from it, through whichever parents.
    ///
    /// # Errors
    /// [`Error::Missing`] in shallow or damaged clones: where history is cut off, nobody can say.
    pub fn is_descended_from(&self, descendant: CommitId, ancestor: CommitId) -> Result<bool> {
        // libgit2 takes a commit that it cannot find for one that is not related.
        self.found(descendant)?;
        self.found(ancestor)?;
        if descendant == ancestor {
            return Ok(true);
        }
        self.inner
            .graph_descendant_of(descendant.0, ancestor.0)
            .map_err(|source| {
                let what = format!("a commit between {ancestor} and {descendant}");
                self.missing(source, what, format!("follow {descendant} back to {ancestor}"))
            })
    }

    /// The commits that a branch has gained since `after`, oldest first: from `to` along first parents, as far as they
    /// are not in the history of `after`. What was merged comes with the merge and is no commit of the branch. Without
    /// `after` it is `to` alone.
    ///
    /// # Errors
    /// [`Error::TooManyCommits`] when there are more than `at_most`; [`Error::Missing`].
    pub fn first_parents(
        &self,
        after: Option<CommitId>,
        to: CommitId,
        at_most: usize,
    ) -> Result<Vec<CommitId>> {
        self.found(to)?;
        let Some(after) = after else {
            return Ok(vec![to]);
        };
        self.found(after)?;
        let walk = || -> Result<Vec<CommitId>, git2::Error> {
            let mut walk = self.inner.revwalk()?;
            walk.simplify_first_parent()?;
            walk.push(to.0)?;
            walk.hide(after.0)?;
            walk.take(at_most.saturating_add(1))
                .map(|id| id.map(CommitId))
                .collect()
        };
        let mut commits = walk().map_err(|source| {
            let what = format!("a commit between {after} and {to}");
            self.missing(source, what, format!("follow {to} back to {after}"))
        })?;
        if commits.len() > at_most {
            return Err(Error::TooManyCommits {
                from: after,
                to,
                limit: at_most,
            });
        }
        commits.reverse();
        Ok(commits)
    }

    pub(crate) fn found(&self, id: CommitId) -> Result<git2::Commit<'_>> {
        self.inner
            .find_commit(id.0)
            .map_err(|source| self.missing(source, format!("commit {id}"), format!("read commit {id}")))
    }
}

fn person(signature: &git2::Signature<'_>) -> Person {
    Person {
        name: String::from_utf8_lossy(signature.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(signature.email_bytes()).into_owned(),
        seconds: signature.when().seconds(),
    }
}
