//! For how long keys are believed.

use std::time::Duration;

/// How keys are kept fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFreshness {
    /// How long after a fetch the next one is made in the background.
    pub refresh_after: Duration,
    /// The shortest time between two fetches that unknown kids cause.
    pub min_interval: Duration,
    /// How long keys of a URL are believed after the last good answer.
    pub max_age: Duration,
    /// How long those of a file are, after it was last read well.
    pub file_max_age: Duration,
}
