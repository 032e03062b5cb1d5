//! Key figures over records.
