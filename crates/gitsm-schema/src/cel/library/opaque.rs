//! Values of the Kubernetes libraries.

use crate::values::{Cidr, Ip, NamedFormat, Quantity, Semver, Url};
use std::fmt;
use std::rc::Rc;

/// The names of the types.
pub(crate) const TYPE_NAMES: [&str; 6] = [
    "kubernetes.Quantity",
    "net.IP",
    "net.CIDR",
    "kubernetes.URL",
    "kubernetes.Semver",
    "kubernetes.NamedFormat",
];

/// A value of a Kubernetes library.
#[derive(Debug, Clone, PartialEq)]
pub enum Opaque {
    /// `quantity(...)`.
    Quantity(Rc<Quantity>),
    /// `ip(...)`.
    Ip(Ip),
    /// `cidr(...)`.
    Cidr(Cidr),
    /// `url(...)`.
    Url(Rc<Url>),
    /// `semver(...)`.
    Semver(Rc<Semver>),
    /// `format.named(...)`.
    Format(&'static NamedFormat),
}

impl Opaque {
    /// The name of the type.
    pub(crate) fn type_name(&self) -> &'static str {
        let [quantity, ip, cidr, url, semver, format] = TYPE_NAMES;
        match self {
            Self::Quantity(_) => quantity,
            Self::Ip(_) => ip,
            Self::Cidr(_) => cidr,
            Self::Url(_) => url,
            Self::Semver(_) => semver,
            Self::Format(_) => format,
        }
    }
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(quantity) => quantity.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
            Self::Cidr(cidr) => cidr.fmt(f),
            Self::Url(url) => url.fmt(f),
            Self::Semver(semver) => semver.fmt(f),
            Self::Format(format) => f.write_str(format.name()),
        }
    }
}
