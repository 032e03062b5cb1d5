//! From the parser's marks, which include blanks and comments, to where a node really starts and ends.

use super::Builder;
use crate::diagnostic::{Position, Span};
use crate::yaml::text::Chunk;
use crate::yaml::tree::{Node, NodeValue, Style};
use saphyr_parser::ScalarStyle;
use std::borrow::Cow;

impl<'a> Builder<'_, 'a> {
    /// The next of the `wanted` indicators between the end of what was read and `limit`, if nothing but blanks,
    /// comments, tags, anchors and other indicators is before it.
    pub(super) fn indicator(&self, wanted: &[u8], limit: usize) -> Option<usize> {
        let bytes = self.chunk.text.as_bytes();
        let mut at = self.chunk.local(self.last);
        while at < bytes.len() && at <= limit {
            let byte = bytes[at];
            if wanted.contains(&byte) {
                return Some(at);
            }
            match byte {
                b'#' => at += memchr::memchr2(b'\n', b'\r', &bytes[at..])?,
                b'!' | b'&' => {
                    let blank = |byte: &u8| byte.is_ascii_whitespace();
                    at += bytes[at..].iter().position(blank)?;
                }
                b' ' | b'\t' | b'\n' | b'\r' | b':' | b'?' | b'-' | b',' => at += 1,
                _ => return None,
            }
        }
        None
    }

    /// The node of a scalar, with its exact extent.
    pub(super) fn scalar(
        &self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        start: Position,
        span: saphyr_parser::Span,
    ) -> Node<'a> {
        let chunk = self.chunk;
        let marked_end = chunk.position(span.end);
        let local = chunk.local(start);
        let (style, start, end) = match style {
            ScalarStyle::Plain if text.is_empty() => {
                // The mark is at the `:` before the missing value, or at what comes next.
                let mut at = start.max(self.last);
                if chunk.text.as_bytes().get(chunk.local(at)) == Some(&b':') {
                    at.column += 1;
                    at.offset += 1;
                }
                (Style::Plain, at, at)
            }
            ScalarStyle::Plain => (Style::Plain, start, marked_end),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let (style, quote) = match style {
                    ScalarStyle::SingleQuoted => (Style::Single, b'\''),
                    _ => (Style::Double, b'"'),
                };
                // The mark of the end lies behind blanks and comments.
                let open = self.indicator(&[quote], chunk.local(marked_end)).unwrap_or(local);
                let start = chunk.position_from(self.last.min(start), open);
                let close = closing_quote(chunk.text, open, quote);
                (style, start, chunk.position_from(start, close))
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let (style, indicator) = match style {
                    ScalarStyle::Literal => (Style::Literal, b'|'),
                    _ => (Style::Folded, b'>'),
                };
                // The mark of the start lies behind the header, that of the end at the next token.
                let open = self
                    .indicator(&[indicator], chunk.local(marked_end))
                    .unwrap_or(local);
                let start = chunk.position_from(self.last.min(start), open);
                let close = chunk.local(marked_end);
                let content = chunk.text.get(open..close).unwrap_or_default();
                let close = open + content.trim_end_matches([' ', '\t', '\n', '\r']).len();
                (style, start, chunk.position_from(start, close))
            }
        };
        Node {
            span: Span { start, end },
            value: NodeValue::Scalar {
                raw: borrowed(chunk, text, style, start, end),
                style,
            },
        }
    }
}

/// The byte behind the quote that closes the one at `open`.
fn closing_quote(text: &str, open: usize, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = open + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote => {
                if quote == b'\'' && bytes.get(at + 1) == Some(&quote) {
                    at += 2;
                } else {
                    return at + 1;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// The text of a scalar, borrowed from the file where it stands there as it is.
fn borrowed<'a>(
    chunk: &Chunk<'a>,
    text: Cow<'a, str>,
    style: Style,
    start: Position,
    end: Position,
) -> Cow<'a, str> {
    let (from, to) = (chunk.local(start), chunk.local(end));
    let inside = match style {
        Style::Plain => chunk.text.get(from..to),
        Style::Single | Style::Double => chunk.text.get(from + 1..to.saturating_sub(1)),
        Style::Literal | Style::Folded => None,
    };
    match inside {
        Some(inside) if inside == text => Cow::Borrowed(inside),
        _ => match text {
            Cow::Owned(mut text) => {
                text.shrink_to_fit();
                Cow::Owned(text)
            }
            borrowed @ Cow::Borrowed(_) => borrowed,
        },
    }
}
