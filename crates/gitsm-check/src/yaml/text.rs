//! What is checked and measured in the bytes before a parser sees them: encoding, forbidden characters,
//! where documents begin, and how the parser's marks (counted in characters) become byte positions.

use crate::diagnostic::Position;
use saphyr_parser::Marker;

/// The byte order mark, which may open a file.
const BOM: &str = "\u{feff}";

/// Every how many characters a [`Chunk`] notes the byte it has reached.
const CHECKPOINT: usize = 128;

/// A count as it is stored in positions; files are limited to far less than `u32::MAX` bytes.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// `text` without its byte order mark, and how many bytes that mark takes.
pub(super) fn strip_bom(text: &str) -> (&str, usize) {
    text.strip_prefix(BOM).map_or((text, 0), |rest| (rest, BOM.len()))
}

/// The position behind `passed`, when `passed` starts at `from`.
///
/// Line breaks are those of YAML 1.2: LF, CR LF, and CR alone.
pub(super) fn advance(from: Position, passed: &str) -> Position {
    let bytes = passed.as_bytes();
    let mut line = from.line;
    let mut last_break = None;
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
            continue;
        }
        line += 1;
        last_break = Some(at + 1);
    }
    let column = match last_break {
        None => from.column + count(passed.chars().count()),
        Some(start) => 1 + count(passed.get(start..).map_or(0, |tail| tail.chars().count())),
    };
    Position {
        line,
        column,
        offset: from.offset + count(passed.len()),
    }
}

/// The first character that YAML does not allow to stand in a file as it is, as a byte offset.
///
/// These are the control characters except tab, line feed, carriage return and U+0085, the two non-characters at
/// the end of the basic plane (the set that the cluster's reader refuses), and byte order marks behind the first,
/// which nobody sees.
pub(super) fn forbidden_character(text: &str) -> Option<(usize, char)> {
    // The bytes that can begin such a character; almost no file has one, so a byte scan decides.
    let suspicious = |byte: u8| {
        (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || matches!(byte, 0x7f | 0xc2 | 0xef)
    };
    let first = text.bytes().position(suspicious)?;
    let tail = text.get(first..)?;
    tail.char_indices()
        .find(|&(_, c)| {
            matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'..='\u{84}' | '\u{86}'..='\u{9f}')
                || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        })
        .map(|(at, c)| (first + at, c))
}

/// The text between two `---` lines: the unit in which a syntax error is contained.
///
/// A line that starts with `---` and a blank always begins a document, even inside quotes and brackets
/// (where it is an error), so documents can be told apart without parsing them.
#[derive(Debug)]
pub(super) struct Chunk<'a> {
    /// The text, with its `---` line.
    pub(super) text: &'a str,
    /// Where it starts in the file; always the first column.
    pub(super) start: Position,
    /// Where it ends in the file.
    pub(super) end: Position,
    /// How to find characters by number, where some take more than one byte.
    wide: Option<Wide>,
}

/// Where the characters of a text are that is not plain ASCII.
#[derive(Debug)]
struct Wide {
    /// The number of the first character of each line.
    lines: Vec<u32>,
    /// The byte offset of every [`CHECKPOINT`]th character.
    checkpoints: Vec<u32>,
    /// How many characters there are.
    chars: u32,
}

