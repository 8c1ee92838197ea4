//! How much of what is refused has a record of its own.

use std::{num::NonZeroU32, time::Duration};

/// How much of what is refused has a record of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalLimits {
    /// Of one caller, in a minute.
    pub per_caller: NonZeroU32,
    /// Of all callers together, in a minute: of those with a subject, and again of those without.
    pub all: NonZeroU32,
    /// How often the counts are written.
    pub interval: Duration,
}
