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
    falliti: u32,
}

impl Backoff {
    /// So many tries in a row, the first one included.
    pub(super) fn new(tentativi: u32) -> Self {
        Self {
            tentativi,
            falliti: 0,
        }
    }

    /// Something came.
    pub(super) fn reset(&mut self) {
        self.falliti = 0;
    }

    /// Waits, says so on standard error, and returns when it is time to try again.
    ///
    /// # Errors
    /// The failure itself: it will not pass, or it has lasted long enough.
    pub(super) async fn wait_after(
        &mut self,
        guasto: Failure,
        progress: Option<&Progress>,
    ) -> Result<(), Failure> {
        let (perche, attesa) = self.judge(guasto)?;
        let line = format!(
            "omnia: {perche}\nomnia: trying again in {:.1} s ({} of {})",
            attesa.as_secs_f64(),
            self.falliti + 1,
            self.tentativi
        );
        match progress {
            Some(progress) => progress.line(&line),
            None => errln!("{line}"),
        }
        tokio::time::sleep(attesa).await;
        Ok(())
    }

    /// Counts a failure: why, and how long to wait.
    fn judge(&mut self, guasto: Failure) -> Result<(String, Duration), Failure> {
        match guasto {
            Failure::Transient(perche, asked) if self.falliti + 1 < self.tentativi => {
                let attesa = self.delay(asked);
                self.falliti += 1;
                Ok((perche, attesa))
            }
            other => Err(other),
        }
    }

    fn delay(&self, asked: Option<Duration>) -> Duration {
        let own = FIRST_DELAY
            .saturating_mul(1 << self.falliti.min(10))
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
        let mut pazienza = Backoff::new(4);
        for millis in [500, 1000, 2000] {
            let (_, attesa) = pazienza.judge(transient(None)).unwrap();
            assert_eq!(attesa.as_millis(), millis);
        }
        let last = pazienza.judge(transient(None));
        assert!(matches!(last, Err(Failure::Transient(..))));
        pazienza.reset();
        let (_, attesa) = pazienza.judge(transient(Some(7))).unwrap();
        assert_eq!(attesa.as_secs(), 7, "as long as was asked for");
        let refused = pazienza.judge(Failure::mismatch("x"));
        assert!(matches!(refused, Err(Failure::Mismatch(_))));
    }

    #[test]
    fn no_wait_is_without_bound() {
        let pazienza = Backoff {
            tentativi: u32::MAX,
            falliti: u32::MAX - 1,
        };
        assert_eq!(pazienza.delay(None), MAX_DELAY);
    }
}
