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
//! | [`auth`], [`pki`], [`audit`] | who asks, what they may do, what they did |
//! | [`error`] | errors as `metav1.Status` |
//! | [`request`] | what a request asks for: its attributes and options |
//! | [`object`] | reading and writing metadata of objects |
//! | [`user`] | who asks |

pub mod audit;
pub mod auth;
pub mod error;
pub mod kind;
pub mod object;
pub mod pki;
pub mod request;
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
