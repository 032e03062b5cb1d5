//! From a field path to a place in the file.

use super::tree::{Document, Node, NodeValue};
use crate::diagnostic::Span;
use gitsm_schema::{Path, Segment};

/// Where a field is, or the nearest thing around it that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The key, where the field is (inside) the value of a key.
    pub key: Option<Span>,
    /// The value.
    pub value: Span,
    /// How many steps of the path were found; all of them, if this is the field itself.
    pub depth: usize,
}

impl Located {
    /// Where to point a reader to: the key if the value takes several lines, so that not half a file is
    /// underlined, else the value.
    pub fn best(&self) -> Span {
        match self.key {
            Some(key)
                if self.value.start.line != self.value.end.line || self.value.start == self.value.end =>
            {
                key
            }
            _ => self.value,
        }
    }
}

impl Document<'_> {
    /// The place of a field of the document's root: see [`Node::locate`].
    pub fn locate(&self, path: &Path) -> Located {
        self.root.locate(path)
    }
}

impl Node<'_> {
    /// The place of a field, or of the nearest enclosing one that is there.
    ///
    /// The key of a list element is that of its list.
    pub fn locate(&self, path: &Path) -> Located {
        let mut node = self;
        let mut key = None;
        for (depth, segment) in path.segments().iter().enumerate() {
            let next = match segment {
                Segment::Field(name) | Segment::Key(name) => child(node, name),
                Segment::Index(index) => node.items().get(*index).map(|item| (key, item)),
            };
            let Some((found_key, found)) = next else {
                return Located {
                    key,
                    value: node.span,
                    depth,
                };
            };
            (key, node) = (found_key, found);
        }
        Located {
            key,
            value: node.span,
            depth: path.segments().len(),
        }
    }
}

/// The last entry of that name, as it is the one that counts.
fn child<'t, 'a>(node: &'t Node<'a>, name: &str) -> Option<(Option<Span>, &'t Node<'a>)> {
    let NodeValue::Mapping(entries) = &node.value else {
        return None;
    };
    entries
        .iter()
        .rev()
        .find(|entry| entry.key.key_text().is_some_and(|key| key == name))
        .map(|entry| (Some(entry.key.span), &entry.value))
}
