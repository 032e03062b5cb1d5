//! `gitsm up` from outside: one binary, one folder, and an ordinary Kubernetes client.

mod backups;
mod errors;
mod estates;
pub(crate) mod place;
mod starts;
