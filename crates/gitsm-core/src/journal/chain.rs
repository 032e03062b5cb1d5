//! The chain of lines: verifying it, adding to it, and moving lines to another end of it.

use super::line::{Entry, Line, Sameness, digest_of_text};
use crate::ident::Digest;
use std::collections::HashSet;

/// Why a line does not stand in the journal as gitsm has written it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// It cannot be read.
    #[error("this is no line of a journal: {problem}; the line was edited or cut off")]
    Unreadable {
        /// What is wrong with it.
        problem: String,
    },
    /// It can be read, but was not written by gitsm like this.
    #[error("the line is not in canonical form, which would be `{expected}`; it was edited")]
    NotCanonical {
        /// The text that its content has.
        expected: String,
    },
    /// Its `previous` is not the digest of the line before it.
    #[error(
        "`previous` is {}, but {}; a line before this one was edited, dropped, moved or added",
        shown(.found.as_ref()),
        wanted(.expected.as_ref())
    )]
    Unchained {
        /// The digest of the line before, `None` at the beginning of the journal.
        expected: Option<Digest>,
        /// What the line says.
        found: Option<Digest>,
    },
    /// The same transition of the same record with the same snapshot was written down before.
    #[error(
        "the same transition with the same snapshot stands in the journal already; the line was added by hand"
    )]
    Repeated,
}

fn shown(digest: Option<&Digest>) -> &str {
    digest.map_or("null", Digest::as_str)
}

fn wanted(expected: Option<&Digest>) -> String {
    match expected {
        Some(digest) => format!("the line before has the digest {digest}"),
        None => "this is the first line and it must be null".to_owned(),
    }
}

/// The end of a journal, and what stands in it: what is needed to add lines.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    tail: Option<Digest>,
    lines: u64,
    seen: HashSet<Sameness>,
}

impl Chain {
    /// The journal that has no line yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The digest of the last line; `None` when there is none.
    pub fn tail(&self) -> Option<&Digest> {
        self.tail.as_ref()
    }

    /// How many lines there are.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Takes the next line of a journal that is being read, without its line feed.
    ///
    /// The line counts as the new end also when it is broken: so each wrong place is told once, and not in all lines
    /// that follow.
    ///
    /// # Errors
    ///
    /// What is wrong with this line, or between it and the one before.
    pub fn follow(&mut self, text: &str) -> Result<Line, Break> {
        let expected = self.tail.replace(digest_of_text(text));
        self.lines += 1;
        let unreadable = |error: serde_json::Error| Break::Unreadable {
            problem: error.to_string(),
        };
        let line: Line = serde_json::from_str(text).map_err(unreadable)?;
        let is_new = self.seen.insert(line.entry.sameness());
        let canonical = line.to_text().map_err(unreadable)?;
        // Fields that are unknown, doubled or in another order all end here.
        if canonical != text {
            return Err(Break::NotCanonical { expected: canonical });
        }
        if line.previous != expected {
            return Err(Break::Unchained {
                expected,
                found: line.previous,
            });
        }
        if is_new { Ok(line) } else { Err(Break::Repeated) }
    }

    /// Adds entries at the end and gives their lines. What stands in the journal already is left out, so that
    /// an attempt whose outcome is unknown can be repeated.
    ///
    /// To move lines to the end of another journal, because another writer was first, give their entries to the
    /// chain of that journal.
    ///
    /// # Errors
    ///
    /// When an entry cannot be written as JSON; the chain is then as it was before.
    pub fn append(&mut self, entries: impl IntoIterator<Item = Entry>) -> serde_json::Result<Vec<Line>> {
        let mut tail = self.tail.clone();
        let mut fresh = HashSet::new();
        let mut lines = Vec::new();
        for entry in entries {
            let sameness = entry.sameness();
            if self.seen.contains(&sameness) || !fresh.insert(sameness) {
                continue;
            }
            let line = Line {
                entry,
                previous: tail,
            };
            tail = Some(digest_of_text(&line.to_text()?));
            lines.push(line);
        }
        self.tail = tail;
        self.lines += lines.len() as u64;
        self.seen.extend(fresh);
        Ok(lines)
    }
}
