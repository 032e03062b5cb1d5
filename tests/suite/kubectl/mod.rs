//! What people type: every kubectl of the machine against a server of its own, for each test anew.
//!
//! Which ones are tried: the one that `KUBECTL` names, the first on `PATH`, and those of other versions beside it
//! (`kubectl.1.31`), one of each minor version. Where there is none, each test says so.

mod apply;
mod auth;
mod changes;
mod create;
mod delete;
mod differential;
mod discovery;
mod get;
mod refused;
mod tool;
mod upstream;
mod watch;
