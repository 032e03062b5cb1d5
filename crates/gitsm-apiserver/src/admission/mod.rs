//! Validating admission webhooks: who else may refuse a write.
//!
//! Which webhooks are asked, what they are sent and how their answers are read follow upstream's dispatcher
//! (`k8s.io/apiserver/pkg/admission/plugin/webhook`). Mutating webhooks are not called.

mod call;
mod conditions;
mod configuration;
#[cfg(test)]
mod tests;

pub use call::Caller;
pub use configuration::Webhook;

use crate::auth::reviews::user_info;
use crate::error::{ApiError, Cause, Details};
use crate::user::User;
use conditions::{Conditions, Matched};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is done to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It is created.
    Create,
    /// It, or its status or scale, is changed.
    Update,
    /// It is deleted.
    Delete,
}

impl Operation {
    /// The word of rules and reviews.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// A write that webhooks are asked about.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What is done.
    pub operation: Operation,
    /// API group of the resource.
    pub group: &'a str,
    /// The version that the client uses.
    pub version: &'a str,
    /// The versions that are served, for rules that name another one.
    pub served_versions: &'a [String],
    /// The kind.
    pub kind: &'a str,
    /// The plural resource.
    pub resource: &'a str,
    /// `status`, `scale`; empty for the object itself.
    pub subresource: &'a str,
    /// The namespace; `None` for cluster-scoped objects.
    pub namespace: Option<&'a str>,
    /// The labels of that namespace, or of the object where it is a namespace itself.
    pub namespace_labels: Option<&'a Value>,
    /// The name; empty while it is not known.
    pub name: &'a str,
    /// Who asks.
    pub user: &'a User,
    /// The object as it would be; null when it is deleted.
    pub object: &'a Value,
    /// The object as it is; null when it is created.
    pub old_object: &'a Value,
    /// The options of the request: `CreateOptions` and so on.
    pub options: &'a Value,
    /// Whether nothing will be stored.
    pub dry_run: bool,
}

/// The webhooks of a server.
#[derive(Debug, Default)]
pub struct Webhooks {
    caller: Caller,
    conditions: Conditions,
}

impl Webhooks {
    /// Asks every webhook that a write concerns, all at once.
    ///
    /// Returns the warnings for the one who writes. `configurations` are the ValidatingWebhookConfigurations.
    ///
    /// # Errors
    /// The refusal of a webhook; 500 when one cannot be asked and its failure policy is `Fail`; 400 when one has side
    /// effects and nothing may be stored.
    pub async fn validate(
        &self,
        configurations: &[Arc<Vec<Webhook>>],
        request: Request<'_>,
    ) -> Result<Vec<String>, ApiError> {
        if is_exempt(&request) {
            return Ok(Vec::new());
        }
        let mut calls = tokio::task::JoinSet::new();
        for webhook in configurations.iter().flat_map(|hooks| hooks.iter()) {
            let Some(version) = webhook.matched_version(&request) else {
                continue;
            };
            match self.conditions.judge(webhook, &request) {
                Matched::Yes => {}
                Matched::No => continue,
                Matched::Failed(why) if webhook.fails_open => {
                    tracing::warn!(
                        webhook = webhook.name,
                        why,
                        "its match conditions failed; it is not asked"
                    );
                    continue;
                }
                Matched::Failed(why) => return Err(ApiError::forbidden_plain(&why)),
            }
            if request.dry_run && webhook.has_side_effects {
                return Err(ApiError::bad_request(format!(
                    "admission webhook {:?} does not support dry run",
                    webhook.name
                )));
            }
            let uid = crate::random_uid().map_err(ApiError::internal)?;
            let review = review(&request, &version, &uid);
            let (caller, webhook) = (self.caller.clone(), webhook.clone());
            let order = calls.len();
            calls.spawn(async move {
                let answer = caller.ask(&webhook, &review).await;
                (order, judge_answer(&webhook, &uid, answer))
            });
        }
        let mut outcomes = calls.join_all().await;
        // The first in the order of configuration speaks, whichever answered first.
        outcomes.sort_by_key(|(order, _)| *order);
        let mut warnings = Vec::new();
        for (_, outcome) in outcomes {
            warnings.extend(outcome?);
        }
        Ok(warnings)
    }
}

/// Webhooks are not asked about webhooks, or a bad one could never be removed.
fn is_exempt(request: &Request<'_>) -> bool {
    request.group == "admissionregistration.k8s.io"
        && matches!(
            request.resource,
            "validatingwebhookconfigurations" | "mutatingwebhookconfigurations"
        )
}

