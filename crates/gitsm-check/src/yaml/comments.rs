//! Comments, which the parser does not report: what stands behind a `#` outside of all scalars.

use super::File;
use super::text::{advance, count, strip_bom};
use super::tree::{Node, NodeValue, Style};
use crate::diagnostic::{Position, Span};

/// A comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'a> {
    /// From its `#` to the end of its line.
    pub span: Span,
    /// Its text, with the `#`.
    pub text: &'a str,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}

/// All comments of a file, in order.
///
/// Where a document could not be parsed, only the lines that start with `#` are found between the documents
/// around it.
pub fn comments<'a>(file: &File<'a>) -> Vec<Comment<'a>> {
    let (text, base) = strip_bom(file.text);
    let mut scan = Scan {
        file: file.text,
        at: Position {
            offset: count(base),
            ..Position::START
        },
        // Without a tree there is no telling what a `#` behind other text is.
        found: Vec::new(),
    };
    if memchr::memchr(b'#', text.as_bytes()).is_none() {
        return Vec::new();
    }
    let mut parsed = 0;
    for document in &file.documents {
        // A number is missing: a document in between could not be parsed.
        let gap_is_known = document.index == parsed + 1;
        scan.gap(document.span.start, gap_is_known);
        scan.node(&document.root);
        parsed = document.index;
    }
    let end = advance(
        scan.at,
        file.text.get(scan.at.offset as usize..).unwrap_or_default(),
    );
    let all_known = file.documents.len() == parsed as usize && !file.has_errors();
    scan.gap(end, all_known);
    scan.found
}

struct Scan<'a> {
    file: &'a str,
    /// End of the last scalar.
    at: Position,
    found: Vec<Comment<'a>>,
}

impl Scan<'_> {
    /// Skips a node, whose scalars hold no comments.
    fn node(&mut self, node: &Node<'_>) {
        match &node.value {
            NodeValue::Scalar { raw, style } => {
                if node.span.end.offset <= self.at.offset {
                    return;
                }
                self.gap(node.span.start, true);
                if matches!(style, Style::Literal | Style::Folded) {
                    // A comment may stand behind the header.
                    let tail = self.file.get(self.at.offset as usize..).unwrap_or_default();
                    let header = tail.split(['\n', '\r']).next().unwrap_or_default();
                    let end = advance(self.at, header);
                    if !raw.is_empty() || end.offset < node.span.end.offset {
                        self.gap(end, true);
                    }
                }
                self.at = self.at.max(node.span.end);
            }
            NodeValue::Sequence(items) => items.iter().for_each(|item| self.node(item)),
            NodeValue::Mapping(entries) => {
                for entry in entries {
                    self.node(&entry.key);
                    self.node(&entry.value);
                }
            }
        }
    }

    /// Finds the comments between the last scalar and `to`; with `inline` also those behind other text.
    fn gap(&mut self, to: Position, inline: bool) {
        let (from, until) = (self.at.offset as usize, to.offset as usize);
        let Some(gap) = self.file.get(from..until) else {
            return;
        };
        let bytes = gap.as_bytes();
        let mut skip = 0;
        while let Some(found) = memchr::memchr(b'#', &bytes[skip..]) {
            let hash = skip + found;
            let before = self.file.get(..from + hash).unwrap_or_default();
            let blank_before = before.is_empty() || before.ends_with([' ', '\t', '\n', '\r', '\u{feff}']);
            if !blank_before {
                skip = hash + 1;
                continue;
            }
            let tail = self.file.get(from + hash..).unwrap_or_default();
            let text = tail.split(['\n', '\r']).next().unwrap_or_default();
            let own_line = before
                .trim_end_matches([' ', '\t'])
                .chars()
                .next_back()
                .is_none_or(|c| matches!(c, '\n' | '\r' | '\u{feff}'));
            if inline || own_line {
                let start = advance(
                    self.at,
                    self.file
                        .get(self.at.offset as usize..from + hash)
                        .unwrap_or_default(),
                );
                let end = advance(start, text);
                self.found.push(Comment {
                    span: Span { start, end },
                    text,
                    own_line,
                });
                self.at = end;
            }
            skip = hash + text.len();
            if skip >= bytes.len() {
                break;
            }
        }
        self.at = self.at.max(to);
    }
}
