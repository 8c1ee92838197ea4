//! A part of a whole, with six decimals.

use std::{cmp::Ordering, fmt};

/// The places after the point.
const SCALE: i128 = 1_000_000;

/// What one sum is of another, rounded to six decimals, half to even. Exact up to there: no float is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ratio(
    /// Millionths.
    i128,
);

impl Ratio {
    /// `part` ÷ `whole`, neither negative; `None` where the whole is zero. Sums of rows have at most 28 digits: with six more they fit.
    pub(super) fn of(part: i128, whole: i128) -> Option<Self> {
        (whole != 0).then(|| Self(half_even(part.saturating_mul(SCALE), whole)))
    }

    /// The whole.
    pub(super) const ONE: Self = Self(SCALE);

    /// A part of a part, rounded likewise.
    pub(super) fn times(self, other: Self) -> Self {
        Self(half_even(self.0.saturating_mul(other.0), SCALE))
    }

    /// So much of an amount, rounded to the cent, half to even.
    pub(super) fn of_cents(self, cents: i128) -> i128 {
        half_even(cents.saturating_mul(self.0), SCALE)
    }
}

/// A fraction as a whole number, half to even. The denominator is positive.
pub(super) fn half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (
        numerator.div_euclid(denominator),
        numerator.rem_euclid(denominator),
    );
    quotient
        + match rest.cmp(&(denominator - rest)) {
            Ordering::Less => 0,
            Ordering::Equal => quotient.rem_euclid(2),
            Ordering::Greater => 1,
        }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / SCALE, self.0 % SCALE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_to_even() {
        for (part, whole, expected) in [
            (1, 3, "0.333333"),
            (2, 3, "0.666667"),
            (1, 2_000_000, "0.000000"),
            (3, 2_000_000, "0.000002"),
            (5, 2_000_000, "0.000002"),
            (7, 2, "3.500000"),
            (0, 5, "0.000000"),
            (
                9_999_999_999_999_999_999_999_999_999,
                1,
                "9999999999999999999999999999.000000",
            ),
        ] {
            let ratio = Ratio::of(part, whole).map(|ratio| ratio.to_string());
            assert_eq!(ratio.as_deref(), Some(expected), "{part} / {whole}");
        }
        assert_eq!(Ratio::of(1, 0), None);
        let halves = [1, 3, 5, -1, -3].map(|n| half_even(n, 2));
        assert_eq!(halves, [0, 2, 2, 0, -2]);
        assert_eq!([half_even(2, 3), half_even(4, 3)], [1, 1]);
    }

    #[test]
    fn parts_of_parts() {
        let third = Ratio::of(1, 3).unwrap();
        assert_eq!(third.times(third).to_string(), "0.111111");
        assert_eq!(third.times(Ratio::ONE), third);
        assert_eq!(third.of_cents(100), 33);
        assert_eq!(Ratio::of(3, 2).unwrap().of_cents(1), 2);
    }
}
