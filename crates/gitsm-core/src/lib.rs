//! Validated domain types of gitsm, and the decisions taken over them.
//!
//! Every value that enters gitsm (from a manifest, a flag, a webhook) becomes one of these types at the
//! border: what holds such a value needs no second check. Each text type carries its limits as constants
//! ([`text::TextForm`]); the parser and the published JSON Schema read the same constants.
//!
//! Nothing here reads a clock, the environment or a file: time is an argument.

pub mod approval;
pub mod catalog;
pub mod change;
pub mod choice;
pub mod ident;
pub mod incident;
pub mod percent;
pub mod phase;
pub mod risk;
pub mod sla;
pub mod text;
pub mod time;
pub mod vocabulary;
pub mod window;

pub use percent::Percent;
pub use text::{Text, TextForm, ValueError};
