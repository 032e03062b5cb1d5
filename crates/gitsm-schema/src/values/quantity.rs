//! `resource.Quantity` of the Kubernetes API: exact numbers with SI, binary or exponent suffixes.

mod parse;

use super::natural::Natural;
pub use parse::QuantityError;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

/// An exact number as Kubernetes writes them: `12Mi`, `0.5`, `500m`, `1e3`.
///
/// Like the Go type, it remembers whether it is held as a 64-bit integer times a power of ten or as a decimal
/// of any size, because [`Quantity::as_integer`] only answers for the former.
#[derive(Debug, Clone)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    /// The text as written, where that is already the canonical one.
    text: Option<Box<str>>,
}

/// The number itself: mantissa × 10^scale.
#[derive(Debug, Clone)]
enum Amount {
    Small { value: i64, scale: i32 },
    Large(Decimal),
}

/// A decimal of any size.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    magnitude: Natural,
    scale: i32,
}

/// How a quantity is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `1e3`
    DecimalExponent,
    /// `1Ki`
    BinarySi,
    /// `1k`
    DecimalSi,
}

impl Quantity {
    /// A whole number, as `quantity.add(5)` reads its argument.
    pub fn from_integer(value: i64) -> Self {
        Self {
            amount: Amount::Small { value, scale: 0 },
            format: Format::DecimalExponent,
            text: None,
        }
    }

    /// The value as an integer; `None` with a fraction (written or not: `1.0` has one), when it does not fit, or
    /// when it was read or computed as a decimal beyond 64 bits.
    pub fn as_integer(&self) -> Option<i64> {
        match self.amount {
            Amount::Small { value, scale } if scale >= 0 => scale_up(value, scale),
            _ => None,
        }
    }

    /// Whether [`Quantity::as_integer`] answers.
    pub fn is_integer(&self) -> bool {
        self.as_integer().is_some()
    }

    /// The value as a double, computed as mantissa × power of ten, so with Go's rounding.
    pub fn as_approximate_float(&self) -> f64 {
        let (base, scale) = match &self.amount {
            #[expect(clippy::cast_precision_loss, reason = "the result is approximate by contract")]
            Amount::Small { value, scale } => (*value as f64, *scale),
            Amount::Large(decimal) => {
                let magnitude = decimal.magnitude.to_f64();
                (
                    if decimal.negative { -magnitude } else { magnitude },
                    decimal.scale,
                )
            }
        };
        if scale == 0 {
            base
        } else {
            base * power_of_ten(scale)
        }
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i64 {
        match &self.amount {
            Amount::Small { value, .. } => value.signum(),
            Amount::Large(decimal) if decimal.magnitude.is_zero() => 0,
            Amount::Large(decimal) => {
                if decimal.negative {
                    -1
                } else {
                    1
                }
            }
        }
    }

    /// Whether this is more than `other`.
    pub fn is_greater_than(&self, other: &Self) -> bool {
        self > other
    }

    /// Whether this is less than `other`.
    pub fn is_less_than(&self, other: &Self) -> bool {
        self < other
    }

    fn decimal(&self) -> Decimal {
        match &self.amount {
            Amount::Small { value, scale } => Decimal {
                negative: *value < 0,
                magnitude: Natural::from(value.unsigned_abs()),
                scale: *scale,
            },
            Amount::Large(decimal) => decimal.clone(),
        }
    }

    /// The sum with `other`, whose sign may be turned.
    fn combined(&self, other: &Self, turned: bool) -> Self {
        let format = if self.sign() == 0 {
            other.format
        } else {
            self.format
        };
        let amount = match (&self.amount, &other.amount) {
            (
                Amount::Small {
                    value: a,
                    scale: a_scale,
                },
                Amount::Small {
                    value: b,
                    scale: b_scale,
                },
            ) => {
                let b = if turned { b.checked_neg() } else { Some(*b) };
                b.and_then(|b| add_small(*a, *a_scale, b, *b_scale))
            }
            _ => None,
        };
        let amount = amount.unwrap_or_else(|| {
            let mut b = other.decimal();
            b.negative ^= turned;
            Amount::Large(self.decimal().plus(b))
        });
        Self {
            amount,
            format,
            text: None,
        }
    }
}

/// `value` × 10^`scale` where it fits.
fn scale_up(value: i64, scale: i32) -> Option<i64> {
    if value == 0 {
        return Some(0);
    }
    value.checked_mul(10_i64.checked_pow(u32::try_from(scale).ok()?)?)
}

fn add_small(a: i64, a_scale: i32, b: i64, b_scale: i32) -> Option<Amount> {
    if b == 0 {
        return Some(Amount::Small {
            value: a,
            scale: a_scale,
        });
    }
    if a == 0 {
        return Some(Amount::Small {
            value: b,
            scale: b_scale,
        });
    }
    let scale = a_scale.min(b_scale);
    let value = scale_up(a, a_scale - scale)?.checked_add(scale_up(b, b_scale - scale)?)?;
    Some(Amount::Small { value, scale })
}

/// 10^`exponent` as Go's `math.Pow10` computes it: a product of two table entries.
fn power_of_ten(exponent: i32) -> f64 {
    let entry = |exponent: i32| -> f64 { format!("1e{exponent}").parse().unwrap_or(f64::NAN) };
    match exponent {
        0..=308 => entry(exponent / 32 * 32) * entry(exponent % 32),
        -323..0 => entry(exponent / 32 * 32) / entry(-(exponent % 32)),
        ..-323 => 0.0,
        309.. => f64::INFINITY,
    }
}

impl Decimal {
    /// Both magnitudes at the smaller of the two scales.
    fn aligned(mut self, mut other: Self) -> (Self, Self) {
        let scale = self.scale.min(other.scale);
        for decimal in [&mut self, &mut other] {
            decimal
                .magnitude
                .multiply_by_power_of_ten(decimal.scale.abs_diff(scale));
            decimal.scale = scale;
        }
        (self, other)
    }

