//! Where a page ends: the key that rows are read by.
//!
//! It holds the decree's date and number and the row's place in the order of loading, which within a decree is chance; no codice fiscale.

use chrono::{Datelike as _, NaiveDate};

use crate::{error::Result, grpc::pages};

/// The key of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// First.
    pub data_decreto: NaiveDate,
    /// Second, compared by byte.
    pub numero_decreto: String,
    /// Third; unique.
    pub id: i64,
}

impl Cursor {
    /// As the bytes of a token: days since 0001-01-01, id, number.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.data_decreto.num_days_from_ce().to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(self.numero_decreto.as_bytes());
        bytes
    }

    /// Reads the bytes of a token.
    ///
    /// # Errors
    /// [`crate::error::Reason::PageTokenInvalid`]: they were not made by [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let read = || {
            let (days, rest) = bytes.split_first_chunk::<4>()?;
            let (id, number) = rest.split_first_chunk::<8>()?;
            let data_decreto = NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*days))
                .filter(|date| (1..=9999).contains(&date.year()))?;
            let numero_decreto = str::from_utf8(number).ok()?;
            // Postgres has no text with a NUL.
            (!numero_decreto.contains('\0')).then(|| Self {
                data_decreto,
                numero_decreto: numero_decreto.to_owned(),
                id: i64::from_be_bytes(*id),
            })
        };
        read().ok_or_else(pages::invalid)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip(days in 1..3_652_059_i32, numero_decreto in "[0-9A-Za-z/ ]{1,32}", id: i64) {
            let data_decreto = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let position = Cursor { data_decreto, numero_decreto, id };
            prop_assert_eq!(Cursor::from_bytes(&position.to_bytes()).unwrap(), position);
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(read) = Cursor::from_bytes(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }
}
