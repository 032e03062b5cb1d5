//! Something that is made from all objects of a few resources, and made again when one of them has changed.

use crate::kind::GroupResource;
use crate::store::{Cursor, Store};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// What is made from the objects of some resources. It is looked at when it is needed, so it is never behind a write
/// that was acknowledged before.
pub(super) struct Followed<T> {
    resources: Vec<GroupResource>,
    make: Box<Make<T>>,
    made: Mutex<Option<Made<T>>>,
}

/// Makes it of the objects of each resource, in the order of the resources.
type Make<T> = dyn Fn(&[Vec<Value>]) -> T + Send + Sync;

struct Made<T> {
    from: Vec<Cursor>,
    value: Arc<T>,
}

impl<T> Followed<T> {
    pub(super) fn new<const N: usize>(
        resources: [GroupResource; N],
        make: impl Fn(&[Vec<Value>; N]) -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            resources: Vec::from(resources),
            make: Box::new(move |objects| {
                let mut lists = [const { Vec::new() }; N];
                for (list, objects) in lists.iter_mut().zip(objects) {
                    list.clone_from(objects);
                }
                make(&lists)
            }),
            made: Mutex::new(None),
        }
    }

    /// What the objects make now.
    pub(super) fn current(&self, store: &Store) -> Arc<T> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &mut *made
            && made.from.iter_mut().all(is_unmoved)
        {
            return Arc::clone(&made.value);
        }
        let revision = store.revision();
        // Cursors first: what changes while the objects are read is seen the next time.
        let from: Result<Vec<Cursor>, _> = self
            .resources
            .iter()
            .map(|resource| store.watch(resource, revision))
            .collect();
        let objects: Vec<Vec<Value>> = self
            .resources
            .iter()
            .map(|resource| {
                let listing = store.list(resource, None);
                listing.items.iter().map(crate::store::Stored::value).collect()
            })
            .collect();
        let value = Arc::new((self.make)(&objects));
        // Without cursors nothing is kept, and it is made again the next time.
        *made = from.ok().map(|from| Made {
            from,
            value: Arc::clone(&value),
        });
        value
    }
}

/// Whether nothing happened since.
fn is_unmoved(cursor: &mut Cursor) -> bool {
    matches!(cursor.try_next(), Ok(None))
}
