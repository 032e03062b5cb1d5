//! One line of the journal and what it is made from.

use crate::ValueError;
use crate::digest::{canonical_json, sha256};
use crate::ident::{Digest, GitRevision, MemberId, NamespaceName, ResourceName};
use crate::text::{check_characters, string_type};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

string_type! {
    /// A kind, a phase or a reason, as Kubernetes writes them: `Change`, `AwaitingApproval`.
    pub struct Word {
        what: "a kind, phase or reason",
        pattern: "^[A-Z][A-Za-z0-9]*$",
        length: 1..=63,
        example: "AwaitingApproval",
        check: check_word,
    }
}

fn check_word(text: &str) -> Result<(), Cow<'static, str>> {
    check_characters(text, |c| c.is_ascii_alphanumeric(), "letters and digits")?;
    if text.starts_with(|c: char| c.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err("it must start with a capital letter".into())
    }
}

/// Who acted. People are known by the id of a Team member only, so that what else is known of them can be erased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A person.
    Member(MemberId),
    /// gitsm by itself: time has passed, or what it watches has changed.
    System,
}

/// No member has this id: ids have no colon.
const SYSTEM: &str = "system:gitsm";

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => id.fmt(f),
            Self::System => f.write_str(SYSTEM),
        }
    }
}

impl FromStr for Actor {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == SYSTEM {
            Ok(Self::System)
        } else {
            text.parse().map(Self::Member)
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Which record. Names of records are not given twice, so they mean the same record for as long as the journal
/// is kept, also after the record was restored in another cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId {
    /// Its kind.
    pub kind: Word,
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its name.
    pub name: ResourceName,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// One transition of a record: what is to be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it happened.
    pub time: Instant,
    /// Who acted.
    pub actor: Actor,
    /// Which record.
    pub record: RecordId,
    /// The phase before; `None` for a record that is new.
    pub from: Option<Word>,
    /// The phase after.
    pub to: Word,
    /// Why.
    pub reason: Word,
    /// The commit that it is about, if it is about one.
    pub revision: Option<GitRevision>,
    /// Digest of the canonical JSON of the record after the transition: spec, status and labels.
    pub snapshot: Digest,
    /// Digest of the canonical JSON of the facts that the decision was taken from.
    pub facts: Option<Digest>,
}

/// What makes two entries the same one: a writer that does not know whether its last attempt arrived tries again,
/// and the second time of writing may differ in all else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sameness {
    record: RecordId,
    from: Option<Word>,
    to: Word,
    snapshot: Digest,
}

impl Entry {
    pub(super) fn sameness(&self) -> Sameness {
        Sameness {
            record: self.record.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            snapshot: self.snapshot.clone(),
        }
    }
}

/// A transition at its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
    /// Digest of the line before; `None` in the first line.
    pub previous: Option<Digest>,
}

impl Line {
    /// The text of the line, without the line feed that ends it.
    ///
    /// # Errors
    ///
    /// Those of [`canonical_json`].
    pub fn to_text(&self) -> serde_json::Result<String> {
        canonical_json(self)
    }
}

/// The digest of a line from its text without the line feed.
pub(super) fn digest_of_text(text: &str) -> Digest {
    sha256(text.as_bytes())
}
