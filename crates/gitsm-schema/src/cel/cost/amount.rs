//! Arithmetic of costs and sizes. Nothing wraps: what is too large is the largest number.

/// The cost of reading one character of text.
pub(in crate::cel) const TEXT_FACTOR: f64 = 0.1;
/// The cost of one character of a regular expression.
pub(in crate::cel) const PATTERN_FACTOR: f64 = 0.25;
/// The cost of making a list.
pub(in crate::cel) const LIST_BASE: u64 = 10;
/// The cost of making a map.
pub(in crate::cel) const MAP_BASE: u64 = 30;

/// How large a text, list or map is at least and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) min: u64,
    pub(super) max: u64,
}

impl Size {
    /// A size of which nothing is known.
    pub(super) const UNKNOWN: Self = Self {
        min: 0,
        max: u64::MAX,
    };

    /// The union of no sizes: any union with it is the other size.
    pub(super) const NOTHING: Self = Self {
        min: u64::MAX,
        max: 0,
    };

    pub(super) const fn exactly(size: u64) -> Self {
        Self { min: size, max: size }
    }

    pub(super) const fn at_most(max: u64) -> Self {
        Self { min: 0, max }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            min: self.min.saturating_add(other.min),
            max: self.max.saturating_add(other.max),
        }
    }

    pub(super) fn times(self, other: Self) -> Self {
        Self {
            min: self.min.saturating_mul(other.min),
            max: self.max.saturating_mul(other.max),
        }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// What it costs at most to look at each unit of this size.
    pub(super) fn cost(self, factor: f64) -> u64 {
        scaled(self.max, factor)
    }
}

/// `amount * factor`, rounded up.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the API server computes with doubles too; casts to u64 end at its largest number"
)]
pub(in crate::cel) fn scaled(amount: u64, factor: f64) -> u64 {
    (amount as f64 * factor).ceil() as u64
}

/// `amount * factor`, rounded down.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the API server computes with doubles too; casts to u64 end at its largest number"
)]
pub(in crate::cel) fn scaled_down(amount: u64, factor: f64) -> u64 {
    (amount as f64 * factor) as u64
}

/// `a / b`, rounded up, as the API server computes it.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the API server computes with doubles too; casts to u64 end at its largest number"
)]
pub(super) fn quotient(a: u64, b: u64) -> u64 {
    (a as f64 / b as f64).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_up_and_never_wrap() {
        assert_eq!(scaled(11, TEXT_FACTOR), 2);
        assert_eq!(scaled(0, TEXT_FACTOR), 0);
        assert_eq!(scaled(u64::MAX, 2.0), u64::MAX);
        assert_eq!(scaled(u64::MAX, TEXT_FACTOR), 1_844_674_407_370_955_264);
        assert_eq!(
            Size::UNKNOWN.plus(Size::exactly(1)),
            Size {
                min: 1,
                max: u64::MAX
            }
        );
        assert_eq!(Size::NOTHING.union(Size::exactly(3)), Size::exactly(3));
        assert_eq!(quotient(7, 2), 4);
    }
}
