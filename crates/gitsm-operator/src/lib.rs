//! The controllers of gitsm: what keeps a cluster as git says.
//!
//! They reach the API server through kube only: a cluster, gitsm's own control plane, a bare kube-apiserver. What is
//! decided is decided in `gitsm-core`; here facts are gathered and decisions are carried out.

pub mod repository;
pub mod source;
