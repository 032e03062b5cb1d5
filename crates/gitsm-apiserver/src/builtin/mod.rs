//! The kinds that the server brings itself: what they are, how they are read, and their rules.
//!
//! | module | does |
//! |---|---|
//! | [`types`] | the table of types behind everything here |
//! | [`read`] | reads objects as Go's types would |
//! | [`schema`] | structural schemas from the table |
//! | [`strategy`] | the [`crate::kind::Strategy`] that all kinds share, filled in per kind |
//! | [`metadata`] | names and what may not change |
//! | [`event`] | the two views of events |
//! | [`namespace`], [`rbac`] | what others need to know of namespaces and roles |
//! | [`protobuf`] | reads the protobuf bodies that kubectl sends |
//! | [`complaints`] | collecting what is wrong |
//!
//! Nothing runs what is stored: pods stay pending.

mod bootstrap;
pub mod complaints;
mod config;
pub mod event;
mod kinds;
pub mod metadata;
pub mod namespace;
pub mod protobuf;
pub mod rbac;
pub mod read;
pub mod schema;
mod service;
pub mod strategy;
#[cfg(test)]
mod tests;
pub mod types;
mod webhook;
mod workload;

pub use bootstrap::{NAMESPACES, bootstrap};
pub use kinds::{crd_kind, crd_strategy, kinds, token_request};
