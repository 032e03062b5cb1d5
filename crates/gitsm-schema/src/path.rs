//! Where in an object something is: `spec.dependsOn[2].ref`.

use std::fmt;

/// One step from a value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A declared property of an object: printed `.name`.
    Field(String),
    /// A key of a map (`additionalProperties`): printed `[key]`.
    Key(String),
    /// An element of a list, counted from zero: printed `[2]`.
    Index(usize),
}

/// A path from the root of an object, printed as the API server prints field paths.
///
/// The empty path is the object itself and prints as the empty string; messages about the root name it
/// `<nil>`, as the API server does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Segment>);

impl Path {
    /// The object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps from the root, outermost first.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether this is the object itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// This path and one step more.
    #[must_use]
    pub fn child(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }

    /// This path and a declared property.
    #[must_use]
    pub fn field(&self, name: impl Into<String>) -> Self {
        self.child(Segment::Field(name.into()))
    }

    /// This path and a map key.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.child(Segment::Key(key.into()))
    }

    /// This path and a list element.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.child(Segment::Index(index))
    }

    /// This path followed by all steps of `tail`.
    #[must_use]
    pub fn join(&self, tail: &Path) -> Self {
        let mut segments = self.0.clone();
        segments.extend_from_slice(&tail.0);
        Self(segments)
    }

    /// The path without its last step; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        let (_, init) = self.0.split_last()?;
        Some(Self(init.to_vec()))
    }

    /// Adds one step in place.
    ///
    /// A walk over a large object pushes and pops on one path instead of allocating one per node.
    pub fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    /// Takes the last step back.
    pub fn pop(&mut self) -> Option<Segment> {
        self.0.pop()
    }

    /// The value at this path in `object`, if it is there.
    pub fn lookup<'v>(&self, object: &'v serde_json::Value) -> Option<&'v serde_json::Value> {
        self.0.iter().try_fold(object, |value, segment| match segment {
            Segment::Field(name) | Segment::Key(name) => value.get(name),
            Segment::Index(index) => value.get(index),
        })
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if position == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Key(key) => write!(f, "[{key}]")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_api_server_prints_field_paths() {
        let path = Path::root()
            .field("spec")
            .field("labels")
            .key("a.b/c")
            .index(2)
            .field("x");
        assert_eq!(path.to_string(), "spec.labels[a.b/c][2].x");
        assert_eq!(Path::root().to_string(), "");
    }

    #[test]
    fn finds_the_value_it_names() {
        let object = serde_json::json!({"spec": {"list": [{"a": 1}]}});
        let path = Path::root().field("spec").field("list").index(0).field("a");
        assert_eq!(path.lookup(&object), Some(&serde_json::json!(1)));
        assert_eq!(path.field("deeper").lookup(&object), None);
    }
}
