//! Values of validated types that are known when the program is written.

use gitsm_core::ident::BranchName;

/// A branch name from a literal. A wrong literal would panic in the first test that touches a schema.
#[expect(
    clippy::expect_used,
    reason = "only called with literals of this crate, each covered by the CRD tests"
)]
pub(crate) fn branch(name: &'static str) -> BranchName {
    name.parse().expect("a literal branch name is valid")
}
