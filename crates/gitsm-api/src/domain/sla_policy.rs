//! From the wire types of `SLAPolicy` to the domain types of decisions.
