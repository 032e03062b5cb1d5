//! The versions that objects had at the base of a range.

use super::file::identity;
use super::index::Index;
use crate::diagnostic::ObjectId;
use crate::input::Input;
use crate::yaml::{self, Limits, Node, NodeValue};
use gitsm_api::Scope;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Files whose objects are kept: enough for one file with each thread, few enough to be small.
const KEPT_FILES: usize = 16;

/// The objects of one file.
type Objects = HashMap<ObjectId, Value>;

/// Looks up old versions in the files of the base.
///
/// An object is read when it is asked for. The objects of a file tend to be asked for together, so the files that
/// were read last are kept: a list of thousands must not be parsed once for each of its objects.
pub(super) struct OldVersions<'a> {
    base: &'a dyn Input,
    index: &'a Index,
    limits: &'a Limits,
    files: Mutex<HashMap<Arc<str>, Arc<Objects>>>,
}

impl<'a> OldVersions<'a> {
    /// The objects of a judged base.
    pub(super) fn new(base: &'a dyn Input, index: &'a Index, limits: &'a Limits) -> Self {
        Self {
            base,
            index,
            limits,
            files: Mutex::default(),
        }
    }

    /// The object of this identity at the base.
    pub(super) fn get(&self, id: &ObjectId) -> Option<Value> {
        let entry = self.index.get(&id.kind, &id.namespace, &id.name)?;
        self.objects(&entry.file)?.get(id).cloned()
    }

    fn objects(&self, file: &Arc<str>) -> Option<Arc<Objects>> {
        let lock = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(objects) = lock().get(file) {
            return Some(Arc::clone(objects));
        }
        let objects = Arc::new(self.read(file)?);
        let mut files = lock();
        if files.len() >= KEPT_FILES {
            files.clear();
        }
        files.insert(Arc::clone(file), Arc::clone(&objects));
        Some(objects)
    }

    fn read(&self, file: &str) -> Option<Objects> {
        let position = self
            .base
            .files()
            .binary_search_by(|known| (*known.name).cmp(file))
            .ok()?;
        let bytes = self.base.read(position, self.limits.file_bytes as u64).ok()?;
        let mut objects = Objects::new();
        for document in &yaml::read(&bytes, self.limits).documents {
            collect(&document.root, &mut objects);
        }
        Some(objects)
    }
}

/// Adds the object, or those of a list. Of two with one identity the first stands, as in the index.
fn collect(node: &Node<'_>, objects: &mut Objects) {
    let text = |field: &str| match node.get(field).map(|node| &node.value) {
        Some(NodeValue::Scalar { raw, .. }) => Some(&**raw),
        _ => None,
    };
    match text("kind").and_then(gitsm_api::find) {
        Some(info) if text("apiVersion") == Some(gitsm_api::API_VERSION) => {
            let object = node.to_json();
            let id = identity(info.kind, info.scope == Scope::Namespaced, &object);
            objects.entry(id).or_insert(object);
        }
        _ => {
            for item in node.get("items").map(Node::items).unwrap_or_default() {
                collect(item, objects);
            }
        }
    }
}
