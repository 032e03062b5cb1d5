//! The changes that the controllers make to objects.

use super::KUBERNETES;
use crate::object::metadata_mut;
use serde_json::{Map, Value, json};

/// A change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Takes an entry out of `metadata.finalizers`.
    RemoveFinalizer(&'static str),
    /// Takes the owners of these uids out of `metadata.ownerReferences`.
    RemoveOwners(Vec<String>),
    /// Makes all owner references non-blocking.
    UnblockOwners,
    /// Takes the entry of the namespace controller out of `spec.finalizers`.
    FinalizeNamespace,
    /// Sets conditions of a namespace by type; with the instant, RFC 3339, of those that change their status.
    SetConditions(Vec<Condition>, String),
}

/// A condition of a namespace that is being deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The type.
    pub ty: &'static str,
    /// The status: whether there is a problem.
    pub status: bool,
    /// The machine-readable reason.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

impl Edit {
    /// Applies it; whether anything changed.
    pub fn apply(&self, object: &mut Value) -> bool {
        match self {
            Self::RemoveFinalizer(name) => retain(metadata_mut(object), "finalizers", |entry| entry != *name),
            Self::RemoveOwners(uids) => retain(metadata_mut(object), "ownerReferences", |owner| {
                !owner["uid"]
                    .as_str()
                    .is_some_and(|uid| uids.iter().any(|gone| gone == uid))
            }),
            Self::UnblockOwners => unblock(object),
            Self::FinalizeNamespace => match object["spec"]["finalizers"].as_array_mut() {
                Some(finalizers) => {
                    let before = finalizers.len();
                    finalizers.retain(|entry| entry != KUBERNETES);
                    finalizers.len() != before
                }
                None => false,
            },
            Self::SetConditions(conditions, now) => set_conditions(object, conditions, now),
        }
    }
}

/// Takes entries out of a list in metadata, and the list itself when it becomes empty.
fn retain(metadata: &mut Map<String, Value>, field: &str, keep: impl Fn(&Value) -> bool) -> bool {
    let Some(Value::Array(entries)) = metadata.get_mut(field) else {
        return false;
    };
    let before = entries.len();
    entries.retain(keep);
    let changed = entries.len() != before;
    if entries.is_empty() {
        metadata.remove(field);
    }
    changed
}

fn unblock(object: &mut Value) -> bool {
    let Some(Value::Array(owners)) = metadata_mut(object).get_mut("ownerReferences") else {
        return false;
    };
    let mut changed = false;
    for owner in owners {
        if let Some(blocks) = owner.get_mut("blockOwnerDeletion")
            && *blocks == Value::Bool(true)
        {
            *blocks = Value::Bool(false);
            changed = true;
        }
    }
    changed
}

fn set_conditions(object: &mut Value, wanted: &[Condition], now: &str) -> bool {
    if !object.is_object() {
        return false;
    }
    let status = &mut object["status"];
    if !status.is_object() {
        *status = json!({});
    }
    let conditions = &mut status["conditions"];
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Value::Array(conditions) = conditions else {
        return false;
    };
    let mut changed = false;
    for condition in wanted {
        let word = if condition.status { "True" } else { "False" };
        let new = |since: &Value| {
            json!({"type": condition.ty, "status": word, "reason": condition.reason,
                "message": condition.message, "lastTransitionTime": since})
        };
        match conditions.iter_mut().find(|known| known["type"] == condition.ty) {
            None => {
                conditions.push(new(&now.into()));
                changed = true;
            }
            Some(known) => {
                let since = if known["status"] == word {
                    known["lastTransitionTime"].clone()
                } else {
                    now.into()
                };
                let new = new(&since);
                if *known != new {
                    *known = new;
                    changed = true;
                }
            }
        }
    }
    changed
}
