//! From the wire types of `Change` to the domain types of decisions.
