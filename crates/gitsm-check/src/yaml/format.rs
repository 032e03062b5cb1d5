//! Canonical key order for `gitsm fmt`, by moving lines of the original text.
//!
//! Nothing is printed anew: an entry moves as the lines it takes, so quotes, comments and line breaks stay as
//! they were written. What cannot be moved safely stays where it is, and the result says why. Before anything
//! is returned it is read again and compared with what was there.

use super::comments::comments;
use super::text::count;
use super::tree::{Document, Entry, Node, NodeValue};
use super::{File, Limits, read};
use crate::diagnostic::Span;
use gitsm_schema::{Path, Segment};

/// The order of the keys of a map, by its document and path; `None` leaves the map as it is.
///
/// Keys are given as [`Segment::Field`] throughout. The order of the root and of `metadata` is not asked for.
pub type KeyOrder<'o> = dyn Fn(&Document<'_>, &Path) -> Option<&'o [String]> + 'o;

/// A text with its keys in canonical order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// What was left as it was although its order is not canonical.
    pub kept: Vec<Kept>,
}

/// A map that was not reordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The map.
    pub span: Span,
    /// The number of its document, from 1.
    pub document: u32,
    /// Why.
    pub reason: &'static str,
}

impl Kept {
    fn whole(document: &Document<'_>, reason: &'static str) -> Self {
        Self {
            span: document.span,
            document: document.index,
            reason,
        }
    }
}

/// The order of the root of every object; what is not named stands between `spec` and `status`.
const ROOT: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];
/// The order of `metadata`.
const METADATA: [&str; 5] = ["name", "generateName", "namespace", "labels", "annotations"];
/// The rank of a key that is not named, and of `status`.
const UNNAMED: usize = usize::MAX - 1;
const LAST: usize = usize::MAX;

/// Brings the keys of every object of a file into canonical order.
///
/// Comment lines directly above a key and comments behind a value move with the key; those above the first key
/// of a document stay at its top. Applying it again changes nothing more. Documents that are not objects, or
/// that have problems, are left alone.
pub fn format(file: &File<'_>, order: &KeyOrder<'_>) -> Formatted {
    let unchanged = |reason| Formatted {
        text: file.text.to_owned(),
        kept: file
            .documents
            .iter()
            .filter(|document| is_object(document))
            .map(|document| Kept::whole(document, reason))
            .collect(),
    };
    if has_lone_return(file.text) {
        return unchanged("the file has line breaks of old Mac OS");
    }
    let mut text = String::with_capacity(file.text.len() + 2);
    let mut kept = Vec::new();
    let mut copied = 0;
    // Every line must end with a break before lines can change places.
    let whole = with_final_break(file.text);
    for (number, document) in file.documents.iter().enumerate() {
        if !is_object(document) {
            continue;
        }
        if !document.sound {
            kept.push(Kept::whole(
                document,
                "the document has errors, or uses anchors or tags",
            ));
            continue;
        }
        let start = document.root.span.start.offset as usize;
        let end = file
            .documents
            .get(number + 1)
            .map_or(whole.len(), |next| {
                line_start(&whole, next.span.start.offset as usize)
            })
            .min(document_end(&whole, document.span.end.offset as usize));
        let mut mover = Mover {
            text: &whole,
            document,
            order,
            path: Path::root(),
            kept: &mut kept,
        };
        text.push_str(whole.get(copied..start).unwrap_or_default());
        mover.node(&document.root, (start, end), &mut text);
        copied = end;
    }
    text.push_str(whole.get(copied..).unwrap_or_default());
    if text != file.text && !same_content(file, &text) {
        return unchanged("the keys of this file cannot be moved without changing what it says");
    }
    Formatted { text, kept }
}

fn with_final_break(text: &str) -> String {
    let mut whole = text.to_owned();
    if !whole.is_empty() && !whole.ends_with('\n') {
        whole.push_str(if whole.contains("\r\n") { "\r\n" } else { "\n" });
    }
    whole
}

/// Whether a document is an object of the API: only these have a canonical order.
fn is_object(document: &Document<'_>) -> bool {
    document.root.get("apiVersion").is_some() && document.root.get("kind").is_some()
}

/// Whether some line ends with a carriage return alone, which the search for lines here does not know.
fn has_lone_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
}

