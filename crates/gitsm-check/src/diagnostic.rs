//! Findings as data. What they look like on a terminal or in CI is decided in [`crate::render`].

use gitsm_schema::Path;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::Arc;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing; never fails a run unless asked to.
    Note,
    /// Probably wrong or fragile.
    Warning,
    /// Wrong: the resource must not be merged.
    Error,
}

impl Level {
    /// The word used in output and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Line, counted from 1, absolute in the file.
    pub line: u32,
    /// Column in Unicode code points, counted from 1.
    pub column: u32,
    /// Bytes from the start of the file.
    pub offset: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self {
        line: 1,
        column: 1,
        offset: 0,
    };
}

/// A stretch of a text file; `end` is the first position behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// First character.
    pub start: Position,
    /// First character behind the stretch.
    pub end: Position,
}

impl Span {
    /// The empty stretch at one position.
    pub const fn empty(at: Position) -> Self {
        Self { start: at, end: at }
    }
}

/// The stable id of a rule: `GS301`, or `GS501/<policy>/<rule>` for a rule of a `RecordPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// The id of a built-in rule.
    pub const fn builtin(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// The id of one rule of a `RecordPolicy`.
    pub fn policy(policy: &str, rule: &str) -> Self {
        Self(Cow::Owned(format!("GS501/{policy}/{rule}")))
    }

    /// An id as somebody wrote it.
    pub fn owned(id: String) -> Self {
        Self(Cow::Owned(id))
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `GSnnn` part, under which the rule is documented.
    pub fn code(&self) -> &str {
        self.0.split('/').next().unwrap_or(&self.0)
    }
}

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which object a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectId {
    /// `Change`, `ITService`, ...
    pub kind: String,
    /// Empty for cluster-scoped kinds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.name.is_empty() {
            write!(f, "{} without a name", self.kind)
        } else if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind, self.name)
        } else {
            write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// A second place that explains a finding: "first declared here".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// The file, as [`Finding::file`].
    pub file: Arc<str>,
    /// Where in it.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// One thing that is wrong, in one place, for one cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleId,
    /// How much it matters, after configuration.
    pub level: Level,
    /// Path of the file relative to the root of the run with `/` between parts, or `<stdin>`.
    pub file: Arc<str>,
    /// Where in the file; `None` for findings about the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Which document of the file, counted from 1; 0 for findings about the file as a whole.
    pub document: u32,
    /// The object, where the document got far enough to have a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectId>,
    /// The field, printed as the API server prints it; empty for the object as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What is wrong, in one sentence, without values of secret-bearing fields.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Other places that explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
}

impl Finding {
    /// A finding about a place in a file; the rest is added with the `with_` methods.
    pub fn new(
        rule: RuleId,
        level: Level,
        file: Arc<str>,
        span: Option<Span>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            level,
            file,
            span,
            document: 0,
            object: None,
            field: String::new(),
            message: message.into(),
            hint: None,
            labels: Vec::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the field it is about.
    #[must_use]
    pub fn with_field(mut self, path: &Path) -> Self {
        self.field = path.to_string();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn with_label(mut self, file: Arc<str>, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label {
            file,
            span,
            message: message.into(),
        });
        self
    }

    /// An identity that survives line shifts: rule, object and field (file and message where there is no
    /// object). Two findings with one fingerprint are the same problem at two revisions.
    pub fn fingerprint(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.rule.as_str());
        match &self.object {
            Some(object) => {
                digest.update([0]);
                digest.update(object.to_string());
                digest.update([0]);
                digest.update(&self.field);
            }
            None => {
                digest.update([1]);
                digest.update(self.file.as_bytes());
                digest.update([0]);
                digest.update(&self.message);
            }
        }
        digest
            .finalize()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The order in which findings are printed: by file, place, rule and message.
    pub fn sort_key(&self) -> (Arc<str>, u32, u32, RuleId, String) {
        let start = self.span.map_or(Position::START, |span| span.start);
        (
            Arc::clone(&self.file),
            start.line,
            start.column,
            self.rule.clone(),
            self.message.clone(),
        )
    }
}

/// What a run looked at besides its findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Files read.
    pub files: u64,
    /// Documents of gitsm kinds (and of kinds given with `--crd`) that were judged.
    pub documents: u64,
    /// What was not judged, by reason, in the order of [`Skipped::reason`].
    pub skipped: Vec<Skipped>,
    /// Findings that an inline `gitsm: allow` silenced.
    pub allowed: Vec<Allowed>,
    /// The instant used by time-dependent rules, RFC 3339 UTC.
    pub at: String,
    /// The revision that was judged, when it was not the working tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// Documents or files that were passed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Skipped {
    /// Why, in the plural: `core Kubernetes objects`, `Helm templates`.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// A finding that an inline comment allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Allowed {
    /// File of the comment.
    pub file: Arc<str>,
    /// Line of the comment.
    pub line: u32,
    /// The rule it allows.
    pub rule: RuleId,
    /// The reason given.
    pub reason: String,
    /// How many findings it silenced; 0 means it is not needed any more.
    pub silenced: u64,
}

/// The outcome of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// All findings, sorted by [`Finding::sort_key`].
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub summary: Summary,
    /// Every document judged, for formats that list successes too (JUnit); filled only when asked for.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

/// One judged document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Judged {
    /// Its file.
    pub file: Arc<str>,
    /// Line on which it starts.
    pub line: u32,
    /// Its position in the file, from 1.
    pub document: u32,
    /// What it is.
    pub object: ObjectId,
}

impl Report {
    /// How many findings have exactly this level.
    pub fn count(&self, level: Level) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    }

    /// Whether any finding is at or above `level`.
    pub fn reaches(&self, level: Level) -> bool {
        self.findings.iter().any(|finding| finding.level >= level)
    }
}
