//! Euro and hours: decimals with exactly two places, never floats.
//!
//! Postgres keeps both as `numeric(18,2)`. A single value read from outside is not negative and fits that
//! type; a sum or a difference of values may be larger or negative, and stays exact (28 digits).

use std::{fmt, iter::Sum, ops};

use rust_decimal::Decimal;

use super::ValueDefect;

const FORM: ValueDefect = ValueDefect::new(
    "must be a decimal number with exactly two decimals, a point, no sign and at most 16 digits before it",
    "deve essere un numero con esattamente due decimali, separati da un punto, senza segno e con al più 16 cifre intere",
);

/// `\d{1,16}\.\d{2}`
fn parse(text: &str) -> Result<Decimal, ValueDefect> {
    let (whole, cents) = text.split_once('.').ok_or(FORM)?;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 16 || cents.len() != 2 || !digits(whole) || !digits(cents)
    {
        return Err(FORM);
    }
    text.parse().map_err(|_| FORM)
}

/// With two decimals.
fn fmt_two(value: Decimal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // Almost all: several times as fast, and reports are made of little else.
    match u64::try_from(value.mantissa().unsigned_abs()) {
        Ok(cents) if value.scale() == 2 => {
            let sign = if value.mantissa() < 0 { "-" } else { "" };
            write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
        }
        // The precision restores the zeros that NUMERIC loses on the way ("0" for 0.00).
        _ => write!(f, "{value:.2}"),
    }
}

macro_rules! two_decimals {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Decimal);

        impl $name {
            /// Reads a value from outside: not negative, exactly two decimals.
            ///
            /// # Errors
            /// Any other form.
            pub fn parse(text: &str) -> Result<Self, ValueDefect> {
                parse(text).map(Self)
            }

            /// From hundredths. Of a sum that has more than 28 digits, which no sum of rows has: the greatest there is.
            #[must_use]
            pub fn from_hundredths(hundredths: i128) -> Self {
                Self(Decimal::try_from_i128_with_scale(hundredths, 2).unwrap_or(Decimal::MAX))
            }

            /// In hundredths.
            #[must_use]
            pub fn hundredths(self) -> i128 {
                let mut decimal = self.0;
                decimal.rescale(2);
                decimal.mantissa()
            }

            /// The number, with two decimals.
            #[must_use]
            pub fn decimal(self) -> Decimal {
                self.0
            }
        }

        /// From Postgres, where the column's type has made it fit.
        impl From<Decimal> for $name {
            fn from(decimal: Decimal) -> Self {
                Self(decimal)
            }
        }

        impl ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl ops::AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
                values.fold(Self::default(), |sum, value| sum + value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt_two(self.0, f)
            }
        }
    };
}

two_decimals! {
    /// Euro, to the cent.
    Importo
}
two_decimals! {
    /// Hours, to the hundredth.
    Ore
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_one_form() {
        for good in ["0.00", "0.01", "1234567.80", "9999999999999999.99"] {
            assert_eq!(Importo::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "1",
            "1.",
            "1.0",
            "1.000",
            ".00",
            "-1.00",
            "+1.00",
            "1,00",
            "1.0a",
            " 1.00",
            "1e2",
            "10000000000000000.00",
            "١.٠٠",
            "1.00 ",
            "NaN",
            "1.-1",
        ] {
            assert_eq!(Importo::parse(bad), Err(FORM), "{bad}");
            assert_eq!(Ore::parse(bad), Err(FORM), "{bad}");
        }
    }

    #[test]
    fn a_difference_may_be_negative() {
        let (a, b) = (
            Importo::parse("1.00").unwrap(),
            Importo::parse("3.50").unwrap(),
        );
        assert_eq!((a - b).to_string(), "-2.50");
        assert_eq!(Importo::from(Decimal::ZERO).to_string(), "0.00");
        assert_eq!((a - a).to_string(), "0.00");
        let much = Importo::from(Decimal::from_i128_with_scale(i128::from(u64::MAX) + 1, 2));
        assert_eq!(much.to_string(), "184467440737095516.16");
    }

    proptest! {
        #[test]
        fn sums_are_exact(cents in prop::collection::vec(0_i64..100_000_000_000_000_000, 0..50)) {
            let sum: Importo = cents.iter().map(|c| Importo::parse(&format!("{}.{:02}", c / 100, c % 100)).unwrap()).sum();
            let expected: i128 = cents.iter().map(|&c| i128::from(c)).sum();
            prop_assert_eq!(sum.to_string(), format!("{}.{:02}", expected / 100, expected % 100));
            let less = (Importo::default() - sum).to_string();
            let sign = if expected > 0 { "-" } else { "" };
            prop_assert_eq!(less, format!("{sign}{}.{:02}", expected / 100, expected % 100));
        }
    }
}
