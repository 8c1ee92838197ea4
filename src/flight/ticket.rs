//! Tickets: a part of a selection, for one caller.
//!
//! ```text
//! base64( nonce · sealed{ subject, rilevazione, normativa, filtro, after which position, up to which, control totals } )
//! ```
//!
//! `DoGet` gets nothing but a ticket, so the ticket holds the selection. It is sealed with a key of the service: it may
//! hold the codice fiscale of a natural person, whom a ticket in a log must not name, and its totals go into the schema
//! of the stream, where no one else may write. It is a text, so that it travels in JSON as it is.
//!
//! It gives nothing by itself. The caller who shows it must be the one that it was made for, and the selection is decided on
//! again by what the grant and the policy say at that moment.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message;

use crate::{
    blocks::cursor::Cursor,
    contract::proto::{FiltroDecreti, TotaliControllo},
    crypto::key::AuditKey,
    error::{Error, Result},
    grpc::pages,
};

/// What the seal is for: one for something else does not open as a ticket. The number is that of the form.
const PURPOSE: &[u8] = b"omnia flight ticket 1";
/// No ticket of ours comes near it.
const MAX_TEXT: usize = 4096;

/// What a ticket holds.
#[derive(Clone, PartialEq, Message)]
pub struct FlightTicket {
    /// Whom it was made for.
    #[prost(string, tag = "1")]
    pub soggetto: String,
    /// What it reads.
    #[prost(int32, tag = "2")]
    pub rilevazione: i32,
    /// The norm.
    #[prost(string, tag = "3")]
    pub normativa: String,
    /// The filters.
    #[prost(message, optional, tag = "4")]
    pub filtro: Option<FiltroDecreti>,
    /// The position after which it begins; empty: at the first row.
    #[prost(bytes = "vec", tag = "5")]
    pub after: Vec<u8>,
    /// The position with which it ends; empty: with the last row.
    #[prost(bytes = "vec", tag = "6")]
    pub until: Vec<u8>,
    /// Over the whole selection, all endpoints together.
    #[prost(message, optional, tag = "7")]
    pub totali: Option<TotaliControllo>,
}

impl FlightTicket {
    /// Where it begins and ends.
    ///
    /// # Errors
    /// [`crate::error::Reason::PageTokenInvalid`]: those are no positions.
    pub fn positions(&self) -> Result<(Option<Cursor>, Option<Cursor>)> {
        let read = |bytes: &[u8]| match bytes {
            [] => Ok(None),
            bytes => Cursor::from_bytes(bytes).map(Some),
        };
        Ok((read(&self.after)?, read(&self.until)?))
    }
}

/// Seals tickets and opens them. All instances of a service have the same.
pub struct TicketSealer(LessSafeKey);

impl TicketSealer {
    /// With a key that is derived from `audit_key`.
    ///
    /// # Errors
    /// The key is refused: a fault of ours.
    pub fn new(audit_key: &AuditKey) -> Result<Self> {
        let key = audit_key.derived(PURPOSE);
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(Error::internal)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// The text that travels.
    ///
    /// # Errors
    /// It cannot be sealed: a fault of ours.
    pub fn seal(&self, ticket: &FlightTicket) -> Result<String> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = ticket.encode_to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(PURPOSE),
                &mut sealed,
            )
            .map_err(Error::internal)?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens a ticket.
    ///
    /// # Errors
    /// [`crate::error::Reason::PageTokenInvalid`]: not one of this service, or one that was changed.
    pub fn open(&self, text: &[u8]) -> Result<FlightTicket> {
        let open = || {
            let text = Some(text).filter(|text| text.len() <= MAX_TEXT)?;
            let bytes = URL_SAFE_NO_PAD
                .decode(text.get(..).filter(|t| t.len() <= MAX_TEXT)?)
                .ok()?;
            let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
            let mut sealed = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let opened = self.0.open_in_place(nonce, Aad::from(PURPOSE), &mut sealed);
            FlightTicket::decode(&*opened.ok()?).ok()
        };
        open().ok_or_else(pages::invalid)
    }
}

impl fmt::Debug for TicketSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketSealer([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ticket() -> FlightTicket {
        FlightTicket {
            soggetto: "mef-rgs-be".into(),
            rilevazione: 7,
            normativa: "DL109-2018-ART44".into(),
            filtro: Some(FiltroDecreti {
                cf_azienda: "RCCMNL83S18D969H".into(),
                ..FiltroDecreti::default()
            }),
            ..FlightTicket::default()
        }
    }

    fn sealer(key: u8) -> TicketSealer {
        TicketSealer::new(&AuditKey::new(&[key; 32])).unwrap()
    }

    proptest! {
        #[test]
        fn whatever_is_changed_it_does_not_open(at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
            let text = sealer(1).seal(&ticket()).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
            prop_assert_eq!(sealer(1).open(text.as_bytes()).unwrap(), ticket());
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(sealer(1).open(URL_SAFE_NO_PAD.encode(&bytes).as_bytes()).is_err());
            prop_assert!(sealer(1).open(URL_SAFE_NO_PAD.encode(&bytes[..at]).as_bytes()).is_err());
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(sealer(1).open(&bytes).is_err());
        }
    }

    #[test]
    fn it_shows_nothing_and_opens_with_its_key_only() {
        let (once, again) = (sealer(1).seal(&ticket()), sealer(1).seal(&ticket()));
        let text = once.unwrap();
        assert_ne!(text, again.unwrap());
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        let person = b"RCCMNL83S18D969H";
        assert!(!bytes.windows(person.len()).any(|window| window == person));
        assert!(sealer(2).open(text.as_bytes()).is_err());
    }
}
