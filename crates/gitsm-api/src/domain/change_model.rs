//! From the wire types of `ChangeModel` to the domain types of decisions.
