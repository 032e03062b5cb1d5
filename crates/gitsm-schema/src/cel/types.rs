//! The types of CEL expressions, and how they print.

use super::decl::ObjectDecl;
use std::fmt;
use std::sync::Arc;

/// The type of a CEL expression, as the checker knows it.
#[derive(Debug, Clone)]
pub enum Type {
    /// Anything; judged when the value is there.
    Dyn,
    /// The type of an expression that already has an error; silences follow-up errors.
    Error,
    /// `null_type`.
    Null,
    /// `bool`.
    Bool,
    /// `int`, 64 bits.
    Int,
    /// `uint`, 64 bits.
    Uint,
    /// `double`.
    Double,
    /// `string`.
    String,
    /// `bytes`.
    Bytes,
    /// `google.protobuf.Duration`.
    Duration,
    /// `google.protobuf.Timestamp`.
    Timestamp,
    /// The type of types; `type(int)` is the type of `int`.
    Type(Arc<Type>),
    /// `list(T)`.
    List(Arc<Type>),
    /// `map(K, V)`.
    Map(Arc<Type>, Arc<Type>),
    /// A type known by its name only, such as `optional_type(T)` or `net.IP`.
    Opaque(Arc<str>, Arc<[Type]>),
    /// An object with declared fields.
    Object(Arc<ObjectDecl>),
    /// A type parameter: of a signature, or a variable of the checker.
    Param(usize),
}

/// The name of the optional type.
pub(crate) const OPTIONAL: &str = "optional_type";

impl Type {
    /// `list(element)`.
    pub fn list(element: Type) -> Self {
        Self::List(Arc::new(element))
    }

    /// `map(key, value)`.
    pub fn map(key: Type, value: Type) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    /// `optional_type(inner)`.
    pub fn optional(inner: Type) -> Self {
        Self::Opaque(OPTIONAL.into(), Arc::new([inner]))
    }

    /// A named type without parameters.
    pub fn opaque(name: &str) -> Self {
        Self::Opaque(name.into(), Arc::new([]))
    }

    /// The type inside an optional type.
    pub(crate) fn optional_inner(&self) -> Option<&Type> {
        match self {
            Self::Opaque(name, parameters) if &**name == OPTIONAL => parameters.first(),
            _ => None,
        }
    }

    /// Whether the type says nothing about the value.
    pub(crate) fn is_dynamic(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// Whether both print and mean the same; objects are compared by name.
    pub fn same_as(&self, other: &Type) -> bool {
        match (self, other) {
            (Self::Type(a), Self::Type(b)) | (Self::List(a), Self::List(b)) => a.same_as(b),
            (Self::Map(ak, av), Self::Map(bk, bv)) => ak.same_as(bk) && av.same_as(bv),
            (Self::Opaque(a, ap), Self::Opaque(b, bp)) => {
                a == b && ap.len() == bp.len() && ap.iter().zip(bp.iter()).all(|(a, b)| a.same_as(b))
            }
            (Self::Object(a), Self::Object(b)) => a.name == b.name,
            (Self::Param(a), Self::Param(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => f.write_str("dyn"),
            Self::Error => f.write_str("!error!"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Duration => f.write_str("duration"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Type(of) => write!(f, "type({of})"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Opaque(name, parameters) => {
                f.write_str(name)?;
                for (position, parameter) in parameters.iter().enumerate() {
                    f.write_str(if position == 0 { "(" } else { ", " })?;
                    write!(f, "{parameter}")?;
                }
                f.write_str(if parameters.is_empty() { "" } else { ")" })
            }
            Self::Object(object) => f.write_str(&object.name),
            Self::Param(number) => write!(f, "_var{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_reference_checker_prints_types() {
        let nested = Type::map(Type::String, Type::list(Type::optional(Type::Int)));
        assert_eq!(nested.to_string(), "map(string, list(optional_type(int)))");
        assert_eq!(Type::opaque("net.IP").to_string(), "net.IP");
    }

    #[test]
    fn equality_looks_through_parameters() {
        assert!(Type::list(Type::Int).same_as(&Type::list(Type::Int)));
        assert!(!Type::list(Type::Int).same_as(&Type::list(Type::Uint)));
        assert!(!Type::optional(Type::Int).same_as(&Type::opaque("optional_type")));
    }
}
