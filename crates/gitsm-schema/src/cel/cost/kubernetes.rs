//! What calls of the Kubernetes libraries, and of the text functions as Kubernetes counts them, cost.
//!
//! The numbers are those of apiserver, `pkg/cel/library/cost.go`.

use super::amount::{Size, TEXT_FACTOR, quotient, scaled};
use super::calls::{Estimate, Use, search};
use super::tree::Kind;
use super::walk::{Operand, Walk};
use crate::cel::types::Type;
use cel::common::ast::operators;

/// The longest name of a format.
const MAX_FORMAT: u64 = 64;
/// The cost of matching one character against the patterns of formats: their greatest length is 128.
const FORMAT_FACTOR: f64 = 128.0 * 0.25;
/// The bytes of an address, at most.
const ADDRESS: Size = Size { min: 4, max: 16 };

/// What a call costs without its arguments; `None` for functions that Kubernetes does not count itself.
pub(super) fn estimate(walk: &Walk<'_>, used: &Use<'_, '_>) -> Option<Estimate> {
    let size = |operand: &Operand<'_>| walk.operand_size(operand);
    let text = |operand: &Operand<'_>| size(operand).cost(TEXT_FACTOR);
    let name = used.call.function.as_str();
    let estimate = match (name, used.target, used.arguments) {
        ("isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf", Some(target), _) => {
            return Some(traversal(walk, target));
        }
        ("url", _, [text]) => Estimate::with_result(size(text).cost(TEXT_FACTOR), size(text)),
        ("lowerAscii" | "upperAscii" | "substring" | "trim", Some(text), _) => {
            Estimate::with_result(size(text).cost(TEXT_FACTOR), size(text))
        }
        ("replace", Some(text), [old, new, ..]) => {
            let result = replaced(size(text), size(old), size(new));
            Estimate::with_result(size(text).cost(2.0 * TEXT_FACTOR), result)
        }
        ("split", Some(text), arguments) => {
            // A separator of no characters makes every character an element.
            let limit = arguments
                .get(1)
                .and_then(literal_int)
                .map_or(size(text).max, i64::cast_unsigned);
            Estimate::with_result(size(text).cost(2.0 * TEXT_FACTOR), Size::at_most(limit))
        }
        ("join", Some(list), separator) => {
            let separator = separator.first().map(size);
            let joined = joined(walk, list, separator);
            Estimate::with_result(joined.cost(TEXT_FACTOR), joined)
        }
        ("find" | "findAll", Some(text), [pattern, ..]) => {
            let found = Size::at_most(size(text).max);
            Estimate::with_result(search(size(text), size(pattern)), found)
        }
        ("cidr" | "isIP" | "isCIDR" | "quantity" | "isQuantity" | "semver" | "isSemver", _, [source, ..])
        | ("ip", None, [source]) => Estimate::new(text(source)),
        ("ip.isCanonical", _, [source]) => Estimate::new(size(source).cost(2.0 * TEXT_FACTOR)),
        ("containsIP", Some(_), [other]) => {
            let cost = ADDRESS.plus(ADDRESS).cost(TEXT_FACTOR);
            Estimate::new(cost.saturating_add(parsing(used, text(other))))
        }
        ("containsCIDR", Some(_), [other]) => {
            let cost = ADDRESS.plus(ADDRESS).cost(TEXT_FACTOR) + ADDRESS.cost(TEXT_FACTOR) + 1;
            Estimate::new(cost.saturating_add(parsing(used, text(other))))
        }
        ("validate", _, [value, ..]) => Estimate::new(scaled(text(value), FORMAT_FACTOR)),
        (operators::EQUALS, None, [left, right]) => return equality(left, right),
        (
            "ip"
            | "masked"
            | "prefixLength"
            | "family"
            | "isUnspecified"
            | "isLoopback"
            | "isLinkLocalMulticast"
            | "isLinkLocalUnicast"
            | "isGlobalUnicast"
            | "format.named"
            | "sign"
            | "asInteger"
            | "isInteger"
            | "asApproximateFloat"
            | "isGreaterThan"
            | "isLessThan"
            | "compareTo"
            | "add"
            | "sub"
            | "major"
            | "minor"
            | "patch"
            | "getScheme"
            | "getHostname"
            | "getHost"
            | "getPort"
            | "getEscapedPath"
            | "getQuery",
            _,
            _,
        ) => Estimate::new(1),
        _ => return None,
    };
    Some(estimate)
}

