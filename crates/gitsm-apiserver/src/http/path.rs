//! What a path asks for.
//!
//! The paths of resources are split by hand, as upstream's `RequestInfo` does: `/api/v1/...` for the core group and
//! `/apis/GROUP/VERSION/...` for the others, with `namespaces/NAMESPACE/` in front of namespaced resources.

use super::query::{Query, decode};
use crate::error::ApiError;
use crate::request::{ResourceRequest, Verb};
use http::Method;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A resource.
    Resource(ResourceRequest),
    /// Anything else, for example `/version`; the decoded path.
    Path(String),
}

/// Reads method, path and query.
///
/// # Errors
/// 400 for escapes that are no UTF-8 and for names that a path cannot hold, 405 for methods that nothing serves.
pub fn parse(method: &Method, path: &str, query: &Query) -> Result<Target, ApiError> {
    let Some(path) = decode(path, false) else {
        return Err(ApiError::bad_request("the path holds a bad escape sequence"));
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let located = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => locate("", version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => locate(group, version, rest),
        _ => None,
    };
    let Some(located) = located else {
        return Ok(Target::Path(path));
    };
    if let Some(name @ ("." | "..")) = located.name.as_deref() {
        return Err(ApiError::bad_request(format!(
            "Name parameter invalid: {name:?}: may not be '{name}'"
        )));
    }
    let verb = verb(method, located.name.is_some(), query)?;
    Ok(Target::Resource(ResourceRequest { verb, ..located }))
}

/// Splits what follows the version. What is left over after the subresource stays in it, so that it is not found.
fn locate(group: &str, version: &str, rest: &[&str]) -> Option<ResourceRequest> {
    let owned = |text: &&str| (*text).to_owned();
    let (namespace, rest) = match rest {
        // The namespace itself and its subresources are about the resource `namespaces`.
        ["namespaces", name] | ["namespaces", name, "status" | "finalize"] => (Some(name), rest),
        ["namespaces", name, below @ ..] => (Some(name), below),
        _ => (None, rest),
    };
    let (resource, rest) = rest.split_first()?;
    let about_namespaces = *resource == "namespaces";
    let subresource = rest.get(1..).filter(|more| !more.is_empty());
    Some(ResourceRequest {
        verb: Verb::Get,
        group: group.to_owned(),
        version: version.to_owned(),
        resource: owned(resource),
        subresource: subresource.map(|parts| parts.join("/")),
        namespace: namespace.filter(|_| !about_namespaces).map(owned),
        name: rest.first().map(owned),
    })
}

fn verb(method: &Method, named: bool, query: &Query) -> Result<Verb, ApiError> {
    Ok(match (method.as_str(), named) {
        ("GET" | "HEAD", true) => Verb::Get,
        ("GET" | "HEAD", false) if query.is_watch() => Verb::Watch,
        ("GET" | "HEAD", false) => Verb::List,
        ("POST", _) => Verb::Create,
        ("PUT", _) => Verb::Update,
        ("PATCH", _) => Verb::Patch,
        ("DELETE", true) => Verb::Delete,
        ("DELETE", false) => Verb::DeleteCollection,
        _ => {
            return Err(ApiError::new(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use super::*;
    use proptest::prelude::*;

    fn resource(method: &Method, path: &str) -> ResourceRequest {
        match parse(method, path, &Query::default()).unwrap() {
            Target::Resource(request) => request,
            Target::Path(path) => panic!("{path} is no resource"),
        }
    }

    fn text(request: &ResourceRequest) -> String {
        let or_dash = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
        format!(
            "{} {}/{} {} {} {} {}",
            request.verb.as_str(),
            request.group,
            request.version,
            request.resource,
            or_dash(&request.namespace),
            or_dash(&request.name),
            or_dash(&request.subresource),
        )
    }

    #[test]
    fn paths_are_split() {
        for (method, path, expected) in [
            (Method::GET, "/api/v1/namespaces", "list /v1 namespaces - - -"),
            (Method::GET, "/api/v1/namespaces/a", "get /v1 namespaces - a -"),
            (
                Method::PUT,
                "/api/v1/namespaces/a/finalize",
                "update /v1 namespaces - a finalize",
            ),
            (
                Method::POST,
                "/api/v1/namespaces/a/configmaps",
                "create /v1 configmaps a - -",
            ),
            (
                Method::DELETE,
                "/apis/g.dev/v1/foos/x",
                "delete g.dev/v1 foos - x -",
            ),
            (
                Method::DELETE,
                "/apis/g.dev/v1/namespaces/n/foos",
                "deletecollection g.dev/v1 foos n - -",
            ),
            (
                Method::PATCH,
                "/apis/g.dev/v1/namespaces/n/foos/x/status",
                "patch g.dev/v1 foos n x status",
            ),
            (
                Method::GET,
                "/apis/g.dev/v1/namespaces/n/foos/x/a/b",
                "get g.dev/v1 foos n x a/b",
            ),
            (
                Method::GET,
                "/apis/g.dev/v1/foos/a%20b/",
                "get g.dev/v1 foos - a b -",
            ),
        ] {
            assert_eq!(text(&resource(&method, path)), expected, "{path}");
        }
        let up = parse(&Method::GET, "/api/v1/namespaces/..", &Query::default()).unwrap_err();
        assert_eq!(up.message, "Name parameter invalid: \"..\": may not be '..'");
        for path in [
            "/",
            "/api",
            "/api/v1",
            "/apis/g.dev",
            "/apis/g.dev/v1",
            "/healthz",
            "/openapi/v3/api/v1",
        ] {
            let target = parse(&Method::GET, path, &Query::default()).unwrap();
            assert_eq!(target, Target::Path(path.to_owned()));
        }
    }

    #[test]
    fn a_watch_is_a_collection_with_the_parameter() {
        let query = Query::parse("watch=true");
        let verb = |path| match parse(&Method::GET, path, &query).unwrap() {
            Target::Resource(request) => request.verb,
            Target::Path(path) => panic!("{path} is no resource"),
        };
        assert_eq!(verb("/api/v1/configmaps"), Verb::Watch);
        assert_eq!(verb("/api/v1/namespaces/a/configmaps/x"), Verb::Get);
    }

    proptest! {
        #[test]
        fn no_path_or_query_panics(path in "[/a-z%.\u{e9}0-9]{0,60}", query in ".{0,60}", method in "[A-Z]{1,7}") {
            let query = Query::parse(&query);
            let _ = query.list_options();
            let _ = query.write_options("CreateOptions", &path);
            let _ = query.delete_options(None);
            if let Ok(method) = Method::from_bytes(method.as_bytes()) {
                let _ = parse(&method, &path, &query);
            }
        }
    }
}
