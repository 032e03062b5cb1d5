//! Patches: how a change that a client sends is laid over an object.
//!
//! Pure functions on JSON values. They decide what comes out and with which words a patch is refused; what happens
//! with the result (reading, pruning, defaulting, validating) is the registry's. Values are as deep as the reader of
//! the body lets them be.
//!
//! | module | patch |
//! |---|---|
//! | [`json`] | RFC 6902, with the habits of the library that Kubernetes uses |
//! | [`merge`] | RFC 7386 |
//! | [`strategic`] | Kubernetes' own, which knows the lists of built-in kinds by their keys |

pub mod json;
pub mod merge;
pub mod strategic;

use crate::error::{ApiError, Details};

/// 422: the patch is well formed, but does not fit the object.
///
/// Upstream puts a generic sentence in place of the cause.
fn rejected() -> ApiError {
    let mut error = ApiError::new(
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
    );
    error.details = Some(Box::new(Details::default()));
    error
}

/// What Go's JSON decoder calls a value.
pub(crate) fn go_type(value: &serde_json::Value) -> &'static str {
    match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "bool",
        serde_json::Value::Number(_) => "number",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
    }
}
