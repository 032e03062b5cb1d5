//! From the wire types of `Team` to the domain types of decisions.
