//! Adding to a journal: objects first, then one compare-and-swap of the branch. A writer that dies in between
//! leaves the journal as it was, and objects that nothing refers to.

use super::read::blob_path;
use super::{LINES_PER_FILE, MAX_BYTES};
use crate::{Author, CommitId, Error, Repository, Result, SigningKey};
use git2::build::TreeUpdateBuilder;
use git2::{ErrorCode, FileMode, Oid, Signature, Time};
use gitsm_core::digest::sha256;
use gitsm_core::ident::BranchName;
use gitsm_core::journal::{Chain, Entry, Line};
use std::collections::BTreeMap;

/// How often a writer begins again because another one was first.
const ATTEMPTS: usize = 20;

/// A transition with what its entry names by digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// What is written as a line.
    pub entry: Entry,
    /// The record after the transition, as canonical JSON.
    pub record: String,
    /// The facts of the decision, as canonical JSON.
    pub facts: Option<String>,
}

/// A journal that is being written: its branch, and what was on it when it was last read.
pub struct Journal<'r> {
    repository: &'r Repository,
    reference: String,
    state: State,
}

/// What a commit of the branch holds.
#[derive(Default)]
struct State {
    head: Option<Oid>,
    chain: Chain,
    last_file: Option<String>,
    lines_in_last_file: usize,
}

impl<'r> Journal<'r> {
    /// Reads the journal on a branch and verifies its chain. A branch that does not exist is an empty journal.
    ///
    /// # Errors
    /// [`Error::Journal`] at the first line that is wrong: nothing is added to a journal that was tampered with.
    pub fn open(repository: &'r Repository, branch: &BranchName) -> Result<Self> {
        let reference = format!("refs/heads/{branch}");
        let state = State::read(repository, &reference)?;
        Ok(Self {
            repository,
            reference,
            state,
        })
    }

    /// The commit that the journal ends with; `None` when it is empty.
    pub fn head(&self) -> Option<CommitId> {
        self.state.head.map(CommitId)
    }

    /// The chain of lines up to [`Journal::head`].
    pub fn chain(&self) -> &Chain {
        &self.state.chain
    }

    /// Adds transitions as one signed commit. When another writer was first, the journal is read again and the
    /// lines go behind theirs; what stands there already is not written twice. Gives `None` when all of it does.
    ///
    /// # Errors
    /// [`Error::Journal`] when a digest is not that of its content, or the branch was tampered with meanwhile;
    /// [`Error::JournalBusy`] when others were first again and again; [`Error::Git`], [`Error::SigningKey`]. The
    /// branch is then as it was, or as the others have left it.
    pub fn append(
        &mut self,
        transitions: &[Transition],
        key: &SigningKey,
        author: Author<'_>,
    ) -> Result<Option<CommitId>> {
        transitions.iter().try_for_each(check)?;
        for _ in 0..ATTEMPTS {
            let mut chain = self.state.chain.clone();
            let entries = transitions.iter().map(|transition| transition.entry.clone());
            let lines = chain.append(entries).map_err(unwritable)?;
            if lines.is_empty() {
                return Ok(None);
            }
            let next = self.write(chain, &lines, transitions, key, author)?;
            if self.move_branch(&next)? {
                self.state = next;
                return Ok(self.head());
            }
            self.state = State::read(self.repository, &self.reference)?;
        }
        Err(Error::JournalBusy {
            reference: self.reference.clone(),
            attempts: ATTEMPTS,
        })
    }

    /// Writes all objects of the next commit; the branch stays where it is.
    fn write(
        &self,
        chain: Chain,
        lines: &[Line],
        transitions: &[Transition],
        key: &SigningKey,
        author: Author<'_>,
    ) -> Result<State> {
        let git = &self.repository.inner;
        let failed = |error| Error::while_doing(format!("add to the journal on {}", self.reference))(error);
        let parent = self
            .state
            .head
            .map(|id| git.find_commit(id))
            .transpose()
            .map_err(failed)?;
        let base = match &parent {
            Some(commit) => commit.tree(),
            None => git
                .treebuilder(None)
                .and_then(|empty| empty.write())
                .and_then(|id| git.find_tree(id)),
        }
        .map_err(failed)?;

        let mut files: BTreeMap<String, String> = BTreeMap::new();
        let mut last_file = self.state.last_file.clone();
        let mut count = self.state.lines_in_last_file;
        for line in lines {
            let file = file_for(line, last_file.as_deref(), count)?;
            if last_file.as_ref() != Some(&file) {
                count = 0;
            }
            let text = match files.entry(file.clone()) {
                std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    new.insert(self.content_of(&base, &file, count)?)
                }
            };
            text.push_str(&line.to_text().map_err(unwritable)?);
            text.push('\n');
            count += 1;
            last_file = Some(file);
        }
        let written: std::collections::HashSet<_> = lines
            .iter()
            .map(|line| &line.entry)
            .map(|e| &e.snapshot)
            .collect();
        for transition in transitions {
            if written.contains(&transition.entry.snapshot) {
                files.insert(
                    blob_path("records", &transition.entry.snapshot),
                    transition.record.clone(),
                );
                if let (Some(digest), Some(facts)) = (&transition.entry.facts, &transition.facts) {
                    files.insert(blob_path("facts", digest), facts.clone());
                }
            }
        }

