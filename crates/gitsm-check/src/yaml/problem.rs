//! What the reader finds wrong, in plain words.

use crate::diagnostic::{Finding, Level, Position, RuleId, Span};
use crate::rules::{self, RuleMeta};
use std::sync::Arc;

/// One thing that is wrong with a file as YAML.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// Where it is.
    pub span: Span,
    /// The number of the document, from 1; 0 for the file as a whole.
    pub document: u32,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, PartialEq)]
pub enum ProblemKind {
    /// It is not YAML.
    Syntax,
    /// The file is not UTF-8.
    NotUtf8,
    /// There is a NUL character.
    Nul,
    /// There is another character that may not stand in a file.
    ControlCharacter,
    /// A line is indented with a tab.
    Tab,
    /// The file has too many bytes.
    TooLarge {
        /// Bytes that are allowed.
        limit: usize,
        /// Bytes that it has.
        actual: usize,
    },
    /// The file has too many documents.
    TooManyDocuments {
        /// Documents that are allowed.
        limit: u32,
    },
    /// Collections are nested too deep.
    TooDeep {
        /// The depth that is allowed.
        limit: usize,
    },
    /// There are too many values.
    TooManyNodes {
        /// Nodes that are allowed.
        limit: usize,
    },
    /// Aliases and merge keys copy too much.
    TooManyCopies {
        /// Nodes that may be copied.
        limit: usize,
    },
    /// An anchor where none is allowed.
    Anchor,
    /// An alias where none is allowed, or of nothing.
    Alias,
    /// A merge key where none is allowed, or of something that is not a map.
    MergeKey,
    /// A key that its map already has.
    DuplicateKey {
        /// The first of the two.
        first: Span,
    },
    /// A plain scalar that YAML 1.1 and 1.2 read differently.
    Ambiguous {
        /// As it is written.
        raw: String,
        /// What the cluster reads.
        cluster: String,
        /// What a reader of YAML 1.2 reads.
        core: String,
    },
    /// An explicit tag.
    Tag,
    /// A number that is infinite or not a number.
    NonFinite,
    /// A key that is a list, a map, null, or a number too large.
    Key,
}

impl Problem {
    /// A problem without a hint.
    pub(super) fn new(kind: ProblemKind, span: Span, document: u32, message: impl Into<String>) -> Self {
        Self {
            kind,
            span,
            document,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The rule under which it is reported.
    pub fn rule(&self) -> &'static RuleMeta {
        match self.kind {
            ProblemKind::Syntax => &rules::gs101::META,
            ProblemKind::NotUtf8 | ProblemKind::Nul | ProblemKind::ControlCharacter | ProblemKind::Tab => {
                &rules::gs102::META
            }
            ProblemKind::TooLarge { .. }
            | ProblemKind::TooManyDocuments { .. }
            | ProblemKind::TooDeep { .. }
            | ProblemKind::TooManyNodes { .. }
            | ProblemKind::TooManyCopies { .. } => &rules::gs103::META,
            ProblemKind::DuplicateKey { .. } => &rules::gs104::META,
            ProblemKind::Anchor | ProblemKind::Alias | ProblemKind::MergeKey => &rules::gs105::META,
            ProblemKind::Ambiguous { .. } => &rules::gs106::META,
            ProblemKind::Tag => &rules::gs107::META,
            ProblemKind::NonFinite | ProblemKind::Key => &rules::gs108::META,
        }
    }

    /// Whether the document is not what it looks like, rather than merely fragile.
    pub fn is_error(&self) -> bool {
        self.rule().level == Level::Error
    }

    /// The finding that reports it, at the level of its rule.
    pub fn to_finding(&self, file: &Arc<str>) -> Finding {
        let rule = self.rule();
        let mut finding = Finding::new(
            RuleId::builtin(rule.id),
            rule.level,
            Arc::clone(file),
            Some(self.span),
            self.message.clone(),
        );
        finding.document = self.document;
        finding.hint.clone_from(&self.hint);
        if let ProblemKind::DuplicateKey { first } = self.kind {
            finding = finding.with_label(Arc::clone(file), first, "first given here");
        }
        finding
    }
}

/// A file that has more bytes than allowed.
pub(super) fn too_large(limit: usize, actual: usize) -> Problem {
    Problem::new(
        ProblemKind::TooLarge { limit, actual },
        Span::empty(Position::START),
        0,
        format!("the file has {actual} bytes; at most {limit} are read"),
    )
    .hint("split it into several files")
}

/// A file that is not UTF-8 at `span`.
pub(super) fn not_utf8(span: Span, bytes: &[u8]) -> Problem {
    let problem = Problem::new(ProblemKind::NotUtf8, span, 0, "the file is not UTF-8");
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        problem.hint("it looks like UTF-16: save it as UTF-8")
    } else {
        problem.hint("save it as UTF-8")
    }
}

/// A character that may not stand in a file.
pub(super) fn forbidden_character(at: Position, character: char) -> Problem {
    let mut end = at;
    end.column += 1;
    end.offset += super::text::count(character.len_utf8());
    let span = Span { start: at, end };
    if character == '\0' {
        return Problem::new(ProblemKind::Nul, span, 0, "the file contains a NUL character")
            .hint("remove it; a file full of them is binary or UTF-16, not YAML");
    }
    let code = u32::from(character);
    Problem::new(
        ProblemKind::ControlCharacter,
        span,
        0,
        format!("the control character U+{code:04X} may not stand in YAML"),
    )
    .hint(format!(
        "remove it, or write it as \"\\u{code:04x}\" in a double-quoted string"
    ))
}
