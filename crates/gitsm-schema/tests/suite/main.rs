//! The tests of this crate that look at it from outside, in one binary.

mod schema_properties;
mod schema_vectors;
