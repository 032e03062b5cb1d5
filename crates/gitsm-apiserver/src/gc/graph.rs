//! Who owns whom, and what is to be done about an object.

use super::{FOREGROUND, ORPHAN};
use crate::object::Meta;
use crate::request::Propagation;
use crate::store::Key;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A uid.
pub(super) type Uid = Arc<str>;

/// An object, as far as garbage collection is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) key: Key,
    pub(super) revision: u64,
    pub(super) owners: Vec<Owner>,
    /// It has a deletion timestamp.
    pub(super) deleting: bool,
    pub(super) foreground: bool,
    pub(super) orphan: bool,
}

/// An owner reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) uid: Uid,
    pub(super) blocks: bool,
}

/// What has become of an owner, looked up by what the reference says of it: kind, name, and the dependant's
/// namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnerState {
    /// It exists.
    Solid,
    /// It exists and waits for its dependants to be deleted.
    Waiting,
    /// It does not exist, or another object has its name.
    Dangling,
    /// Its kind is not served (yet), so nothing can be said.
    Unknown,
    /// The dependant is cluster-scoped and the kind is namespaced: no such owner can be found, and nothing is done.
    Invalid,
}

/// What is to be done, in order; when one fails the rest waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Delete(Uid, Propagation),
    RemoveFinalizer(Uid, &'static str),
    RemoveOwners(Uid, Vec<Uid>),
    UnblockOwners(Uid),
    /// Something has changed for another object.
    Look(Uid),
    /// Its owner's kind is unknown: look again when kinds changed.
    Postpone,
}

impl Node {
    pub(super) fn new(key: Key, revision: u64, meta: &Meta<'_>) -> Self {
        let finalizers = meta.finalizers.as_deref().unwrap_or_default();
        let owners = meta.owner_references.as_deref().unwrap_or_default();
        Self {
            key,
            revision,
            owners: owners
                .iter()
                .map(|owner| Owner {
                    api_version: owner.api_version.to_string(),
                    kind: owner.kind.to_string(),
                    name: owner.name.to_string(),
                    uid: (&*owner.uid).into(),
                    blocks: owner.block_owner_deletion == Some(true),
                })
                .collect(),
            deleting: meta.deletion_timestamp.is_some(),
            foreground: finalizers.iter().any(|finalizer| finalizer == FOREGROUND),
            orphan: finalizers.iter().any(|finalizer| finalizer == ORPHAN),
        }
    }

    /// Whether it waits for its dependants to be deleted.
    pub(super) fn waits(&self) -> bool {
        self.deleting && self.foreground
    }

    fn is_plain(&self) -> bool {
        self.owners.is_empty() && !self.deleting
    }
}

/// All objects that own, are owned or are being deleted. Objects with no part in this cost nothing here: that an
/// owner exists is looked up in the store.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: HashMap<Uid, Node>,
    dependents: HashMap<Uid, BTreeSet<Uid>>,
}

impl Graph {
    /// An object is as it is now; returns the objects to look at. Older news than known is ignored.
    pub(super) fn observe(&mut self, uid: &Uid, node: Node) -> Vec<Uid> {
        let before = self.nodes.get(uid);
        if before.is_some_and(|before| before.revision >= node.revision) {
            return Vec::new();
        }
        let mut look = Vec::new();
        let before_owners = before.map(|before| before.owners.clone()).unwrap_or_default();
        let transition = node.deleting
            && (node.foreground || node.orphan)
            && before.is_none_or(|before| {
                (before.deleting, before.foreground, before.orphan)
                    != (node.deleting, node.foreground, node.orphan)
            });
        for old in &before_owners {
            let now = node.owners.iter().find(|owner| owner.uid == old.uid);
            if old.blocks && now.is_none_or(|now| !now.blocks) {
                look.push(Arc::clone(&old.uid));
            }
            if now.is_none() {
                self.forget_dependent(&old.uid, uid);
            }
        }
        for owner in &node.owners {
            self.dependents
                .entry(Arc::clone(&owner.uid))
                .or_default()
                .insert(Arc::clone(uid));
        }
        if (before_owners != node.owners && !node.owners.is_empty()) || transition {
            look.push(Arc::clone(uid));
        }
        if transition && node.foreground && !node.orphan {
            look.extend(self.dependents_of(uid).cloned());
        }
        if node.is_plain() {
            self.nodes.remove(uid);
        } else {
            self.nodes.insert(Arc::clone(uid), node);
        }
        look
    }

