//! What a repository has put into the cluster.
//!
//! An object that is not listed is never deleted. So the list must be complete before anything is applied (the union of
//! the old and the new objects is stored first) and may only lose what is known to be gone: an object that could not be
//! deleted stays listed and is tried again. A crash between any two steps leaves a list that is too long, never one that
//! is too short.

use crate::ident::{NamespaceName, ResourceName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Largest part of an inventory that is stored as one object, in bytes. An object of etcd has at most 1.5 MiB; several
/// small ones are written faster than one large one when few lines change.
pub const MAX_PART_BYTES: usize = 256 * 1024;

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectKey {
    /// Its kind, one of gitsm's.
    pub kind: String,
    /// Its namespace; absent for a kind without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceName>,
    /// Its name.
    pub name: ResourceName,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// The objects that a repository has put into the cluster, each with the uid that it had when it was applied last;
/// `None` until that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    entries: BTreeMap<ObjectKey, Option<String>>,
}

/// One line of a stored inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    #[serde(flatten)]
    key: ObjectKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
}

/// A part of a stored inventory that cannot be read. Nothing may be deleted by what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of an inventory cannot be read: {problem}")]
pub struct InventoryError {
    /// The line, from 1, of the part.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Inventory {
    /// Reads the parts that [`Inventory::parts`] made, in any order.
    ///
    /// # Errors
    /// [`InventoryError`] for the first line that cannot be read.
    pub fn from_parts<'p>(parts: impl IntoIterator<Item = &'p str>) -> Result<Self, InventoryError> {
        let mut entries = BTreeMap::new();
        for part in parts {
            for (index, text) in part.lines().enumerate() {
                let line: Line = serde_json::from_str(text).map_err(|error| InventoryError {
                    line: index + 1,
                    problem: error.to_string(),
                })?;
                // An object that moved from one part to another can be in both after a crash; a known uid counts.
                let uid = entries.entry(line.key).or_insert(None);
                *uid = line.uid.or_else(|| uid.take());
            }
        }
        Ok(Self { entries })
    }

    /// The text of the parts to be stored, none of more than [`MAX_PART_BYTES`] unless one line is. Lines are in order
    /// of their objects, so that equal inventories have equal parts.
    pub fn parts(&self) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for (key, uid) in &self.entries {
            let line = Line {
                key: key.clone(),
                uid: uid.clone(),
            };
            // A line has text only, which can always be written.
            let text = serde_json::to_string(&line).unwrap_or_default();
            match parts.last_mut() {
                Some(part) if part.len() + text.len() < MAX_PART_BYTES => {
                    part.push_str(&text);
                    part.push('\n');
                }
                _ => parts.push(text + "\n"),
            }
        }
        parts
    }

    /// How many objects are listed.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether an object is listed.
    pub fn contains(&self, key: &ObjectKey) -> bool {
        self.entries.contains_key(key)
    }

    /// The listed objects with their uids, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectKey, Option<&str>)> {
        self.entries.iter().map(|(key, uid)| (key, uid.as_deref()))
    }

    /// Lists objects besides those that are; what is stored before they are applied.
    pub fn add(&mut self, keys: impl IntoIterator<Item = ObjectKey>) {
        for key in keys {
            self.entries.entry(key).or_insert(None);
        }
    }

    /// Notes the uid of an object that was applied.
    pub fn confirm(&mut self, key: &ObjectKey, uid: &str) {
        self.entries.insert(key.clone(), Some(uid.to_owned()));
    }

    /// Takes an object off the list: it is gone, or another object has its name by now.
    pub fn remove(&mut self, key: &ObjectKey) {
        self.entries.remove(key);
    }

    /// The listed objects that a commit does not have, with their uids, in the order in which they are to be deleted:
    /// the reverse of `order`, which is that of applying, so that nothing is deleted before what refers to it.
    pub fn superfluous(
        &self,
        wanted: &BTreeSet<ObjectKey>,
        order: impl Fn(&ObjectKey) -> usize,
    ) -> Vec<(ObjectKey, Option<String>)> {
        let mut found: Vec<_> = self
            .entries
            .iter()
            .filter(|(key, _)| !wanted.contains(key))
            .map(|(key, uid)| (key.clone(), uid.clone()))
            .collect();
        found.sort_by_key(|(key, _)| std::cmp::Reverse(order(key)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: &str, name: &str) -> ObjectKey {
        ObjectKey {
            kind: kind.to_owned(),
            namespace: (kind == "ITService").then(|| "payments".parse().unwrap()),
            name: name.parse().unwrap(),
        }
    }

    #[test]
    fn it_is_the_same_after_it_was_stored_in_whatever_order() {
        let mut inventory = Inventory::default();
        inventory.add((0..6_000).map(|number| key("ITService", &format!("service-{number}"))));
        inventory.add([key("Team", "payments")]);
        inventory.confirm(&key("Team", "payments"), "1-2-3");
        let parts = inventory.parts();
        assert!(parts.len() > 1, "{}", parts.len());
        assert!(parts.iter().all(|part| part.len() <= MAX_PART_BYTES));
        let read = Inventory::from_parts(parts.iter().rev().map(String::as_str)).unwrap();
        assert_eq!(read, inventory);
        assert_eq!(read.parts(), parts);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_no_empty_inventory() {
        let good = "{\"kind\":\"Team\",\"name\":\"a\"}\n";
        let error = Inventory::from_parts([&*format!("{good}{{\"kind\":\"Team\"}}\n")]).unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.problem.contains("name"), "{error}");
    }

    #[test]
    fn an_object_in_two_parts_keeps_its_uid() {
        let with = "{\"kind\":\"Team\",\"name\":\"a\",\"uid\":\"u\"}\n";
        let without = "{\"kind\":\"Team\",\"name\":\"a\"}\n";
        for parts in [[with, without], [without, with]] {
            let read = Inventory::from_parts(parts).unwrap();
            assert_eq!(read.iter().collect::<Vec<_>>(), [(&key("Team", "a"), Some("u"))]);
        }
    }

    #[test]
    fn what_a_commit_does_not_have_is_deleted_in_reverse() {
        let mut inventory = Inventory::default();
        inventory.add([key("Team", "a"), key("Team", "b"), key("ITService", "c")]);
        let wanted = BTreeSet::from([key("Team", "b")]);
        let order = |key: &ObjectKey| usize::from(key.kind == "ITService");
        let gone: Vec<_> = inventory
            .superfluous(&wanted, order)
            .into_iter()
            .map(|(key, _)| key.to_string())
            .collect();
        assert_eq!(gone, ["ITService/payments/c", "Team/a"]);
    }
}
