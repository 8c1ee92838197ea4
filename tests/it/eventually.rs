//! Waiting for what comes by itself: tests wait for it, and not for a clock.

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// What a test waits for comes within this, or never: a machine with other work is slow.
const DEADLINE: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(10);

/// Waits until it holds; how long that took.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < DEADLINE, "never: {what}");
        sleep(STEP).await;
    }
    begun.elapsed()
}
