//! Deleting what a commit does not have any more.

use super::apply::ApplyError;
use super::object::{KindRef, Problem};
use super::{MANAGER, PRUNE_ANNOTATION, REPOSITORY_LABEL};
use gitsm_core::ident::RepositoryName;
use gitsm_core::sync::ObjectKey;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Preconditions};
use kube::{Client, Error};

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pruned {
    /// It is gone, and need not be listed any more.
    Gone,
    /// There is no such object, or another one by now.
    NotThere,
    /// Git asked to keep it; it is nobody's from now on.
    Kept,
    /// It will go when its finalizers are done.
    Going,
    /// The server refuses.
    Refused(Problem),
}

/// Deletes one object that a repository has applied under a uid, if it is still that one.
pub(super) async fn prune(
    client: &Client,
    repository: &RepositoryName,
    key: &ObjectKey,
    uid: Option<&str>,
) -> Result<Pruned, ApplyError> {
    let failed = |error| ApplyError::new(format!("cannot delete {key}"), error);
    // A kind of another version of gitsm: whoever knows it deletes its objects.
    let Some(kind) = KindRef::find(&key.kind) else {
        return Ok(Pruned::Kept);
    };
    let api = kind.api(client, key);
    let live = match api.get_metadata_opt(key.name.as_str()).await {
        Ok(Some(live)) => live.metadata,
        Ok(None) => return Ok(Pruned::NotThere),
        Err(error) => return Err(failed(error)),
    };
    let label = live
        .labels
        .as_ref()
        .and_then(|labels| labels.get(REPOSITORY_LABEL));
    let is_ours = label.is_some_and(|label| label == repository.as_str());
    // Listed before it was applied, and the uid never learnt: only its label says whose it is.
    let is_same = uid.map_or(is_ours, |uid| live.uid.as_deref() == Some(uid));
    if !is_same || !is_ours {
        return Ok(Pruned::NotThere);
    }
    if is_kept(&live) {
        return Ok(Pruned::Kept);
    }
    let params = DeleteParams::background().preconditions(Preconditions {
        uid: live.uid,
        resource_version: None,
    });
    match api.delete(key.name.as_str(), &params).await {
        Ok(answer) => {
            let is_going = answer.left().is_some_and(|object| {
                let finalizers = object.metadata.finalizers.unwrap_or_default();
                object.metadata.deletion_timestamp.is_some() && !finalizers.is_empty()
            });
            Ok(if is_going { Pruned::Going } else { Pruned::Gone })
        }
        Err(Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(Pruned::NotThere),
        Err(Error::Api(status)) => Ok(Pruned::Refused(Problem {
            what: key.to_string(),
            message: status.message.clone(),
            is_conflict: false,
        })),
        Err(error) => Err(failed(error)),
    }
}

/// Whether git has asked to keep it. An annotation that somebody set in the cluster does not count: it would be a way
/// around the repository.
fn is_kept(live: &ObjectMeta) -> bool {
    let annotation = live
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(PRUNE_ANNOTATION));
    let is_from_git = || {
        let entries = live.managed_fields.iter().flatten();
        let mut ours = entries.filter(|entry| {
            entry.manager.as_deref() == Some(MANAGER) && entry.operation.as_deref() == Some("Apply")
        });
        ours.any(|entry| {
            let fields = entry.fields_v1.as_ref().map(|fields| &fields.0);
            fields.is_some_and(|fields| {
                fields["f:metadata"]["f:annotations"]
                    .get(format!("f:{PRUNE_ANNOTATION}"))
                    .is_some()
            })
        })
    };
    annotation.is_some_and(|value| value == "disabled") && is_from_git()
}
