//! What the decisions about incidents and problems have in common.

use crate::Text;
use crate::digest::digest_of;
use crate::ident::{Digest, MemberId};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Who makes a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A person.
    Member(MemberId),
    /// The controller, because time or another record made it due.
    Controller,
}

/// Somebody takes notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acknowledgement {
    /// Who.
    pub by: MemberId,
}

/// A move that a person asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Command<T> {
    /// The move.
    pub to: T,
    /// Who asks. Admission has checked that the writer is this person.
    pub by: MemberId,
    /// When it was written, where that is known. The same words at another time are another command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<500>>,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// Whether it was obeyed.
    pub obeyed: bool,
    /// The answer in words: what was done, or why not and what to do about it.
    pub text: Text<500>,
}

impl Answer {
    pub(super) fn done(text: impl AsRef<str>) -> Self {
        Self {
            obeyed: true,
            text: Text::clip(text),
        }
    }

    pub(super) fn refused(text: impl AsRef<str>) -> Self {
        Self {
            obeyed: false,
            text: Text::clip(text),
        }
    }
}

/// One step in the life of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event<P, R> {
    /// When it is recorded.
    pub at: Instant,
    /// Phase before; absent for a step that is not a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<P>,
    /// Phase after; absent for a step that is not a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<P>,
    /// Who caused it.
    pub actor: Actor,
    /// Why, as one word.
    pub reason: R,
    /// One sentence for people.
    pub message: Text<500>,
}

/// Why a record stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reason<R> {
    /// As one word.
    pub code: R,
    /// One sentence for people.
    pub message: Text<500>,
}

impl<R> Reason<R> {
    pub(super) fn new(code: R, message: impl AsRef<str>) -> Self {
        Self {
            code,
            message: Text::clip(message),
        }
    }
}

/// Something that the shell is to do beside writing the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Action<K> {
    /// What.
    pub kind: K,
    /// Why, in words.
    pub why: Text<300>,
}

impl<K> Action<K> {
    pub(super) fn new(kind: K, why: impl AsRef<str>) -> Self {
        Self {
            kind,
            why: Text::clip(why),
        }
    }
}

/// Whether a command still waits for its answer.
///
/// A command stays in the object until its writer removes it. It is carried out once: whatever belongs to it (the
/// command, the hold, the resolution) is kept as a digest once it was answered, and the same digest is not answered
/// again. So an incident that came back from a hold is not put on hold again by the command of last week, and a
/// command that was refused is not obeyed days later because its author happens to be on call. To ask again, write it
/// again at another time, change it, or take it away first.
pub(super) enum Pending {
    /// There is no command.
    None,
    /// It was answered before.
    Answered(Option<Digest>),
    /// It is new; this is its digest.
    New(Option<Digest>),
}

impl Pending {
    pub(super) fn of<T, W: Serialize>(
        command: Option<&Command<T>>,
        whole: &W,
        answered: Option<&Digest>,
    ) -> Self {
        if command.is_none() {
            return Self::None;
        }
        let digest = digest_of(whole).ok();
        if digest.is_some() && digest.as_ref() == answered {
            Self::Answered(digest)
        } else {
            Self::New(digest)
        }
    }

    /// What to keep as answered after this decision.
    pub(super) fn into_digest(self) -> Option<Digest> {
        match self {
            Self::None => None,
            Self::Answered(digest) | Self::New(digest) => digest,
        }
    }
}