        let mut update = TreeUpdateBuilder::new();
        for (path, text) in &files {
            let blob = git.blob(text.as_bytes()).map_err(failed)?;
            update.upsert(path.as_str(), blob, FileMode::Blob);
        }
        let mut make = || -> Result<git2::Buf, git2::Error> {
            let tree = git.find_tree(update.create_updated(git, &base)?)?;
            let who = Signature::new(author.name, author.email, &Time::new(author.seconds, 0))?;
            let parents: Vec<_> = parent.iter().collect();
            git.commit_create_buffer(&who, &who, &message(lines), &tree, &parents)
        };
        let content = make().map_err(failed)?;
        let signature = key.sign(&content)?;
        let head = str::from_utf8(&content)
            .map_err(|_| git2::Error::from_str("the commit is not UTF-8"))
            .and_then(|text| git.commit_signed(text, &signature, Some("gpgsig")))
            .map_err(failed)?;
        Ok(State {
            head: Some(head),
            chain,
            last_file,
            lines_in_last_file: count,
        })
    }

    /// What a file holds before lines are added to it.
    fn content_of(&self, base: &git2::Tree<'_>, file: &str, lines: usize) -> Result<String> {
        if lines == 0 {
            return Ok(String::new());
        }
        let read = || -> Result<String, git2::Error> {
            let entry = base.get_path(std::path::Path::new(file))?;
            let blob = self.repository.inner.find_blob(entry.id())?;
            String::from_utf8(blob.content().to_vec()).map_err(|_| git2::Error::from_str("it is not UTF-8"))
        };
        read().map_err(Error::while_doing(format!("read {file}")))
    }

    /// Moves the branch unless it has moved meanwhile; whether it did.
    fn move_branch(&self, next: &State) -> Result<bool> {
        let (git, reference) = (&self.repository.inner, self.reference.as_str());
        let Some(target) = next.head else {
            return Ok(false);
        };
        let moved = match self.state.head {
            Some(old) => git.reference_matching(reference, target, true, old, "gitsm journal"),
            None => git.reference(reference, target, false, "gitsm journal"),
        };
        match moved {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.code(),
                    ErrorCode::Modified | ErrorCode::Exists | ErrorCode::Locked | ErrorCode::NotFound
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(Error::while_doing(format!("move {reference}"))(error)),
        }
    }
}

impl State {
    fn read(repository: &Repository, reference: &str) -> Result<Self> {
        let head = match repository.inner.refname_to_id(reference) {
            Ok(id) => id,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::while_doing(format!("find {reference}"))(error)),
        };
        let mut state = Self {
            head: Some(head),
            ..Self::default()
        };
        repository.journal_lines::<Error>(CommitId(head), |place, text| {
            state.chain.follow(text).map_err(|found| Error::Journal {
                place: place.to_string(),
                problem: found.to_string(),
            })?;
            if state.last_file.as_deref() != Some(place.file) {
                state.last_file = Some(place.file.to_owned());
            }
            state.lines_in_last_file = place.line;
            Ok(())
        })?;
        Ok(state)
    }
}

/// The file that the next line goes to: that of its month, unless the journal is in a later one already.
fn file_for(line: &Line, last: Option<&str>, lines_in_last: usize) -> Result<String> {
    let time = line.entry.time.to_string();
    let month = format!("journal/{}/{}", &time[..4], &time[5..7]);
    match last.and_then(numbered) {
        Some((folder, number)) if *month <= *folder => {
            let number = number + u32::from(lines_in_last >= LINES_PER_FILE);
            // The order of names is that of numbers as long as all of them have four digits.
            if number > 9999 {
                return Err(Error::Journal {
                    place: folder.to_owned(),
                    problem: "it has 9999 full files and takes no more lines; wait for the next month"
                        .to_owned(),
                });
            }
            Ok(format!("{folder}/{number:04}.jsonl"))
        }
        _ => Ok(format!("{month}/0001.jsonl")),
    }
}

