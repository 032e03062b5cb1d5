//! The published schemas: `OpenAPI` v3 per group version, and the stub of v2 that old kubectl versions insist on.

use bytes::Bytes;
use std::sync::OnceLock;

/// What was rendered for one group version; filled when first asked for.
#[derive(Debug, Default)]
pub struct Cache {
    pub(crate) document: OnceLock<Bytes>,
    pub(crate) hash: OnceLock<String>,
}
