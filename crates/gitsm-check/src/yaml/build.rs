//! From the parser's events to the tree.

mod anchors;
mod checks;
mod extent;

use super::problem::{Problem, ProblemKind};
use super::text::{Chunk, Chunks};
use super::tree::{Document, Entry, Node, NodeValue};
use super::{File, Limits, syntax};
use crate::diagnostic::{Position, Span};
use checks::check_key;
use saphyr_parser::{Event, Parser};
use std::collections::HashMap;

/// Reads all documents of `text`, which starts `base` bytes behind the start of `whole`.
pub(super) fn read_documents<'a>(whole: &'a str, text: &'a str, base: usize, limits: &Limits) -> File<'a> {
    let mut reader = Reader {
        limits,
        depth: limits.depth.min(Limits::DEEPEST),
        copies_left: limits.copied_nodes,
        index: 0,
        nodes_left: limits.nodes,
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
    nodes_left: usize,
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
        // Where there are more commas than nodes are allowed, do not even let the parser collect tokens.
        if memchr::memchr_iter(b',', chunk.text.as_bytes()).count() > self.limits.nodes {
            self.index += 1;
            self.report(too_many_nodes(self.limits.nodes, chunk.start, self.index));
            return true;
        }
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
                    if !matches!(node, Event::SequenceEnd | Event::MappingEnd) {
                        let Some(left) = self.nodes_left.checked_sub(1) else {
                            let at = chunk.position(span.start);
                            self.report(too_many_nodes(self.limits.nodes, at, self.index));
                            return false;
                        };
                        self.nodes_left = left;
                    }
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

fn too_many_nodes(limit: usize, at: Position, document: u32) -> Problem {
    Problem::new(
        ProblemKind::TooManyNodes { limit },
        Span::empty(at),
        document,
        format!("there are more than {limit} values; the document is not read"),
    )
    .hint("split the file into several")
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
}
