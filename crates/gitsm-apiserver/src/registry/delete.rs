//! Deleting objects.

use super::admitted::{Writing, operation};
use super::read::served;
use super::{Registry, Request, convert, durability, seconds, store_error, system};
use crate::builtin;
use crate::error::ApiError;
use crate::kind::{Kind, Origin};
use crate::object::{meta_text, metadata, set_meta};
use crate::request::{DeleteOptions, Propagation};
use crate::store::{Change, Expect, Stored, Write, WriteError};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The finalizer that lets dependants outlive their owner.
const ORPHAN: &str = "orphan";
/// The finalizer that keeps an owner until its dependants are gone.
const FOREGROUND: &str = "foregroundDeletion";
const ATTEMPTS: usize = 16;

/// What came of a deletion.
#[derive(Debug, Clone)]
pub enum Deleted {
    /// It is gone; the `Status` that says so.
    Gone(Value),
    /// It is marked, and goes when its last finalizer goes.
    Marked(Stored),
}

impl Registry {
    /// Deletes an object, or marks it where finalizers hold it.
    ///
    /// # Errors
    /// 404 where there is no such object, 409 where a precondition does not hold.
    pub async fn delete(
        &self,
        request: &Request<'_>,
        name: &str,
        options: &DeleteOptions,
        warnings: &mut Vec<String>,
    ) -> Result<Deleted, ApiError> {
        for _ in 0..ATTEMPTS {
            let Some(current) = self.store.get(&request.key(name)) else {
                return Err(ApiError::not_found(request.named(), name));
            };
            if let Some(deleted) = self
                .delete_once(request, name, options, &current, warnings)
                .await?
            {
                return Ok(deleted);
            }
        }
        Err(ApiError::object_modified(request.named(), name))
    }

