//! Two ways to the same result, timed one right after the other.
//!
//! What criterion is given for each pair is our time over the peer's, so its statistics are of the ratio, and as with
//! times less is better. Half of the pairs begin with us, half with the peer.

use std::time::{Duration, Instant};

use criterion::{
    Criterion, SamplingMode, Throughput,
    measurement::{Measurement, ValueFormatter},
};

/// Our time over the peer's.
pub struct TimesThePeer;

/// One run of each.
#[derive(Debug, Clone, Copy)]
pub struct TimedPair {
    pub ours: Duration,
    pub peer: Duration,
}

impl TimedPair {
    /// Runs both, in the order of the round's turn. Each tells how long it took.
    pub fn in_turn(
        round: usize,
        ours: impl FnOnce() -> Duration,
        peer: impl FnOnce() -> Duration,
    ) -> Self {
        if round.is_multiple_of(2) {
            let ours = ours();
            let peer = peer();
            Self { ours, peer }
        } else {
            let peer = peer();
            let ours = ours();
            Self { ours, peer }
        }
    }

    /// Our rows/s over the peer's.
    pub fn speed(&self) -> f64 {
        self.peer.as_secs_f64() / self.ours.as_secs_f64()
    }
}

/// How long it takes.
pub fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Runs a scenario. Gives the pairs that counted; none where the command line left the scenario out.
pub fn compare(
    criterion: &mut Criterion<TimesThePeer>,
    group: &str,
    name: &str,
    mut pair: impl FnMut(usize) -> TimedPair,
) -> Vec<TimedPair> {
    let mut pairs = Vec::new();
    let mut group = criterion.benchmark_group(group);
    group
        .sampling_mode(SamplingMode::Flat)
        // The least that criterion takes. Pairs last seconds: one is a sample, and one is enough to warm up.
        .sample_size(10)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_secs(1));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut sum = 0.0;
            for _ in 0..iterations {
                let pair = pair(pairs.len());
                sum += 1.0 / pair.speed();
                pairs.push(pair);
            }
            sum
        });
    });
    group.finish();
    // The first one warmed up.
    pairs.into_iter().skip(1).collect()
}

impl Measurement for TimesThePeer {
    type Intermediate = ();
    type Value = f64;

    // One clock does not time two things: only `iter_custom` is used here, which asks neither of these.
    fn start(&self) {}
    fn end(&self, (): ()) -> f64 {
        f64::NAN
    }

    fn add(&self, a: &f64, b: &f64) -> f64 {
        a + b
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn to_f64(&self, value: &f64) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for TimesThePeer {
    fn scale_values(&self, _: f64, _: &mut [f64]) -> &'static str {
        "x peer"
    }

    fn scale_throughputs(&self, _: f64, _: &Throughput, _: &mut [f64]) -> &'static str {
        "x peer"
    }

    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        "x peer"
    }
}
