//! From the parser's events to the tree.

use super::problem::{Problem, ProblemKind};
use super::resolve::{self, Scalar};
use super::text::{Chunk, Chunks};
use super::tree::{Document, Entry, Node, NodeValue, Style};
use super::{File, Limits, syntax};
use crate::diagnostic::{Position, Span};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The entries from which on a map is searched for duplicates with a set instead of by comparing pairs.
const SMALL_MAP: usize = 12;

/// Reads all documents of `text`, which starts `base` bytes behind the start of `whole`.
pub(super) fn read_documents<'a>(whole: &'a str, text: &'a str, base: usize, limits: &Limits) -> File<'a> {
    let mut reader = Reader {
        limits,
        depth: limits.depth.min(Limits::DEEPEST),
        copies_left: limits.copied_nodes,
        index: 0,
        file: File {
            text: whole,
            ..File::default()
        },
    };
    for chunk in Chunks::new(text, base) {
        if !reader.read_chunk(&chunk) {
            break;
        }
    }
    let mut file = reader.file;
    file.problems.sort_by_key(|problem| problem.span.start.offset);
    file
}

/// The state that outlives a chunk.
struct Reader<'a, 'l> {
    limits: &'l Limits,
    depth: usize,
    copies_left: usize,
    /// Number of the current document, from 1.
    index: u32,
    file: File<'a>,
}

impl<'a> Reader<'a, '_> {
    fn report(&mut self, problem: Problem) {
        if self.file.problems.len() < self.limits.problems {
            self.file.problems.push(problem);
        } else {
            self.file.suppressed += 1;
        }
    }

    /// Reads one chunk; false where the rest of the file is not to be read.
    fn read_chunk(&mut self, chunk: &Chunk<'a>) -> bool {
        let mut parser = Parser::new_from_str(chunk.text);
        let mut builder: Option<Builder<'_, 'a>> = None;
        while let Some(next) = parser.next_event() {
            self.file.events += 1;
            let (event, span) = match next {
                Ok(event) => event,
                Err(error) => {
                    if builder.is_none() {
                        self.index += 1;
                    }
                    let open: Vec<Open> = builder.as_ref().map_or_else(Vec::new, Builder::open);
                    let problem = syntax::explain(&error, chunk, &open, self.index);
                    self.report(problem);
                    return true;
                }
            };
            match event {
                Event::StreamStart | Event::Nothing => {}
                Event::StreamEnd => return true,
                Event::DocumentStart(explicit) => {
                    let start = chunk.position(span.start);
                    if self.index >= self.limits.documents {
                        self.report(too_many_documents(self.limits.documents, start));
                        return false;
                    }
                    self.index += 1;
                    builder = Some(Builder::new(chunk, start, explicit));
                }
                Event::DocumentEnd => {
                    if let Some(builder) = builder.take() {
                        self.file.documents.extend(builder.finish(self.index));
                    }
                }
                node => {
                    let Some(builder) = &mut builder else { continue };
                    let end = (chunk.position(span.start), span);
                    if !builder.event(self, node, end) {
                        return true;
                    }
                }
            }
        }
        true
    }
}

fn too_many_documents(limit: u32, at: Position) -> Problem {
    Problem::new(
        ProblemKind::TooManyDocuments { limit },
        Span::empty(at),
        0,
        format!("the file has more than {limit} documents; the rest is not read"),
    )
    .hint("split it into several files")
}

/// A collection that was still open where an error stopped the reader.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    /// Where it starts: at its bracket, or at its first key or dash.
    pub(super) start: Position,
    /// Whether it is a map rather than a list.
    pub(super) map: bool,
    /// Whether it has brackets.
    pub(super) flow: bool,
}

/// A collection under construction.
struct Frame<'a> {
    open: Open,
    anchor: usize,
    content: Content<'a>,
}

enum Content<'a> {
    Sequence(Vec<Node<'a>>),
    Mapping {
        entries: Vec<Entry<'a>>,
        key: Option<Node<'a>>,
    },
}

