//! The selection of a call that is about one norm and one benefit.

use crate::{
    abilitazione::{CallSelection, describe_codes},
    call_record::SelectedValue,
    error::Violations,
    valori::{CodiceNormativa, CodicePrestazione},
};

/// A norm and a benefit. Both are required, so neither is a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Norm.
    pub normativa: CodiceNormativa,
    /// Benefit.
    pub prestazione: CodicePrestazione,
}

impl Pair {
    /// Reads the fields `normativa` and `prestazione`. `None`: something is wrong with them, and noted.
    pub fn parse(violations: &mut Violations, normativa: &str, prestazione: &str) -> Option<Self> {
        let normativa = violations.check("normativa", CodiceNormativa::parse(normativa));
        let prestazione = violations.check("prestazione", CodicePrestazione::parse(prestazione));
        Some(Self {
            normativa: normativa?,
            prestazione: prestazione?,
        })
    }

    /// The two codes.
    #[must_use]
    pub fn codes(&self) -> (&str, &str) {
        (self.normativa.as_str(), self.prestazione.as_str())
    }
}

impl CallSelection for Pair {
    fn filtri(&self) -> Vec<&str> {
        Vec::new()
    }

    fn normative(&self) -> &[CodiceNormativa] {
        std::slice::from_ref(&self.normativa)
    }

    fn prestazioni(&self) -> &[CodicePrestazione] {
        std::slice::from_ref(&self.prestazione)
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        describe_codes(self.normative(), self.prestazioni())
    }
}
