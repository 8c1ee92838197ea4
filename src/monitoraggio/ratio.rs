//! A part of a whole, with six decimals.

use std::fmt;

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
        if whole == 0 {
            return None;
        }
        let scaled = part.saturating_mul(SCALE);
        let (quotient, rest) = (scaled / whole, scaled % whole);
        let up = match (rest * 2).cmp(&whole) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => quotient % 2,
            std::cmp::Ordering::Greater => 1,
        };
        Some(Self(quotient + up))
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
    }
}