impl Wide {
    fn new(text: &str) -> Self {
        let (mut lines, mut checkpoints) = (vec![0], Vec::new());
        let mut chars = 0;
        let mut rest = text.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            if (chars as usize).is_multiple_of(CHECKPOINT) {
                checkpoints.push(count(at));
            }
            chars += 1;
            if c == '\n' || (c == '\r' && !matches!(rest.peek(), Some((_, '\n')))) {
                lines.push(chars);
            }
        }
        Self {
            lines,
            checkpoints,
            chars,
        }
    }

    /// The byte and the column (from 0) of a mark, whose column is cut at the end of its line; `None` behind
    /// the last character.
    ///
    /// It goes by line and column, not by index: the parser counts bytes into the index of a directive.
    fn find(&self, text: &str, mark: Marker) -> Option<(usize, u32)> {
        let line = mark.line().checked_sub(1)?;
        let start = *self.lines.get(line)?;
        let end = self.lines.get(line + 1).map_or(self.chars, |next| next - 1);
        let index = start.saturating_add(count(mark.col())).min(end);
        let checkpoint = *self.checkpoints.get(index as usize / CHECKPOINT)? as usize;
        let (at, _) = text
            .get(checkpoint..)?
            .char_indices()
            .nth(index as usize % CHECKPOINT)?;
        Some((checkpoint + at, index - start))
    }
}

impl<'a> Chunk<'a> {
    fn new(text: &'a str, start: Position, end: Position) -> Self {
        Self {
            text,
            start,
            end,
            wide: (!text.is_ascii()).then(|| Wide::new(text)),
        }
    }

    /// Where a mark of the parser, which was given this chunk alone, is in the file.
    pub(super) fn position(&self, mark: Marker) -> Position {
        let found = match &self.wide {
            None => (mark.index() < self.text.len()).then(|| (mark.index(), count(mark.col()))),
            Some(wide) => wide.find(self.text, mark),
        };
        found.map_or(self.end, |(byte, column)| Position {
            line: self.start.line + count(mark.line()) - 1,
            column: column + 1,
            offset: self.start.offset + count(byte),
        })
    }

    /// The byte of this chunk that a position of the file is at.
    pub(super) fn local(&self, position: Position) -> usize {
        (position.offset.saturating_sub(self.start.offset) as usize).min(self.text.len())
    }

    /// The position `bytes` behind the start of the chunk, found from a known position before it.
    pub(super) fn position_from(&self, known: Position, bytes: usize) -> Position {
        let from = self.local(known);
        self.text
            .get(from..bytes)
            .map_or(known, |passed| advance(known, passed))
    }

    /// The position of a byte of this chunk, counted from its start: for errors, of which there is one.
    pub(super) fn position_of(&self, bytes: usize) -> Position {
        self.position_from(self.start, bytes)
    }
}

/// Splits a file into [`Chunk`]s, one at a time, so that a reader which stops early has not paid for the rest.
#[derive(Debug)]
pub(super) struct Chunks<'a> {
    text: &'a str,
    /// Start of the next chunk.
    at: Position,
    /// Bytes before `text` in the file (its byte order mark).
    base: u32,
    done: bool,
}

/// What a reader has seen since the last place where a directive may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prologue {
    /// Nothing but blank lines and comments.
    Blank,
    /// A `%` directive: the next `---` belongs to it.
    Directive,
    /// Content.
    Over,
}

impl<'a> Chunks<'a> {
    /// The chunks of `text`, which starts `base` bytes behind the start of the file.
    pub(super) fn new(text: &'a str, base: usize) -> Self {
        Self {
            text,
            at: Position {
                offset: count(base),
                ..Position::START
            },
            base: count(base),
            done: false,
        }
    }

    /// The byte behind the line that starts at `from`, with its line break.
    fn line_end(&self, from: usize) -> usize {
        let bytes = &self.text.as_bytes()[from..];
        match memchr::memchr2(b'\n', b'\r', bytes) {
            None => self.text.len(),
            Some(at) if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') => from + at + 2,
            Some(at) => from + at + 1,
        }
    }
}