/// The `AdmissionReview` that is sent, in the version of the resource that the rule names.
fn review(request: &Request<'_>, version: &str, uid: &str) -> Value {
    let in_version = |object: &Value| {
        let mut object = object.clone();
        if object.is_object() && version != request.version {
            object["apiVersion"] = format!("{}/{version}", request.group).into();
        }
        object
    };
    let kind = |version: &str| json!({"group": request.group, "version": version, "kind": request.kind});
    let resource =
        |version: &str| json!({"group": request.group, "version": version, "resource": request.resource});
    let mut asked = json!({
        "uid": uid,
        "kind": kind(version),
        "resource": resource(version),
        "requestKind": kind(request.version),
        "requestResource": resource(request.version),
        "operation": request.operation.as_str(),
        "userInfo": user_info(request.user),
        "object": in_version(request.object),
        "oldObject": in_version(request.old_object),
        "dryRun": request.dry_run,
        "options": request.options,
    });
    if !request.name.is_empty() {
        asked["name"] = request.name.into();
    }
    if let Some(namespace) = request.namespace {
        asked["namespace"] = namespace.into();
    }
    if !request.subresource.is_empty() {
        asked["subResource"] = request.subresource.into();
        asked["requestSubResource"] = request.subresource.into();
    }
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": asked})
}

/// The warnings of an answer that allows, or the refusal.
fn judge_answer(
    webhook: &Webhook,
    uid: &str,
    answer: Result<Value, String>,
) -> Result<Vec<String>, ApiError> {
    let name = &webhook.name;
    let checked = answer.and_then(|answer| {
        let response = answer["response"].clone();
        match response["uid"].as_str() {
            _ if response.is_null() => Err("webhook response was absent".to_owned()),
            Some(given) if given == uid => Ok(response),
            given => Err(format!(
                "expected response.uid={uid:?}, got {:?}",
                given.unwrap_or_default()
            )),
        }
    });
    let response = match checked {
        Ok(response) => response,
        Err(why) if webhook.fails_open => {
            tracing::warn!(
                webhook = name,
                why,
                "it could not be asked; its failure policy is Ignore"
            );
            return Ok(Vec::new());
        }
        Err(why) => {
            let why = format!("failed calling webhook {name:?}: {why}");
            let cause = Cause {
                message: why.clone(),
                ..Cause::default()
            };
            return Err(ApiError::internal(&why).with_causes(vec![cause]));
        }
    };
    if response["allowed"].as_bool() == Some(true) {
        let warnings = response["warnings"].as_array().into_iter().flatten();
        return Ok(warnings.filter_map(Value::as_str).map(str::to_owned).collect());
    }
    Err(refusal(name, &response["status"]))
}

/// A refusal carries the status that the webhook gave, but never one that looks like success.
fn refusal(webhook: &str, status: &Value) -> ApiError {
    let denied = format!("admission webhook {webhook:?} denied the request");
    let text = |field: &str| status[field].as_str().unwrap_or_default();
    let message = match (text("message"), text("reason")) {
        ("", "") => format!("{denied} without explanation"),
        ("", reason) => format!("{denied}: {reason}"),
        (message, _) => format!("{denied}: {message}"),
    };
    let code = status["code"]
        .as_u64()
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code))
        .unwrap_or(400);
    let mut error = ApiError::new(code, known_reason(text("reason")), message);
    let causes: Vec<Cause> = status["details"]["causes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|cause| Cause {
            reason: cause["reason"].as_str().unwrap_or_default().to_owned(),
            message: cause["message"].as_str().unwrap_or_default().to_owned(),
            field: cause["field"].as_str().unwrap_or_default().to_owned(),
        })
        .collect();
    if !causes.is_empty() {
        error.details = Some(Box::new(Details {
            causes,
            ..Details::default()
        }));
    }
    error
}

/// Reasons are a closed set on the wire; another word of a webhook stands in the message only.
fn known_reason(reason: &str) -> &'static str {
    const KNOWN: &[&str] = &[
        "Unauthorized",
        "Forbidden",
        "NotFound",
        "AlreadyExists",
        "Conflict",
        "Gone",
        "Invalid",
        "ServerTimeout",
        "Timeout",
        "TooManyRequests",
        "BadRequest",
        "MethodNotAllowed",
        "NotAcceptable",
        "RequestEntityTooLarge",
        "UnsupportedMediaType",
        "InternalError",
        "Expired",
        "ServiceUnavailable",
    ];
    KNOWN
        .iter()
        .find(|known| **known == reason)
        .copied()
        .unwrap_or("")
}
