//! The tests of this crate that look at it from outside, in one binary.
//!
//! Conformance is measured against vectors recorded from the Kubernetes API machinery and the tests of the CEL
//! specification. They are read from the folder that the environment variable `GITSM_VECTORS` names; without it
//! those tests say so and pass.

#[cfg(test)]
mod cel_costs;
#[cfg(test)]
mod cel_spec;
#[cfg(test)]
mod cel_vectors;
#[cfg(test)]
mod known;
mod schema_properties;
mod schema_vectors;
mod shipped_crds;
