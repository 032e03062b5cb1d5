//! The function libraries.

mod conversions;
pub(crate) mod encoders;
pub(crate) mod format;
mod kubernetes;
mod lists;
mod math;
pub(crate) mod opaque;
mod optionals;
pub(crate) mod regex;
mod sets;
mod standard;
pub(crate) mod strings;
pub(crate) mod time;

use super::overload::Definition;

/// The libraries of rules of custom resources in Kubernetes 1.36.
pub(crate) const KUBERNETES: &[&[Definition]] = &[
    standard::FUNCTIONS,
    conversions::FUNCTIONS,
    time::FUNCTIONS,
    optionals::FUNCTIONS,
    strings::FUNCTIONS,
    format::KUBERNETES,
    lists::EXTENSION,
    lists::KUBERNETES,
    sets::FUNCTIONS,
    regex::MATCHES,
    regex::FUNCTIONS,
    kubernetes::NETWORK,
    kubernetes::QUANTITIES,
    kubernetes::VERSIONS,
    kubernetes::URLS,
    kubernetes::FORMATS,
];

/// The standard library with the extensions that the tests of the CEL specification use.
pub(crate) const SPECIFICATION: &[&[Definition]] = &[
    standard::FUNCTIONS,
    conversions::FUNCTIONS,
    time::FUNCTIONS,
    optionals::FUNCTIONS,
    strings::FUNCTIONS,
    strings::REVERSE,
    format::SPECIFICATION,
    lists::EXTENSION,
    sets::FUNCTIONS,
    regex::MATCHES,
    math::FUNCTIONS,
    encoders::FUNCTIONS,
    kubernetes::NETWORK,
];

/// Why a function that the API server knows is refused here; `None` for names it does not know either.
pub(crate) fn unsupported(name: &str) -> Option<&'static str> {
    const AUTHORIZER: [&str; 13] = [
        "path",
        "group",
        "serviceAccount",
        "resource",
        "subresource",
        "namespace",
        "name",
        "check",
        "allowed",
        "reason",
        "errored",
        "fieldSelector",
        "labelSelector",
    ];
    AUTHORIZER
        .contains(&name)
        .then_some("authorization checks are not supported: there is no authorizer outside of a cluster")
}
