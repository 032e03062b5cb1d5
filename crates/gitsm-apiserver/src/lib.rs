//! The embedded Kubernetes-compatible API server of `gitsm up`.
//!
//! A single-node, single-writer server over one folder. Unmodified kubectl (1.27 and newer) and kube-rs are its
//! clients. It serves custom resources of any accepted CRD and the few built-in kinds that kubectl and controllers
//! need; nothing runs workloads. What it does on the wire, and where it differs from a real server, is in
//! `docs/apiserver.md`.
//!
//! | module | does |
//! |---|---|
//! | [`kind`] | what a served resource is: names, schema, columns, the rules of its kind |
//! | [`error`] | errors as `metav1.Status` |
//! | [`request`] | what a request asks for: its attributes and options |
//! | [`object`] | reading and writing metadata of objects |
//! | [`builtin`] | the kinds that the server brings itself |
//! | [`patch`] | how a patch is laid over an object |
//! | [`user`] | who asks |

pub mod builtin;
pub mod error;
pub mod kind;
pub mod object;
pub mod patch;
pub mod request;
pub mod user;

pub use error::ApiError;
