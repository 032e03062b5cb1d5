//! The service catalogue as a graph.

mod vocabulary;

pub use vocabulary::{DependencyKind, DependencyStrength, ServiceHealth, ServiceState};
