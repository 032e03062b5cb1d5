//! Replacing objects: what PUT and all patches have in common.

use super::admitted::{Writing, operation};
use super::incoming::{self, Body};
use super::read::served;
use super::{Registry, Request, convert, durability, not_stored, ownership, store_error, system};
use crate::error::{ApiError, Cause, Named};
use crate::http::decode::write_whole_floats;
use crate::kind::{Kind, Origin, Part};
use crate::object::{meta_text, set_meta};
use crate::store::{Change, Expect, Stored, Write, WriteError};
use gitsm_schema::{FieldError, object_meta};
use serde_json::Value;

/// How often a change that does not insist on a revision is tried on a newer object.
const ATTEMPTS: usize = 5;

/// What a request makes of an object.
pub(super) struct Replacement {
    /// The object as the request wants it.
    pub(super) object: Value,
    /// Whether its managed fields are there already, as after an apply.
    pub(super) is_owned: bool,
}

impl Registry {
    /// Replaces an object by a body, or a part of it; whether it was created is in the answer.
    ///
    /// # Errors
    /// 400 for a body that is not one of the kind, 404 where there is no such object, 409 where it changed in
    /// between, 422 for an object that is not acceptable.
    pub async fn update(
        &self,
        request: &Request<'_>,
        name: &str,
        body: Body,
        warnings: &mut Vec<String>,
    ) -> Result<(Stored, bool), ApiError> {
        let object = incoming::read(request, body, warnings)?;
        incoming::check_name(&object, name)?;
        let uid = meta_text(&object, "uid").to_owned();
        let is_unconditional = meta_text(&object, "resourceVersion").is_empty();
        if self.store.get(&request.key(name)).is_none() && request.kind.strategy.creates_on_update() {
            self.check_namespace(request, name)?;
            let created = self.create_object(request, object, true, warnings).await?;
            return Ok((created, true));
        }
        let make = |old: &Value, _: &mut Vec<String>| {
            check_uid(request, name, &uid, old)?;
            Ok(Replacement {
                object: object.clone(),
                is_owned: false,
            })
        };
        let updated = self
            .replace(request, name, is_unconditional, warnings, make)
            .await?;
        Ok((updated, false))
    }

    /// Changes an object from inside the server: what `change` makes of the current one is committed.
    ///
    /// # Errors
    /// 404 where there is no such object, 422 for an object that is not acceptable.
    pub async fn modify(
        &self,
        request: &Request<'_>,
        name: &str,
        change: impl Fn(&Value) -> Value + Send + Sync,
    ) -> Result<Stored, ApiError> {
        let make = |old: &Value, _: &mut Vec<String>| {
            Ok(Replacement {
                object: change(old),
                is_owned: false,
            })
        };
        self.replace(request, name, true, &mut Vec::new(), make).await
    }

    /// Makes a new object of the current one and commits it, again where the object changed in between and the
    /// request does not insist on a revision.
    pub(super) async fn replace(
        &self,
        request: &Request<'_>,
        name: &str,
        may_retry: bool,
        warnings: &mut Vec<String>,
        make: impl Fn(&Value, &mut Vec<String>) -> Result<Replacement, ApiError> + Send + Sync,
    ) -> Result<Stored, ApiError> {
        let attempts = if may_retry { ATTEMPTS } else { 1 };
        let mut found = Vec::new();
        for attempt in 1..=attempts {
            found.clear();
            match self.replace_once(request, name, &mut found, &make).await {
                Ok(Some(stored)) => {
                    warnings.append(&mut found);
                    return Ok(stored);
                }
                Ok(None) if attempt < attempts => {}
                Ok(None) => break,
                Err(error) => {
                    warnings.append(&mut found);
                    return Err(error);
                }
            }
        }
        Err(ApiError::object_modified(request.named(), name))
    }

