//! From the wire types of `ApprovalPolicy` to the domain types of decisions.
