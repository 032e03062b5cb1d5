//! Checks on numbers: bounds, multiples, and the ranges of numeric formats.

use super::compile::{Bound, FormatKind, Node};
use super::walk::Outcome;
use crate::error::{ErrorKind, FieldError};
use crate::structural::SchemaType;
use crate::trail::Trail;
use crate::values::go_float;
use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::fmt;

/// A JSON number as the API server decodes it: an integer where it is written as one and fits 64 bits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numeric {
    Integer(i64),
    Float(f64),
}

impl Numeric {
    pub(super) fn of(number: &Number) -> Self {
        match number.as_i64() {
            Some(integer) => Self::Integer(integer),
            None => Self::Float(number.as_f64().unwrap_or(f64::INFINITY)),
        }
    }

    /// The value as a double.
    #[expect(clippy::cast_precision_loss, reason = "upstream compares as doubles here")]
    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}

impl fmt::Display for Numeric {
    /// As Go's `%v` prints it: doubles in exponent form from a million on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = match self {
            Self::Integer(integer) => return integer.fmt(f),
            Self::Float(float) => *float,
        };
        f.write_str(&go_float(float))
    }
}

/// Whether a double is a whole number up to a relative error of 10⁻⁹ (go-openapi's notion of an integer).
pub(super) fn is_whole(float: f64) -> bool {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    if !float.is_finite() || float.abs() > LARGEST {
        return false;
    }
    let below = float.trunc();
    let difference = (float - below).abs();
    // Upstream converts to unsigned, so negative numbers must be whole exactly.
    difference == 0.0 || float > 0.0 && below > 0.0 && difference / (float + below) < 1e-9
}

impl Node {
    pub(super) fn check_number(&self, number: Numeric, at: &Trail<'_>, out: &mut Outcome) {
        self.check_range(number, "Checked", at, out);
        if let Some(factor) = self.multiple_of {
            self.check_multiple(number, factor, at, out);
        }
        if let Some(maximum) = self.maximum {
            let than = if maximum.exclusive {
                "less than"
            } else {
                "less than or equal to"
            };
            self.check_bound(
                number,
                maximum,
                (Ordering::Greater, "Maximum boundary", than),
                at,
                out,
            );
        }
        if let Some(minimum) = self.minimum {
            let than = if minimum.exclusive {
                "greater than"
            } else {
                "greater than or equal to"
            };
            self.check_bound(
                number,
                minimum,
                (Ordering::Less, "Minimum boundary", than),
                at,
                out,
            );
        }
    }

    /// `beyond` says on which side of the bound a number is out of bounds, and how both are worded.
    fn check_bound(
        &self,
        number: Numeric,
        bound: Bound,
        (beyond, prefix, than): (Ordering, &str, &str),
        at: &Trail<'_>,
        out: &mut Outcome,
    ) {
        let (value, limit) = self.comparable(number, bound.value, prefix, at, out);
        let side = match (value, limit) {
            (Numeric::Integer(value), Numeric::Integer(limit)) => Some(value.cmp(&limit)),
            (value, limit) => value.to_f64().partial_cmp(&limit.to_f64()),
        };
        if side == Some(beyond) || bound.exclusive && side == Some(Ordering::Equal) {
            out.invalid(at, value.into(), || {
                format!("{at} in body should be {than} {limit}")
            });
        }
    }

    /// The value and a bound as the pair that upstream compares: an integer with the bound cut to an integer,
    /// unless the bound does not fit the node's type, which is itself a complaint.
    fn comparable(
        &self,
        number: Numeric,
        bound: f64,
        prefix: &str,
        at: &Trail<'_>,
        out: &mut Outcome,
    ) -> (Numeric, Numeric) {
        let fits = self.check_range(Numeric::Float(bound), prefix, at, out);
        match number {
            Numeric::Integer(_) if fits => (number, Numeric::Integer(truncated(bound))),
            _ => (Numeric::Float(number.to_f64()), Numeric::Float(bound)),
        }
    }

