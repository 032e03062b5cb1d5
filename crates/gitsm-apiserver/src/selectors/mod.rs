//! Label and field selectors of lists, watches and deletions of collections.
//!
//! Grammar, quirks and messages are those of `k8s.io/apimachinery/pkg/labels` and `.../fields`; what does not parse
//! is a 400.

mod fields;
mod labels;
mod structured;
#[cfg(test)]
mod tests;

pub use fields::FieldSelector;
pub use labels::LabelSelector;
pub use structured::text_of;
