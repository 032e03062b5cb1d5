//! Natural numbers of any size, with the few operations that exact quantities need.

use std::cmp::Ordering;
use std::fmt;

const BASE: u64 = 1_000_000_000;
const DIGITS_PER_LIMB: u32 = 9;

/// A natural number in limbs of nine decimal digits, least significant first, without leading zero limbs.
///
/// The base is a power of ten because quantities scale by powers of ten and are read and printed in decimal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Natural {
    limbs: Vec<u32>,
}

impl Natural {
    /// Reads ASCII digits; anything else is `None`. The empty string is zero.
    pub(super) fn from_decimal(digits: &str) -> Option<Self> {
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let limbs = digits
            .as_bytes()
            .rchunks(DIGITS_PER_LIMB as usize)
            .map(|chunk| {
                chunk
                    .iter()
                    .fold(0, |limb, digit| limb * 10 + u32::from(digit - b'0'))
            })
            .collect();
        Some(Self::trimmed(limbs))
    }

    pub(super) fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// Multiplies by 10^`power` in place.
    pub(super) fn multiply_by_power_of_ten(&mut self, power: u32) {
        if self.is_zero() {
            return;
        }
        self.multiply_by(10_u32.pow(power % DIGITS_PER_LIMB));
        let whole_limbs = (power / DIGITS_PER_LIMB) as usize;
        self.limbs.splice(0..0, std::iter::repeat_n(0, whole_limbs));
    }

    /// Multiplies by 2^`power` in place.
    pub(super) fn multiply_by_power_of_two(&mut self, power: u32) {
        for _ in 0..power / 16 {
            self.multiply_by(1 << 16);
        }
        self.multiply_by(1 << (power % 16));
    }

    /// Divides by 10^`power` in place, rounding up; answers whether the division was exact.
    pub(super) fn divide_by_power_of_ten_up(&mut self, power: u32) -> bool {
        let dropped = ((power / DIGITS_PER_LIMB) as usize).min(self.limbs.len());
        let mut exact = self.limbs.drain(..dropped).all(|limb| limb == 0);
        exact &= self.divide_by(10_u32.pow(power % DIGITS_PER_LIMB)) == 0;
        if !exact {
            *self = self.plus(&Self::from(1));
        }
        exact
    }

    /// Divides by a small number in place and returns the remainder. `divisor` is not zero.
    pub(super) fn divide_by(&mut self, divisor: u32) -> u32 {
        let mut remainder = 0;
        for limb in self.limbs.iter_mut().rev() {
            let dividend = remainder * BASE + u64::from(*limb);
            *limb = low(dividend / u64::from(divisor));
            remainder = dividend % u64::from(divisor);
        }
        self.trim();
        low(remainder)
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let longest = self.limbs.len().max(other.limbs.len());
        let mut limbs = Vec::with_capacity(longest + 1);
        let mut carry = 0;
        for position in 0..longest {
            let sum = self.limb(position) + other.limb(position) + carry;
            limbs.push(low(sum % BASE));
            carry = sum / BASE;
        }
        limbs.push(low(carry));
        Self::trimmed(limbs)
    }

    /// `self - other`, or zero where `other` is larger.
    pub(super) fn minus(&self, other: &Self) -> Self {
        if self.cmp(other) == Ordering::Less {
            return Self::default();
        }
        let mut limbs = Vec::with_capacity(self.limbs.len());
        let mut borrow = 0;
        for position in 0..self.limbs.len() {
            let taken = other.limb(position) + borrow;
            let limb = self.limb(position);
            borrow = u64::from(limb < taken);
            limbs.push(low(limb + borrow * BASE - taken));
        }
        Self::trimmed(limbs)
    }

    /// The nearest double, ties to even; infinity when too large.
    pub(super) fn to_f64(&self) -> f64 {
        // The standard parser rounds correctly, which repeated multiplication would not.
        self.to_string().parse().unwrap_or(f64::INFINITY)
    }

    fn multiply_by(&mut self, factor: u32) {
        let mut carry = 0;
        for limb in &mut self.limbs {
            let product = u64::from(*limb) * u64::from(factor) + carry;
            *limb = low(product % BASE);
            carry = product / BASE;
        }
        if carry > 0 {
            self.limbs.push(low(carry));
        }
        self.trim();
    }

    fn limb(&self, position: usize) -> u64 {
        self.limbs.get(position).copied().map_or(0, u64::from)
    }

    fn trim(&mut self) {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }

    fn trimmed(limbs: Vec<u32>) -> Self {
        let mut number = Self { limbs };
        number.trim();
        number
    }
}

/// A value known to be below `BASE` as a limb.
#[expect(
    clippy::cast_possible_truncation,
    reason = "callers pass values below BASE, which fits 30 bits"
)]
fn low(value: u64) -> u32 {
    value as u32
}

impl From<u64> for Natural {
    fn from(value: u64) -> Self {
        let limbs = [value % BASE, value / BASE % BASE, value / BASE / BASE];
        Self::trimmed(limbs.into_iter().map(low).collect())
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.limbs.len().cmp(&other.limbs.len());
        by_length.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Natural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.limbs.split_last() else {
            return f.write_str("0");
        };
        write!(f, "{first}")?;
        rest.iter().rev().try_for_each(|limb| write!(f, "{limb:09}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn natural(value: u128) -> Natural {
        Natural::from_decimal(&value.to_string()).unwrap()
    }

    #[test]
    fn zero_prints_and_parses() {
        assert!(natural(0).is_zero());
        assert_eq!(Natural::from_decimal("").unwrap().to_string(), "0");
        assert_eq!(Natural::from_decimal("12a"), None);
    }

    proptest! {
        #[test]
        fn agrees_with_machine_integers(a in 0_u128..1 << 90, b in 0_u128..1 << 90, power in 0_u32..10, two in 0_u32..30) {
            prop_assert_eq!(natural(a).to_string(), a.to_string());
            prop_assert_eq!(natural(a).plus(&natural(b)), natural(a + b));
            prop_assert_eq!(natural(a).minus(&natural(b)), natural(a.saturating_sub(b)));
            prop_assert_eq!(natural(a).cmp(&natural(b)), a.cmp(&b));
            let mut scaled = natural(a);
            scaled.multiply_by_power_of_ten(power);
            prop_assert_eq!(&scaled, &natural(a * 10_u128.pow(power)));
            let mut rounded = natural(a);
            let exact = rounded.divide_by_power_of_ten_up(power);
            prop_assert_eq!(rounded, natural(a.div_ceil(10_u128.pow(power))));
            prop_assert_eq!(exact, a % 10_u128.pow(power) == 0);
            let mut shifted = natural(a);
            shifted.multiply_by_power_of_two(two);
            prop_assert_eq!(shifted, natural(a << two));
        }

        #[test]
        fn small_numbers_convert(a in any::<u64>(), divisor in 1_u32..) {
            let mut number = Natural::from(a);
            prop_assert_eq!(number.to_string(), a.to_string());
            let remainder = number.divide_by(divisor);
            prop_assert_eq!(number, Natural::from(a / u64::from(divisor)));
            prop_assert_eq!(u64::from(remainder), a % u64::from(divisor));
        }
    }
}