    fn plus(self, other: Self) -> Self {
        let (a, b) = self.aligned(other);
        let scale = a.scale;
        let (negative, magnitude) = if a.negative == b.negative {
            (a.negative, a.magnitude.plus(&b.magnitude))
        } else if a.magnitude >= b.magnitude {
            (a.negative, a.magnitude.minus(&b.magnitude))
        } else {
            (b.negative, b.magnitude.minus(&a.magnitude))
        };
        Self {
            negative: negative && !magnitude.is_zero(),
            magnitude,
            scale,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        let (a, b) = self.aligned(other);
        let zero = a.magnitude.is_zero() && b.magnitude.is_zero();
        match (a.negative, b.negative) {
            _ if zero => Ordering::Equal,
            (false, false) => a.magnitude.cmp(&b.magnitude),
            (true, true) => b.magnitude.cmp(&a.magnitude),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }

    /// The absolute value where it is whole.
    fn whole(&self) -> Option<Natural> {
        let mut whole = self.magnitude.clone();
        if self.scale >= 0 {
            whole.multiply_by_power_of_ten(self.scale.unsigned_abs());
            return Some(whole);
        }
        whole
            .divide_by_power_of_ten_up(self.scale.unsigned_abs())
            .then_some(whole)
    }
}

impl fmt::Display for Quantity {
    /// The canonical form: no fraction, the largest suffix that keeps the number whole.
    ///
    /// Beyond `E` and `Ei` the digits grow; upstream drops the suffix there and prints a different number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        let decimal = self.decimal();
        if decimal.magnitude.is_zero() {
            return f.write_str("0");
        }
        if decimal.negative {
            f.write_str("-")?;
        }
        if self.format == Format::BinarySi
            && let Some(mut whole) = decimal.whole()
            && whole >= Natural::from(1_024)
        {
            let mut suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].into_iter();
            let mut suffix = suffixes.next().unwrap_or_default();
            for next in suffixes {
                let mut divided = whole.clone();
                if divided.divide_by(1_024) != 0 {
                    break;
                }
                (whole, suffix) = (divided, next);
            }
            return write!(f, "{whole}{suffix}");
        }
        write_decimal(f, &decimal, self.format == Format::DecimalExponent)
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, decimal: &Decimal, as_exponent: bool) -> fmt::Result {
    let digits = decimal.magnitude.to_string();
    let trimmed = digits.trim_end_matches('0');
    let exponent = i64::from(decimal.scale) + i64::try_from(digits.len() - trimmed.len()).unwrap_or(0);
    let mut shown = exponent.div_euclid(3) * 3;
    if !as_exponent {
        shown = shown.min(18);
    }
    f.write_str(trimmed)?;
    for _ in shown..exponent {
        f.write_str("0")?;
    }
    match (as_exponent, shown) {
        (_, 0) => Ok(()),
        (true, _) => write!(f, "e{shown}"),
        (false, -9) => f.write_str("n"),
        (false, -6) => f.write_str("u"),
        (false, -3) => f.write_str("m"),
        (false, 3) => f.write_str("k"),
        (false, 6) => f.write_str("M"),
        (false, 9) => f.write_str("G"),
        (false, 12) => f.write_str("T"),
        (false, 15) => f.write_str("P"),
        (false, _) => f.write_str("E"),
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.amount, &other.amount) {
            (Amount::Small { value: a, scale: x }, Amount::Small { value: b, scale: y }) if x == y => {
                a.cmp(b)
            }
            _ => self.decimal().compare(other.decimal()),
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    /// Equal in value: `1` equals `1000m`.
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl Add for &Quantity {
    type Output = Quantity;

    fn add(self, other: Self) -> Quantity {
        self.combined(other, false)
    }
}

impl Sub for &Quantity {
    type Output = Quantity;

    fn sub(self, other: Self) -> Quantity {
        self.combined(other, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn prints_the_canonical_form() {
        for (text, canonical) in [
            ("0", "0"),
            ("0Ki", "0"),
            ("-", "0"),
            (".", "0"),
            ("+5", "+5"),
            ("12Mi", "12Mi"),
            ("1024Ki", "1Mi"),
            ("1023Ki", "1023Ki"),
            ("8Ki", "8Ki"),
            ("1000", "1k"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("1.5k", "1500"),
            ("100k", "100k"),
            ("-1000k", "-1M"),
            ("1.5Gi", "1536Mi"),
            ("0.5Ki", "512"),
            ("0.0001Ki", "102400u"),
            ("1e3", "1e3"),
            ("1000e3", "1e6"),
            ("12E5", "1200e3"),
            ("0.0000000001", "1n"),
            ("-0.0000000001", "-1n"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("16Ei", "9223372036854775807"),
            ("1000E", "1000E"),
        ] {
            assert_eq!(quantity(text).to_string(), canonical, "{text}");
            assert_eq!(quantity(canonical).to_string(), canonical, "{text} again");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, error) in [
            ("", QuantityError::Format),
            ("1.2.3", QuantityError::Format),
            ("1 Mi", QuantityError::Format),
            ("é", QuantityError::Format),
            ("1Mo", QuantityError::Format),
            ("1mM", QuantityError::Suffix),
            ("1e", QuantityError::Suffix),
            ("1ee3", QuantityError::Suffix),
            (".e-10", QuantityError::Numeric),
            ("1e10001", QuantityError::TooLarge),
            ("1e99999999999", QuantityError::TooLarge),
        ] {
            assert_eq!(Quantity::parse(text).unwrap_err(), error, "{text}");
        }
        assert_eq!(
            Quantity::parse(&"9".repeat(1_001)).unwrap_err(),
            QuantityError::TooLarge
        );
    }

    #[test]
    fn compares_by_value() {
        assert_eq!(quantity("1"), quantity("1000m"));
        assert_eq!(quantity("1Ki"), quantity("1.024k"));
        assert!(quantity("1Mi") > quantity("1M"));
        assert!(quantity("-1e10000") < quantity("0.000000001"));
        assert!(quantity("1e10000") > quantity("-1"));
        assert_eq!(quantity("0"), quantity("0.0000000000000000000000Ki"));
    }

    #[test]
    fn only_whole_64_bit_numbers_are_integers() {
        assert_eq!(quantity("50k").as_integer(), Some(50_000));
        assert_eq!(quantity("1.5k").as_integer(), Some(1_500));
        assert_eq!(quantity("4Ki").as_integer(), Some(4_096));
        assert_eq!(quantity("-7").as_integer(), Some(-7));
        assert_eq!(quantity("1.0").as_integer(), None);
        assert_eq!(quantity("500m").as_integer(), None);
        assert_eq!(quantity("10E").as_integer(), None);
        assert_eq!(
            quantity("16Ei").as_integer(),
            None,
            "held as a decimal, as upstream"
        );
        assert_eq!(quantity("0e9999").as_integer(), Some(0));
    }

    #[test]
    fn adds_and_subtracts_exactly() {
        let sum = &quantity("9223372036854775807") + &Quantity::from_integer(1);
        assert_eq!(sum.to_string(), "9223372036854775808");
        assert_eq!(
            (&sum - &Quantity::from_integer(1)).to_string(),
            "9223372036854775807"
        );
        let rest = &quantity("1Ki") - &quantity("1m");
        assert_eq!(rest.to_string(), "1023999m");
        let zero = &quantity("1M") - &quantity("1000k");
        assert_eq!((zero.sign(), zero.to_string()), (0, "0".to_owned()));
        let least = &Quantity::from_integer(0) - &Quantity::from_integer(i64::MIN);
        assert_eq!(least.to_string(), "9223372036854775808");
        assert_eq!(
            (&Quantity::from_integer(0) + &quantity("2Ki")).to_string(),
            "2Ki",
            "takes the other format"
        );
    }

    #[test]
    fn floats_are_mantissa_times_power() {
        assert!((quantity("50.703k").as_approximate_float() - 50_703.0).abs() < 1e-6);
        assert!((quantity("-1500m").as_approximate_float() + 1.5).abs() < 1e-12);
        assert!(quantity("1e400").as_approximate_float().is_infinite());
        assert!((quantity("1e300").as_approximate_float() / 1e300 - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}|[-+]?[0-9.]{0,25}[eEinumkKMGTP]{0,2}[-+]?[0-9]{0,5}") {
            if let Ok(quantity) = Quantity::parse(&text) {
                let printed = quantity.to_string();
                prop_assert_eq!(&Quantity::parse(&printed).unwrap(), &quantity, "{}", printed);
                let _ = quantity.as_approximate_float();
            }
        }

        #[test]
        fn sums_invert(a in any::<i64>(), b in any::<i64>(), scale in "[mkMGTPE]|Ki|Mi|Gi") {
            let a = quantity(&format!("{a}{scale}"));
            let b = Quantity::from_integer(b);
            prop_assert_eq!(&(&(&a + &b) - &b), &a);
            prop_assert_eq!(a.cmp(&b), (&a - &b).sign().cmp(&0));
        }
    }
}