    /// One attempt; `None` where someone else was faster.
    async fn replace_once(
        &self,
        request: &Request<'_>,
        name: &str,
        warnings: &mut Vec<String>,
        make: &(impl Fn(&Value, &mut Vec<String>) -> Result<Replacement, ApiError> + Send + Sync),
    ) -> Result<Option<Stored>, ApiError> {
        let kind = request.kind;
        let key = request.key(name);
        let Some(current) = self.store.get(&key) else {
            return Err(ApiError::not_found(request.named(), name));
        };
        let old = convert::value(kind, &current);
        let replacement = make(&old, warnings)?;
        let mut object = replacement.object;
        lock(request, name, &mut object, current.revision)?;
        // As in a create: custom resources lose what is not of this part only after it was looked at.
        let is_judged_whole = matches!(kind.origin, Origin::Custom(_)) && request.part == Part::Whole;
        if !is_judged_whole {
            system::keep_other_parts(kind, request.part, &mut object, &old);
        }
        if !replacement.is_owned {
            object = ownership::note(request, Some(&old), object);
        }
        let writing = Writing {
            operation: operation::UPDATE,
            name,
            old: Some(&old),
            dry_run: request.options.dry_run,
        };
        let is_changed = self.mutate(request, writing, &mut object, warnings).await?;
        if is_judged_whole || is_changed {
            system::keep_other_parts(kind, request.part, &mut object, &old);
        }
        system::keep_metadata(&mut object, &old);
        let now = request.now_text();
        let cx = request.context(&now);
        kind.strategy.prepare_update(&mut object, &old, cx);
        if request.part != Part::Status && kind.strategy.changes_generation(&object, &old) {
            system::raise_generation(&mut object);
        }
        set_meta(
            &mut object,
            "resourceVersion",
            Some(current.revision.to_string().into()),
        );
        gitsm_apply::keep_times_if_unchanged(&mut object, &old);
        let mut errors = object_meta::validate_update(&object, &old);
        errors.extend(kind.strategy.validate_update(&object, &old, cx));
        if !errors.is_empty() {
            return Err(ApiError::invalid(named_kind(kind, &object), name, &errors));
        }
        warnings.extend(kind.strategy.warnings(&object, Some(&old)));
        self.admit(request, writing, &object, warnings).await?;
        prune(kind, &mut object);
        // As upstream, which compares what would be written: 1.0 is written as 1, so that it is no change of a 1.
        write_whole_floats(&mut object);
        if object == old {
            return Ok(Some(served(kind, &current)));
        }
        super::check_stored(&object)?;
        let is_gone = system::is_deleting(&object)
            && system::finalizers(&object).is_empty()
            && !kind.strategy.is_held(&object);
        if request.options.dry_run {
            return Ok(Some(not_stored(&object)));
        }
        let answer = is_gone.then(|| not_stored(&object));
        // What watchers see of its end is the object as it was before its last update, as upstream.
        let object = convert::to_stored(kind, if is_gone { old.clone() } else { object });
        let write = Write {
            key,
            expect: Expect::Revision(current.revision),
            change: if is_gone {
                Change::Delete(object)
            } else {
                Change::Put(object)
            },
            durability: durability(kind),
        };
        match self.store.write(write).await {
            // Upstream answers the last update of a deleted object with the object as it was updated.
            Ok(stored) => Ok(Some(answer.unwrap_or_else(|| served(kind, &stored)))),
            Err(WriteError::Conflict { .. }) => Ok(None),
            Err(WriteError::Missing) => Err(ApiError::not_found(request.named(), name)),
            Err(other) => Err(store_error(&other)),
        }
    }
}

/// Takes away what the schema does not know and an apply has left in: it was judged with the rest.
pub(super) fn prune(kind: &Kind, object: &mut Value) {
    if matches!(kind.origin, Origin::Custom(_)) {
        kind.schema.object.prune(object);
    }
}

/// Optimistic locking: the revision that the object names must be the current one.
fn lock(request: &Request<'_>, name: &str, object: &mut Value, current: u64) -> Result<(), ApiError> {
    let given = meta_text(object, "resourceVersion");
    let revision = match given {
        "" | "0" => 0,
        text => text.parse::<u64>().map_err(|_| {
            ApiError::new(
                500,
                "",
                format!("strconv.ParseUint: parsing {text:?}: invalid syntax"),
            )
        })?,
    };
    if revision == 0 && request.kind.strategy.allows_unconditional_update() {
        return Ok(());
    }
    if revision == 0 {
        return Err(no_revision(request.named(), name));
    }
    if revision == current {
        Ok(())
    } else {
        Err(ApiError::object_modified(request.named(), name))
    }
}

/// 422 for an update without a revision. Upstream puts the resource where other messages have the kind.
fn no_revision(named: Named<'_>, name: &str) -> ApiError {
    let text = "Invalid value: 0: must be specified for an update";
    let field = "metadata.resourceVersion";
    ApiError::new(
        422,
        "Invalid",
        format!("{named} {name:?} is invalid: {field}: {text}"),
    )
    .about(named, name)
    .with_causes(vec![Cause {
        reason: "FieldValueInvalid".to_owned(),
        message: text.to_owned(),
        field: field.to_owned(),
    }])
}

/// A uid in the body of an update is a precondition.
fn check_uid(request: &Request<'_>, name: &str, uid: &str, old: &Value) -> Result<(), ApiError> {
    let found = meta_text(old, "uid");
    if uid.is_empty() || uid == found {
        return Ok(());
    }
    let namespace = request
        .namespace
        .map(|namespace| format!("{namespace}/"))
        .unwrap_or_default();
    let resource = &request.kind.resource;
    let group = if resource.group.is_empty() {
        String::new()
    } else {
        format!("{}/", resource.group)
    };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{group}{}/{namespace}{name}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {found}",
        resource.resource
    );
    Err(ApiError::conflict(request.named(), name, &why))
}

/// How messages name the kind of an object: a custom resource by what it claims to be.
pub(super) fn named_kind<'a>(kind: &'a Kind, object: &'a Value) -> Named<'a> {
    let claim = |field: &str| {
        let text = object.get(field).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let group = match (&kind.origin, claim("apiVersion")) {
        (Origin::Custom(_), Some(version)) => version.split_once('/').map_or("", |(group, _)| group),
        _ => &*kind.resource.group,
    };
    Named {
        group,
        resource: claim("kind").unwrap_or(&kind.names.kind),
    }
}

/// 422 for a patched object that cannot be decoded: the whole object is the value that is quoted.
pub(super) fn undecodable_patch(patched: &Value, why: &str) -> ApiError {
    let path = gitsm_schema::Path::root().field("patch");
    let error = FieldError::new(gitsm_schema::ErrorKind::Invalid, path, why)
        .with_value(Value::String(patched.to_string()));
    let nobody = Named {
        group: "",
        resource: "",
    };
    ApiError::invalid(nobody, "", &[error])
}
