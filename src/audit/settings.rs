//! `[audit]`

use std::{num::NonZeroU32, path::PathBuf};

use serde::Deserialize;

use crate::setting::{Checked, within};

/// `[audit]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// File of the key that hides codici fiscali in the log: 64 hexadecimal digits, the same for all instances. Without
    /// it, a private cluster has one of its own in its data directory; another database needs it.
    pub key_file: Option<PathBuf>,
    /// Days that records are kept: what `omnia audit prune` goes by. Without it, nothing is pruned.
    pub retention_days: Option<u32>,
    /// Calls of one caller (a subject; without a good token, an address or IPv6 /64) that are not let in and have a record each, in a
    /// minute. The rest are counted.
    pub refused_per_caller_per_minute: NonZeroU32,
    /// The same of all callers together: of those with a good token, and again of those without.
    pub refused_per_minute: NonZeroU32,
    /// How often the counts are written, in seconds.
    pub refused_counts_seconds: u64,
}

impl Default for AuditSettings {
    fn default() -> Self {
        fn number(n: u32) -> NonZeroU32 {
            NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
        }
        Self {
            key_file: None,
            retention_days: None,
            refused_per_caller_per_minute: number(60),
            refused_per_minute: number(600),
            refused_counts_seconds: 30,
        }
    }
}

impl AuditSettings {
    pub(crate) fn check(&self) -> Checked {
        if let Some(days) = self.retention_days {
            within("audit.retention_days", days, 1..=36_500)?;
        }
        let most = NonZeroU32::MIN..=NonZeroU32::MIN.saturating_add(999_999);
        within(
            "audit.refused_per_caller_per_minute",
            self.refused_per_caller_per_minute,
            most.clone(),
        )?;
        within("audit.refused_per_minute", self.refused_per_minute, most)?;
        within(
            "audit.refused_counts_seconds",
            self.refused_counts_seconds,
            1..=3600,
        )
    }
}
