//! YAML with positions: one reader, one writer, one formatter.
//!
//! [`read`] makes one pass over the parser's events and keeps what other readers throw away: where every node
//! is, and how every scalar was written. What a scalar *means* is decided afterwards, as the cluster decides
//! it ([`resolve`]). JSON is read by the same reader, of whose language it is a part.
//!
//! Nothing in a file makes the reader panic, recurse deeply, or use more than a fixed multiple of the file's
//! size: see [`Limits`] and [`fuzz`].

mod build;
mod comments;
mod format;
pub mod fuzz;
mod locate;
mod problem;
pub mod resolve;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod write;

pub use comments::{Comment, comments};
pub use format::{Formatted, Kept, KeyOrder, format};
pub use locate::Located;
pub use problem::{Problem, ProblemKind};
pub use tree::{Document, Entry, Node, NodeValue, Style};
pub use write::write;

use crate::diagnostic::{Position, Span};
use text::count;

/// How large and how intricate a file may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file.
    pub file_bytes: usize,
    /// Documents of a file, empty ones included.
    pub documents: u32,
    /// Collections inside each other; the root of a document is at depth 1. At most [`Limits::DEEPEST`].
    pub depth: usize,
    /// Nodes of a file: keys, values and collections. The parser holds a list or map in brackets as tokens until
    /// it is closed, some 300 bytes a node, so this bounds memory more tightly than `file_bytes` does.
    pub nodes: usize,
    /// Whether anchors, aliases and merge keys are expanded; else each of them is a problem.
    pub allow_anchors: bool,
    /// Nodes that aliases and merge keys may copy, in a whole file.
    pub copied_nodes: usize,
    /// Problems that are kept; the rest is only counted.
    pub problems: usize,
}

impl Limits {
    /// The greatest `depth` that has an effect: walks over a tree are recursive.
    pub const DEEPEST: usize = 200;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 1 << 20,
            documents: 100,
            depth: 64,
            nodes: 200_000,
            allow_anchors: false,
            copied_nodes: 10_000,
            problems: 500,
        }
    }
}

/// A file that was read.
#[derive(Debug, Clone, Default)]
pub struct File<'a> {
    /// The whole text; empty where it is too large or not UTF-8.
    pub text: &'a str,
    /// The documents that have a tree. One that could not be parsed is missing here, but keeps its number.
    pub documents: Vec<Document<'a>>,
    /// What is wrong, in the order of the text.
    pub problems: Vec<Problem>,
    /// How many problems there were beyond [`Limits::problems`].
    pub suppressed: usize,
    /// Events of the parser: the amount of work that reading took.
    pub events: usize,
}

impl File<'_> {
    /// Whether any problem is an error, so that the cluster would not see what is written.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// The line that holds a byte, without its line break.
    pub fn line_at(&self, offset: u32) -> &str {
        let offset = (offset as usize).min(self.text.len());
        let bytes = self.text.as_bytes();
        let start = memchr::memrchr2(b'\n', b'\r', &bytes[..offset]).map_or(0, |at| at + 1);
        let end = memchr::memchr2(b'\n', b'\r', &bytes[offset..]).map_or(bytes.len(), |at| offset + at);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Reads a file of YAML or JSON documents.
///
/// It never fails: what cannot be read is in [`File::problems`], and reading goes on at the next `---`.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> File<'a> {
    let refuse = |problem| File {
        problems: vec![problem],
        ..File::default()
    };
    if bytes.len() > limits.file_bytes.min(u32::MAX as usize) {
        return refuse(problem::too_large(limits.file_bytes, bytes.len()));
    }
    let whole = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return refuse(not_utf8(bytes, error.valid_up_to())),
    };
    let (text, base) = text::strip_bom(whole);
    if let Some((at, character)) = text::forbidden_character(text) {
        let start = Position {
            offset: count(base),
            ..Position::START
        };
        let at = text::advance(start, text.get(..at).unwrap_or_default());
        return File {
            text: whole,
            ..refuse(problem::forbidden_character(at, character))
        };
    }
    build::read_documents(whole, text, base, limits)
}

/// The problem of a file that is not UTF-8 from the byte `valid` on.
fn not_utf8(bytes: &[u8], valid: usize) -> Problem {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let (before, base) = text::strip_bom(&before);
    let start = Position {
        offset: count(base),
        ..Position::START
    };
    problem::not_utf8(Span::empty(text::advance(start, before)), bytes)
}
