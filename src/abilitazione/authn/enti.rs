//! Whose names an issuer gives.
//!
//! A grant is found by the subject of a token, and a subject is a name that its issuer chose. With two issuers, whoever runs one
//! could call a client of theirs as the other's are called. So an issuer gives names of some enti, and a grant of another ente is
//! none to its tokens:
//!
//! ```text
//! interop.pagopa.it  "be-rgs"  MLPS, MEF ──► grant 4, of MEF: found
//! idp.inps.example   "be-rgs"  INPS      ──► grant 4, of MEF: GRANT_MISSING
//! ```

/// The enti whose subjects an issuer names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enti(Option<Box<[Box<str>]>>);

impl Enti {
    /// All: for an issuer that is the only one.
    #[must_use]
    pub fn tutti() -> Self {
        Self::default()
    }

    /// These.
    #[must_use]
    pub fn solo<S: Into<Box<str>>>(enti: impl IntoIterator<Item = S>) -> Self {
        Self(Some(enti.into_iter().map(Into::into).collect()))
    }

    /// Whether this ente is among them.
    #[must_use]
    pub fn ha(&self, ente: &str) -> bool {
        let among = |enti: &[Box<str>]| enti.iter().any(|nome| **nome == *ente);
        self.0.as_deref().is_none_or(among)
    }

    /// Whether every ente is.
    #[must_use]
    pub fn is_tutti(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_those_that_are_named() {
        assert!(Enti::tutti().ha("MEF") && Enti::tutti().is_tutti());
        let enti = Enti::solo(["MLPS", "INPS"]);
        assert!(enti.ha("MLPS") && enti.ha("INPS") && !enti.ha("MEF") && !enti.is_tutti());
        assert!(!Enti::solo(Vec::<String>::new()).ha("MEF"), "none is none");
    }
}
