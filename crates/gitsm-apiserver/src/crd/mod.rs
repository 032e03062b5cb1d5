//! Custom resources: from a `CustomResourceDefinition` to kinds that are served.
//!
//! | module | does |
//! |---|---|
//! | [`definition`] | the rules of the kind `CustomResourceDefinition` itself |
//! | [`compile`] | the kinds that an accepted definition serves |
//! | [`custom`] | the rules of custom resources: schema, lists, CEL |
//! | [`status`] | which names a definition gets, and its conditions |
//! | [`controller`] | follows definitions: writes their status, serves their kinds, cleans up |

pub mod compile;
pub mod controller;
pub mod custom;
pub mod definition;
pub mod status;

/// The API group of definitions.
pub const GROUP: &str = "apiextensions.k8s.io";
/// The resource of definitions.
pub const RESOURCE: &str = "customresourcedefinitions";
/// The finalizer that keeps a definition until its objects are gone.
pub const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Under what definitions are stored.
pub fn resource() -> crate::kind::GroupResource {
    crate::kind::GroupResource::new(GROUP, RESOURCE)
}
