//! From the wire types of `ConfigurationItem` to the domain types of decisions.
