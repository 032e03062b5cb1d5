//! The steps around a write, in the order of the API server.

use crate::error::{ApplyError, Conflicts};
use crate::last_applied;
use crate::managers::{
    self, ManagerId, Managers, Operation, Owned, is_reset, remove_managed_fields, wire_form,
    without_managed_fields,
};
use crate::schema::TypeSchema;
use crate::set::FieldSet;
use crate::typed::{self, Duplicates};
use crate::types::{ResourceTypes, in_version};
use crate::updater::{Failure, ResetFields, Updater, cap_update_managers, strip};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// The manager that owns what was there before anyone applied.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// How to apply an object.
#[derive(Debug, Clone, Copy)]
pub struct ApplyOptions<'a> {
    /// The `fieldManager` of the request.
    pub manager: &'a str,
    /// Whether to take over fields that others own.
    pub force: bool,
    /// The subresource that is written, if any.
    pub subresource: Option<&'a str>,
    /// The `apiVersion` of the request's path.
    pub api_version: &'a str,
    /// The kind of the resource.
    pub kind: &'a str,
    /// The time of the request; entries hold whole seconds.
    pub now: Timestamp,
    /// What the endpoint resets.
    pub reset: &'a ResetFields,
}

/// How to note an update, create or patch.
#[derive(Debug, Clone, Copy)]
pub struct UpdateOptions<'a> {
    /// The `fieldManager` of the request, or what stands before the `/` of its `User-Agent`.
    pub manager: &'a str,
    /// The subresource that is written, if any.
    pub subresource: Option<&'a str>,
    /// The `apiVersion` of the request's path.
    pub api_version: &'a str,
    /// The kind of the resource.
    pub kind: &'a str,
    /// The time of the request; entries hold whole seconds.
    pub now: Timestamp,
    /// What the endpoint resets.
    pub reset: &'a ResetFields,
}

/// Merges `applied` into `live` (none: the object is created) and returns the new object with its
/// `managedFields`.
///
/// Defaults are not filled in; the caller does that next, then looks whether anything but the time of the entry
/// changed ([`crate::keep_times_if_unchanged`]).
///
/// # Errors
///
/// See [`ApplyError`].
pub fn apply(
    types: &ResourceTypes,
    live: Option<&Value>,
    applied: &Value,
    options: &ApplyOptions<'_>,
) -> Result<Value, ApplyError> {
    check_type(applied, options.api_version, options.kind)?;
    let empty = empty_object(options.api_version, options.kind);
    let managers = match live {
        Some(live) => managers::decode(live)
            .map_err(|error| ApplyError::Failed(format!("failed to decode managed fields: {error}")))?,
        None => Managers::new(),
    };
    let live = match live {
        Some(live) => without_managed_fields(&in_version(live, options.api_version)),
        None => empty,
    };
    let request = Request {
        types,
        schema: schema_of(types, options.api_version).map_err(ApplyError::Failed)?,
        manager: options.manager,
        subresource: options.subresource.unwrap_or_default(),
        api_version: options.api_version,
        kind: options.kind,
        now: options.now,
        reset: options.reset,
    };
    let result = match request.apply(&live, applied, &managers, options.force) {
        Err(ApplyError::Conflicts(conflicts)) if options.manager == last_applied::MANAGER => {
            // The first apply by kubectl over its own client-side apply takes over what that had set.
            match last_applied::owned_fields(request.schema, &live, options.api_version) {
                None => Err(ApplyError::Conflicts(conflicts)),
                Some(owned) => {
                    let left = conflicts.filtered(|conflict| !owned.has(&conflict.path));
                    if left.is_empty() {
                        request.apply(&live, applied, &managers, true)
                    } else {
                        Err(ApplyError::Conflicts(left))
                    }
                }
            }
        }
        result => result,
    };
    let (mut object, managers) = result?;
    if options.manager == last_applied::MANAGER {
        last_applied::refresh(&mut object, applied);
    }
    managers::encode(&mut object, &managers);
    Ok(object)
}

/// Returns `new` with the `managedFields` it has after it replaced `old` (none: it is created) by a write that is
/// no apply.
///
/// `new` may set `managedFields` itself: a list with one empty entry forgets all managers (for built-in objects an
/// empty list too), a list that cannot be read is ignored. This never fails: an object that cannot be compared with its types is
/// returned without `managedFields`, as the API server does it (validation refuses it later).
pub fn update(
    types: &ResourceTypes,
    old: Option<&Value>,
    mut new: Value,
    options: &UpdateOptions<'_>,
) -> Value {
    let decode_old = || {
        old.map(|old| managers::decode(old).unwrap_or_default())
            .unwrap_or_default()
    };
    let managers = if options
        .subresource
        .is_some_and(|subresource| !subresource.is_empty())
    {
        decode_old()
    } else if is_reset(&new, types.empty_list_resets()) {
        Managers::new()
    } else {
        match managers::decode(&new) {
            Ok(managers) if !managers.is_empty() => managers,
            _ => decode_old(),
        }
    };
    remove_managed_fields(&mut new);
    let is_created = old.is_none_or(|old| !has_uid(old));
    if managers.is_empty() && !is_created {
        return new;
    }
    let Ok(schema) = schema_of(types, options.api_version) else {
        return new;
    };
    let request = Request {
        types,
        schema,
        manager: options.manager,
        subresource: options.subresource.unwrap_or_default(),
        api_version: options.api_version,
        kind: options.kind,
        now: options.now,
        reset: options.reset,
    };
    let live = match old {
        Some(old) => in_version(old, options.api_version),
        None => Cow::Owned(empty_object(options.api_version, options.kind)),
    };
    let versioned = in_version(&new, options.api_version);
    if let Ok(managers) = request.update(&live, &versioned, &managers, options.manager) {
        managers::encode(&mut new, &managers);
    }
    new
}

