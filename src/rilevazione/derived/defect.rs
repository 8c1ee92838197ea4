//! What `omnia derived verify` finds.

use std::fmt;

use crate::blocks::sums::ControlSums;

/// Something that is stored and should not be so, or is not and should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedDefect {
    /// Of which norm; `None`: of a rilevazione as a whole.
    pub normativa: Option<String>,
    /// From this rilevazione on; of a whole one: which.
    pub dal_rilevazione: i32,
    /// What is wrong.
    pub kind: DerivedDefectKind,
}

/// See [`DerivedDefect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DerivedDefectKind {
    /// There is no such series: the norm is served from its rows.
    Missing,
    /// It was made before there were checksums: the norm is served from its rows.
    NoChecksums,
    /// It has blocks of another number of rows than the settings: the norm is served from its rows.
    OtherBlockSize(i32),
    /// It does not cover the rilevazioni that it should.
    OtherRange,
    /// The row of the series is not what its rows make: its dictionaries, or its checksum.
    OtherDictionaries,
    /// So many blocks are not what the rows say, or are too many or too few. The first is at this place.
    OtherBlocks {
        /// How many.
        quanti: i64,
        /// The first.
        primo: i32,
    },
    /// The sums by day of this benefit are not what the rows say.
    Days(String),
    /// Sums by day begin or end where the rows do not change.
    DaysElsewhere,
    /// The control totals of this benefit are not what the rows say, nor what the rilevazione was sealed with.
    Totals(String),
    /// The control totals of this benefit are what the rilevazione was sealed with: the rows are not.
    Rows {
        /// The benefit.
        prestazione: String,
        /// When they were loaded.
        noted: Box<ControlSums>,
        /// Now.
        now: Box<ControlSums>,
    },
    /// The seal of a rilevazione is not that of its control totals.
    Seal,
}

impl DerivedDefectKind {
    /// Whether to make things again does not mend it: the rows themselves differ from what was loaded.
    #[must_use]
    pub fn is_of_rows(&self) -> bool {
        matches!(self, Self::Rows { .. })
    }
}

impl fmt::Display for DerivedDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dal = self.dal_rilevazione;
        match &self.normativa {
            Some(normativa) => write!(f, "{normativa} from rilevazione {dal}: {}", self.kind),
            None => write!(f, "rilevazione {dal}: {}", self.kind),
        }
    }
}

impl fmt::Display for DerivedDefectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("has no blocks"),
            Self::NoChecksums => f.write_str(
                "has blocks from before there were checksums: it is read from its rows",
            ),
            Self::OtherBlockSize(righe) => write!(
                f,
                "has blocks of {righe} rows, and export.batch_rows is another"
            ),
            Self::OtherDictionaries => {
                f.write_str("has other dictionaries than its rows for its record batches, or another checksum of them")
            }
            Self::OtherRange => f.write_str("does not end where its rows change"),
            Self::OtherBlocks { quanti, primo } => write!(
                f,
                "{quanti} blocks are not what the rows say, the first at place {primo}"
            ),
            Self::Days(prestazione) => write!(
                f,
                "the sums by day of {prestazione} are not what the rows say"
            ),
            Self::DaysElsewhere => {
                f.write_str("has sums by day that begin or end where its rows do not change")
            }
            Self::Totals(prestazione) => write!(
                f,
                "the control totals of {prestazione} are not what the rows say"
            ),
            Self::Rows {
                prestazione,
                noted,
                now,
            } => write!(
                f,
                "the rows of {prestazione} are not those of their load, which noted {noted}; they are {now}"
            ),
            Self::Seal => f.write_str("its control totals are not those that its load sealed"),
        }
    }
}
