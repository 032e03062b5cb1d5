//! Syntax errors in words that say what to look at.

use super::build::Open;
use super::problem::{Problem, ProblemKind};
use super::text::Chunk;
use crate::diagnostic::{Position, Span};
use saphyr_parser::ScanError;

/// A line of a block that is indented with a tab.
pub(super) fn tab(span: Span, document: u32) -> Problem {
    Problem::new(
        ProblemKind::Tab,
        span,
        document,
        "the line is indented with a tab",
    )
    .hint("indent with spaces")
}

/// The lines around an error.
struct Site<'c, 'a> {
    chunk: &'c Chunk<'a>,
    /// Where the parser stopped.
    at: Position,
    /// The same, in bytes of the chunk.
    local: usize,
    /// Start of its line, in bytes of the chunk.
    line_start: usize,
    /// Its line.
    line: &'a str,
}

impl<'c, 'a> Site<'c, 'a> {
    fn new(chunk: &'c Chunk<'a>, at: Position) -> Self {
        let local = chunk.local(at);
        let bytes = chunk.text.as_bytes();
        let line_start = memchr::memrchr2(b'\n', b'\r', &bytes[..local]).map_or(0, |found| found + 1);
        let line_end =
            memchr::memchr2(b'\n', b'\r', &bytes[local..]).map_or(bytes.len(), |found| local + found);
        Self {
            chunk,
            at,
            local,
            line_start,
            line: chunk.text.get(line_start..line_end).unwrap_or_default(),
        }
    }

    /// Whether nothing but blanks and comments is left of the document.
    fn at_end(&self) -> bool {
        let rest = self.chunk.text.get(self.local..).unwrap_or_default();
        rest.lines()
            .map(str::trim_start)
            .all(|line| line.is_empty() || line.starts_with('#'))
    }

    /// What is left of the error on its line.
    fn before(&self) -> &'a str {
        self.chunk
            .text
            .get(self.line_start..self.local)
            .unwrap_or_default()
    }

    /// The first character of the last line with content that is wholly before the error's line, or of the
    /// error's own line where the error is inside its content.
    fn culprit(&self) -> Position {
        if !self.before().trim().is_empty() {
            return self.position(self.line_start + indent_of(self.line));
        }
        let mut end = self.line_start;
        while end > 0 {
            let bytes = &self.chunk.text.as_bytes()[..end - 1];
            let start = memchr::memrchr2(b'\n', b'\r', bytes).map_or(0, |found| found + 1);
            let line = self.chunk.text.get(start..end).unwrap_or_default();
            let content = line.trim();
            if !content.is_empty() && !content.starts_with('#') {
                return self.position(start + indent_of(line));
            }
            end = start;
        }
        self.at
    }

    fn position(&self, local: usize) -> Position {
        self.chunk.position_of(local)
    }
}

/// Bytes of indentation.
fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// An explanation: where to look, what is wrong, what to do.
struct Explained {
    at: Position,
    message: String,
    hint: Option<String>,
}

