//! Asking the webhooks that may change what is written.

use super::answer::{self, Asked};
use super::configuration::Reinvocation;
use super::{Request, Webhook, Webhooks, is_exempt, review};
use crate::error::ApiError;
use crate::patch::json::Patch;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Reads a patched object as one of its kind: unknown fields are dropped and defaults filled in. The error says why
/// it is none.
pub type Decode<'d> = dyn Fn(&mut Value) -> Result<(), String> + Send + Sync + 'd;

/// What the webhooks made of a write.
#[derive(Debug, Default, PartialEq)]
pub struct Mutated {
    /// The changed object; `None` when nobody changed it.
    pub object: Option<Value>,
    /// Warnings for the one who writes.
    pub warnings: Vec<String>,
}

impl Webhooks {
    /// Asks every webhook that a write concerns, one after the other: each sees what those before it made of the
    /// object. When one has changed it, those asked before it that have the reinvocation policy `IfNeeded` are asked
    /// once more.
    ///
    /// `configurations` are the MutatingWebhookConfigurations in the order of their names.
    ///
    /// # Errors
    /// The refusal of a webhook; 500 when one cannot be asked and its failure policy is `Fail`, or its patch does not
    /// fit; 400 when one has side effects and nothing may be stored.
    pub async fn mutate(
        &self,
        configurations: &[Arc<Vec<Webhook>>],
        request: Request<'_>,
        decode: &Decode<'_>,
    ) -> Result<Mutated, ApiError> {
        let mut mutated = Mutated::default();
        if is_exempt(&request) {
            return Ok(mutated);
        }
        let webhooks: Vec<&Webhook> = configurations.iter().flat_map(|hooks| hooks.iter()).collect();
        let all: BTreeSet<usize> = (0..webhooks.len()).collect();
        let again = self
            .round(&webhooks, &all, &request, decode, &mut mutated)
            .await?;
        // What the second round changes is not shown to anyone a third time.
        self.round(&webhooks, &again, &request, decode, &mut mutated)
            .await?;
        Ok(mutated)
    }

    /// Asks the webhooks in `asked`; returns those that want to see what others made of the object after them.
    async fn round(
        &self,
        webhooks: &[&Webhook],
        asked: &BTreeSet<usize>,
        request: &Request<'_>,
        decode: &Decode<'_>,
        mutated: &mut Mutated,
    ) -> Result<BTreeSet<usize>, ApiError> {
        let mut curious = BTreeSet::new();
        let mut again = BTreeSet::new();
        for &index in asked {
            let Some(&webhook) = webhooks.get(index) else {
                continue;
            };
            let object = mutated.object.as_ref().unwrap_or(request.object);
            let request = Request { object, ..*request };
            let Some(version) = self.concerns(webhook, &request)? else {
                continue;
            };
            let uid = crate::random_uid().map_err(ApiError::internal)?;
            let answer = self.caller.ask(webhook, &review(&request, &version, &uid)).await;
            let answer = answer::read(webhook, Asked::Mutating, &uid, answer)?;
            let changed = match &answer.patch {
                Some(patch) => patched(webhook, &request, &version, patch, decode)?,
                None => None,
            };
            mutated.warnings.extend(answer.warnings);
            if let Some(object) = changed {
                mutated.object = Some(object);
                again.append(&mut curious);
            }
            if webhook.reinvocation == Reinvocation::IfNeeded {
                curious.insert(index);
            }
        }
        Ok(again)
    }
}

/// The object with a patch laid over it; `None` when that changes nothing.
///
/// The patch is for the object as the webhook saw it, which may be in another version.
fn patched(
    webhook: &Webhook,
    request: &Request<'_>,
    version: &str,
    patch: &[u8],
    decode: &Decode<'_>,
) -> Result<Option<Value>, ApiError> {
    let patch: Value = serde_json::from_slice(patch).map_err(ApiError::internal)?;
    if patch.as_array().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    if request.object.is_null() {
        return Err(ApiError::internal(format!(
            "admission webhook {:?} attempted to modify the object, which is not supported for this operation",
            webhook.name
        )));
    }
    let seen = review(request, version, "")["request"]["object"].take();
    let mut object = seen.clone();
    let fits = |error: ApiError| ApiError::internal(error.message);
    Patch::parse(patch)
        .and_then(|patch| patch.apply(&mut object))
        .map_err(fits)?;
    if object["apiVersion"] == seen["apiVersion"] {
        object["apiVersion"] = request.object["apiVersion"].clone();
    }
    decode(&mut object).map_err(ApiError::internal)?;
    Ok((object != *request.object).then_some(object))
}