/// One write.
struct Request<'a> {
    types: &'a ResourceTypes,
    schema: &'a Arc<TypeSchema>,
    manager: &'a str,
    subresource: &'a str,
    api_version: &'a str,
    kind: &'a str,
    now: Timestamp,
    reset: &'a ResetFields,
}

impl<'a> Request<'a> {
    fn updater(&self) -> Updater<'a> {
        Updater {
            types: self.types,
            reset: self.reset,
            schema: self.schema,
            api_version: self.api_version,
        }
    }

    fn id(&self, manager: &str, operation: Operation) -> ManagerId {
        let manager = if manager.is_empty() { "unknown" } else { manager };
        ManagerId::new(manager, operation, self.api_version, self.subresource)
    }

    /// What names an object in the API server's messages.
    fn named(&self, object: &Value) -> String {
        let text = |name: &str| {
            object
                .get("metadata")
                .and_then(|metadata| metadata.get(name))
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        format!(
            "{}/{}; {}, Kind={}",
            text("namespace"),
            text("name"),
            with_group(self.api_version),
            self.kind
        )
    }

    fn apply(
        &self,
        live: &Value,
        applied: &Value,
        managers: &Managers,
        force: bool,
    ) -> Result<(Value, Managers), ApplyError> {
        let mut managers = Cow::Borrowed(managers);
        if managers.is_empty() && has_uid(live) {
            let empty = empty_object(self.api_version, self.kind);
            let found = self
                .update(&empty, live, &managers, BEFORE_FIRST_APPLY)
                .map_err(|error| {
                    ApplyError::Failed(format!("failed to create manager for existing fields: {error}"))
                })?;
            managers = Cow::Owned(found);
        }
        if wire_form(applied).is_some() {
            return Err(ApplyError::BadRequest(
                "metadata.managedFields must be nil".to_owned(),
            ));
        }
        typed::validate(self.schema, applied, Duplicates::Refused).map_err(|error| {
            ApplyError::Failed(format!(
                "failed to create typed patch object ({}): {error}",
                self.named(applied)
            ))
        })?;
        typed::validate(self.schema, live, Duplicates::Allowed).map_err(|error| {
            ApplyError::Failed(format!(
                "failed to create typed live object ({}): {error}",
                self.named(live)
            ))
        })?;
        let id = self.id(self.manager, Operation::Apply);
        let (object, mut managers) = self
            .updater()
            .apply(live, applied, &managers, &id, force)
            .map_err(|failure| match failure {
                Failure::Conflicts(conflicts) => ApplyError::Conflicts(conflicts),
                Failure::Other(message) => ApplyError::Failed(message),
            })?;
        if let Some(owned) = managers.get_mut(&id) {
            owned.set = strip(&owned.set);
            if owned.set.is_empty() {
                managers.remove(&id);
            } else if object.is_some() {
                owned.time = Some(self.now);
            }
        }
        Ok((object.unwrap_or_else(|| live.clone()), managers))
    }

    fn update(
        &self,
        live: &Value,
        new: &Value,
        managers: &Managers,
        manager: &str,
    ) -> Result<Managers, String> {
        for (what, object) in [("new", new), ("live", live)] {
            typed::validate(self.schema, object, Duplicates::Allowed).map_err(|error| {
                format!(
                    "failed to convert {what} object ({}) to smd typed: {error}",
                    self.named(object)
                )
            })?;
        }
        let (mut managers, written) = self.updater().update(live, new, managers)?;
        let written = strip(&written);
        if !written.is_empty() {
            let id = self.id(manager, Operation::Update);
            self.note(&mut managers, id, written);
        }
        cap_update_managers(&mut managers);
        Ok(managers)
    }

    /// Adds what was written now to the entry of the writer.
    fn note(&self, managers: &mut Managers, id: ManagerId, written: FieldSet) {
        let set = match managers.get(&id) {
            Some(previous) => written.union(&previous.set),
            None => written,
        };
        managers.insert(
            id,
            Owned {
                set,
                api_version: self.api_version.to_owned(),
                time: Some(self.now),
            },
        );
    }
}

/// The types of the version that is written; they must be there whatever happens to other versions.
fn schema_of<'a>(types: &'a ResourceTypes, api_version: &str) -> Result<&'a Arc<TypeSchema>, String> {
    types
        .get(api_version)?
        .ok_or_else(|| format!("no corresponding type for {}", with_group(api_version)))
}

fn empty_object(api_version: &str, kind: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind})
}

fn has_uid(object: &Value) -> bool {
    object
        .get("metadata")
        .and_then(|metadata| metadata.get("uid"))
        .and_then(Value::as_str)
        .is_some_and(|uid| !uid.is_empty())
}

/// An `apiVersion` as messages show it: the core group is empty, not absent.
fn with_group(api_version: &str) -> String {
    if api_version.contains('/') {
        api_version.to_owned()
    } else {
        format!("/{api_version}")
    }
}

/// The applied object must be of the type that the request names.
fn check_type(applied: &Value, api_version: &str, kind: &str) -> Result<(), ApplyError> {
    let text = |name: &str| {
        applied
            .as_object()
            .and_then(|fields: &Map<String, Value>| fields.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (found_version, found_kind) = (text("apiVersion"), text("kind"));
    if found_version == api_version && found_kind == kind {
        Ok(())
    } else {
        Err(ApplyError::BadRequest(format!(
            "invalid object type: {}, Kind={found_kind}",
            with_group(found_version)
        )))
    }
}

impl From<Conflicts> for ApplyError {
    fn from(conflicts: Conflicts) -> Self {
        Self::Conflicts(conflicts)
    }
}
