//! How long something has waited for its client.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Fires once something has waited for as long as it may. To begin and to end a wait costs nothing: the clock is set anew only when it
/// rings.
#[derive(Debug)]
pub(crate) struct StallTimer {
    patience: Duration,
    since: Option<Instant>,
    /// Kept between two waits.
    clock: Option<Pin<Box<Sleep>>>,
}

impl StallTimer {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            patience,
            since: None,
            clock: None,
        }
    }

    /// It waits no more.
    pub(crate) fn moved(&mut self) {
        self.since = None;
    }

    /// It waits; ready once that has lasted too long.
    pub(crate) fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = *self.since.get_or_insert_with(Instant::now) + self.patience;
        let clock = self
            .clock
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        loop {
            ready!(clock.as_mut().poll(cx));
            if clock.deadline() >= until {
                return Poll::Ready(());
            }
            clock.as_mut().reset(until);
        }
    }
}
