//! What `omnia derived verify` finds.

use std::fmt;

/// What is wrong, as a sentence about a norm or a rilevazione without its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    sentence: String,
    of_rows: bool,
}

impl Defect {
    /// Of what is derived: to make it again mends it.
    #[must_use]
    pub fn new(sentence: impl fmt::Display) -> Self {
        Self {
            sentence: sentence.to_string(),
            of_rows: false,
        }
    }

    /// Of the rows themselves, which are not those that were loaded: to make things again does not mend it.
    #[must_use]
    pub fn of_rows(sentence: impl fmt::Display) -> Self {
        Self {
            sentence: sentence.to_string(),
            of_rows: true,
        }
    }

    /// Whether it is of the rows themselves.
    #[must_use]
    pub fn is_of_rows(&self) -> bool {
        self.of_rows
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// Something that is stored and should not be so, or is not and should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedDefect {
    /// Of which norm; `None`: of a rilevazione as a whole.
    pub normativa: Option<String>,
    /// From this rilevazione on; of a whole one: which.
    pub dal_rilevazione: i32,
    /// What is wrong.
    pub defect: Defect,
}

impl fmt::Display for DerivedDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dal = self.dal_rilevazione;
        match &self.normativa {
            Some(normativa) => write!(f, "{normativa} from rilevazione {dal}: {}", self.defect),
            None => write!(f, "rilevazione {dal}: {}", self.defect),
        }
    }
}