    /// An object is gone; returns the objects to look at.
    pub(super) fn forget(&mut self, uid: &Uid) -> Vec<Uid> {
        let mut look: Vec<Uid> = self.dependents_of(uid).cloned().collect();
        if let Some(node) = self.nodes.remove(uid) {
            for owner in &node.owners {
                self.forget_dependent(&owner.uid, uid);
                if self.nodes.get(&owner.uid).is_some_and(Node::waits) {
                    look.push(Arc::clone(&owner.uid));
                }
            }
        }
        look
    }

    fn forget_dependent(&mut self, owner: &Uid, dependent: &Uid) {
        if let Some(dependents) = self.dependents.get_mut(owner) {
            dependents.remove(dependent);
            if dependents.is_empty() {
                self.dependents.remove(owner);
            }
        }
    }

    fn dependents_of(&self, uid: &Uid) -> impl Iterator<Item = &Uid> {
        self.dependents.get(uid).into_iter().flatten()
    }

    pub(super) fn get(&self, uid: &Uid) -> Option<&Node> {
        self.nodes.get(uid)
    }

    /// All objects that there may be something to do about: where a start begins.
    pub(super) fn all(&self) -> Vec<Uid> {
        self.nodes.keys().cloned().collect()
    }

    /// What is to be done about an object.
    pub(super) fn decide(&self, uid: &Uid, state: &dyn Fn(&Node, &Owner) -> OwnerState) -> Vec<Action> {
        let Some(node) = self.nodes.get(uid) else {
            return Vec::new();
        };
        if node.deleting && node.orphan {
            return self.orphan_dependents(uid);
        }
        if node.waits() {
            return self.delete_dependents(uid);
        }
        if node.deleting || node.owners.is_empty() {
            return Vec::new();
        }
        self.collect(uid, node, state)
    }

    fn orphan_dependents(&self, uid: &Uid) -> Vec<Action> {
        let free = |dependent: &Uid| Action::RemoveOwners(Arc::clone(dependent), vec![Arc::clone(uid)]);
        self.dependents_of(uid)
            .map(free)
            .chain([Action::RemoveFinalizer(Arc::clone(uid), ORPHAN)])
            .collect()
    }

    fn delete_dependents(&self, uid: &Uid) -> Vec<Action> {
        let blocking: Vec<&Uid> = self
            .dependents_of(uid)
            .filter(|dependent| {
                self.nodes
                    .get(*dependent)
                    .is_some_and(|node| node.owners.iter().any(|owner| owner.uid == *uid && owner.blocks))
            })
            .collect();
        if blocking.is_empty() {
            return vec![Action::RemoveFinalizer(Arc::clone(uid), FOREGROUND)];
        }
        blocking
            .into_iter()
            .filter(|dependent| !self.nodes.get(*dependent).is_some_and(Node::waits))
            .map(|dependent| Action::Look(Arc::clone(dependent)))
            .collect()
    }

    fn collect(&self, uid: &Uid, node: &Node, state: &dyn Fn(&Node, &Owner) -> OwnerState) -> Vec<Action> {
        let mut solid = false;
        let mut waiting = false;
        let mut gone = Vec::new();
        for owner in &node.owners {
            match state(node, owner) {
                OwnerState::Solid => solid = true,
                OwnerState::Waiting => {
                    waiting = true;
                    gone.push(Arc::clone(&owner.uid));
                }
                OwnerState::Dangling => gone.push(Arc::clone(&owner.uid)),
                OwnerState::Unknown => return vec![Action::Postpone],
                OwnerState::Invalid => return Vec::new(),
            }
        }
        let this = || Arc::clone(uid);
        if solid {
            // References to waiting owners go as well, or those would wait for ever.
            return if gone.is_empty() {
                Vec::new()
            } else {
                vec![Action::RemoveOwners(this(), gone)]
            };
        }
        let mut dependents = self.dependents_of(uid).peekable();
        if waiting && dependents.peek().is_some() {
            // A circle of objects that wait for each other would never end.
            let circle = dependents.any(|dependent| self.nodes.get(dependent).is_some_and(Node::waits));
            let unblock = circle.then(|| Action::UnblockOwners(this()));
            return unblock
                .into_iter()
                .chain([Action::Delete(this(), Propagation::Foreground)])
                .collect();
        }
        let propagation = if node.orphan {
            Propagation::Orphan
        } else if node.foreground {
            Propagation::Foreground
        } else {
            Propagation::Background
        };
        vec![Action::Delete(this(), propagation)]
    }
}
