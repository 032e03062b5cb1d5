//! The embedded Kubernetes-compatible API server of `gitsm up`.
//!
//! A single-node, single-writer server over one folder. Unmodified kubectl (1.27 and newer) and kube-rs are its
//! clients. It serves custom resources of any accepted CRD and the few built-in kinds that kubectl and controllers
//! need; nothing runs workloads. What it does on the wire, and where it differs from a real server, is in
//! `docs/apiserver.md`.
//!
//! | module | does |
//! |---|---|
//! | [`server`] | the server as a whole: folder, address, tasks |
//! | [`http`] | requests and answers: connections, paths, verbs, watches, forms |
//! | [`registry`] | what is done with objects, for every kind alike |
//! | [`crd`] | custom resource definitions: their rules, kinds, status, clean-up |
//! | [`begin`] | what every server has from the beginning |
//! | [`cluster`] | the registry as the controllers of `gc` use it |
//! | [`kind`] | what a served resource is: names, schema, columns, the rules of its kind |
//! | [`admission`] | asking validating webhooks |
//! | [`kinds`] | the table of everything that is served |
//! | [`auth`], [`pki`], [`audit`] | who asks, what they may do, what they did |
//! | [`error`] | errors as `metav1.Status` |
//! | [`request`] | what a request asks for: its attributes and options |
//! | [`fuzz`] | requests of any kind, held to what must hold of every answer |
//! | [`gc`] | garbage collection, namespace deletion, expiry of events |
//! | [`object`] | reading and writing metadata of objects |
//! | [`builtin`] | the kinds that the server brings itself |
//! | [`patch`] | how a patch is laid over an object |
//! | [`security`] | all of these tied to the stored objects |
//! | [`selectors`] | label and field selectors |
//! | [`negotiate`] | what a client accepts, what a body is written in |
//! | [`store`] | objects in memory and on disk, their revisions and events |
//! | [`user`] | who asks |

pub mod admission;
pub mod audit;
pub mod auth;
pub mod begin;
pub mod builtin;
pub mod cluster;
pub mod crd;
pub mod discovery;
pub mod error;
pub mod fuzz;
pub mod gc;
pub mod http;
pub mod kind;
pub mod kinds;
pub mod negotiate;
pub mod object;
pub mod openapi;
pub mod partial;
pub mod patch;
pub mod pki;
pub mod registry;
pub mod request;
pub mod security;
pub mod selectors;
pub mod server;
pub mod store;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;
pub mod user;

pub use error::ApiError;

/// A new random identifier: a version 4 UUID, as `metadata.uid` has it.
///
/// # Errors
/// When the machine has no randomness.
pub fn random_uid() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    ))
}
