//! Functions that do everything the server can do with a request: for fuzzers, and for the property tests of the
//! suite, which drive them on a stable toolchain.
//!
//! They go through the same code as requests that come over a connection, from the head of the request to the last
//! byte of the answer, and assert what must hold of every answer.

use crate::http::{Api, FAILED, Peer};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest that a whole answer may take, on a busy machine and without optimisation.
pub const SLOWEST: Duration = Duration::from_secs(20);
/// How long the next piece of a watch is waited for: what is there comes at once.
const PAUSE: Duration = Duration::from_millis(20);
/// Pieces of a watch that are looked at.
const PIECES: usize = 64;

/// An answer that was looked at.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The HTTP status.
    pub code: u16,
    /// The value of `Content-Type`.
    pub content_type: String,
    /// The body; of a watch its beginning.
    pub body: Bytes,
    /// How long it took.
    pub took: Duration,
}

/// Reads a request as it could stand on the wire: a line with method and target, lines with headers, an empty line,
/// the body. `None` where HTTP itself would refuse it.
pub fn read(bytes: &[u8]) -> Option<Request<Full<Bytes>>> {
    let (line, mut rest) = cut(bytes);
    let line = std::str::from_utf8(line).ok()?;
    let (method, target) = line.split_once(' ')?;
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).ok()?)
        .uri(target.parse::<Uri>().ok()?);
    loop {
        let (line, after) = cut(rest);
        rest = after;
        if line.is_empty() {
            return request.body(Full::new(Bytes::copy_from_slice(rest))).ok();
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        let name = HeaderName::from_bytes(name.trim_ascii()).ok()?;
        request = request.header(name, HeaderValue::from_bytes(value[1..].trim_ascii()).ok()?);
    }
}

/// The first line, and what follows it.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (
            bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]),
            &bytes[end + 1..],
        ),
        None => (bytes, &[]),
    }
}

/// Answers a request and looks at the answer.
///
/// # Panics
///
/// If it took too long, if it is not what an answer has to be, or if any of the code behind it panicked: that is
/// what a fuzzer looks for.
pub async fn answer(api: &Arc<Api>, request: Request<Full<Bytes>>) -> Answered {
    let head = request.method() == Method::HEAD;
    let asked = format!("{} {}", request.method(), request.uri());
    let accept = request.headers().get(ACCEPT).cloned();
    let began = Instant::now();
    let response = api.answer(&Peer::default(), request).await;
    let (parts, mut body) = response.into_parts();
    let content_type = parts.headers.get(CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_stream = http_body::Body::size_hint(&body).exact().is_none();
    let mut bytes = Vec::new();
    let mut pieces = 0;
    let mut paused = Duration::ZERO;
    loop {
        let frame = if is_stream {
            let waiting = Instant::now();
            match tokio::time::timeout(PAUSE, body.frame()).await {
                Ok(frame) if pieces < PIECES => frame,
                _ => {
                    paused += waiting.elapsed();
                    break;
                }
            }
        } else {
            body.frame().await
        };
        let Some(Ok(frame)) = frame else { break };
        pieces += 1;
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    let answered = Answered {
        code: parts.status.as_u16(),
        content_type: content_type.to_owned(),
        body: bytes.into(),
        took: began.elapsed().saturating_sub(paused),
    };
    assert!(answered.took < SLOWEST, "{asked} took {:?}", answered.took);
    assert!(
        parts.headers.contains_key("audit-id"),
        "{asked}: {:?}",
        parts.headers
    );
    if !head {
        check(&answered, is_stream, &format!("{asked} (accepting {accept:?})"));
    }
    answered
}

/// Asserts that the body is what its code and type promise.
fn check(answered: &Answered, is_stream: bool, asked: &str) {
    let text = || String::from_utf8_lossy(&answered.body[..answered.body.len().min(4_096)]).into_owned();
    let code = answered.code;
    assert!((200..600).contains(&code), "{asked}: {code}");
    let values: Vec<Value> = match answered.content_type.split(';').next().unwrap_or_default() {
        "application/json" if is_stream => {
            let lines = answered.body.split_inclusive(|byte| *byte == b'\n');
            // The last line may have been cut by not reading on.
            let whole = lines.filter(|line| line.ends_with(b"\n"));
            whole.map(|line| parsed(line, asked)).collect()
        }
        "application/json" if answered.body.is_empty() => Vec::new(),
        "application/json" => vec![parsed(&answered.body, asked)],
        "application/yaml" => match serde_yaml::from_slice(&answered.body) {
            Ok(value) => vec![value],
            Err(error) => vec![unsound(asked, &error, &text())],
        },
        "text/plain" => {
            assert!(
                matches!(code, 200 | 404 | 500),
                "{asked}: {code} as text: {}",
                text()
            );
            return;
        }
        _ => return,
    };
    if is_stream {
        for event in &values {
            assert!(
                event["type"].is_string() && event["object"].is_object(),
                "{asked}: {event}"
            );
        }
    }
    if code < 400 {
        assert!(
            code == 304 || is_stream || values.iter().all(Value::is_object),
            "{asked}: {}",
            text()
        );
        return;
    }
    assert_eq!(values.len(), 1, "{asked}: {}", text());
    for status in &values {
        let is = |field: &str, wanted: &str| status[field] == wanted;
        let well_formed = is("kind", "Status") && is("apiVersion", "v1") && is("status", "Failure");
        assert!(
            well_formed && status["code"] == code && status["metadata"].is_object(),
            "{asked}: {}",
            text()
        );
        let message = status["message"].as_str().unwrap_or_default();
        assert!(
            !message.is_empty() && !message.contains(FAILED),
            "{asked}: {}",
            text()
        );
        assert!(!is("reason", "InternalError"), "{asked}: {}", text());
    }
}

fn parsed(bytes: &[u8], asked: &str) -> Value {
    match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => unsound(
            asked,
            &error,
            &String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]),
        ),
    }
}

#[allow(clippy::panic, reason = "that is how a fuzzer is told")]
fn unsound(asked: &str, error: &dyn std::fmt::Display, text: &str) -> Value {
    panic!("{asked}: {error}: {text}");
}
