//! From the wire types of `Problem` to the domain types of decisions.
