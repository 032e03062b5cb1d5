//! What admission makes of a write.

use super::{Admitted, Registry, Request, incoming, scale};
use crate::error::ApiError;
use crate::kind::Part;
use crate::object::{metadata, set_meta};
use serde_json::Value;
use std::borrow::Cow;

/// The operations of writes, as admission names them.
pub(super) mod operation {
    pub(in super::super) const CREATE: &str = "CREATE";
    pub(in super::super) const UPDATE: &str = "UPDATE";
    pub(in super::super) const DELETE: &str = "DELETE";
}

/// One write, for admission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing<'a> {
    pub(super) operation: &'static str,
    /// The name; empty while it is to be generated.
    pub(super) name: &'a str,
    /// The object before; `None` for creations.
    pub(super) old: Option<&'a Value>,
    /// Whether nothing will be stored.
    pub(super) dry_run: bool,
}

impl Registry {
    /// Lets mutating webhooks change an object before it is judged; whether they did is the answer.
    pub(super) async fn mutate(
        &self,
        request: &Request<'_>,
        writing: Writing<'_>,
        object: &mut Value,
        warnings: &mut Vec<String>,
    ) -> Result<bool, ApiError> {
        let new = seen(request, writing.name, object)?;
        let old = seen_before(request, writing)?;
        let is_scale = request.part == Part::Scale;
        let decode = |changed: &mut Value| {
            if is_scale {
                scale::check(changed)
            } else {
                decode(request, changed)
            }
        };
        let write = admitted(request, writing, Some(&new), old.as_deref());
        let mutated = self.admission.mutate(write, &decode).await?;
        warnings.extend(mutated.warnings);
        let Some(mut changed) = mutated.object else {
            return Ok(false);
        };
        if is_scale {
            scale::set(request.kind, writing.name, object, &changed)?;
            return Ok(true);
        }
        if let Err(why) = gitsm_apply::check_managed_fields(&changed) {
            let before = metadata(object).get("managedFields").cloned();
            set_meta(&mut changed, "managedFields", before);
            warnings.push(format!(
                ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated \
                 mutating admission controller; please fix your requests: {why}"
            ));
        }
        *object = changed;
        Ok(true)
    }

    /// Asks whoever may refuse a write.
    pub(super) async fn admit(
        &self,
        request: &Request<'_>,
        writing: Writing<'_>,
        object: &Value,
        warnings: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let new = seen(request, writing.name, object)?;
        let old = seen_before(request, writing)?;
        let write = admitted(request, writing, Some(&new), old.as_deref());
        warnings.extend(self.admission.admit(write).await?);
        Ok(())
    }

    /// Asks about a deletion, which nobody can change.
    pub(super) async fn admit_deletion(
        &self,
        request: &Request<'_>,
        writing: Writing<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let write = admitted(request, writing, None, writing.old);
        let decode = |_: &mut Value| Err("nothing is left of a deleted object".to_owned());
        let mutated = self.admission.mutate(write, &decode).await?;
        warnings.extend(mutated.warnings);
        warnings.extend(self.admission.admit(write).await?);
        Ok(())
    }
}

fn admitted<'a>(
    request: &'a Request<'a>,
    writing: Writing<'a>,
    object: Option<&'a Value>,
    old: Option<&'a Value>,
) -> Admitted<'a> {
    Admitted {
        kind: request.kind,
        part: request.part,
        operation: writing.operation,
        namespace: request.namespace,
        name: writing.name,
        object,
        old,
        user: request.user,
        dry_run: writing.dry_run,
    }
}

/// What admission sees of an object: where replicas are written, the Scale.
fn seen<'v>(request: &Request<'_>, name: &str, object: &'v Value) -> Result<Cow<'v, Value>, ApiError> {
    if request.part == Part::Scale {
        scale::of(request.kind, name, object).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(object))
    }
}

fn seen_before<'v>(request: &Request<'_>, writing: Writing<'v>) -> Result<Option<Cow<'v, Value>>, ApiError> {
    writing
        .old
        .map(|old| seen(request, writing.name, old))
        .transpose()
}

/// Reads what a webhook made as an object of the kind. It may write managed fields, which are not looked at here.
fn decode(request: &Request<'_>, object: &mut Value) -> Result<(), String> {
    let managed = metadata(object).get("managedFields").cloned();
    incoming::settle(request.kind, object)?;
    set_meta(object, "managedFields", managed);
    Ok(())
}
