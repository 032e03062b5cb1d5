//! Why an expression was refused, and why an evaluation gave no value.

use std::borrow::Cow;
use std::fmt;

/// Why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// At which step it was refused.
    pub phase: Phase,
    /// Every complaint, in source order; never empty.
    pub issues: Vec<Issue>,
}

/// The step that refused an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is too long, too deep or not CEL.
    Parse,
    /// It is CEL, but its names or types do not fit.
    Check,
    /// The API server would accept it, but it needs what this crate does not judge.
    Unsupported,
}

/// One complaint about an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What is wrong, in the words of the reference implementation where it has them.
    pub message: String,
    /// Where: the line, counted from one.
    pub line: usize,
    /// Where: the column in characters, counted from one.
    pub column: usize,
}

impl CompileError {
    /// A single complaint about the expression as a whole.
    pub(crate) fn whole(phase: Phase, message: impl Into<String>) -> Self {
        Self {
            phase,
            issues: vec![Issue {
                message: message.into(),
                line: 1,
                column: 1,
            }],
        }
    }
}

impl CompileError {
    /// The type that the whole expression should have had, `a bool`, where only that is wrong.
    pub(crate) fn wrong_type(&self) -> Option<&str> {
        let [issue] = self.issues.as_slice() else {
            return None;
        };
        issue.message.strip_prefix("cel expression must evaluate to ")
    }

    /// The complaints, each with the line of `source` that it is about and a mark under the place.
    pub fn with_source(&self, source: &str) -> String {
        let complaint = |issue: &Issue| {
            let place = format!(
                "ERROR: <input>:{}:{}: {}",
                issue.line, issue.column, issue.message
            );
            let line = issue
                .line
                .checked_sub(1)
                .and_then(|line| source.split('\n').nth(line));
            let Some(line) = line else { return place };
            let line = line.replace('\t', " ");
            let mut characters = line.chars();
            // Characters that are not ASCII are often twice as wide, so their dots are wide ones.
            let mut marks = String::new();
            for character in characters.by_ref().take(issue.column.saturating_sub(1)) {
                marks.push(if character.is_ascii() { '.' } else { '\u{ff0e}' });
            }
            marks.push(match characters.next() {
                Some(character) if !character.is_ascii() => '\u{ff3e}',
                _ => '^',
            });
            format!("{place}\n | {line}\n | {marks}")
        };
        let complaints: Vec<String> = self.issues.iter().map(complaint).collect();
        complaints.join("\n")
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, issue) in self.issues.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(
                f,
                "ERROR: <input>:{}:{}: {}",
                issue.line, issue.column, issue.message
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for CompileError {}

/// Why an evaluation gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalError {
    /// No function takes arguments of these kinds.
    NoSuchOverload,
    /// A field or map key that is not there.
    NoSuchKey(String),
    /// The step budget is spent.
    BudgetExceeded,
    /// Anything else, in words.
    Failed(Cow<'static, str>),
}

impl EvalError {
    /// A failure in words.
    pub(crate) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed(message.into())
    }

    /// The failure of integer arithmetic outside of its range.
    pub(crate) fn overflow(type_name: &str) -> Self {
        Self::Failed(format!("{type_name} overflow").into())
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchOverload => f.write_str("no such overload"),
            Self::NoSuchKey(key) => write!(f, "no such key: {key}"),
            Self::BudgetExceeded => f.write_str("operation cancelled: actual cost limit exceeded"),
            Self::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for EvalError {}
