//! The log lines of handshakes that fail: the first of a kind at once, and of a flood a few a minute with how many they stand for.
//!
//! ```text
//! 400 clients without a certificate, one that does not speak TLS
//!   ──► 5 lines "the client's certificate: none was shown", 1 line "the client does not speak TLS"
//!   a minute later the next of the kind ──► 1 line, times=396
//! ```
//!
//! Anybody can make a handshake fail as often as the network lets them. Each kind has lines of its own, so that a flood of one does
//! not hide the others; the metric counts them all.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const MINUTE: Duration = Duration::from_secs(60);
/// Lines of a kind in a minute.
const LINES: u32 = 5;

/// Which failures are logged. The kinds are those of the metric, a handful.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<BTreeMap<&'static str, Kind>>);

#[derive(Debug)]
struct Kind {
    /// Since the last line.
    failures: u64,
    lines: u32,
    minute: Instant,
}

impl Failures {
    /// A handshake failed in this way. `Some`: it is to be logged, and stands for so many.
    pub(super) fn line(&self, kind: &'static str, now: Instant) -> Option<u64> {
        // A panic cannot leave a number half-written.
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(kind).or_insert(Kind {
            failures: 0,
            lines: 0,
            minute: now,
        });
        kind.failures += 1;
        if now.duration_since(kind.minute) >= MINUTE {
            kind.minute = now;
            kind.lines = 0;
        }
        if kind.lines == LINES {
            return None;
        }
        kind.lines += 1;
        Some(std::mem::take(&mut kind.failures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_kind_hides_neither_its_number_nor_another_kind() {
        let failures = Failures::default();
        let begun = Instant::now();
        let lines = (0..400).filter_map(|_| failures.line("timeout", begun));
        assert_eq!(lines.collect::<Vec<_>>(), [1; 5]);
        assert_eq!(failures.line("plaintext", begun), Some(1));
        let later = begun + MINUTE;
        assert_eq!(failures.line("timeout", later), Some(396));
        assert_eq!(failures.line("timeout", later), Some(1));
    }
}
