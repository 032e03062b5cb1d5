//! Validated domain types of gitsm, and the decisions taken over them.
//!
//! Every value that enters gitsm (from a manifest, a flag, a webhook) becomes one of these types at the
//! border: what holds such a value needs no second check. Each text type carries its limits as constants
//! ([`text::TextForm`]); the parser and the published JSON Schema read the same constants.
//!
//! Nothing here reads a clock, the environment or a file: time is an argument. What a decision takes and gives
//! can be written as JSON, so that a decision of last year can be taken again from its inputs.

pub mod agenda;
pub mod approval;
pub mod calendar;
pub mod catalog;
pub mod change;
pub mod choice;
pub mod digest;
pub mod ident;
pub mod incident;
pub mod journal;
#[cfg(test)]
mod laws;
pub mod percent;
pub mod phase;
pub mod report;
pub mod risk;
pub mod selector;
pub mod sla;
pub mod sync;
pub mod text;
pub mod time;
pub mod vocabulary;
pub mod window;

pub use percent::Percent;
pub use text::{Text, TextForm, ValueError};
