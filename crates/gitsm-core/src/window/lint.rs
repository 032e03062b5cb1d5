//! What a window does not say wrongly, but hardly on purpose. The validator's rules turn these into diagnostics.
