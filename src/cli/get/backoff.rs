//! When to try again, and when no more.
//!
//! What may pass is tried again after half a second, one, two, … thirty, or after as long as the service asks for; what
//! stays ends at once. Whatever arrives in between begins the count anew: a download of hours may break many times, as
//! long as it gets on.

use std::time::Duration;

use super::{super::progress::Progress, failure::Failure};

use crate::output::stdio::errln;

const FIRST_DELAY: Duration = Duration::from_millis(500);
const MAX_DELAY: Duration = Duration::from_secs(30);

/// How often in a row a call may fail.
#[derive(Debug)]
pub(super) struct Backoff {
    tentativi: u32,
    failed_attempts: u32,
}

impl Backoff {
    /// So many tries in a row, the first one included.
    pub(super) fn new(tentativi: u32) -> Self {
        Self {
            tentativi,
            failed_attempts: 0,
        }
    }

    /// Something came.
    pub(super) fn reset(&mut self) {
        self.failed_attempts = 0;
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// See [`Self::wait_after`].
    pub(super) async fn until_answered<T>(
        mut self,
        ask: impl AsyncFn() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        loop {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => self.wait_after(failure, None).await?,
            }
        }
    }

    /// Waits, says so on standard error, and returns when it is time to try again.
    ///
    /// # Errors
    /// The failure itself: it will not pass, or it has lasted long enough.
    pub(super) async fn wait_after(
        &mut self,
        failure: Failure,
        progress: Option<&Progress>,
    ) -> Result<(), Failure> {
        let (why, waiter) = self.judge(failure)?;
        let line = format!(
            "omnia: {why}\nomnia: trying again in {:.1} s ({} of {})",
            waiter.as_secs_f64(),
            self.failed_attempts + 1,
            self.tentativi
        );
        match progress {
            Some(progress) => progress.line(&line),
            None => errln!("{line}"),
        }
        tokio::time::sleep(waiter).await;
        Ok(())
    }

    /// Counts a failure: why, and how long to wait.
    fn judge(&mut self, failure: Failure) -> Result<(String, Duration), Failure> {
        match failure {
            Failure::Transient(why, asked) if self.failed_attempts + 1 < self.tentativi => {
                let waiter = self.delay(asked);
                self.failed_attempts += 1;
                Ok((why, waiter))
            }
            other => Err(other),
        }
    }

    fn delay(&self, asked: Option<Duration>) -> Duration {
        let own = FIRST_DELAY
            .saturating_mul(1 << self.failed_attempts.min(10))
            .min(MAX_DELAY);
        own.max(asked.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transient(seconds: Option<u64>) -> Failure {
        Failure::Transient("gone".into(), seconds.map(Duration::from_secs))
    }

    #[test]
    fn it_waits_longer_each_time_and_ends() {
        let mut backoff = Backoff::new(4);
        for millis in [500, 1000, 2000] {
            let (_, waiter) = backoff.judge(transient(None)).unwrap();
            assert_eq!(waiter.as_millis(), millis);
        }
        let last = backoff.judge(transient(None));
        assert!(matches!(last, Err(Failure::Transient(..))));
        backoff.reset();
        let (_, waiter) = backoff.judge(transient(Some(7))).unwrap();
        assert_eq!(waiter.as_secs(), 7, "as long as was asked for");
        let refused = backoff.judge(Failure::mismatch("x"));
        assert!(matches!(refused, Err(Failure::Mismatch(_))));
    }

    #[test]
    fn no_wait_is_without_bound() {
        let backoff = Backoff {
            tentativi: u32::MAX,
            failed_attempts: u32::MAX - 1,
        };
        assert_eq!(backoff.delay(None), MAX_DELAY);
    }
}
