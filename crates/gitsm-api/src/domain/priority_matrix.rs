//! From the wire types of `PriorityMatrix` to the domain types of decisions.