/// Builds the tree of one document.
struct Builder<'c, 'a> {
    chunk: &'c Chunk<'a>,
    start: Position,
    explicit: bool,
    stack: Vec<Frame<'a>>,
    root: Option<Node<'a>>,
    sound: bool,
    /// The end of what was read: where the search for the next indicator starts.
    last: Position,
    /// Whether the chunk has a tab anywhere, so that indentation has to be looked at.
    tabs: bool,
    /// Collections with brackets that are open.
    flow: usize,
    anchors: HashMap<usize, Node<'a>>,
}

impl<'c, 'a> Builder<'c, 'a> {
    fn new(chunk: &'c Chunk<'a>, start: Position, explicit: bool) -> Self {
        let mut last = start;
        if explicit {
            last.column += 3;
            last.offset += 3;
        } else {
            // The mark of an implicit start is that of the first token, which may lie behind its indicator.
            last = chunk.start;
        }
        Self {
            chunk,
            start,
            explicit,
            stack: Vec::new(),
            root: None,
            sound: true,
            last,
            tabs: memchr::memchr(b'\t', chunk.text.as_bytes()).is_some(),
            flow: 0,
            anchors: HashMap::new(),
        }
    }

    fn open(&self) -> Vec<Open> {
        self.stack.iter().map(|frame| frame.open).collect()
    }

