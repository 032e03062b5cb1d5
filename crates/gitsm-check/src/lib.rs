//! From bytes to findings: reads manifests with positions, judges each object with `gitsm-schema`, resolves
//! references across an estate, and evaluates the estate's own `RecordPolicy` rules.
//!
//! The same code answers in `gitsm validate`, in admission and in the source controller. It does no I/O:
//! whoever calls it brings the bytes, from a folder, from standard input or from a git tree.

mod allow;
pub mod config;
pub mod diagnostic;
pub mod engine;
pub mod estate;
pub mod format;
pub mod input;
pub mod nearest;
mod policy;
pub mod render;
pub mod rules;
pub mod sla;
pub mod source;
pub mod yaml;
