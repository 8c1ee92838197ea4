//! What a verification found.

use std::fmt;

use chrono::NaiveDate;

use crate::audit::{
    acknowledgement::Acknowledgement, chain::ChainDigest, pruning_record::PruningRecord,
};

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verification {
    /// Chains read.
    pub chains: usize,
    /// Records read.
    pub records: u64,
    /// Anchors read.
    pub anchors: usize,
    /// Streams that have no end: their service was killed, or they are under way.
    pub unended: u64,
    /// Every pruning so far.
    pub prunings: Vec<VerifiedPruning>,
    /// All that is wrong, by place.
    pub faults: Vec<LogFault>,
    /// What is wrong and was acknowledged.
    pub acknowledged: Vec<Acknowledged>,
    /// Of the numbers that came from a sequence, those that no chain has and no anchor names, as first and last: chains that could not
    /// be opened, or were removed.
    pub gaps: Vec<(i64, i64)>,
    /// The acknowledgements as they stand, by number.
    pub(super) heads: Vec<(i64, ChainDigest)>,
}

/// What a verification comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationOutcome {
    /// All is as it was written.
    Intact,
    /// There are faults, and each was acknowledged.
    Acknowledged,
    /// Something is not as it was written.
    Tampered,
}

/// One thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFault {
    /// `catena 3, record 17`
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A fault that somebody has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// What is wrong.
    pub fault: LogFault,
    /// Who said that it is no reason for concern, when and why.
    pub by: Acknowledgement,
}

impl fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Acknowledgement {
            istante,
            operatore,
            motivo,
            ..
        } = &self.by;
        let line = format!(
            "{}; acknowledged at {istante} by {operatore}: {motivo}",
            self.fault
        );
        // It comes from a table.
        f.write_str(&line.replace(char::is_control, "\u{fffd}"))
    }
}

/// A pruning as verification sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPruning {
    /// What was done.
    pub record: PruningRecord,
    /// The day of its anchor: what is left begins there. `None`: that anchor is gone.
    pub giorno: Option<NaiveDate>,
    /// Whether it removed records that the retention kept: the one that it went by, and for others `audit.retention_days` as it
    /// is set now. Where a day was asked for, a person may have had a reason and it is only shown; where none was,
    /// nothing allowed it and it is a [`LogFault`](LogFault).
    pub too_early: bool,
    /// The first anchor that names it as it is: from there on it is proved.
    pub proved_by: Option<i64>,
}

impl Verification {
    /// What it comes to.
    #[must_use]
    pub fn outcome(&self) -> VerificationOutcome {
        if !self.faults.is_empty() {
            VerificationOutcome::Tampered
        } else if !self.acknowledged.is_empty() {
            VerificationOutcome::Acknowledged
        } else {
            VerificationOutcome::Intact
        }
    }

    pub(super) fn note(&mut self, place: &str, cosa: &str) {
        self.faults.push(LogFault {
            place: place.to_owned(),
            what: cosa.to_owned(),
        });
    }
}

impl fmt::Display for VerifiedPruning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PruningRecord {
            ancora,
            quando,
            chi,
            righe,
            prima_di,
            conservazione,
        } = &self.record;
        write!(f, "{righe} records up to anchor {ancora}")?;
        if let Some(giorno) = self.giorno {
            write!(f, " of {giorno}")?;
        }
        write!(f, ", at {quando} by {chi}")?;
        if let Some(giorno) = prima_di {
            write!(f, ", --prima-di {giorno}")?;
        }
        if let Some(giorni) = conservazione {
            write!(f, ", retention {giorni} days")?;
        }
        if self.too_early {
            f.write_str(", YOUNGER than the retention")?;
        }
        match self.proved_by {
            Some(ancora) => write!(f, "; in anchor {ancora}"),
            None => f.write_str("; in no anchor yet"),
        }
    }
}
