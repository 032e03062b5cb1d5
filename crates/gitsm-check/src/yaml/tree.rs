//! The tree: nodes with the places they were read from and the text they were written as.

use super::resolve::{self, Scalar};
use crate::diagnostic::Span;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: the only style in which a scalar can be anything but a string.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As a `|` block.
    Literal,
    /// As a `>` block.
    Folded,
}

/// One document of a file.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    /// Its number in the file, from 1; documents that could not be parsed count too.
    pub index: u32,
    /// From its `---`, or else its first node, to the end of its last node.
    pub span: Span,
    /// Its tree.
    pub root: Node<'a>,
    /// Whether the tree is what the cluster would see: no duplicate key, alias, tag or the like was found.
    pub sound: bool,
}

impl Document<'_> {
    /// Whether there is nothing in it: kubectl passes over such documents.
    pub fn is_empty(&self) -> bool {
        matches!(&self.root.value, NodeValue::Scalar { raw, style: Style::Plain } if raw.is_empty())
    }
}

/// A value and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// From its first to behind its last character, quotes and brackets included.
    pub span: Span,
    /// What is there.
    pub value: NodeValue<'a>,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue<'a> {
    /// A scalar: its text without quotes and with escapes resolved, and how it was written.
    Scalar {
        /// The text, borrowed from the file where it stands there as it is.
        raw: Cow<'a, str>,
        /// Its style.
        style: Style,
    },
    /// A list.
    Sequence(Vec<Node<'a>>),
    /// A map, in the order of the file.
    Mapping(Vec<Entry<'a>>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    /// The key.
    pub key: Node<'a>,
    /// The value.
    pub value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The meaning of a scalar to the cluster; `None` for lists and maps.
    pub fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.value {
            NodeValue::Scalar {
                raw,
                style: Style::Plain,
            } => Some(resolve::cluster(raw)),
            NodeValue::Scalar { raw, .. } => Some(Scalar::Str(raw)),
            NodeValue::Sequence(_) | NodeValue::Mapping(_) => None,
        }
    }

    /// This node as a key of a JSON object, as `sigs.k8s.io/yaml` makes keys strings; `None` where it refuses.
    pub fn key_text(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            NodeValue::Scalar { raw, style } if *style != Style::Plain => Some(Cow::Borrowed(raw)),
            NodeValue::Scalar { raw, .. } => match resolve::cluster(raw) {
                Scalar::Str(_) => Some(Cow::Borrowed(raw)),
                other => other.to_key().map(|key| Cow::Owned(key.into_owned())),
            },
            NodeValue::Sequence(_) | NodeValue::Mapping(_) => None,
        }
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry<'a>] {
        match &self.value {
            NodeValue::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            NodeValue::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .rev()
            .find(|entry| entry.key.key_text().is_some_and(|text| text == key))
            .map(|entry| &entry.value)
    }

    /// The value as the API server has it.
    ///
    /// What JSON cannot express (an infinite number, a list as a key) is a problem of the file; here the
    /// number is null and the entry is left out. Of a duplicate key the last value counts.
    pub fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Scalar { .. } => self
                .scalar()
                .and_then(|scalar| scalar.to_json())
                .unwrap_or_default(),
            NodeValue::Sequence(items) => items.iter().map(Self::to_json).collect(),
            NodeValue::Mapping(entries) => {
                let mut object = Map::new();
                for entry in entries {
                    if let Some(key) = entry.key.key_text() {
                        object.insert(key.into_owned(), entry.value.to_json());
                    }
                }
                Value::Object(object)
            }
        }
    }

    /// How many nodes there are here, this one and keys included.
    pub fn size(&self) -> usize {
        match &self.value {
            NodeValue::Scalar { .. } => 1,
            NodeValue::Sequence(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            NodeValue::Mapping(entries) => {
                1 + entries
                    .iter()
                    .map(|entry| entry.key.size() + entry.value.size())
                    .sum::<usize>()
            }
        }
    }

    /// How many collections are inside each other here; 0 for a scalar.
    pub(super) fn depth(&self) -> usize {
        let inner = match &self.value {
            NodeValue::Scalar { .. } => return 0,
            NodeValue::Sequence(items) => items.iter().map(Self::depth).max(),
            NodeValue::Mapping(entries) => entries
                .iter()
                .map(|entry| entry.key.depth().max(entry.value.depth()))
                .max(),
        };
        1 + inner.unwrap_or(0)
    }
}
