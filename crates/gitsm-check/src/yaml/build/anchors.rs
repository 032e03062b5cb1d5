//! Anchors, aliases and merge keys, where they are allowed: copies within a budget.

use super::{Builder, Reader};
use crate::diagnostic::{Position, Span};
use crate::yaml::problem::{Problem, ProblemKind};
use crate::yaml::tree::{Entry, Node, NodeValue, Style};
use std::borrow::Cow;
use std::collections::HashSet;

impl<'a> Builder<'_, 'a> {
    /// Notes the value of an anchor, where anchors are allowed.
    pub(super) fn remember(&mut self, reader: &mut Reader<'a, '_>, anchor: usize, node: &Node<'a>) -> bool {
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
    pub(super) fn alias(
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
    pub(super) fn merge(&mut self, reader: &mut Reader<'a, '_>, entries: &mut Vec<Entry<'a>>) -> bool {
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

pub(super) fn is_merge_key(key: &Node<'_>) -> bool {
    matches!(&key.value, NodeValue::Scalar { raw, style: Style::Plain } if raw == "<<")
}
