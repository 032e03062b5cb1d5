//! From the wire types of `WindowOverride` to the domain types of decisions.