/// `journal/2026/11/0002.jsonl` as its folder and 2.
fn numbered(file: &str) -> Option<(&str, u32)> {
    let (folder, name) = file.rsplit_once('/')?;
    Some((folder, name.strip_suffix(".jsonl")?.parse().ok()?))
}

fn message(lines: &[Line]) -> String {
    use std::fmt::Write as _;
    let mut text = match lines {
        [one] => format!("{}: {}\n", one.entry.record, one.entry.to),
        many => format!("{} transitions\n\n", many.len()),
    };
    if lines.len() > 1 {
        for line in lines {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}: {}", line.entry.record, line.entry.to);
        }
    }
    text
}

/// A line must not name what is not there, for a retry would not write it again.
fn check(transition: &Transition) -> Result<()> {
    let problem = |problem: &str| Error::Journal {
        place: transition.entry.record.to_string(),
        problem: problem.to_owned(),
    };
    let texts = [Some(&transition.record), transition.facts.as_ref()];
    if texts
        .into_iter()
        .flatten()
        .any(|text| text.len() as u64 > MAX_BYTES)
    {
        return Err(problem("the record or the facts are too large to be read again"));
    }
    if sha256(transition.record.as_bytes()) != transition.entry.snapshot {
        return Err(problem("the digest of the entry is not that of the record"));
    }
    let facts = transition.facts.as_ref().map(|facts| sha256(facts.as_bytes()));
    if facts != transition.entry.facts {
        return Err(problem("the digest of the entry is not that of the facts"));
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unwritable(error: serde_json::Error) -> Error {
    Error::Journal {
        place: "an entry".to_owned(),
        problem: error.to_string(),
    }
}

impl std::fmt::Debug for Journal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("reference", &self.reference)
            .field("lines", &self.state.chain.lines())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transition(name: &str) -> Transition {
        Transition {
            entry: Entry {
                time: "2026-11-05T08:00:00Z".parse().unwrap(),
                actor: gitsm_core::journal::Actor::System,
                record: gitsm_core::journal::RecordId {
                    kind: "Change".parse().unwrap(),
                    namespace: "payments".parse().unwrap(),
                    name: name.parse().unwrap(),
                },
                from: None,
                to: "Draft".parse().unwrap(),
                reason: "Created".parse().unwrap(),
                revision: None,
                snapshot: sha256(b"{}"),
                facts: None,
            },
            record: "{}".to_owned(),
            facts: None,
        }
    }

    #[test]
    fn a_writer_that_dies_before_the_branch_moves_leaves_the_journal_as_it_was() {
        const AUTHOR: Author<'_> = Author {
            name: "gitsm",
            email: "gitsm@example.com",
            seconds: 0,
        };
        let pair = ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]);
        let text = ssh_key::PrivateKey::from(pair).to_openssh(ssh_key::LineEnding::LF);
        let key = SigningKey::from_openssh(&text.unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path(), "main").unwrap();
        let branch: BranchName = "journal".parse().unwrap();
        let mut journal = Journal::open(&repository, &branch).unwrap();
        let before = journal.append(&[transition("chg-1")], &key, AUTHOR).unwrap();

        // All of an append but its last step.
        let dying = Journal::open(&repository, &branch).unwrap();
        let mut chain = dying.chain().clone();
        let lines = chain.append([transition("chg-2").entry]).unwrap();
        let lost = dying
            .write(chain, &lines, &[transition("chg-2")], &key, AUTHOR)
            .unwrap();
        assert!(repository.inner.find_commit(lost.head.unwrap()).is_ok());

        let mut next = Journal::open(&repository, &branch).unwrap();
        assert_eq!((next.head(), next.chain().lines()), (before, 1));
        let later = Author { seconds: 1, ..AUTHOR };
        let after = next.append(&[transition("chg-2")], &key, later).unwrap();
        assert_eq!(Journal::open(&repository, &branch).unwrap().chain().lines(), 2);
        // And who was overtaken after writing does not move the branch back.
        assert!(!dying.move_branch(&lost).unwrap());
        assert_eq!(Journal::open(&repository, &branch).unwrap().head(), after);
    }
}
