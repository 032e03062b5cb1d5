//! Percentiles and means of whole numbers.

/// The percentile by nearest rank: the value at place `percent n / 100` of the ordered values, rounded up and counted
/// from 1. `None` without values.
pub(super) fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The mean, rounded to the nearest whole number, halves up. `None` without values.
pub(super) fn mean(values: &[i64]) -> Option<i64> {
    let count = i128::try_from(values.len()).ok().filter(|count| *count > 0)?;
    let sum: i128 = values.iter().copied().map(i128::from).sum();
    i64::try_from((2 * sum + count).div_euclid(2 * count)).ok()
}

/// `part * scale / whole`, rounded to the nearest whole number, halves up. `None` where `whole` is zero or the result
/// is too large.
pub(super) fn ratio(part: u64, whole: u64, scale: u64) -> Option<i64> {
    if whole == 0 {
        return None;
    }
    // Products of two 64-bit numbers fit; saturating only for the doubled sum.
    let scaled = u128::from(part) * u128::from(scale);
    let whole = u128::from(whole);
    let rounded = scaled.saturating_mul(2).saturating_add(whole) / (2 * whole);
    i64::try_from(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        // The worked example of the nearest-rank method: 15, 20, 35, 40, 50.
        let values = [15, 20, 35, 40, 50];
        for (percent, expected) in [(5, 15), (30, 20), (40, 20), (50, 35), (90, 50), (100, 50)] {
            assert_eq!(percentile(&values, percent), Some(expected), "p{percent}");
        }
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 50), Some(7));
    }

    #[test]
    fn means_and_ratios_are_rounded_to_the_nearest() {
        assert_eq!(mean(&[1, 2]), Some(2));
        assert_eq!(mean(&[1, 1, 2]), Some(1));
        assert_eq!(mean(&[i64::MAX, i64::MAX]), Some(i64::MAX));
        assert_eq!(mean(&[]), None);
        assert_eq!(ratio(1, 3, 1000), Some(333));
        assert_eq!(ratio(2, 3, 1000), Some(667));
        assert_eq!(ratio(1, 0, 1000), None);
        assert_eq!(ratio(u64::MAX, 1, 1000), None);
    }
}
