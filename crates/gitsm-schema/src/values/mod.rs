//! The value types that Kubernetes adds to CEL, without CEL: quantities, addresses, URLs, versions, name formats,
//! and RE2 patterns.
//!
//! Each type parses, prints and compares exactly as the Go type behind the function of the same name in the
//! Kubernetes CEL libraries (`quantity()`, `ip()`, `cidr()`, `url()`, `semver()`, `format`), error texts included,
//! so that a rule gives the same answer here and in a cluster.

mod ip;
mod named_format;
pub mod names;
mod natural;
mod print;
mod quantity;
mod quote;
mod re2;
mod semver;
mod url;

pub use ip::{Cidr, Ip, IpError};
pub use named_format::{NamedFormat, named_format};
pub use print::{go_float, go_json, go_value};
pub(crate) use print::{push_json_number, push_json_string};
pub use quantity::{Quantity, QuantityError};
pub use quote::go_quote;
pub use re2::{Re2Error, re2};
pub use semver::{Semver, SemverError};
pub use url::{Url, UrlError};