/// Looking at every element of a list, or at every character of a text.
fn traversal(walk: &Walk<'_>, target: &Operand<'_>) -> Estimate {
    let size = walk.operand_size(target);
    let Some((element, element_size)) = element(walk, target) else {
        return Estimate::new(size.cost(TEXT_FACTOR));
    };
    let mut each = 1_u64;
    if matches!(element, Type::String | Type::Bytes) {
        each = each.saturating_add(element_size.cost(TEXT_FACTOR));
    }
    Estimate::new(size.max.saturating_mul(each))
}

/// The first type parameter of a container and the size that the schema declares for its elements.
fn element<'e>(walk: &Walk<'_>, container: &Operand<'e>) -> Option<(&'e Type, Size)> {
    let ty = match &container.item.ty {
        Type::List(element) => &**element,
        Type::Map(key, _) => &**key,
        Type::Opaque(_, parameters) => parameters.first()?,
        Type::Type(of) => &**of,
        _ => return None,
    };
    let declared = walk.declared_element(container.path);
    Some((ty, declared.unwrap_or(Size::UNKNOWN)))
}

/// The size of a text with one part replaced by another wherever it occurs.
fn replaced(text: Size, old: Size, new: Size) -> Size {
    let (mut count, mut kept) = (Size::exactly(0), Size::exactly(0));
    if old.min == 0 {
        // An empty part is found around every character.
        count.max = text.max.saturating_add(1);
        kept.max = text.max;
    } else if new.max <= old.min {
        kept.max = text.max;
    } else {
        count.max = quotient(text.max, old.min);
    }
    if old.max == 0 {
        count.min = text.min.saturating_add(1);
        kept.min = text.min;
    } else if old.max <= new.min {
        kept.min = text.min;
    } else {
        count.min = quotient(text.min, old.max);
    }
    count.times(new).plus(kept)
}

/// The size of the elements of a list with a separator between them.
fn joined(walk: &Walk<'_>, list: &Operand<'_>, separator: Option<Size>) -> Size {
    let count = walk.operand_size(list);
    let mut size = Size::exactly(0);
    if let Some((_, element)) = element(walk, list) {
        size = count.times(element);
    }
    if let Some(separator) = separator {
        let gaps = Size {
            min: count.min.saturating_sub(1),
            max: count.max.saturating_sub(1),
        };
        size = size.plus(separator.times(gaps));
    }
    size
}

/// The cost of reading the other operand, if it is given as text.
fn parsing(used: &Use<'_, '_>, text: u64) -> u64 {
    if matches!(used.overload.get(1), Some(Type::String)) {
        text
    } else {
        0
    }
}

/// `==` of two values of one type of the libraries.
fn equality(left: &Operand<'_>, right: &Operand<'_>) -> Option<Estimate> {
    let (Type::Opaque(name, _), true) = (&left.item.ty, left.item.ty.same_as(&right.item.ty)) else {
        return None;
    };
    let cost = match &**name {
        "net.IP" | "net.CIDR" | "kubernetes.Quantity" | "kubernetes.Semver" => 1,
        "kubernetes.NamedFormat" => scaled(MAX_FORMAT, TEXT_FACTOR),
        "kubernetes.URL" => scaled(right.size.map_or(1, |size| size.max), TEXT_FACTOR),
        _ => return None,
    };
    Some(Estimate::new(cost))
}

fn literal_int(operand: &Operand<'_>) -> Option<i64> {
    match &operand.item.kind {
        Kind::Literal(constant) => constant.int,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_an_empty_part_surrounds_every_character() {
        let two = Size::exactly(2);
        assert_eq!(replaced(Size::at_most(3), Size::exactly(0), two).max, 4 * 2 + 3);
        assert_eq!(replaced(Size::at_most(9), Size::exactly(3), two).max, 9);
        assert_eq!(replaced(Size::at_most(9), Size::exactly(1), two).max, 18);
    }
}
