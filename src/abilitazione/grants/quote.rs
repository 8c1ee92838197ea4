//! How much a grant may be used.

use std::num::NonZeroU32;

use crate::valori::ValueDefect;

const POSITIVE: ValueDefect = ValueDefect::new(
    "must be 1 to 2147483647, or absent for what the profile has",
    "deve essere da 1 a 2147483647, oppure assente per il valore del profilo",
);

/// The quotas of a grant, where it has its own. `None`: as the profile has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quote {
    /// Calls a second.
    pub al_secondo: Option<NonZeroU32>,
    /// Exports at the same time.
    pub esportazioni: Option<NonZeroU32>,
    /// Calls a day, in Rome.
    pub al_giorno: Option<NonZeroU32>,
}

/// Reads a quota: 1 or more, as far as a column of the table holds it.
///
/// # Errors
/// Zero, or more than that.
pub fn quota(numero: u32) -> Result<NonZeroU32, ValueDefect> {
    NonZeroU32::new(numero)
        .filter(|numero| i32::try_from(numero.get()).is_ok())
        .ok_or(POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_positive_and_fits_its_column() {
        for good in [1, 50, 2_147_483_647] {
            assert_eq!(quota(good).unwrap().get(), good);
        }
        for bad in [0, 2_147_483_648, u32::MAX] {
            assert_eq!(quota(bad), Err(POSITIVE));
        }
    }
}
