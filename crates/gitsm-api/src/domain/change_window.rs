//! From the wire types of `ChangeWindow` to the domain types of decisions.
