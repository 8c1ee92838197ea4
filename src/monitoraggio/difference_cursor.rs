//! Where a page of differences ends: a norm, and the key of a row of it.

use crate::{
    error::Result, grpc::pages, rilevazione::detail::cursor::Cursor, valori::CodiceNormativa,
};

/// The position after a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DifferenceCursor {
    /// First.
    pub(super) normativa: CodiceNormativa,
    /// Within the norm.
    pub(super) row: Cursor,
}

impl DifferenceCursor {
    /// As the bytes of a token: the length of the norm's code, the code, the key.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let code = self.normativa.as_str().as_bytes();
        // A code has at most forty bytes.
        let mut bytes = vec![u8::try_from(code.len()).unwrap_or(u8::MAX)];
        bytes.extend_from_slice(code);
        bytes.extend_from_slice(&self.row.to_bytes());
        bytes
    }

    /// Reads the bytes of a token.
    ///
    /// # Errors
    /// [`crate::error::Reason::PageTokenInvalid`]: they were not made by [`Self::to_bytes`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let read = || {
            let (&len, rest) = bytes.split_first()?;
            let (code, row) = rest.split_at_checked(len.into())?;
            let normativa = CodiceNormativa::parse(str::from_utf8(code).ok()?).ok()?;
            Some((normativa, row))
        };
        let (normativa, row) = read().ok_or_else(pages::invalid)?;
        let row = Cursor::from_bytes(row)?;
        Ok(Self { normativa, row })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip(code in "[A-Z0-9][A-Z0-9-]{0,39}", numero_decreto in "[0-9A-Za-z/ ]{1,32}", id: i64) {
            let position = DifferenceCursor {
                normativa: CodiceNormativa::parse(&code).unwrap(),
                row: Cursor {
                    data_decreto: chrono::NaiveDate::default(),
                    numero_decreto,
                    id,
                },
            };
            prop_assert_eq!(DifferenceCursor::from_bytes(&position.to_bytes()).unwrap(), position);
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(read) = DifferenceCursor::from_bytes(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }
}
