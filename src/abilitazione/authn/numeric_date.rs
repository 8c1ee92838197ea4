//! NumericDate (RFC 7519, section 2): seconds since 1970, which may have a fraction.
//!
//! The decimals are read as they are written and never become a float, so that none is rounded away. Whole seconds are what this
//! service compares (its own instant has none of the fraction either), and a fraction is cut so that no time is gained by it:
//!
//! ```text
//! exp  1795000000.9  ──► 1795000000    ends at most a second early, never late
//! nbf  1795000000.1  ──► 1795000001    begins at most a second late, never early
//! iat  1795000000.9  ──► 1795000000    the second in which it was made
//! ```
//!
//! What is negative, or after the year 9999, is refused: no issuer means it.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;
/// Digits of [`LAST`].
const DIGITS: i32 = 12;

/// An instant as a token writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumericDate {
    seconds: i64,
    fraction: bool,
}

impl NumericDate {
    /// Reads a JSON number. `None`: it is none, or no instant from 1970 to 9999.
    fn parse(number: &str) -> Option<Self> {
        let (mantissa, exponent) = match number.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
            None => (number, 0),
        };
        let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, decimals].concat();
        // A sign is none, nor are the quotes of a text.
        if whole.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self {
                seconds: 0,
                fraction: false,
            });
        }
        let zeros = i32::try_from(digits.len() - significant.len()).ok()?;
        // Where the decimal point stands among the significant digits.
        let point = i32::try_from(whole.len()).ok()? - zeros + i32::from(exponent);
        if point > DIGITS {
            return None;
        }
        let point = usize::try_from(point).unwrap_or(0);
        let (before, after) = significant
            .split_at_checked(point)
            .unwrap_or((significant, ""));
        // Fewer digits than the exponent asks for: zeros follow.
        let seconds = format!("{before:0<point$}");
        let seconds = match seconds.as_str() {
            "" => 0,
            seconds => seconds.parse().ok()?,
        };
        (seconds <= LAST).then_some(Self {
            seconds,
            fraction: after.bytes().any(|digit| digit != b'0'),
        })
    }

    /// The second in which it lies.
    pub(super) fn floor(self) -> i64 {
        self.seconds
    }

    /// The first whole second that is not before it.
    pub(super) fn ceil(self) -> i64 {
        self.seconds + i64::from(self.fraction)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = Box::<RawValue>::deserialize(from)?;
        Self::parse(number.get())
            .ok_or_else(|| D::Error::custom("not a number of seconds from 1970 to 9999"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<(i64, i64)> {
        let date: NumericDate = serde_json::from_str(json).ok()?;
        Some((date.floor(), date.ceil()))
    }

    #[test]
    fn every_spelling_of_a_number() {
        for (json, floor, ceil) in [
            ("0", 0, 0),
            ("0.0", 0, 0),
            ("0e9999", 0, 0),
            ("0.000000000000000000000000000001", 0, 1),
            ("1e-400", 0, 1),
            ("1795000000", 1_795_000_000, 1_795_000_000),
            ("1795000000.000", 1_795_000_000, 1_795_000_000),
            ("1795000000.5", 1_795_000_000, 1_795_000_001),
            // As doubles these two are whole.
            ("1795000000.00000000001", 1_795_000_000, 1_795_000_001),
            ("1794999999.99999999999", 1_794_999_999, 1_795_000_000),
            ("1.795e9", 1_795_000_000, 1_795_000_000),
            ("1.795E+9", 1_795_000_000, 1_795_000_000),
            ("17950000005e-1", 1_795_000_000, 1_795_000_001),
            ("0.01795e11", 1_795_000_000, 1_795_000_000),
            ("253402300799", LAST, LAST),
            ("253402300799.5", LAST, LAST + 1),
        ] {
            assert_eq!(read(json), Some((floor, ceil)), "{json}");
        }
        for json in [
            "-1",
            "-0",
            "-0.5",
            "1e400",
            "1e12",
            "253402300800",
            "1e99999",
            "\"1\"",
            "null",
            "true",
            "[1]",
            "{}",
            "01",
            "1.",
            ".5",
            "+1",
            "NaN",
            "",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    proptest! {
        #[test]
        fn whole_and_fraction_are_those_that_were_written(
            seconds in 0..=LAST, nanos in 0..1_000_000_000_u32, shift in 0..6_i32,
        ) {
            let expected = Some((seconds, seconds + i64::from(nanos > 0)));
            prop_assert_eq!(read(&format!("{seconds}.{nanos:09}")), expected);
            let digits = format!("{seconds}{nanos:09}");
            let digits = digits.trim_start_matches('0');
            let digits = if digits.is_empty() { "0" } else { digits };
            prop_assert_eq!(read(&format!("{digits}e-9")), expected);
            let zeros = "0".repeat(usize::try_from(shift).unwrap());
            prop_assert_eq!(read(&format!("{digits}{zeros}e-{}", 9 + shift)), expected);
        }
    }
}
