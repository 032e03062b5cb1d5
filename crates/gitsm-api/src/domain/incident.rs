//! From the wire types of `Incident` to the domain types of decisions.
