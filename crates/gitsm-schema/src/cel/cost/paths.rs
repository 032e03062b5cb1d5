//! Paths from a variable to a value, kept as the API server keeps them.
//!
//! It keeps them in Go slices that are appended to. Two appends to one slice write to the same place when the
//! slice has room, so that the later one changes the path of the earlier one; some estimates depend on that. For
//! example, in `self.list.all(x, x.a.all(y, x.b == y))` the path of `x.a` has become that of `x.b` by the time
//! the rounds of the inner loop are counted.

/// A path: the first `len` steps of a store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    store: usize,
    len: usize,
}

impl Path {
    /// No path.
    pub(super) const NONE: Self = Self { store: 0, len: 0 };
}

/// The steps of all paths.
#[derive(Debug, Default)]
pub(super) struct Paths<'e> {
    stores: Vec<Store<'e>>,
}

#[derive(Debug)]
struct Store<'e> {
    steps: Vec<&'e str>,
    /// How many steps fit before an append needs a new store.
    room: usize,
}

impl<'e> Paths<'e> {
    /// A path and one step more.
    pub(super) fn append(&mut self, path: Path, step: &'e str) -> Path {
        let len = path.len + 1;
        if path.len > 0
            && let Some(store) = self.stores.get_mut(path.store)
            && len <= store.room
        {
            match store.steps.get_mut(path.len) {
                Some(taken) => *taken = step,
                None => store.steps.push(step),
            }
            return Path {
                store: path.store,
                len,
            };
        }
        let mut steps = self.steps(path).to_vec();
        steps.push(step);
        self.stores.push(Store {
            steps,
            room: len.next_power_of_two(),
        });
        Path {
            store: self.stores.len() - 1,
            len,
        }
    }

    /// The steps of a path.
    pub(super) fn steps(&self, path: Path) -> &[&'e str] {
        let store = self.stores.get(path.store);
        store
            .and_then(|store| store.steps.get(..path.len))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_append_takes_the_place_of_an_earlier_one_where_there_is_room() {
        let mut paths = Paths::default();
        let root = paths.append(Path::NONE, "self");
        let list = paths.append(root, "list");
        let item = paths.append(list, "@items");
        let first = paths.append(item, "a");
        assert_eq!(paths.steps(first), ["self", "list", "@items", "a"]);
        let second = paths.append(item, "b");
        assert_eq!(paths.steps(second), ["self", "list", "@items", "b"]);
        assert_eq!(paths.steps(first), paths.steps(second), "the store had room");
        let other = paths.append(root, "other");
        assert_eq!(paths.steps(other), ["self", "other"]);
        assert_eq!(paths.steps(list), ["self", "list"], "this one had none");
    }
}
