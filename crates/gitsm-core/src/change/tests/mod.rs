//! Tests of the state machine.

mod fixture;
mod gate;
mod laws;
mod stories;
