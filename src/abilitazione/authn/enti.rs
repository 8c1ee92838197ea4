//! Whose names an issuer gives.
//!
//! A grant is found by the subject of a token, and a subject is a name that its issuer chose. With two issuers, the operator of one
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
    pub fn all() -> Self {
        Self::default()
    }

    /// These.
    #[must_use]
    pub fn only<S: Into<Box<str>>>(enti: impl IntoIterator<Item = S>) -> Self {
        Self(Some(enti.into_iter().map(Into::into).collect()))
    }

    /// Whether this ente is among them.
    #[must_use]
    pub fn contains(&self, ente: &str) -> bool {
        let among = |enti: &[Box<str>]| enti.iter().any(|nome| **nome == *ente);
        self.0.as_deref().is_none_or(among)
    }

    /// Whether every ente is.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_those_that_are_named() {
        assert!(Enti::all().contains("MEF") && Enti::all().is_all());
        let enti = Enti::only(["MLPS", "INPS"]);
        assert!(
            enti.contains("MLPS")
                && enti.contains("INPS")
                && !enti.contains("MEF")
                && !enti.is_all()
        );
        assert!(
            !Enti::only(Vec::<String>::new()).contains("MEF"),
            "none is none"
        );
    }
}
