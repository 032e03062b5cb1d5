//! Errors as the API reports them: a `metav1.Status` with code, reason, message and details.
//!
//! The constructors word their messages as `k8s.io/apimachinery/pkg/api/errors` does, because people and programs
//! read them.

use gitsm_schema::FieldError;
use serde_json::{Value, json};
use std::fmt;

/// A failed request, as it is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason, for example `NotFound`; empty where upstream gives none.
    pub reason: &'static str,
    /// What went wrong, for people.
    pub message: String,
    /// What it is about.
    pub details: Option<Box<Details>>,
}

/// The `details` of a `Status`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// The name of the object.
    pub name: String,
    /// The API group.
    pub group: String,
    /// The resource, or the kind where upstream puts the kind.
    pub kind: String,
    /// The uid of the object.
    pub uid: String,
    /// The single complaints.
    pub causes: Vec<Cause>,
    /// Seconds after which trying again makes sense; also sent as header `Retry-After`.
    pub retry_after_seconds: u32,
}

/// One complaint of several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// The machine-readable reason, for example `FieldValueInvalid`.
    pub reason: String,
    /// What is wrong.
    pub message: String,
    /// The field, for example `spec.replicas`.
    pub field: String,
}

/// Group and resource, as messages name them: `changes.gitsm.dev`, or `pods` in the core group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// The API group, empty for the core group.
    pub group: &'a str,
    /// The plural resource, or the kind where a message names the kind.
    pub resource: &'a str,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(self.resource)
        } else {
            write!(f, "{}.{}", self.resource, self.group)
        }
    }
}

/// Most bytes of the message about an object that is not acceptable. Its causes say the same again.
const MAX_MESSAGE: usize = 1 << 20;

impl ApiError {
    /// An error without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    /// The same with details that name an object.
    #[must_use]
    pub fn about(mut self, named: Named<'_>, name: &str) -> Self {
        let details = self.details.get_or_insert_default();
        named.group.clone_into(&mut details.group);
        named.resource.clone_into(&mut details.kind);
        name.clone_into(&mut details.name);
        self
    }

    /// The same with causes.
    #[must_use]
    pub fn with_causes(mut self, causes: Vec<Cause>) -> Self {
        self.details.get_or_insert_default().causes = causes;
        self
    }

