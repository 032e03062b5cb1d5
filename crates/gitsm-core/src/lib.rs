//! Validated domain types of gitsm, and the decisions taken over them.
//!
//! Every value that enters gitsm (from a manifest, a flag, a webhook) becomes one of these types at the
//! border: what holds such a value needs no second check. Each text type carries its limits as constants
//! ([`text::TextForm`]); the parser and the published JSON Schema read the same constants.
//!
//! Nothing here reads a clock, the environment or a file: time is an argument.

pub mod ident;
pub mod percent;
pub mod text;
pub mod time;

pub use percent::Percent;
pub use text::{Text, TextForm, ValueError};