    fn check_multiple(&self, number: Numeric, factor: f64, at: &Trail<'_>, out: &mut Outcome) {
        let (number, factor) = self.comparable(number, factor, "MultipleOf", at, out);
        let whole = match (number, factor) {
            _ if factor.to_f64() <= 0.0 => {
                let detail = || format!("factor MultipleOf declared for {at} must be positive: {factor}");
                out.invalid(at, factor.into(), detail);
                return;
            }
            (Numeric::Integer(value), Numeric::Integer(factor)) => value.checked_rem(factor) == Some(0),
            (value, factor) if factor.to_f64() < 1.0 => is_whole(1.0 / factor.to_f64() * value.to_f64()),
            (value, factor) => is_whole(value.to_f64() / factor.to_f64()),
        };
        if !whole {
            out.invalid(at, number.into(), || {
                format!("{at} in body should be a multiple of {factor}")
            });
        }
    }

    /// Whether a number fits the node's type and format; complains where it does not.
    fn check_range(&self, number: Numeric, prefix: &str, at: &Trail<'_>, out: &mut Outcome) -> bool {
        let mut format = self.format.as_ref();
        let (fits, word) = match self.types {
            [SchemaType::Integer] => {
                format = format.filter(|format| matches!(format.kind, FormatKind::Int32 | FormatKind::Int64));
                let integer = match number {
                    Numeric::Integer(integer) => Some(integer),
                    Numeric::Float(float) => exact(float),
                };
                let small = matches!(format.map(|format| format.kind), Some(FormatKind::Int32));
                (
                    integer.is_some_and(|integer| !small || i32::try_from(integer).is_ok()),
                    "integer",
                )
            }
            [SchemaType::Number] if matches!(format.map(|format| format.kind), Some(FormatKind::Float)) => {
                (!narrowed(number.to_f64()).is_infinite(), "number")
            }
            _ => return true,
        };
        if !fits {
            out.fail(|| {
                let detail = match format {
                    Some(format) => {
                        format!(
                            "{prefix} value must be of type {word} with format {} in {at}",
                            format.name
                        )
                    }
                    None => format!("{prefix} value must be of type {word} (default format) in {at}"),
                };
                FieldError::new(ErrorKind::Invalid, crate::path::Path::root(), detail)
                    .with_value(Value::from(""))
                    .about(at.to_dotted_path())
            });
        }
        fits
    }
}

#[expect(clippy::float_cmp, reason = "an enumerated number admits exactly itself")]
fn same(a: Numeric, b: Numeric) -> bool {
    a.to_f64() == b.to_f64()
}

/// A double without its fraction, at most the 64-bit range.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction is to be cut off; the cast saturates"
)]
fn truncated(float: f64) -> i64 {
    float as i64
}

/// A double as an integer, where it is whole and fits 64 bits.
fn exact(float: f64) -> Option<i64> {
    // 2^63, the first double that does not fit.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float)).then(|| truncated(float))
}

/// A double in single precision: infinite when it does not fit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to single precision is the question"
)]
fn narrowed(float: f64) -> f32 {
    float as f32
}

impl From<Numeric> for Value {
    fn from(number: Numeric) -> Self {
        match number {
            Numeric::Integer(integer) => Self::from(integer),
            Numeric::Float(float) => Self::from(float),
        }
    }
}

/// Whether the enumerated number `allowed` admits `number`. Like upstream, a double is cut to an integer before
/// it is compared with an integer.
pub(super) fn admits(allowed: &Number, number: Numeric) -> bool {
    match (Numeric::of(allowed), number) {
        (Numeric::Integer(allowed), Numeric::Integer(number)) => allowed == number,
        (Numeric::Integer(allowed), Numeric::Float(number)) => allowed == truncated(number),
        (allowed, number) => same(allowed, number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_go_does() {
        for (float, text) in [
            (1.5, "1.5"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1.25e-5, "1.25e-05"),
            (0.0001, "0.0001"),
        ] {
            assert_eq!(Numeric::Float(float).to_string(), text);
        }
        assert_eq!(Numeric::Integer(12_345_678).to_string(), "12345678");
    }

    #[test]
    fn whole_up_to_a_relative_error() {
        for whole in [0.0, 3.0, -3.0, 3.000_000_000_1, 9_007_199_254_740_991.0] {
            assert!(is_whole(whole), "{whole}");
        }
        for broken in [0.1, 2.999, -3.000_000_000_1, 1e16, f64::INFINITY, f64::NAN] {
            assert!(!is_whole(broken), "{broken}");
        }
    }
}
