//! From the wire types of `RiskPolicy` to the domain types of decisions.
