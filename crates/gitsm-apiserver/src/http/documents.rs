//! What is not a resource: discovery, schemas, health, version.

use super::reply::Reply;
use super::{Api, Asked};
use crate::discovery;
use crate::error::ApiError;
use crate::negotiate::{self, Discovery, Format, JSON};
use crate::openapi;
use bytes::Bytes;
use http::Method;
use http::header::{ETAG, HOST, HeaderValue, IF_NONE_MATCH, VARY};
use serde_json::{Value, json};

/// The version of Kubernetes whose API this server speaks.
const KUBERNETES: (&str, &str, &str) = ("1", "33", "v1.33.0+gitsm");
/// What `/readyz?verbose` and the like list.
const CHECKS: [&str; 3] = ["ping", "store", "custom-resource-definitions"];

impl Api {
    pub(super) fn document(&self, asked: &Asked<'_>, path: &str) -> Result<Reply, ApiError> {
        if !matches!(*asked.method, Method::GET | Method::HEAD) {
            let message = "the server does not allow this method on the requested resource";
            return Err(ApiError::new(405, "MethodNotAllowed", message));
        }
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let table = self.registry.kinds().snapshot();
        match parts.as_slice() {
            [] => Ok(self.index(asked)),
            ["api" | "apis"] => self.root_discovery(asked, parts == ["api"]),
            ["api", version] => listed(asked, discovery::api_resource_list(&table, "", version)),
            ["apis", group] => listed(asked, discovery::api_group(&table, group)),
            ["apis", group, version] => listed(asked, discovery::api_resource_list(&table, group, version)),
            ["version"] => Ok(Reply::value(200, &version(), Format::Json, true)),
            [probe @ ("healthz" | "livez" | "readyz")] => Ok(self.health(asked, probe)),
            [probe @ ("healthz" | "livez" | "readyz"), check] if CHECKS.contains(check) => {
                Ok(self.check(probe))
            }
            ["openapi", "v2"] => {
                let stub = openapi::v2::stub(asked.accept());
                let (content_type, body) = stub.ok_or_else(|| ApiError::not_acceptable(&[JSON]))?;
                Ok(Reply::new(200, content_type, Bytes::from_static(body)))
            }
            ["openapi", "v3", ..] if !openapi::v3::accepts(asked.accept()) => {
                Err(ApiError::not_acceptable(&[JSON]))
            }
            ["openapi", "v3"] => Ok(Reply::value(
                200,
                &openapi::v3::index(&table),
                Format::Json,
                false,
            )),
            ["openapi", "v3", "api", version] => {
                Ok(schemas(asked, openapi::v3::document(&table, "", version)))
            }
            ["openapi", "v3", "apis", group, version] => {
                Ok(schemas(asked, openapi::v3::document(&table, group, version)))
            }
            _ => Ok(Reply::page_not_found()),
        }
    }

    /// The paths that there are.
    fn index(&self, asked: &Asked<'_>) -> Reply {
        let table = self.registry.kinds().snapshot();
        let mut paths: Vec<String> = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
        for group in table.groups() {
            paths.push(format!("/apis/{}", group.name()));
            let versions = group.versions().iter();
            paths.extend(versions.map(|version| format!("/apis/{}/{}", group.name(), version.version)));
        }
        for path in [
            "/healthz",
            "/livez",
            "/openapi/v2",
            "/openapi/v3",
            "/readyz",
            "/version",
        ] {
            paths.push(path.to_owned());
        }
        Reply::value(200, &json!({"paths": paths}), Format::Json, asked.pretty)
    }

    fn root_discovery(&self, asked: &Asked<'_>, is_core: bool) -> Result<Reply, ApiError> {
        let table = self.registry.kinds().snapshot();
        let mut reply = match negotiate::discovery(asked.accept())? {
            Discovery::Aggregated { beta } => {
                let body = discovery::aggregated(&table, is_core, beta).to_string();
                let tag = discovery::etag(body.as_bytes());
                tagged(asked, discovery::aggregated_content_type(beta), &tag, body.into())
            }
            Discovery::Legacy(format) => {
                let host = asked
                    .headers
                    .get(HOST)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                let value = if is_core {
                    discovery::api_versions(&table, host)
                } else {
                    discovery::api_group_list(&table)
                };
                Reply::value(200, &value, format, asked.pretty)
            }
        };
        reply.headers.push((VARY, HeaderValue::from_static("Accept")));
        Ok(reply)
    }

    fn health(&self, asked: &Asked<'_>, probe: &str) -> Reply {
        let is_stopping = *self.stopping.borrow();
        let is_ready = !(probe == "readyz" && is_stopping);
        let code = if is_ready { 200 } else { 500 };
        if asked.query.get("verbose").is_none() && is_ready {
            return Reply::text(200, "ok");
        }
        let mut text: String = CHECKS.iter().map(|check| format!("[+]{check} ok\n")).collect();
        if probe == "readyz" {
            text += if is_ready {
                "[+]shutdown ok\n"
            } else {
                "[-]shutdown failed: the server stops\n"
            };
        }
        text += &format!("{probe} check {}\n", if is_ready { "passed" } else { "failed" });
        Reply::text(code, text)
    }

    fn check(&self, probe: &str) -> Reply {
        let is_ready = probe != "readyz" || !*self.stopping.borrow();
        Reply::text(
            if is_ready { 200 } else { 500 },
            if is_ready { "ok" } else { "the server stops" },
        )
    }
}

fn listed(asked: &Asked<'_>, document: Option<Value>) -> Result<Reply, ApiError> {
    let format = negotiate::document(asked.accept())?;
    Ok(match document {
        Some(document) => Reply::value(200, &document, format, asked.pretty),
        None => Reply::page_not_found(),
    })
}

/// A document with an `ETag`: who has it already is told so.
fn tagged(asked: &Asked<'_>, content_type: &'static str, tag: &str, body: Bytes) -> Reply {
    let known = asked
        .headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let mut reply = if known == Some(tag) {
        Reply::new(304, content_type, Bytes::new())
    } else {
        Reply::new(200, content_type, body)
    };
    if let Ok(tag) = HeaderValue::from_str(tag) {
        reply.headers.push((ETAG, tag));
    }
    reply
}

fn schemas(asked: &Asked<'_>, document: Option<openapi::v3::Document>) -> Reply {
    let Some(document) = document else {
        return Reply::page_not_found();
    };
    tagged(asked, JSON, &format!("\"{}\"", document.hash), document.json)
}

fn version() -> Value {
    let (major, minor, git) = KUBERNETES;
    json!({
        "major": major, "minor": minor, "gitVersion": git, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}
