//! Replies: status, headers, body.

use super::body::ReplyBody;
use super::limits::Permit;
use crate::error::ApiError;
use crate::negotiate::Format;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WARNING};
use http::{Response, StatusCode};
use serde_json::Value;

/// Most bytes of all warnings of one reply, as upstream: proxies and clients limit headers.
const MAX_WARNINGS: usize = 4_096;

/// Most warnings of one reply: HTTP clients refuse answers with more than 100 headers.
const MOST_WARNINGS: usize = 64;

/// What is answered.
#[derive(Debug)]
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) code: u16,
    /// `Content-Type`.
    pub(super) content_type: &'static str,
    /// The body.
    pub(super) body: ReplyBody,
    /// Further headers.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// A reply with a body of one piece.
    pub(super) fn new(code: u16, content_type: &'static str, body: impl Into<ReplyBody>) -> Self {
        Self {
            code,
            content_type,
            body: body.into(),
            headers: Vec::new(),
        }
    }

    /// Plain text.
    pub(super) fn text(code: u16, text: impl Into<String>) -> Self {
        Self::new(code, "text/plain; charset=utf-8", Bytes::from(text.into()))
    }

    /// What upstream answers where nothing is.
    pub(super) fn page_not_found() -> Self {
        Self::text(404, "404 page not found\n")
    }

    /// A JSON value in the wanted form.
    pub(super) fn value(code: u16, value: &Value, format: Format, pretty: bool) -> Self {
        Self::new(code, format.content_type(), written(value, format, pretty))
    }

    /// An error as a `Status`.
    pub(super) fn error(error: &ApiError, format: Format, pretty: bool) -> Self {
        let mut reply = Self::value(error.code, &error.to_status(), format, pretty);
        let after = error
            .details
            .as_ref()
            .map_or(0, |details| details.retry_after_seconds);
        if after > 0 {
            reply.headers.push((RETRY_AFTER, HeaderValue::from(after)));
        }
        reply
    }

    /// The same, counted as under way until all of it is sent.
    #[must_use]
    pub(super) fn held(self, permit: Permit) -> Self {
        Self {
            body: ReplyBody::Held(Box::new(self.body), permit),
            ..self
        }
    }

    /// Adds warnings as headers; what is too much is left out.
    #[must_use]
    pub(super) fn with_warnings(mut self, warnings: &[String]) -> Self {
        let mut left = MAX_WARNINGS;
        let mut seen = std::collections::HashSet::new();
        let distinct = warnings.iter().filter(|warning| seen.insert(warning.as_str()));
        for warning in distinct.take(MOST_WARNINGS) {
            let Some(value) = warning_header(warning) else {
                continue;
            };
            if value.len() > left {
                break;
            }
            left -= value.len();
            self.headers.push((WARNING, value));
        }
        self
    }

    /// The response; `audit` identifies the request.
    pub(super) fn into_response(self, audit: &str) -> Response<ReplyBody> {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
        if let Ok(audit) = HeaderValue::from_str(audit) {
            headers.insert("audit-id", audit);
        }
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}

/// A value as bytes.
fn written(value: &Value, format: Format, pretty: bool) -> Bytes {
    let text = match format {
        Format::Yaml => serde_yaml::to_string(value).unwrap_or_default(),
        Format::Json if pretty => format!("{value:#}"),
        Format::Json => format!("{value}\n"),
    };
    text.into()
}

/// `299 - "text"`, with quotes and backslashes escaped and control characters left out.
fn warning_header(text: &str) -> Option<HeaderValue> {
    let mut quoted = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            char if char.is_control() => quoted.push(' '),
            char => quoted.push(char),
        }
    }
    HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_quoted() {
        let header = warning_header("unknown field \"spec.a\"\n");
        assert_eq!(
            header,
            HeaderValue::from_str(r#"299 - "unknown field \"spec.a\" ""#).ok()
        );
    }

    #[test]
    fn many_warnings_are_cut() {
        let warnings: Vec<String> = (0..1_000).map(|number| format!("w{number}")).collect();
        let reply = Reply::text(200, "").with_warnings(&warnings);
        assert_eq!(reply.headers.len(), MOST_WARNINGS);
    }

    #[test]
    fn errors_say_when_to_try_again() {
        let response = Reply::error(&ApiError::too_many_requests(), Format::Json, false).into_response("id");
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["audit-id"], "id");
    }
}