    /// The same with a hint when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.details.get_or_insert_default().retry_after_seconds = seconds;
        self
    }

    /// 404: no such object.
    pub fn not_found(named: Named<'_>, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{named} {name:?} not found")).about(named, name)
    }

    /// 404: no such resource or path.
    pub fn no_such_resource() -> Self {
        Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
        .with_causes(vec![])
    }

    /// 409: the name is taken.
    pub fn already_exists(named: Named<'_>, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{named} {name:?} already exists")).about(named, name)
    }

    /// 409: the object changed in between, or a precondition does not hold.
    pub fn conflict(named: Named<'_>, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {named} {name:?}: {why}");
        Self::new(409, "Conflict", message).about(named, name)
    }

    /// 409 as an optimistic lock reports it.
    pub fn object_modified(named: Named<'_>, name: &str) -> Self {
        Self::conflict(
            named,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 422: the object is not acceptable; `kind` names the kind and its group.
    pub fn invalid(kind: Named<'_>, name: &str, errors: &[FieldError]) -> Self {
        let mut causes = Vec::with_capacity(errors.len().min(1_000));
        let mut lines = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut left = MAX_MESSAGE;
        for (index, error) in errors.iter().enumerate() {
            let mut text = error.to_string();
            if index == 0 && text.len() > MAX_MESSAGE {
                text.truncate(text.floor_char_boundary(MAX_MESSAGE - 3));
                text.push_str("...");
            }
            let Some(less) = left.checked_sub(text.len()) else {
                // Nobody reads on here; the client has enough to begin with.
                let more = format!("and {} more; correct these first", errors.len() - index);
                causes.push(Cause {
                    message: more.clone(),
                    ..Cause::default()
                });
                lines.push(more);
                break;
            };
            left = less;
            let field = error.field();
            let message = text
                .strip_prefix(&format!("{field}: "))
                .unwrap_or(&text)
                .to_owned();
            causes.push(Cause {
                reason: error.kind.wire_name().to_owned(),
                message,
                field,
            });
            if seen.insert(text.clone()) {
                lines.push(text);
            }
        }
        let list = match lines.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        Self::new(422, "Invalid", format!("{kind} {name:?} is invalid: {list}"))
            .about(kind, name)
            .with_causes(causes)
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 403, worded by the caller: `User "x" cannot get resource ...`.
    pub fn forbidden(named: Named<'_>, name: &str, why: &str) -> Self {
        let message = if name.is_empty() {
            format!("{named} is forbidden: {why}")
        } else {
            format!("{named} {name:?} is forbidden: {why}")
        };
        Self::new(403, "Forbidden", message).about(named, name)
    }

    /// 403 that names no resource.
    pub fn forbidden_plain(why: &str) -> Self {
        Self::new(403, "Forbidden", format!("forbidden: {why}")).with_causes(vec![])
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 405.
    pub fn method_not_allowed(named: Named<'_>, action: &str) -> Self {
        let message = "the server does not allow this method on the requested resource";
        let _ = action;
        Self::new(405, "MethodNotAllowed", message).about(named, "")
    }

    /// 410: the revision is gone.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(413, "RequestEntityTooLarge", message)
    }

    /// 415.
    pub fn unsupported_media_type(accepted: &[&str]) -> Self {
        Self::new(
            415,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: {}",
                accepted.join(", ")
            ),
        )
    }

    /// 406.
    pub fn not_acceptable(accepted: &[&str]) -> Self {
        Self::new(
            406,
            "NotAcceptable",
            format!(
                "only the following media types are accepted: {}",
                accepted.join(", ")
            ),
        )
    }

    /// 429.
    pub fn too_many_requests() -> Self {
        Self::new(
            429,
            "TooManyRequests",
            "too many requests, please try again later",
        )
        .retry_after(1)
    }

    /// 500.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::new(
            500,
            "InternalError",
            format!("Internal error occurred: {message}"),
        )
    }

    /// The `Status` object.
    pub fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            status["details"] = details.to_json();
        }
        status
    }
}

impl Details {
    /// The details as they are sent; empty fields are left out.
    pub fn to_json(&self) -> Value {
        let mut details = serde_json::Map::new();
        for (field, text) in [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
            ("uid", &self.uid),
        ] {
            if !text.is_empty() {
                details.insert(field.to_owned(), text.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            let causes = self.causes.iter().map(Cause::to_json).collect();
            details.insert("causes".to_owned(), Value::Array(causes));
        }
        if self.retry_after_seconds > 0 {
            details.insert("retryAfterSeconds".to_owned(), self.retry_after_seconds.into());
        }
        Value::Object(details)
    }
}

impl Cause {
    fn to_json(&self) -> Value {
        let mut cause = serde_json::Map::new();
        for (field, text) in [
            ("reason", &self.reason),
            ("message", &self.message),
            ("field", &self.field),
        ] {
            if !text.is_empty() {
                cause.insert(field.to_owned(), text.as_str().into());
            }
        }
        Value::Object(cause)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;
    use gitsm_schema::{ErrorKind, Path};

    #[test]
    fn a_message_about_very_much_is_cut() {
        let named = Named {
            group: "x.dev",
            resource: "Foo",
        };
        let error = |length: usize| {
            FieldError::new(ErrorKind::Invalid, Path::root().field("spec"), "no")
                .with_value("é".repeat(length).into())
        };
        let few = ApiError::invalid(named, "x", &[error(1), error(1)]);
        assert_eq!(
            few.message,
            "Foo.x.dev \"x\" is invalid: spec: Invalid value: \"é\": no"
        );
        assert_eq!(few.details.map_or(0, |details| details.causes.len()), 2);
        let many = ApiError::invalid(named, "x", &vec![error(500); 5_000]);
        let causes = many.details.map_or(0, |details| details.causes.len());
        assert!(
            many.message.len() < 2 * MAX_MESSAGE && (500..1_500).contains(&causes),
            "{causes}"
        );
        let long = ApiError::invalid(named, "x", &vec![error(2_000_000); 2]);
        assert!(long.message.len() < MAX_MESSAGE + 200 && long.message.contains("and 1 more"));
    }
}
