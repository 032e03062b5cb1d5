//! Reading quantities.

use super::{Amount, Decimal, Format, Quantity};
use crate::values::natural::Natural;

/// Longest text that is read as a quantity, in bytes.
const MAX_TEXT: usize = 1_000;
/// Largest power of ten, up or down, that is read; keeps exact arithmetic within a few kilobytes.
const MAX_EXPONENT: i32 = 10_000;
/// Quantities are kept to a billionth; anything finer is rounded away from zero.
const NANO: i32 = -9;
/// Digits that always fit an `i64`.
const SMALL_DIGITS: usize = 18;

/// Why a text is not a quantity, in the words of the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a number followed by a suffix.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// No digits.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// A suffix that does not exist.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// Longer than 1,000 bytes or with an exponent beyond ±10,000; upstream has no such limit.
    #[error("quantity is too large")]
    TooLarge,
}

impl Quantity {
    /// Reads a quantity.
    ///
    /// # Errors
    ///
    /// [`QuantityError`] says which part of the text is wrong.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        if text.len() > MAX_TEXT {
            return Err(QuantityError::TooLarge);
        }
        let parts = Parts::split(text)?;
        let (exponent, format) = interpret_suffix(parts.suffix)?;
        match parts.small(exponent, format) {
            Some((value, scale)) => Ok(Self {
                text: parts
                    .is_canonical(value, scale, exponent, format)
                    .then(|| text.into()),
                amount: Amount::Small {
                    value: if parts.negative { -value } else { value },
                    scale,
                },
                format,
            }),
            None => parts.large(exponent, format),
        }
    }
}

/// The parts of a quantity's text.
struct Parts<'t> {
    negative: bool,
    /// Digits before the point without leading zeros; `0` when there are none.
    whole: &'t str,
    fraction: &'t str,
    suffix: &'t str,
    has_digits: bool,
}

impl<'t> Parts<'t> {
    fn split(text: &'t str) -> Result<Self, QuantityError> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let digits_end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, rest) = unsigned.split_at(digits_end(unsigned));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits_end(rest)),
            None => ("", rest),
        };
        let exponent =
            suffix.trim_start_matches(['e', 'E', 'i', 'n', 'u', 'm', 'k', 'K', 'M', 'G', 'T', 'P']);
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if digits_end(exponent) != exponent.len() {
            return Err(QuantityError::Format);
        }
        let trimmed = whole.trim_start_matches('0');
        Ok(Self {
            negative: text.starts_with('-'),
            whole: if trimmed.is_empty() { "0" } else { trimmed },
            fraction,
            suffix,
            has_digits: !whole.is_empty() || !fraction.is_empty(),
        })
    }

    /// The absolute value as a 64-bit integer and scale, where it certainly fits.
    fn small(&self, exponent: i32, format: Format) -> Option<(i64, i32)> {
        let digits = self.whole.len() + self.fraction.len();
        let (room, scale, factor) = match format {
            Format::BinarySi if self.fraction.is_empty() => {
                // 2^10 takes three decimal digits.
                let taken = usize::try_from(exponent / 10 * 3).ok()?;
                (
                    14_usize.checked_sub(taken)?,
                    0,
                    1_i64.checked_shl(exponent.unsigned_abs())?,
                )
            }
            Format::BinarySi => return None,
            Format::DecimalExponent | Format::DecimalSi => (
                SMALL_DIGITS,
                exponent - i32::try_from(self.fraction.len()).ok()?,
                1,
            ),
        };
        if digits > room || scale < NANO {
            return None;
        }
        let value: i64 = format!("{}{}", self.whole, self.fraction).parse().ok()?;
        Some((value.checked_mul(factor)?, scale))
    }

    /// Whether the text is kept as it was written. `value` is the absolute value with the suffix applied.
    fn is_canonical(&self, value: i64, scale: i32, exponent: i32, format: Format) -> bool {
        match format {
            Format::BinarySi => (value >> exponent) & 7 != 0,
            Format::DecimalExponent | Format::DecimalSi => {
                let ends_in_thousands = value % 1_000 == 0 && self.whole.len() + self.fraction.len() >= 3;
                scale % 3 == 0 && !ends_in_thousands && self.whole != "0"
            }
        }
    }

    fn large(&self, exponent: i32, mut format: Format) -> Result<Quantity, QuantityError> {
        if !self.has_digits {
            return Err(QuantityError::Numeric);
        }
        let digits = format!("{}{}", self.whole, self.fraction);
        let mut magnitude = Natural::from_decimal(&digits).ok_or(QuantityError::Numeric)?;
        let mut scale = -i32::try_from(self.fraction.len()).map_err(|_| QuantityError::TooLarge)?;
        if format == Format::BinarySi {
            magnitude.multiply_by_power_of_two(exponent.unsigned_abs());
        } else {
            scale += exponent;
        }
        if !magnitude.is_zero() {
            if scale < NANO {
                magnitude.divide_by_power_of_ten_up(NANO.abs_diff(scale));
            } else {
                magnitude.multiply_by_power_of_ten(NANO.abs_diff(scale));
            }
            scale = NANO;
        }
        if format == Format::BinarySi {
            let unit = |value: u64| {
                let mut number = Natural::from(value);
                number.multiply_by_power_of_ten(NANO.unsigned_abs());
                number
            };
            if magnitude > unit(i64::MAX.unsigned_abs()) {
                magnitude = Natural::from(i64::MAX.unsigned_abs());
                scale = 0;
            } else if !magnitude.is_zero() && magnitude < unit(1) {
                format = Format::DecimalSi;
            }
        }
        let negative = self.negative && !magnitude.is_zero();
        Ok(Quantity {
            amount: Amount::Large(Decimal {
                negative,
                magnitude,
                scale,
            }),
            format,
            text: None,
        })
    }
}

/// The exponent that a suffix stands for (of two for binary suffixes, else of ten) and the format it implies.
fn interpret_suffix(suffix: &str) -> Result<(i32, Format), QuantityError> {
    let exponent = match suffix {
        "" => 0,
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        "Ki" => return Ok((10, Format::BinarySi)),
        "Mi" => return Ok((20, Format::BinarySi)),
        "Gi" => return Ok((30, Format::BinarySi)),
        "Ti" => return Ok((40, Format::BinarySi)),
        "Pi" => return Ok((50, Format::BinarySi)),
        "Ei" => return Ok((60, Format::BinarySi)),
        _ => {
            let digits = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
            let exponent: i64 = digits.parse().map_err(|_| QuantityError::Suffix)?;
            let exponent = i32::try_from(exponent).map_err(|_| QuantityError::TooLarge)?;
            if exponent.abs() > MAX_EXPONENT {
                return Err(QuantityError::TooLarge);
            }
            return Ok((exponent, Format::DecimalExponent));
        }
    };
    Ok((exponent, Format::DecimalSi))
}
