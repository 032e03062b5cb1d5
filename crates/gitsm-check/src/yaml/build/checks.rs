//! What is judged while the tree is built: keys, ambiguous scalars, tags and tabs.

use super::anchors::is_merge_key;
use super::{Builder, Reader};
use crate::diagnostic::{Position, Span};
use crate::yaml::problem::{Problem, ProblemKind};
use crate::yaml::resolve::{self, Scalar};
use crate::yaml::tree::{Entry, Node, NodeValue, Style};
use crate::yaml::{syntax, text::count};
use std::borrow::Cow;
use std::collections::HashMap;

/// The entries from which on a map is searched for duplicates with a set instead of by comparing pairs.
const SMALL_MAP: usize = 12;

impl<'a> Builder<'_, 'a> {
    /// Complains about an anchor and a tag.
    pub(super) fn decorations(
        &mut self,
        reader: &mut Reader<'a, '_>,
        at: Position,
        anchor: usize,
        tag: bool,
    ) {
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

    /// Warns about a plain scalar that readers disagree about, and refuses one that JSON cannot hold.
    pub(super) fn check_scalar(&mut self, reader: &mut Reader<'a, '_>, node: &Node<'a>) {
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
    pub(super) fn check_tab(&mut self, reader: &mut Reader<'a, '_>, at: Position) {
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
        let column = at.column.saturating_sub(count(blanks));
        let start = Position {
            column,
            offset: at.offset - count(blanks),
            ..at
        };
        self.error(reader, syntax::tab(Span { start, end: at }, reader.index));
    }

    /// Complains about keys that are the same to the cluster.
    pub(super) fn check_keys(&mut self, reader: &mut Reader<'a, '_>, entries: &[Entry<'a>]) {
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
}

/// The problem of a key that cannot be one, if any.
pub(super) fn check_key(key: &Node<'_>, reader: &Reader<'_, '_>) -> Option<Problem> {
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