/// Whether a formatted text says what the file says, in values and in comments.
fn same_content(file: &File<'_>, text: &str) -> bool {
    let limits = Limits {
        file_bytes: usize::MAX,
        nodes: usize::MAX,
        documents: u32::MAX,
        depth: Limits::DEEPEST,
        problems: usize::MAX,
        ..Limits::default()
    };
    let new = read(text.as_bytes(), &limits);
    let sorted = |file: &File<'_>| {
        let mut texts: Vec<_> = comments(file)
            .iter()
            .map(|comment| comment.text.to_owned())
            .collect();
        texts.sort_unstable();
        texts
    };
    new.documents.len() == file.documents.len()
        && new.documents.iter().zip(&file.documents).all(|(new, old)| {
            new.sound == old.sound && new.index == old.index && new.root.to_json() == old.root.to_json()
        })
        && sorted(&new) == sorted(file)
}

/// The byte at which the line of `at` starts.
fn line_start(text: &str, at: usize) -> usize {
    text.get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |found| found + 1)
}

/// The byte behind the line of `at`, with its break.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |found| at + found + 1)
}

/// The first line behind `from` that ends the document, or the end of the text.
fn document_end(text: &str, from: usize) -> usize {
    let mut at = line_end(text, from);
    while at < text.len() {
        let line = text.get(at..).unwrap_or_default();
        if line.starts_with("---") || line.starts_with("...") {
            return at;
        }
        at = line_end(text, at);
    }
    text.len()
}

/// The column (from 1) of the first character of the line that starts at `start`, and whether a comment or
/// nothing is there.
fn look_at(text: &str, start: usize) -> (u32, LineKind) {
    let line = text.get(start..line_end(text, start)).unwrap_or_default();
    let content = line.trim_start_matches(' ');
    let column = count(line.len() - content.len()) + 1;
    let kind = match content.trim_end().as_bytes().first() {
        None => LineKind::Blank,
        Some(b'#') => LineKind::Comment,
        Some(_) => LineKind::Content,
    };
    (column, kind)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Blank,
    Comment,
    Content,
}

/// Copies a document with its maps in order.
struct Mover<'t, 'd, 'o> {
    text: &'t str,
    document: &'t Document<'d>,
    order: &'t KeyOrder<'o>,
    path: Path,
    kept: &'t mut Vec<Kept>,
}

/// An entry and the lines that move with it.
struct Piece<'t, 'd> {
    entry: &'t Entry<'d>,
    /// Start of its comment lines, or of its line, or of its key where that is not first on its line.
    start: usize,
    end: usize,
    /// Whether `start` is that of comment lines.
    commented: bool,
    rank: usize,
}