impl Explained {
    fn new(at: Position, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

/// The problem that a parser's error stands for.
pub(super) fn explain(error: &ScanError, chunk: &Chunk<'_>, open: &[Open], document: u32) -> Problem {
    let site = Site::new(chunk, chunk.position(*error.marker()));
    let info = error.info();
    if let Some(conflict) = conflict_marker(chunk) {
        let problem = Problem::new(
            ProblemKind::Syntax,
            Span::empty(conflict),
            document,
            "an unresolved merge conflict is left in the file",
        );
        return problem.hint("choose one side and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`");
    }
    if let Some(span) = tab_indentation(&site, info, open) {
        return tab(span, document);
    }
    if info.contains("recursion limit") {
        let message = "brackets are nested too deep; the document is not read";
        return Problem::new(
            ProblemKind::TooDeep { limit: 255 },
            Span::empty(site.at),
            document,
            message,
        );
    }
    if info.contains("unknown anchor") {
        let problem = Problem::new(
            ProblemKind::Alias,
            Span::empty(site.at),
            document,
            "a value that starts with `*` is an alias, and there is no such anchor before it",
        );
        return problem.hint("put the value in quotes if it is meant as text");
    }
    let explained = quotes(info, &site)
        .or_else(|| brackets(info, &site, open))
        .or_else(|| template(&site))
        .or_else(|| structure(info, &site, open))
        .or_else(|| tokens(info, &site))
        .unwrap_or_else(|| Explained {
            at: site.at,
            message: format!("this is not YAML: {info}"),
            hint: None,
        });
    let problem = Problem::new(
        ProblemKind::Syntax,
        Span::empty(explained.at),
        document,
        explained.message,
    );
    match explained.hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// The tab that an error is about: in the indentation of its line or, where the parser speaks of a tab, of one
/// of the lines behind it (it gives the start of the text that the line would go on with).
fn tab_indentation(site: &Site<'_, '_>, info: &str, open: &[Open]) -> Option<Span> {
    if open.iter().any(|open| open.flow) {
        return None;
    }
    let about_tabs = info.contains("a tab") && !info.contains("a tag") || info.contains("tabs");
    let mut start = site.line_start;
    for line in site.chunk.text.get(start..)?.split_inclusive(['\n', '\r']) {
        let indentation = line.get(..indent_of(line))?;
        if !line.trim().is_empty() && indentation.contains('\t') {
            return Some(Span {
                start: site.position(start),
                end: site.position(start + indentation.len()),
            });
        }
        if !about_tabs {
            return None;
        }
        start += line.len();
    }
    // A tab between an indicator and the value behind it.
    let tab = site.before().rfind('\t')?;
    Some(Span::empty(site.position(site.line_start + tab)))
}

/// The line of git's `<<<<<<<`, if all three marker lines are there.
fn conflict_marker(chunk: &Chunk<'_>) -> Option<Position> {
    let mut at = 0;
    let mut opened = None;
    let mut parted = false;
    for line in chunk.text.split_inclusive('\n') {
        if line.starts_with("<<<<<<< ") {
            opened = opened.or(Some(at));
        } else if line.trim_end() == "=======" {
            parted = opened.is_some();
        } else if line.starts_with(">>>>>>> ") && parted {
            return opened.map(|at| chunk.position_of(at));
        }
        at += line.len();
    }
    None
}

/// Errors of quoted scalars.
fn quotes(info: &str, site: &Site<'_, '_>) -> Option<Explained> {
    if info.contains("quoted scalar, found unexpected end of stream")
        || info.contains("quoted scalar, found unexpected document indicator")
    {
        return Some(Explained::new(
            site.at,
            "this quote is never closed",
            "close it; inside double quotes write \\\" for a quote, inside single quotes two of them",
        ));
    }
    if info.contains("invalid indentation in quoted scalar") {
        return Some(Explained::new(
            site.at,
            "this quote is not closed before the text goes on at a smaller indentation",
            "close the quote, or indent the lines of the quoted text further",
        ));
    }
    if info.contains("invalid trailing content after") {
        return Some(Explained::new(
            site.at,
            "there is text behind the closing quote",
            "put the whole value inside the quotes; inside double quotes write \\\" for a quote, inside single quotes two of them",
        ));
    }
    if info.contains("unknown escape") || info.contains("hexadecimal number") || info.contains("escape code")
    {
        return Some(Explained::new(
            site.at,
            "a double-quoted string contains a backslash that starts no known escape",
            "write two backslashes, or use single quotes, in which a backslash is nothing special",
        ));
    }
    None
}

/// Errors of brackets and braces.
fn brackets(info: &str, site: &Site<'_, '_>, open: &[Open]) -> Option<Explained> {
    if info.contains("misplaced bracket") {
        return Some(Explained::new(
            site.at,
            "this bracket closes nothing",
            "remove it, or put the value in quotes if it is text",
        ));
    }
    let innermost = open.iter().rev().find(|open| open.flow)?;
    let (opening, closing) = if innermost.map { ('{', '}') } else { ('[', ']') };
    let line = innermost.start.line;
    // A line that is not indented further than the one with the bracket was not meant to be inside it.
    let left_behind = line < site.at.line && {
        let opened = Site::new(site.chunk, innermost.start);
        indent_of(site.line) <= indent_of(opened.line) && !site.line.trim_start().starts_with([']', '}'])
    };
    if site.at_end() || left_behind {
        return Some(Explained::new(
            innermost.start,
            format!("this `{opening}` is never closed"),
            format!("add the missing `{closing}`; the file may be cut off"),
        ));
    }
    if info.contains("flow mapping") || info.contains("flow sequence") {
        return Some(Explained::new(
            site.at,
            format!("a `,` or `{closing}` is missing before this (the `{opening}` is on line {line})"),
            "separate the entries with commas and close the bracket; quote text that contains brackets or commas",
        ));
    }
    Some(Explained {
        at: site.at,
        message: format!("this cannot stand inside `{opening}{closing}` (opened on line {line})"),
        hint: Some("quote it if it is text, or close the bracket before it".to_owned()),
    })
}

/// Templates that were not rendered.
fn template(site: &Site<'_, '_>) -> Option<Explained> {
    let column = site.line.find("{{").or_else(|| site.line.find("{%"))?;
    Some(Explained::new(
        site.position(site.line_start + column),
        "this line looks like a template, which is not YAML until it is rendered",
        "render the template first, or put a value that starts with `{{` in quotes",
    ))
}

/// Errors of indentation, keys and list items.
fn structure(info: &str, site: &Site<'_, '_>, open: &[Open]) -> Option<Explained> {
    if info.contains("mapping values are not allowed") {
        return Some(if site.before().contains(": ") {
            Explained::new(
                site.at,
                "this `:` is one too many on its line",
                "put a value that contains `: ` in quotes",
            )
        } else {
            Explained::new(
                site.position(site.line_start + indent_of(site.line)),
                "this key is indented further than the text before it allows",
                "align it with the other keys of its map; the line before it already has a value",
            )
        });
    }
    if info.contains("simple key expect") {
        return Some(Explained::new(
            site.culprit(),
            "this line is not `key: value`",
            "add the missing `: ` behind the key, or indent the line if it goes on with the text before it",
        ));
    }
    if info.contains("block mapping, did not find expected key") || info.contains("invalid indentation") {
        let keys = open.iter().rev().find(|open| open.map && !open.flow);
        return Some(match keys {
            Some(keys) if keys.start.column != site.at.column => Explained::new(
                site.at,
                format!(
                    "this is indented by {} spaces, but the map it would belong to by {} (line {})",
                    site.at.column - 1,
                    keys.start.column - 1,
                    keys.start.line
                ),
                "align it with the other keys of its map",
            ),
            _ => Explained::new(
                site.at,
                "a `key: value` is expected here",
                "check the indentation of this line and of the ones before it",
            ),
        });
    }
    if info.contains("did not find expected '-' indicator") {
        return Some(Explained::new(
            site.at,
            "a list item is expected here, because the lines before it are one",
            "start the line with `- `, or check its indentation",
        ));
    }
    if info.contains("block sequence entries are not allowed") {
        return Some(Explained::new(
            site.at,
            "a list item cannot start here",
            "put `- ` at the start of a line below its key, or quote the value if it is text",
        ));
    }
    if info.contains("did not find expected <document start>") {
        return Some(Explained::new(
            site.at,
            "the document has already ended before this line",
            "check its indentation, or start another document with `---`",
        ));
    }
    if info.contains("comment intercepting") {
        return Some(Explained::new(
            site.at,
            "a comment ends the text, but the next line goes on with it",
            "move the comment, or check the indentation of the next line",
        ));
    }
    if info.contains("block scalar") {
        return Some(Explained::new(
            site.at,
            "the block of text is not indented as its first line is",
            "indent all its lines by the same number of spaces, more than its key",
        ));
    }
    None
}

/// Errors of single characters.
fn tokens(info: &str, site: &Site<'_, '_>) -> Option<Explained> {
    if let Some(character) = info
        .strip_prefix("unexpected character: `")
        .and_then(|rest| rest.chars().next())
    {
        return Some(Explained::new(
            site.at,
            format!("a value cannot start with `{character}`"),
            "put it in quotes",
        ));
    }
    if info.contains("comments must be separated") {
        return Some(Explained::new(
            site.at,
            "a `#` directly behind a value does not start a comment",
            "put a space before the `#`, or put the value in quotes",
        ));
    }
    if info.contains("anchor or alias") {
        return Some(Explained::new(
            site.at,
            "a value that starts with `*` or `&` is an alias or anchor, and this one has no name",
            "put the value in quotes if it is meant as text",
        ));
    }
    if info.contains("a tag") || info.contains("handle wasn't declared") {
        return Some(Explained::new(
            site.at,
            "a value that starts with `!` is a tag, and this is not a complete one",
            "put the value in quotes if it is meant as text",
        ));
    }
    None
}
