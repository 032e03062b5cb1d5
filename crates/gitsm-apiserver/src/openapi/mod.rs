//! The published schemas: `OpenAPI` v3 per group version, and the stub of v2 that old kubectl versions insist on.
//!
//! kubectl reads the v3 documents for `explain`, to see whether the server validates fields, and for the merge keys of
//! client-side apply. A document is rendered when it is first asked for and then kept with its
//! [`GroupVersion`](crate::kinds::GroupVersion); hashes are known without rendering.

mod custom;
mod definitions;
mod paths;
#[cfg(test)]
mod tests;
pub mod v2;
pub mod v3;

use bytes::Bytes;
use std::sync::OnceLock;

/// What was rendered for one group version; filled when first asked for.
#[derive(Debug, Default)]
pub struct Cache {
    document: OnceLock<Bytes>,
    hash: OnceLock<String>,
}

/// Where schemas refer to each other.
const REFERENCE: &str = "#/components/schemas/";

/// The name under which the schema of a kind is published: `dev.gitsm.v1.Change`, or Kubernetes' own for built-in
/// kinds: `io.k8s.api.core.v1.Pod`.
fn schema_name(group: &str, version: &str, kind: &str) -> String {
    let reversed: Vec<&str> = group.rsplit('.').collect();
    format!("{}.{version}.{kind}", reversed.join("."))
}