    fn finish(self, index: u32) -> Option<Document<'a>> {
        let root = self.root?;
        Some(Document {
            index,
            span: Span {
                start: if self.explicit {
                    self.start
                } else {
                    root.span.start
                },
                end: root.span.end,
            },
            root,
            sound: self.sound,
        })
    }

    /// Reports what makes the document unsound.
    fn error(&mut self, reader: &mut Reader<'a, '_>, problem: Problem) {
        self.sound = false;
        reader.report(problem);
    }

    /// Takes one event; false where the document has to be given up.
    fn event(
        &mut self,
        reader: &mut Reader<'a, '_>,
        event: Event<'a>,
        (start, span): (Position, saphyr_parser::Span),
    ) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.decorations(reader, start, anchor, tag.is_some());
                let node = self.scalar(text, style, start, span);
                self.check_tab(reader, node.span.start);
                if tag.is_none() {
                    self.check_scalar(reader, &node);
                }
                self.remember(reader, anchor, &node) && self.add(reader, node)
            }
            Event::SequenceStart(anchor, tag) => {
                self.decorations(reader, start, anchor, tag.is_some());
                self.push(reader, (start, span), anchor, Content::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.decorations(reader, start, anchor, tag.is_some());
                let entries = Vec::new();
                self.push(
                    reader,
                    (start, span),
                    anchor,
                    Content::Mapping { entries, key: None },
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.pop(reader, start, span),
            Event::Alias(id) => self.alias(reader, id, start, span),
            _ => true,
        }
    }

    /// Complains about an anchor and a tag.
    fn decorations(&mut self, reader: &mut Reader<'a, '_>, at: Position, anchor: usize, tag: bool) {
        if tag {
            let problem = Problem::new(
                ProblemKind::Tag,
                Span::empty(at),
                reader.index,
                "a value has an explicit tag",
            );
            let hint = "remove it; to make a string, put the value in quotes";
            self.error(reader, problem.hint(hint));
        }
        if anchor > 0 && !reader.limits.allow_anchors {
            let problem = Problem::new(
                ProblemKind::Anchor,
                Span::empty(at),
                reader.index,
                "anchors are not allowed",
            );
            let hint =
                "write the value out where it is needed; if the text is meant to start with `&`, quote it";
            self.error(reader, problem.hint(hint));
        }
    }

    fn push(
        &mut self,
        reader: &mut Reader<'a, '_>,
        (start, span): (Position, saphyr_parser::Span),
        anchor: usize,
        content: Content<'a>,
    ) -> bool {
        if self.stack.len() >= reader.depth {
            let limit = reader.depth;
            let problem = Problem::new(
                ProblemKind::TooDeep { limit },
                Span::empty(start),
                reader.index,
                format!("the document is nested more than {limit} levels deep; it is not read"),
            )
            .hint("no resource of gitsm needs that much; look for a bracket that is not closed");
            self.error(reader, problem);
            return false;
        }
        let map = matches!(content, Content::Mapping { .. });
        // The mark of a list that is not indented further than its key lies behind its first dash, and that of
        // any collection before its tag and anchor.
        let in_map = matches!(self.stack.last(), Some(parent) if parent.open.map);
        let wanted: &[u8] = match (map, in_map) {
            (true, _) => b"{",
            (false, true) => b"[-",
            (false, false) => b"[",
        };
        let at = self
            .indicator(wanted, self.chunk.local(self.chunk.position(span.end)))
            .unwrap_or_else(|| self.chunk.local(start));
        let start = self.chunk.position_from(self.last.min(start), at);
        let flow = matches!(self.chunk.text.as_bytes().get(at), Some(b'[' | b'{'));
        if flow || !map {
            // The tab before a map without brackets is found at its first key.
            self.check_tab(reader, start);
        }
        self.flow += usize::from(flow);
        self.last = start;
        if flow {
            self.last.column += 1;
            self.last.offset += 1;
        }
        self.stack.push(Frame {
            open: Open { start, map, flow },
            anchor,
            content,
        });
        true
    }

    /// The next of the `wanted` indicators between the end of what was read and `limit`, if nothing but blanks,
    /// comments, tags, anchors and other indicators is before it.
    fn indicator(&self, wanted: &[u8], limit: usize) -> Option<usize> {
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

    /// Closes the innermost collection.
    fn pop(&mut self, reader: &mut Reader<'a, '_>, at: Position, span: saphyr_parser::Span) -> bool {
        let Some(frame) = self.stack.pop() else {
            return true;
        };
        let mut end = self.last;
        if frame.open.flow {
            self.flow = self.flow.saturating_sub(1);
            if !span.is_empty() {
                end = at;
                end.column += 1;
                end.offset += 1;
            }
        }
        let value = match frame.content {
            Content::Sequence(items) => NodeValue::Sequence(items),
            Content::Mapping { mut entries, .. } => {
                if reader.limits.allow_anchors && !self.merge(reader, &mut entries) {
                    return false;
                }
                self.check_keys(reader, &entries);
                NodeValue::Mapping(entries)
            }
        };
        let node = Node {
            span: Span {
                start: frame.open.start,
                end: end.max(frame.open.start),
            },
            value,
        };
        self.remember(reader, frame.anchor, &node) && self.add(reader, node)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, reader: &mut Reader<'a, '_>, node: Node<'a>) -> bool {
        self.last = node.span.end.max(self.last);
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return true;
        };
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key } => {
                if let Some(key) = key.take() {
                    entries.push(Entry { key, value: node });
                    return true;
                }
                let refused = check_key(&node, reader);
                *key = Some(node);
                if let Some(problem) = refused {
                    self.error(reader, problem);
                }
            }
        }
        true
    }

    /// The node of a scalar, with its exact extent.
    fn scalar(
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

    /// Warns about a plain scalar that readers disagree about, and refuses one that JSON cannot hold.
    fn check_scalar(&mut self, reader: &mut Reader<'a, '_>, node: &Node<'a>) {
        let NodeValue::Scalar {
            raw,
            style: Style::Plain,
        } = &node.value
        else {
            return;
        };
        if let Some((cluster, core)) = resolve::ambiguity(raw) {
            reader.report(ambiguous(raw, cluster, core, node.span, reader.index));
        } else if matches!(resolve::cluster(raw), Scalar::Float(value) if !value.is_finite()) {
            let problem = Problem::new(
                ProblemKind::NonFinite,
                node.span,
                reader.index,
                "infinite numbers and not-a-number cannot be stored in the cluster",
            );
            self.error(
                reader,
                problem.hint("give a number, or quote it to make it a string"),
            );
        }
    }

    /// Complains about a line of a block that is indented with a tab.
    fn check_tab(&mut self, reader: &mut Reader<'a, '_>, at: Position) {
        if !self.tabs || self.flow > 0 {
            return;
        }
        let local = self.chunk.local(at);
        let before = &self.chunk.text.as_bytes()[..local];
        let blanks = before
            .iter()
            .rev()
            .take_while(|&&byte| byte == b' ' || byte == b'\t')
            .count();
        let from = local - blanks;
        if (from > 0 && !matches!(before[from - 1], b'\n' | b'\r')) || !before[from..].contains(&b'\t') {
            return;
        }
        let column = at.column.saturating_sub(super::text::count(blanks));
        let start = Position {
            column,
            offset: at.offset - super::text::count(blanks),
            ..at
        };
        self.error(reader, syntax::tab(Span { start, end: at }, reader.index));
    }

    /// Complains about keys that are the same to the cluster.
    fn check_keys(&mut self, reader: &mut Reader<'a, '_>, entries: &[Entry<'a>]) {
        let mut problems = Vec::new();
        let mut report = |second: &Node<'a>, first: &Node<'a>| {
            problems.push(duplicate_key(second, first, reader.index));
        };
        if entries.len() <= SMALL_MAP {
            let keys: Vec<_> = entries.iter().map(|entry| entry.key.key_text()).collect();
            for (at, key) in keys.iter().enumerate() {
                let first = keys[..at].iter().position(|other| key.is_some() && other == key);
                if let Some(first) = first {
                    report(&entries[at].key, &entries[first].key);
                }
            }
        } else {
            let mut seen: HashMap<Cow<'_, str>, &Node<'a>> = HashMap::with_capacity(entries.len());
            for entry in entries {
                let Some(key) = entry.key.key_text() else { continue };
                if let Some(first) = seen.get(&key) {
                    report(&entry.key, first);
                } else {
                    seen.insert(key, &entry.key);
                }
            }
        }
        for problem in problems {
            self.error(reader, problem);
        }
    }

    /// Notes the value of an anchor, where anchors are allowed.
    fn remember(&mut self, reader: &mut Reader<'a, '_>, anchor: usize, node: &Node<'a>) -> bool {
        if anchor == 0 || !reader.limits.allow_anchors {
            return true;
        }
        if !self.charge(reader, node) {
            return false;
        }
        self.anchors.insert(anchor, node.clone());
        true
    }

    /// Pays for a copy of a node; false where the budget is used up.
    fn charge(&mut self, reader: &mut Reader<'a, '_>, node: &Node<'a>) -> bool {
        if let Some(left) = reader.copies_left.checked_sub(node.size()) {
            reader.copies_left = left;
            return true;
        }
        reader.copies_left = 0;
        let limit = reader.limits.copied_nodes;
        let problem = Problem::new(
            ProblemKind::TooManyCopies { limit },
            node.span,
            reader.index,
            format!("aliases and merge keys copy more than {limit} nodes; the document is not read"),
        );
        self.error(reader, problem.hint("write the values out, or split the file"));
        false
    }

    /// An alias: a copy of what its anchor stands at, or a problem and null.
    fn alias(
        &mut self,
        reader: &mut Reader<'a, '_>,
        id: usize,
        start: Position,
        span: saphyr_parser::Span,
    ) -> bool {
        let span = Span {
            start,
            end: self.chunk.position(span.end),
        };
        let mut node = Node {
            span,
            value: NodeValue::Scalar {
                raw: Cow::Borrowed(""),
                style: Style::Plain,
            },
        };
        if !reader.limits.allow_anchors {
            let problem = Problem::new(ProblemKind::Alias, span, reader.index, "aliases are not allowed");
            let hint =
                "write the value out where it is needed; if the text is meant to start with `*`, quote it";
            self.error(reader, problem.hint(hint));
        } else if let Some(anchored) = self.anchors.get(&id).cloned() {
            if !self.charge(reader, &anchored) {
                return false;
            }
            if self.stack.len() + anchored.depth() > reader.depth {
                let limit = reader.depth;
                let problem = Problem::new(
                    ProblemKind::TooDeep { limit },
                    span,
                    reader.index,
                    format!("with this alias the document is nested more than {limit} levels deep"),
                );
                self.error(reader, problem);
                return false;
            }
            node.value = anchored.value;
        } else {
            // Of another document, or of a collection that is still open.
            let problem = Problem::new(
                ProblemKind::Alias,
                span,
                reader.index,
                "the alias has no anchor before it in its document",
            );
            self.error(reader, problem);
        }
        self.add(reader, node)
    }

    /// Replaces the merge keys among `entries` by what they bring; keys that are there already win.
    fn merge(&mut self, reader: &mut Reader<'a, '_>, entries: &mut Vec<Entry<'a>>) -> bool {
        if !entries.iter().any(|entry| is_merge_key(&entry.key)) {
            return true;
        }
        let (merges, mut kept): (Vec<_>, Vec<_>) = std::mem::take(entries)
            .into_iter()
            .partition(|entry| is_merge_key(&entry.key));
        let mut seen: HashSet<String> = kept
            .iter()
            .filter_map(|entry| entry.key.key_text().map(Cow::into_owned))
            .collect();
        for merge in merges {
            let sources = match merge.value.value {
                NodeValue::Sequence(items) => items,
                _ => vec![merge.value],
            };
            for source in sources {
                let NodeValue::Mapping(inherited) = source.value else {
                    let problem = Problem::new(
                        ProblemKind::MergeKey,
                        source.span,
                        reader.index,
                        "a merge key needs a map, or a list of maps",
                    );
                    self.error(reader, problem);
                    continue;
                };
                let new = |entry: &Entry<'a>| {
                    entry
                        .key
                        .key_text()
                        .is_none_or(|key| seen.insert(key.into_owned()))
                };
                kept.extend(inherited.into_iter().filter(new));
            }
        }
        *entries = kept;
        true
    }
}