    /// One attempt; `None` where the object changed in between.
    async fn delete_once(
        &self,
        request: &Request<'_>,
        name: &str,
        options: &DeleteOptions,
        current: &Stored,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Deleted>, ApiError> {
        let kind = request.kind;
        let old = convert::value(kind, current);
        check_protected(kind, name)?;
        check_preconditions(kind, name, options, &old)?;
        let writing = Writing {
            operation: operation::DELETE,
            name,
            old: Some(&old),
            dry_run: options.dry_run,
        };
        self.admit_deletion(request, writing, warnings).await?;
        let object = marked(kind, &old, options.propagation, request.now);
        let is_held = !system::finalizers(&object).is_empty() || kind.strategy.is_held(&object);
        if is_held && object == old {
            return Ok(Some(Deleted::Marked(served(kind, current))));
        }
        if options.dry_run {
            let marked = || Deleted::Marked(super::not_stored(&object));
            return Ok(Some(if is_held {
                marked()
            } else {
                Deleted::Gone(success(kind, &old))
            }));
        }
        let change = if is_held {
            Change::Put(convert::to_stored(kind, object))
        } else {
            // What is removed at once was never marked.
            Change::Delete(convert::to_stored(kind, old.clone()))
        };
        let write = Write {
            key: request.key(name),
            expect: Expect::Revision(current.revision),
            change,
            durability: durability(kind),
        };
        match self.store.write(write).await {
            Ok(stored) if is_held => Ok(Some(Deleted::Marked(served(kind, &stored)))),
            Ok(_) => Ok(Some(Deleted::Gone(success(kind, &old)))),
            Err(WriteError::Conflict { .. }) => Ok(None),
            Err(WriteError::Missing) => Err(ApiError::not_found(request.named(), name)),
            Err(other) => Err(store_error(&other)),
        }
    }

    /// Deletes every one of the objects; those that are gone in between are no error.
    ///
    /// # Errors
    /// The first failure that is not about a missing object.
    pub async fn delete_each(
        &self,
        request: &Request<'_>,
        items: &[Stored],
        options: &DeleteOptions,
        warnings: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        for item in items {
            let object = item.value();
            let namespace = Some(meta_text(&object, "namespace")).filter(|text| !text.is_empty());
            let single = Request {
                namespace,
                ..*request
            };
            match self
                .delete(&single, meta_text(&object, "name"), options, warnings)
                .await
            {
                Err(error) if error.code != 404 => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The namespaces that every server has stay.
fn check_protected(kind: &Kind, name: &str) -> Result<(), ApiError> {
    let is_namespace = kind.resource.group.is_empty() && &*kind.resource.resource == "namespaces";
    if is_namespace && builtin::NAMESPACES.contains(&name) {
        return Err(ApiError::forbidden(
            kind.named(),
            name,
            "this namespace may not be deleted",
        ));
    }
    Ok(())
}

fn check_preconditions(
    kind: &Kind,
    name: &str,
    options: &DeleteOptions,
    old: &Value,
) -> Result<(), ApiError> {
    let uid = meta_text(old, "uid");
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid) {
        let why = format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        );
        return Err(ApiError::conflict(kind.named_kind(), name, &why));
    }
    let revision = meta_text(old, "resourceVersion");
    if let Some(wanted) = options
        .resource_version
        .as_deref()
        .filter(|wanted| *wanted != revision)
    {
        let why = format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({revision}). The object might have been modified"
        );
        return Err(ApiError::conflict(kind.named_kind(), name, &why));
    }
    Ok(())
}

/// The object as a deletion leaves it while finalizers hold it.
fn marked(kind: &Kind, old: &Value, propagation: Option<Propagation>, now: Timestamp) -> Value {
    let mut object = old.clone();
    let finalizers = with_propagation(&system::finalizers(old), propagation);
    system::set_finalizers(&mut object, &finalizers);
    if !system::is_deleting(old) {
        let now = seconds(now);
        set_meta(&mut object, "deletionTimestamp", Some(now.as_str().into()));
        kind.strategy.mark_deleting(&mut object, &now);
        if has_own_deletion(kind) {
            return object;
        }
        if metadata(&object)["deletionGracePeriodSeconds"].is_null()
            && metadata(&object)["generation"].as_i64().unwrap_or(0) > 0
        {
            system::raise_generation(&mut object);
        }
        set_meta(&mut object, "deletionGracePeriodSeconds", Some(0.into()));
    }
    object
}

/// Namespaces and definitions are not deleted gracefully: neither a grace period nor a generation shows it.
fn has_own_deletion(kind: &Kind) -> bool {
    kind.origin == Origin::BuiltIn
        && matches!(
            &*kind.resource.resource,
            "namespaces" | "customresourcedefinitions"
        )
}

/// The finalizers that a propagation policy asks for. Without one, what is there stays.
fn with_propagation(finalizers: &[&str], propagation: Option<Propagation>) -> Vec<String> {
    let Some(propagation) = propagation else {
        return finalizers.iter().map(|text| (*text).to_owned()).collect();
    };
    let added = match propagation {
        Propagation::Orphan => Some(ORPHAN),
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Background => None,
    };
    let kept = finalizers
        .iter()
        .filter(|text| **text != ORPHAN && **text != FOREGROUND);
    kept.copied().chain(added).map(str::to_owned).collect()
}

fn success(kind: &Kind, object: &Value) -> Value {
    let mut details = json!({
        "name": meta_text(object, "name"),
        "kind": &*kind.resource.resource,
        "uid": meta_text(object, "uid"),
    });
    if !kind.resource.group.is_empty() {
        details["group"] = (&*kind.resource.group).into();
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn propagation_is_kept_in_finalizers() {
        assert_eq!(with_propagation(&["a", ORPHAN], None), ["a", ORPHAN]);
        assert_eq!(
            with_propagation(&["a", ORPHAN], Some(Propagation::Foreground)),
            ["a", FOREGROUND]
        );
        assert_eq!(
            with_propagation(&["a", ORPHAN], Some(Propagation::Background)),
            ["a"]
        );
    }
}
