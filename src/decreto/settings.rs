//! `[export]`

use serde::Deserialize;

use crate::{
    blocks::block::ROWS_PER_BLOCK,
    setting::{Checked, within},
};

/// `[export]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExportSettings {
    /// Exports, downloads and flights at the same time: fewer than `database.max_connections`, for each reads over a connection to the
    /// database most of the time, or over three. The quota `esportazioni` may give a subject fewer.
    pub max_concurrent: usize,
    /// How many of these one subject may have. Without it half of them, rounded down, and at least one.
    pub max_per_subject: Option<usize>,
    /// The longest that an export may last.
    pub deadline_seconds: u64,
    /// How long a client may take nothing of a stream that waits for it.
    pub stall_seconds: u64,
    /// Rows in one message of the stream.
    pub batch_rows: u32,
}

impl Default for ExportSettings {
    fn default() -> Self {
        Self {
            max_concurrent: 8,
            max_per_subject: None,
            deadline_seconds: 1800,
            stall_seconds: 60,
            batch_rows: ROWS_PER_BLOCK,
        }
    }
}

impl ExportSettings {
    pub(crate) fn check(&self) -> Checked {
        within("export.max_concurrent", self.max_concurrent, 1..=999)?;
        if let Some(share) = self.max_per_subject {
            within("export.max_per_subject", share, 1..=self.max_concurrent)?;
        }
        within("export.deadline_seconds", self.deadline_seconds, 1..=86_400)?;
        within("export.stall_seconds", self.stall_seconds, 1..=3600)?;
        within("export.batch_rows", self.batch_rows, 1..=10_000)
    }
}
