//! The custom resources of gitsm: Rust types, CustomResourceDefinitions and JSON Schemas.
//!
//! - [`v1alpha1`]: one file per kind, spec and status.
//! - [`registry`]: what is known about each kind, references included.
//! - [`conditions`]: the condition types and reasons that status uses.
//! - [`values`]: what no schema can say about a manifest's values.
//! - [`estate`]: the typed objects of an estate; [`domain`]: what decisions take of them.
//! - [`publish`]: the files generated from all this: `crds/` and `crds/schemas/`.
//!
//! Doc comments (`///`) on kinds and fields become `kubectl explain` and editor help: they are written for
//! users. Notes for developers use `//`.

mod choice;
pub mod conditions;
mod constants;
pub mod domain;
pub mod estate;
mod phase;
pub mod publish;
pub mod registry;
mod root;
mod rule;
mod schema;
pub mod v1alpha1;
pub mod values;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod structural_tests;

pub use phase::{Transitions, can_move};
pub use registry::{
    DecodeError, DecodeStep, KindInfo, Plane, Reference, ReferenceNamespace, Scope, find, kinds,
};
pub use schema::ResourceKind;

/// The API group of every kind.
pub const GROUP: &str = "gitsm.dev";
/// The version of every kind.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` of every object.
pub const API_VERSION: &str = "gitsm.dev/v1alpha1";