fn is_merge_key(key: &Node<'_>) -> bool {
    matches!(&key.value, NodeValue::Scalar { raw, style: Style::Plain } if raw == "<<")
}

/// The problem of a key that cannot be one, if any.
fn check_key(key: &Node<'_>, reader: &Reader<'_, '_>) -> Option<Problem> {
    if is_merge_key(key) {
        if reader.limits.allow_anchors {
            return None;
        }
        let problem = Problem::new(
            ProblemKind::MergeKey,
            key.span,
            reader.index,
            "merge keys are not allowed",
        );
        return Some(problem.hint("write the keys out"));
    }
    if key.key_text().is_some() {
        return None;
    }
    let message = match &key.value {
        NodeValue::Scalar { raw, .. } if raw.is_empty() => "a key is missing before the `:`",
        NodeValue::Scalar { .. } => "the cluster does not take this for a key",
        NodeValue::Sequence(_) | NodeValue::Mapping(_) => "a list or map cannot be a key",
    };
    let problem = Problem::new(ProblemKind::Key, key.span, reader.index, message);
    let templated = matches!(key.value, NodeValue::Mapping(_));
    Some(problem.hint(if templated {
        "a value that starts with `{{` must be quoted; templates have to be rendered first"
    } else {
        "quote it to make it a string"
    }))
}

fn duplicate_key(second: &Node<'_>, first: &Node<'_>, document: u32) -> Problem {
    let name = second.key_text().unwrap_or_default();
    Problem::new(
        ProblemKind::DuplicateKey { first: first.span },
        second.span,
        document,
        format!(
            "the key `{name}` is already given on line {} of the file",
            first.span.start.line
        ),
    )
    .hint("keep one of the two")
}

fn ambiguous(raw: &str, cluster: Scalar<'_>, core: Scalar<'_>, span: Span, document: u32) -> Problem {
    let (here, there) = (cluster.describe(), core.describe());
    let hint = match cluster {
        Scalar::Bool(value) => format!("write {value}, or \"{raw}\" if it is meant as text"),
        Scalar::Int(value) => format!("write {value}, or \"{raw}\" if it is meant as text"),
        _ => format!("write \"{raw}\" if it is meant as text"),
    };
    Problem::new(
        ProblemKind::Ambiguous {
            raw: raw.to_owned(),
            cluster: here.clone(),
            core: there.clone(),
        },
        span,
        document,
        format!("`{raw}` is {here} to the cluster (YAML 1.1), but {there} to readers of YAML 1.2"),
    )
    .hint(hint)
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
