//! A log line that a flood would write a thousand times a second, written now and then.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// Says when it is time for the next line.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<SeldomInner>);

#[derive(Debug, Default)]
struct SeldomInner {
    last: Option<Instant>,
    since: u64,
}

impl Seldom {
    /// `Some` when a line may be written: of how many events it tells, this one included.
    pub fn now(&self) -> Option<u64> {
        // Two fields that a panic cannot leave half-written.
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.since += 1;
        if inner.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return None;
        }
        inner.last = Some(Instant::now());
        Some(std::mem::take(&mut inner.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_next_ones_are_counted() {
        let seldom = Seldom::default();
        assert_eq!(seldom.now(), Some(1));
        assert_eq!((seldom.now(), seldom.now()), (None, None));
        seldom.0.lock().unwrap().last = Instant::now().checked_sub(PAUSE);
        assert_eq!(seldom.now(), Some(3));
    }
}
