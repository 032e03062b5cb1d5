//! The kinds that the server brings itself.

pub mod types;
