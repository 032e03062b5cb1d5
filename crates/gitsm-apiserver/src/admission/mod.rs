//! Admission webhooks: who else may change a write, or refuse it.
//!
//! Which webhooks are asked, what they are sent and how their answers are read follow upstream's dispatchers
//! (`k8s.io/apiserver/pkg/admission/plugin/webhook`).
//!
//! | module | does |
//! |---|---|
//! | `configuration` | the webhooks that objects declare, and what they are to be asked about |
//! | `conditions` | `matchConditions` |
//! | `call` | asks one of them |
//! | `answer` | reads what it says |
//! | `mutate` | asks those that may change the object, one after the other |
//! | `validate` | asks those that may only refuse, all at once |

mod answer;
mod call;
mod conditions;
mod configuration;
mod mutate;
#[cfg(test)]
mod tests;
mod validate;

pub use call::Caller;
pub use configuration::Webhook;
pub use mutate::{Decode, Mutated};

use crate::auth::reviews::user_info;
use crate::error::ApiError;
use crate::user::User;
use conditions::{Conditions, Matched};
use serde_json::{Value, json};

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
    /// API group and version of the kind, where they are not those of the resource: of a Scale.
    pub kind_version: Option<(&'a str, &'a str)>,
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
    /// In which version a webhook is to be asked about a write; `None` when it does not concern it.
    ///
    /// # Errors
    /// 403 where its conditions cannot be judged and its failure policy is `Fail`; 400 when it has side effects and
    /// nothing may be stored.
    fn concerns(&self, webhook: &Webhook, request: &Request<'_>) -> Result<Option<String>, ApiError> {
        let Some(version) = webhook.matched_version(request) else {
            return Ok(None);
        };
        match self.conditions.judge(webhook, request) {
            Matched::Yes => {}
            Matched::No => return Ok(None),
            Matched::Failed(why) if webhook.fails_open => {
                tracing::warn!(
                    webhook = webhook.name,
                    why,
                    "its match conditions failed; it is not asked"
                );
                return Ok(None);
            }
            Matched::Failed(why) => return Err(ApiError::forbidden_plain(&why)),
        }
        if request.dry_run && webhook.has_side_effects {
            return Err(ApiError::bad_request(format!(
                "admission webhook {:?} does not support dry run",
                webhook.name
            )));
        }
        Ok(Some(version))
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
        if object.is_object() && version != request.version && request.kind_version.is_none() {
            object["apiVersion"] = format!("{}/{version}", request.group).into();
        }
        object
    };
    let kind = |version: &str| {
        let (group, version) = request.kind_version.unwrap_or((request.group, version));
        json!({"group": group, "version": version, "kind": request.kind})
    };
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
