//! `OpenAPI` v2: nothing but a header. kubectl 1.27 and 1.28 fail without any, newer ones do not ask for it.

use crate::negotiate;

/// The media type that clients ask for. The answer must not repeat the `@`.
const ASKED: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/// The media type of the protobuf form.
const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The document in protobuf, a gnostic `openapi.v2.Document` with `swagger: "2.0"`, `info` with title and version, and
/// empty `paths`.
const DOCUMENT: &[u8] = b"\x0a\x032.0\x12\x0e\x0a\x05gitsm\x12\x05v1.33\x42\x00";
/// The same in JSON.
const JSON: &str = r#"{"swagger":"2.0","info":{"title":"gitsm","version":"v1.33"},"paths":{}}"#;

/// Content type and body of the answer, `None` where the client accepts neither protobuf nor JSON (406).
pub fn stub(accept: Option<&str>) -> Option<(&'static str, &'static [u8])> {
    match negotiate::first_of(accept, &[negotiate::JSON, ASKED, PROTOBUF])? {
        0 => Some((negotiate::JSON, JSON.as_bytes())),
        _ => Some((PROTOBUF, DOCUMENT)),
    }
}