impl<'t, 'd> Mover<'t, 'd, '_> {
    fn copy(&self, from: usize, to: usize, out: &mut String) {
        out.push_str(self.text.get(from..to).unwrap_or_default());
    }

    /// Copies the text `from..to`, which holds `node`.
    fn node(&mut self, node: &'t Node<'d>, (from, to): (usize, usize), out: &mut String) {
        let start = node.span.start.offset as usize;
        let flow = matches!(self.text.as_bytes().get(start), Some(b'[' | b'{'));
        match &node.value {
            NodeValue::Mapping(entries) if !flow => self.mapping(node, entries, (from, to), out),
            NodeValue::Sequence(items) if !flow => {
                let mut copied = from;
                for (index, item) in items.iter().enumerate() {
                    // The dash of the next item is on its first line or above it; whatever is between the two
                    // is copied as it is.
                    let end = items.get(index + 1).map_or(to, |next| {
                        line_start(self.text, next.span.start.offset as usize)
                            .max(copied)
                            .min(to)
                    });
                    self.path.push(Segment::Index(index));
                    self.node(item, (copied, end), out);
                    self.path.pop();
                    copied = end;
                }
                self.copy(copied, to, out);
            }
            _ => self.copy(from, to, out),
        }
    }

    fn mapping(
        &mut self,
        node: &'t Node<'d>,
        entries: &'t [Entry<'d>],
        (from, to): (usize, usize),
        out: &mut String,
    ) {
        let Some(mut pieces) = self.pieces(node, entries, (from, to)) else {
            let reason = "a key is not written as `key: value` at the start of a line";
            self.keep(node, reason);
            return self.copy(from, to, out);
        };
        let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
            return self.copy(from, to, out);
        };
        let (start, end, column) = (first.start, last.end, node.span.start.column);
        // Behind the dash of a list item: not at the start of a line.
        let inline = !first.commented && line_start(self.text, start) != start;
        if !pieces.is_sorted_by_key(|piece| piece.rank) {
            let front = pieces.iter().min_by_key(|piece| piece.rank);
            if inline && front.is_some_and(|piece| piece.commented) {
                self.keep(
                    node,
                    "the key that should come first has a comment above it, and no line of its own",
                );
            } else {
                pieces.sort_by_key(|piece| piece.rank);
            }
        }
        self.copy(from, start, out);
        let indentation = " ".repeat(column as usize - 1);
        for (place, piece) in pieces.iter().enumerate() {
            let mut begin = piece.start;
            if inline && place == 0 {
                begin = piece.entry.key.span.start.offset as usize;
            } else if inline && piece.start == start {
                out.push_str(&indentation);
            }
            let value_from = piece.entry.key.span.end.offset as usize;
            self.copy(begin, value_from, out);
            let name = piece.entry.key.key_text().unwrap_or_default().into_owned();
            self.path.push(Segment::Field(name));
            self.node(&piece.entry.value, (value_from, piece.end), out);
            self.path.pop();
        }
        self.copy(end, to, out);
    }

    fn keep(&mut self, node: &Node<'_>, reason: &'static str) {
        self.kept.push(Kept {
            span: node.span,
            document: self.document.index,
            reason,
        });
    }

    /// The entries of a map with the lines that belong to each, one behind the other; `None` where an entry does
    /// not have lines of its own.
    fn pieces(
        &self,
        node: &Node<'_>,
        entries: &'t [Entry<'d>],
        (from, to): (usize, usize),
    ) -> Option<Vec<Piece<'t, 'd>>> {
        let column = node.span.start.column;
        let mut pieces: Vec<Piece<'t, 'd>> = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = entry.key.span.start;
            let line = line_start(self.text, key.offset as usize);
            let own_line = look_at(self.text, line) == (column, LineKind::Content);
            if key.column != column || (!own_line && !pieces.is_empty()) {
                return None;
            }
            // The lines above the first key of a document are the document's.
            let floor = match pieces.last() {
                Some(before) => line_end(
                    self.text,
                    (before.entry.value.span.end.offset as usize).max(before.start),
                ),
                None if self.path.is_root() => line,
                None => line_end(self.text, from),
            };
            let mut start = if own_line { line } else { key.offset as usize };
            let line = start;
            while own_line && start > floor {
                let above = line_start(self.text, start - 1);
                let (indent, kind) = look_at(self.text, above);
                if kind != LineKind::Comment || indent > column || above < floor {
                    break;
                }
                start = above;
            }
            if let Some(before) = pieces.last_mut() {
                before.end = start;
            }
            pieces.push(Piece {
                entry,
                start,
                end: to,
                commented: start != line,
                rank: 0,
            });
        }
        if let Some(last) = pieces.last_mut() {
            last.end = self.end_of_last(last, column).min(to);
        }
        self.rank(&mut pieces);
        let in_place = pieces.iter().all(|piece| {
            let key = piece.entry.key.span;
            piece.start <= key.start.offset as usize && key.end.offset as usize <= piece.end
        });
        in_place.then_some(pieces)
    }

    /// The end of the last entry: its last line, and the comments behind it that are indented further than the map.
    fn end_of_last(&self, last: &Piece<'_, '_>, column: u32) -> usize {
        let value = last
            .entry
            .value
            .span
            .end
            .offset
            .max(last.entry.key.span.end.offset);
        let mut end = line_end(self.text, value as usize);
        let mut at = end;
        while at < self.text.len() {
            let (indent, kind) = look_at(self.text, at);
            at = line_end(self.text, at);
            match kind {
                LineKind::Comment if indent > column => end = at,
                LineKind::Blank => {}
                LineKind::Comment | LineKind::Content => break,
            }
        }
        end
    }

    fn rank(&self, pieces: &mut [Piece<'_, '_>]) {
        let order = (!self.path.is_root())
            .then(|| (self.order)(self.document, &self.path))
            .flatten();
        let metadata = matches!(self.path.segments(), [Segment::Field(name)] if name == "metadata");
        for piece in pieces {
            let key = piece.entry.key.key_text().unwrap_or_default();
            let named = if self.path.is_root() {
                let last = (key == "status").then_some(LAST);
                ROOT.iter().position(|name| *name == key).or(last)
            } else if metadata {
                METADATA.iter().position(|name| *name == key)
            } else {
                order.and_then(|names| names.iter().position(|name| *name == key))
            };
            piece.rank = named.unwrap_or(UNNAMED);
        }
    }
}

#[cfg(test)]
mod tests;
