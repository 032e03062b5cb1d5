//! Structural schemas and the Kubernetes CEL environment: the one judge of an object.
//!
//! `gitsm validate`, admission and the embedded API server all ask this crate whether an object is
//! acceptable, so that what passes before merge passes in the cluster. It does no I/O and reads no clock.
//!
//! The steps mirror those of the Kubernetes API server (apiextensions-apiserver): a CRD's
//! `openAPIV3Schema` is read into [`structural::Structural`]; an object is pruned or searched for unknown
//! fields, defaulted, validated against the value rules, its list types are checked, and last its
//! `x-kubernetes-validations` are evaluated. Every complaint is a [`FieldError`].

pub mod cel;
pub mod columns;
mod correlate;
pub mod crd;
pub mod defaulting;
pub mod error;
pub mod formats;
mod judge;
pub mod listtype;
pub mod object_meta;
pub mod path;
pub mod prune;
pub mod scale;
pub mod strict;
pub mod structural;
mod trail;
pub mod validate;
pub mod values;
mod verdict;

pub use error::{ErrorKind, FieldError};
pub use judge::ObjectSchema;
pub use path::{Path, Segment};
pub use verdict::{ObjectJudge, ObjectKind, blocks_rules};
