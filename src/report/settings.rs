//! `[report]`

use serde::Deserialize;

use crate::setting::{Checked, within};

/// `[report]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportSettings {
    /// Rilevazioni whose sums are kept in memory, for the report, the course and the history each: those asked for last.
    pub rilevazioni_in_memoria: usize,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            rilevazioni_in_memoria: 4,
        }
    }
}

impl ReportSettings {
    pub(crate) fn check(&self) -> Checked {
        within(
            "report.rilevazioni_in_memoria",
            self.rilevazioni_in_memoria,
            1..=1000,
        )
    }
}
