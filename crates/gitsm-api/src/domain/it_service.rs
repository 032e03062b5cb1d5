//! From the wire types of `ITService` to the domain types of decisions.
