//! Time that decisions take over large facts.
