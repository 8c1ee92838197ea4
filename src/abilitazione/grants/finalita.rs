//! The purposes (PDND `purposeId`) that a grant is bound to.

use std::collections::BTreeSet;

use crate::{
    error::{Error, Reason, Result},
    valori::ValueDefect,
};

const FORM: ValueDefect = ValueDefect::new(
    "must be a purpose id of PDND, a UUID: 1b361d49-33f4-4f1e-a88b-4e12661f2309",
    "deve essere l'identificativo di una finalità PDND, un UUID: 1b361d49-33f4-4f1e-a88b-4e12661f2309",
);
const MAX: usize = 64;
const MANY: ValueDefect =
    ValueDefect::new("has more than 64 purposes", "contiene più di 64 finalità");

/// Purposes. None: the grant is not bound to any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finalita(BTreeSet<PurposeId>);

/// A UUID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PurposeId(String);

impl PurposeId {
    /// Five groups of hexadecimal digits (RFC 9562, §4), in any case.
    fn parse(testo: &str) -> Option<Self> {
        let groups = testo.split('-').map(str::len);
        let digits = |c: char| c == '-' || c.is_ascii_hexdigit();
        (groups.eq([8, 4, 4, 4, 12]) && testo.chars().all(digits))
            .then(|| Self(testo.to_ascii_lowercase()))
    }
}

impl Finalita {
    /// Reads purpose ids.
    ///
    /// # Errors
    /// One that is no UUID, or too many of them.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, ValueDefect> {
        if texts.len() > MAX {
            return Err(MANY);
        }
        texts
            .iter()
            .map(|testo| PurposeId::parse(testo.as_ref()).ok_or(FORM))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The ids, in small letters.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|id| id.0.clone()).collect()
    }

    /// Whether a call may be made with the `purposeId` of a voucher, or without one.
    ///
    /// # Errors
    /// [`Reason::PurposeDenied`].
    pub fn admits(&self, purpose_id: Option<&str>) -> Result<()> {
        let known = |id: &str| PurposeId::parse(id).is_some_and(|id| self.0.contains(&id));
        if self.0.is_empty() || purpose_id.is_some_and(known) {
            return Ok(());
        }
        Err(Error::new(
            Reason::PurposeDenied,
            "the grant does not admit calls for the purpose of this voucher",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1b361d49-33f4-4f1e-a88b-4e12661f2309";
    const B: &str = "00000000-0000-0000-0000-00000000000B";

    #[test]
    fn a_purpose_is_a_uuid() {
        let two = Finalita::parse(&[B, A, A]).unwrap();
        assert_eq!(two.texts(), [&B.to_lowercase(), A]);
        for bad in [
            "",
            &A[1..],
            &A.replace('-', ""),
            &A.replace('4', "g"),
            "1b361d4-933f4-4f1e-a88b-4e12661f2309",
            &format!("{{{A}}}"),
            &format!("{A}-"),
            "1b361d49-33f4-4f1e-a88b-4e12661f230ł",
        ] {
            assert_eq!(Finalita::parse(&[bad]), Err(FORM), "{bad}");
        }
        assert_eq!(Finalita::parse(&[A; 65]), Err(MANY));
    }

    #[test]
    fn one_of_the_grants() {
        let ask = |finalita: &[&str], purpose: Option<&str>| {
            let finalita = Finalita::parse(finalita).unwrap();
            finalita.admits(purpose).map_err(|error| error.reason)
        };
        let denied = Err(Reason::PurposeDenied);
        assert_eq!(ask(&[A, B], Some(A)), Ok(()));
        assert_eq!(ask(&[A, B], Some(&B.to_lowercase())), Ok(()));
        assert_eq!(ask(&[A], Some(B)), denied);
        assert_eq!(ask(&[A], Some("")), denied);
        assert_eq!(ask(&[A], None), denied);
        for any in [Some(A), Some("other"), None] {
            assert_eq!(ask(&[], any), Ok(()));
        }
    }
}
