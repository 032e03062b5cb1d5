//! The service catalogue as a graph: what needs what, and what suffers when something fails.
//!
//! An edge leads from a service or configuration item to what it needs. It is there because the dependant says so,
//! because an item says that it belongs to a service that does not mention it, or because one item contains another.
//! An edge is hard or soft, exists in one environment or in all of its dependant's, and may be one of several that
//! stand in for each other (a redundancy group).

mod blast;
mod build;
mod distance;
mod graph;
mod issue;
mod links;
mod node;
#[cfg(test)]
mod tests;
mod vocabulary;
mod walk;

pub use blast::{BlastRadius, Cause, GroupState, Impact};
pub use distance::{Direction, Distance, Distances};
pub use graph::{Graph, GraphSource};
pub use issue::GraphIssue;
pub(crate) use links::Links;
pub use node::{Dependency, EdgeOrigin, MinUp, Node, NodeId};
pub use vocabulary::{DependencyKind, DependencyStrength, ServiceHealth, ServiceState};
pub(crate) use walk::GroupLosses;
