//! A record on its way to the writer.

use chrono::{DateTime, Utc};

use super::commit_notice::CommitWaiter;
use crate::telemetry::FailureLog;

/// As many as there are calls.
pub(super) static LOST: FailureLog = FailureLog::error(
    "an audit record is lost",
    "no audit record is lost any more",
);

/// A record to be.
#[derive(Debug)]
pub(super) struct PendingRecord {
    pub(super) istante: DateTime<Utc>,
    pub(super) record_tail: String,
    /// Told once the record is committed; dropped if it is not.
    pub(super) committed: CommitWaiter,
}
