//! Where a walk through an object is, without allocating: a list of steps that lives on the stack.

use crate::path::{Path, Segment};
use std::fmt;

/// How deep objects and schemas are followed. Real ones stay below 50; the limit keeps every walk within a 2 MiB
/// stack, also in debug builds and for schemas that nest nothing but `allOf` and `anyOf`.
pub(crate) const MAX_DEPTH: usize = 200;

/// A step down from the parent.
#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Key(&'a str),
    Index(usize),
}

/// The way from the root of an object to the value a walk is looking at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trail<'a> {
    parent: Option<&'a Trail<'a>>,
    step: Step<'a>,
    depth: usize,
}

impl<'a> Trail<'a> {
    /// The object itself.
    pub(crate) fn root() -> Self {
        Trail {
            parent: None,
            step: Step::Root,
            depth: 0,
        }
    }

    /// One step on to a declared property.
    pub(crate) fn field<'b>(&'b self, name: &'b str) -> Trail<'b> {
        self.step(Step::Field(name))
    }

    /// One step on to the value under a map key.
    pub(crate) fn key<'b>(&'b self, key: &'b str) -> Trail<'b> {
        self.step(Step::Key(key))
    }

    /// One step on to a list element.
    pub(crate) fn index(&self, index: usize) -> Trail<'_> {
        self.step(Step::Index(index))
    }

    fn step<'b>(&'b self, step: Step<'b>) -> Trail<'b> {
        Trail {
            parent: Some(self),
            step,
            depth: self.depth + 1,
        }
    }

    /// Whether this is the object itself.
    pub(crate) fn is_root(&self) -> bool {
        self.depth == 0
    }

    /// Whether a walk should stop here.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.depth > MAX_DEPTH
    }

    /// The steps from the root on.
    fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = Vec::with_capacity(self.depth);
        let mut at: Option<&Trail<'a>> = Some(self);
        while let Some(trail) = at {
            steps.push(trail.step);
            at = trail.parent;
        }
        steps.reverse();
        steps
    }

    /// The same as a path that outlives the walk.
    pub(crate) fn to_path(self) -> Path {
        let segment = |step| match step {
            Step::Root => None,
            Step::Field(name) => Some(Segment::Field(name.to_owned())),
            Step::Key(key) => Some(Segment::Key(key.to_owned())),
            Step::Index(index) => Some(Segment::Index(index)),
        };
        self.steps().into_iter().filter_map(segment).collect()
    }

    /// The same with map keys as fields: schema validation prints `labels.app` where other steps print
    /// `labels[app]`.
    pub(crate) fn to_dotted_path(self) -> Path {
        let fields = |segment: &Segment| match segment {
            Segment::Key(key) => Segment::Field(key.clone()),
            other => other.clone(),
        };
        self.to_path().segments().iter().map(fields).collect()
    }
}

impl fmt::Display for Trail<'_> {
    /// As schema validation names it in messages: dots before all names but a property of the root.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps().into_iter().enumerate() {
            match step {
                Step::Root => {}
                Step::Field(name) if position == 1 => f.write_str(name)?,
                Step::Field(name) | Step::Key(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_converts() {
        let root = Trail::root();
        let (spec, top) = (root.field("spec"), root.key("top"));
        let key = spec.key("a");
        let element = key.index(2);
        assert_eq!(element.to_string(), "spec.a[2]");
        assert_eq!(element.to_path().to_string(), "spec[a][2]");
        assert_eq!(element.to_dotted_path().to_string(), "spec.a[2]");
        assert_eq!(top.to_string(), ".top");
        assert_eq!(root.to_string(), "");
        assert!(root.is_root() && !spec.is_root());
    }
}
