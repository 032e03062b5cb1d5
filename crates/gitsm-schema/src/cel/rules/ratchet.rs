//! Whether a broken rule may stay broken, because what it is about has not changed.

use crate::correlate::{Correlated, Elements};

/// What is known of a node of an object that replaces another.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ratchet<'v> {
    /// The node and the one it replaces.
    current: Option<Correlated<'v>>,
    /// The nearest node above that replaces one; only the root has none above it.
    above: Option<Correlated<'v>>,
}

impl<'v> Ratchet<'v> {
    pub(super) fn root(current: Option<Correlated<'v>>) -> Self {
        Self { current, above: None }
    }

    /// Whether the complaints about the node are dropped: it has not changed, or, where it has no counterpart, the
    /// nearest node above that has one has not.
    pub(super) fn forgives(&self) -> bool {
        self.current
            .or(self.above)
            .is_some_and(|node| node.is_unchanged())
    }

    /// The field `name` of the node.
    pub(super) fn field(self, name: &str) -> Self {
        let Some(current) = self.current else { return self };
        if self.above.is_none() && matches!(name, "apiVersion" | "kind") {
            // Both objects are converted to one version, so a change of these cannot be seen.
            return Self::default();
        }
        Self {
            current: current.field(name),
            above: Some(current),
        }
    }

    /// The elements of the node, if it is a list of type `map`.
    pub(super) fn elements(&self) -> Option<Elements<'v>> {
        self.current.and_then(|current| current.elements())
    }

    /// The element at `index` of the node, whose elements are `elements`.
    pub(super) fn element(self, elements: Option<&Elements<'v>>, index: usize) -> Self {
        if self.current.is_none() {
            return self;
        }
        Self {
            current: elements.and_then(|elements| elements.get(index)),
            above: self.current,
        }
    }

    /// The node again, for the rules in its `allOf`, which are not forgiven for its own sake.
    pub(super) fn nested(self) -> Self {
        Self {
            current: None,
            above: self.above,
        }
    }
}
