//! What a webhook says.

use super::configuration::Webhook;
use crate::error::{ApiError, Cause, Details};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Group, version and kind of what is sent and expected.
const REVIEW: (&str, &str) = ("admission.k8s.io/v1", "AdmissionReview");

/// Which webhooks are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Those that may only refuse.
    Validating,
    /// Those that may also change the object.
    Mutating,
}

/// What comes of an answer that does not refuse.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// Warnings for the one who writes.
    pub(super) warnings: Vec<String>,
    /// The JSON patch for the object, as the webhook wrote it; never from a validating webhook.
    pub(super) patch: Option<Vec<u8>>,
}

/// Reads an answer: what it says, or the refusal.
///
/// A webhook that could not be asked says nothing where its failure policy is `Ignore`.
///
/// # Errors
/// The refusal, or 500 where there is no usable answer.
pub(super) fn read(
    webhook: &Webhook,
    asked: Asked,
    uid: &str,
    answer: Result<Value, String>,
) -> Result<Answer, ApiError> {
    let checked = answer.and_then(|answer| {
        let response = response(&answer, uid)?.clone();
        let patch = patch(&response, asked)?;
        Ok((response, patch))
    });
    let (response, patch) = match checked {
        Ok(checked) => checked,
        Err(why) => return unasked(webhook, &why).map(|()| Answer::default()),
    };
    if response["allowed"].as_bool() != Some(true) {
        return Err(refusal(&webhook.name, &response["status"]));
    }
    let warnings = response["warnings"].as_array().into_iter().flatten();
    Ok(Answer {
        warnings: warnings.filter_map(Value::as_str).map(str::to_owned).collect(),
        patch,
    })
}

/// What follows from a webhook that gave no usable answer: nothing, where its failure policy says so.
///
/// # Errors
/// 500 otherwise.
pub(super) fn unasked(webhook: &Webhook, why: &str) -> Result<(), ApiError> {
    let name = &webhook.name;
    if webhook.fails_open {
        tracing::warn!(
            webhook = name,
            why,
            "it could not be asked; its failure policy is Ignore"
        );
        return Ok(());
    }
    let why = format!("failed calling webhook {name:?}: {why}");
    let cause = Cause {
        message: why.clone(),
        ..Cause::default()
    };
    Err(ApiError::internal(&why).with_causes(vec![cause]))
}

fn response<'a>(answer: &'a Value, uid: &str) -> Result<&'a Value, String> {
    let response = &answer["response"];
    if response.is_null() {
        return Err("webhook response was absent".to_owned());
    }
    let given = response["uid"].as_str().unwrap_or_default();
    if given != uid {
        return Err(format!("expected response.uid={uid:?}, got {given:?}"));
    }
    let text = |field: &str| answer[field].as_str().unwrap_or_default();
    let found = (text("apiVersion"), text("kind"));
    if found == REVIEW {
        return Ok(response);
    }
    // Go writes a core version without its group.
    let version = if found.0.is_empty() { "/" } else { found.0 };
    Err(format!(
        "expected webhook response of {}, Kind={}, got {version}, Kind={}",
        REVIEW.0, REVIEW.1, found.1
    ))
}

/// The patch of an answer; only the two fields together are one.
fn patch(response: &Value, asked: Asked) -> Result<Option<Vec<u8>>, String> {
    let text = response["patch"].as_str().unwrap_or_default();
    let kind = response.get("patchType").filter(|kind| !kind.is_null());
    match (asked, text.is_empty(), kind.and_then(Value::as_str)) {
        (_, true, None) if kind.is_none() => Ok(None),
        (Asked::Validating, false, _) => Err("validating webhook may not return response.patch".to_owned()),
        (Asked::Validating, true, _) => {
            Err("validating webhook may not return response.patchType".to_owned())
        }
        (Asked::Mutating, false, None) => {
            Err("webhook returned response.patch but not response.patchType".to_owned())
        }
        (Asked::Mutating, true, _) => {
            Err("webhook returned response.patchType but not response.patch".to_owned())
        }
        (Asked::Mutating, false, Some("JSONPatch")) => STANDARD
            .decode(text)
            .map(Some)
            .map_err(|why| format!("response.patch is not base64: {why}")),
        (Asked::Mutating, false, Some(other)) => Err(format!(
            "webhook returned invalid response.patchType of {other:?}"
        )),
    }
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
