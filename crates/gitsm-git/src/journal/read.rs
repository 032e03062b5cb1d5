//! Reading a journal: its lines in order, and the blobs that they name.

use super::MAX_BYTES;
use crate::{BlobId, CommitId, Error, Repository, Result};
use git2::{ObjectType, Tree};
use gitsm_core::digest::sha256;
use gitsm_core::ident::Digest;
use std::fmt;
use std::path::Path;

/// Where a line of a journal stands: shown as `journal/2026/11/0001.jsonl:17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalPlace<'f> {
    /// The path from the root of the branch.
    pub file: &'f str,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for JournalPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Repository {
    /// Gives all lines of the journal at a commit in order, without their line feeds, one file in memory at a time.
    /// A file that does not end with a line feed was cut off: its last line is given like any other, and is no whole
    /// JSON then.
    ///
    /// # Errors
    /// [`Error::Journal`] for a file that has no place in a journal or is not UTF-8, [`Error::TooLarge`],
    /// [`Error::Missing`], and those of `each`.
    pub fn journal_lines<E: From<Error>>(
        &self,
        commit: CommitId,
        mut each: impl FnMut(JournalPlace<'_>, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        for (file, id) in self.journal_files(commit)? {
            let content = self.read_blob(id, MAX_BYTES)?;
            let text = str::from_utf8(&content).map_err(|error| Error::Journal {
                place: file.clone(),
                problem: format!("it is not UTF-8 at byte {}", error.valid_up_to()),
            })?;
            for (index, text) in text.split_terminator('\n').enumerate() {
                let place = JournalPlace {
                    file: &file,
                    line: index + 1,
                };
                each(place, text)?;
            }
        }
        Ok(())
    }

    /// The record with this digest, as canonical JSON.
    ///
    /// # Errors
    /// [`Error::Journal`] when it is absent or its content has another digest, [`Error::TooLarge`], [`Error::Missing`].
    pub fn journal_record(&self, commit: CommitId, digest: &Digest) -> Result<String> {
        self.journal_blob(commit, "records", digest)
    }

    /// The facts with this digest, as canonical JSON.
    ///
    /// # Errors
    /// Those of [`Repository::journal_record`].
    pub fn journal_facts(&self, commit: CommitId, digest: &Digest) -> Result<String> {
        self.journal_blob(commit, "facts", digest)
    }

    fn journal_blob(&self, commit: CommitId, folder: &str, digest: &Digest) -> Result<String> {
        let path = blob_path(folder, digest);
        let problem = |problem: &str| Error::Journal {
            place: path.clone(),
            problem: problem.to_owned(),
        };
        let tree = self.journal_tree(commit)?;
        let entry = match tree.get_path(Path::new(&path)) {
            Ok(entry) => entry,
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                return Err(problem("a line names it, but it is not there"));
            }
            Err(error) => return Err(Error::while_doing(format!("find {path}"))(error)),
        };
        let content = self.read_blob(BlobId(entry.id()), MAX_BYTES)?;
        if sha256(&content) != *digest {
            return Err(problem(
                "its content has another digest than its name says; it was edited",
            ));
        }
        String::from_utf8(content).map_err(|_| problem("it is not UTF-8"))
    }

    fn journal_tree(&self, commit: CommitId) -> Result<Tree<'_>> {
        self.inner
            .find_commit(commit.0)
            .and_then(|found| found.tree())
            .map_err(|source| {
                let doing = format!("read the journal at {commit}");
                self.missing(source, format!("the tree of commit {commit}"), doing)
            })
    }

    /// The files of lines in order: `journal/YYYY/MM/NNNN.jsonl`.
    pub(super) fn journal_files(&self, commit: CommitId) -> Result<Vec<(String, BlobId)>> {
        let mut files = Vec::new();
        let mut folders = vec![("journal".to_owned(), 0)];
        let tree = self.journal_tree(commit)?;
        while let Some((folder, depth)) = folders.pop() {
            let doing = || format!("list {folder} of the journal");
            let listed = match tree.get_path(Path::new(&folder)) {
                Err(error) if depth == 0 && error.code() == git2::ErrorCode::NotFound => break,
                found => found
                    .and_then(|entry| self.inner.find_tree(entry.id()))
                    .map_err(Error::while_doing(doing()))?,
            };
            for entry in &listed {
                let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
                let path = format!("{folder}/{name}");
                match (depth, entry.kind()) {
                    (0, Some(ObjectType::Tree)) if is_number(&name, 4) => folders.push((path, 1)),
                    (1, Some(ObjectType::Tree)) if is_number(&name, 2) => folders.push((path, 2)),
                    (2, Some(ObjectType::Blob))
                        if name.strip_suffix(".jsonl").is_some_and(|stem| is_number(stem, 4)) =>
                    {
                        files.push((path, BlobId(entry.id())));
                    }
                    _ => {
                        return Err(Error::Journal {
                            place: path,
                            problem: "gitsm puts no such entry here; it was added by hand".to_owned(),
                        });
                    }
                }
            }
        }
        files.sort_unstable_by(|(one, _), (two, _)| one.cmp(two));
        Ok(files)
    }
}

fn is_number(name: &str, digits: usize) -> bool {
    name.len() == digits && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// `records/<sha256>.json`: the digest without what it begins with.
pub(super) fn blob_path(folder: &str, digest: &Digest) -> String {
    let text = digest.as_str();
    format!("{folder}/{}.json", text.strip_prefix("sha256:").unwrap_or(text))
}
