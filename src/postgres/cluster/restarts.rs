//! How often the private server is started again before that is left to somebody else.
//!
//! ```text
//! it ends ── at once ──► start ── fails, or ends again ── 0.5 s ──► start ── 1 s ──► start ── 2 s ──► start ── 4 s ──► start ── given up
//!             └──────────────────────────── all within ten minutes ────────────────────────────────────────┘
//! ```
//!
//! A server that was killed is there again within a second. One that cannot be kept running (a full disk, files that are damaged or gone) is not made
//! better by the sixth start: the service then ends, and the supervisor of the service starts it anew, elsewhere or later.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Starts within the window.
pub(crate) const MOST: usize = 5;
const WINDOW: Duration = Duration::from_secs(600);
/// Before the second start. It doubles with each.
const PAUSE: Duration = Duration::from_millis(500);

/// The starts of late.
#[derive(Debug, Default)]
pub(crate) struct Restarts(VecDeque<Instant>);

impl Restarts {
    /// How long to wait before the next start, which counts as made now. `None`: there were too many.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Duration> {
        self.0.retain(|start| now - *start < WINDOW);
        let before = self.0.len();
        if before >= MOST {
            return None;
        }
        self.0.push_back(now);
        match u32::try_from(before) {
            Ok(before @ 1..) => Some(PAUSE * 2_u32.pow(before - 1)),
            _ => Some(Duration::ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_is_given_up_and_a_crash_a_day_never() {
        let start = Instant::now();
        let mut restarts = Restarts::default();
        let pauses: Vec<Option<u128>> = (0..6)
            .map(|second| restarts.next(start + Duration::from_secs(second)))
            .map(|pause| pause.map(|pause| pause.as_millis()))
            .collect();
        let expected = [Some(0), Some(500), Some(1000), Some(2000), Some(4000), None];
        assert_eq!(pauses, expected);
        for day in 1..100 {
            let now = start + Duration::from_secs(day * 86_400);
            assert_eq!(restarts.next(now), Some(Duration::ZERO));
        }
    }
}
