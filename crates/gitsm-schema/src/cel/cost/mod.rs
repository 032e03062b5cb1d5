//! What rules cost at most, and whether a CRD stays within the budget of the API server.
//!
//! The API server refuses a CRD whose rules could take too long: from the limits that the schema declares
//! (`maxLength`, `maxItems`, `maxProperties`) it estimates what each rule costs in the worst case, times how
//! often the node of the rule can occur in one object. This module computes the same numbers; the rules are those
//! of cel-go (`checker/cost.go`), apiserver (`pkg/cel/library/cost.go`) and apiextensions-apiserver
//! (`pkg/apis/apiextensions/validation`). Only the greatest cost counts, so that no least cost is computed.

pub(super) mod amount;
mod bounds;
mod budget;
mod calls;
mod kubernetes;
mod paths;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

use super::checker::Notes;
use super::overload::Functions;
use super::parse::Parsed;

pub(super) use bounds::Bounds;
pub use budget::{CRD_LIMIT, EXPRESSION_LIMIT, NodeCosts, RuleCosts, check, check_total, of_node};

/// What an expression costs at most on data with these bounds.
pub(super) fn estimate(parsed: &Parsed, notes: &Notes, functions: &Functions, bounds: &Bounds) -> u64 {
    match tree::build(&parsed.root, notes, functions) {
        Some((root, nodes)) => walk::Walk::new(bounds, nodes).cost(&root),
        // No budget allows what is too large to be estimated.
        None => u64::MAX,
    }
}