/// Whether a line is the marker: three times `mark` and then a blank or nothing.
fn is_marker(line: &str, mark: &str) -> bool {
    line.strip_prefix(mark)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        if self.done {
            return None;
        }
        let begin = (self.at.offset - self.base) as usize;
        let (mut from, mut line) = (begin, self.at.line);
        let mut last_line = begin;
        let mut prologue = Prologue::Blank;
        while from < self.text.len() {
            let to = self.line_end(from);
            let text = self.text.get(from..to).unwrap_or_default();
            if is_marker(text, "---") {
                if from > begin && prologue != Prologue::Directive {
                    break;
                }
                prologue = Prologue::Over;
            } else if is_marker(text, "...") {
                prologue = Prologue::Blank;
            } else if prologue != Prologue::Over {
                prologue = match text.trim_start_matches([' ', '\t']).chars().next() {
                    None | Some('#' | '\n' | '\r') => prologue,
                    Some('%') if text.starts_with('%') => Prologue::Directive,
                    Some(_) => Prologue::Over,
                };
            }
            last_line = from;
            from = to;
            if text.ends_with(['\n', '\r']) {
                line += 1;
                last_line = to;
            }
        }
        let chunk = self.text.get(begin..from).unwrap_or_default();
        let end = Position {
            line,
            column: 1 + count(
                self.text
                    .get(last_line..from)
                    .map_or(0, |tail| tail.chars().count()),
            ),
            offset: self.base + count(from),
        };
        let start = self.at;
        self.at = end;
        self.done = from >= self.text.len();
        Some(Chunk::new(chunk, start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str) -> Vec<&str> {
        Chunks::new(text, 0).map(|chunk| chunk.text).collect()
    }

    #[test]
    fn every_line_of_three_dashes_begins_a_chunk() {
        assert_eq!(
            chunks("a: 1\n---\nb: 2\n--- c\n---d"),
            ["a: 1\n", "---\nb: 2\n", "--- c\n---d"]
        );
        assert_eq!(chunks("---\r\na\r\n---\r\nb"), ["---\r\na\r\n", "---\r\nb"]);
        assert_eq!(chunks("---\n---"), ["---\n", "---"]);
        assert_eq!(chunks(""), [""]);
    }

    #[test]
    fn directives_belong_to_the_document_behind_them() {
        assert_eq!(
            chunks("# x\n%YAML 1.2\n---\na\n---\nb"),
            ["# x\n%YAML 1.2\n---\na\n", "---\nb"]
        );
        assert_eq!(chunks("a\n...\n%YAML 1.2\n---\nb"), ["a\n...\n%YAML 1.2\n---\nb"]);
        assert_eq!(
            chunks("# only a comment\n---\nb"),
            ["# only a comment\n", "---\nb"]
        );
    }

    #[test]
    fn chunks_know_where_they_are() {
        let text = "a: ü\n---\nb: 2";
        let all: Vec<_> = Chunks::new(text, 3).collect();
        assert_eq!(
            all[1].start,
            Position {
                line: 2,
                column: 1,
                offset: 9
            }
        );
        assert_eq!(
            all[1].end,
            Position {
                line: 3,
                column: 5,
                offset: 17
            }
        );
        assert_eq!(all[0].end, all[1].start);
    }

    #[test]
    fn marks_in_characters_become_bytes() {
        let text = "x\n".to_owned() + &"ü".repeat(300);
        let chunk = Chunks::new(&text, 0).next().unwrap();
        for column in [0, 1, 125, 126, 127, 128, 254, 256, 299] {
            // The index is not looked at.
            let found = chunk.position(Marker::new(7, 2, column));
            assert_eq!(found.offset as usize, 2 + 2 * column);
            assert_eq!((found.line, found.column as usize), (2, column + 1));
        }
        assert_eq!(chunk.position(Marker::new(302, 3, 0)), chunk.end);
        assert_eq!(chunk.position(Marker::new(0, 1, 9)).offset, 1);
    }

    #[test]
    fn forbidden_characters_are_found_and_others_pass() {
        assert_eq!(forbidden_character("a\u{b}b"), Some((1, '\u{b}')));
        assert_eq!(forbidden_character("ü\u{80}"), Some((2, '\u{80}')));
        assert_eq!(forbidden_character("x\u{ffff}"), Some((1, '\u{ffff}')));
        assert_eq!(forbidden_character("tab\t é \u{85} \u{a0} \u{fffd} 😀\r\n"), None);
    }
}
