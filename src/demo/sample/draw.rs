//! Chance that can be asked again: each thing of the world draws from a stream of its own.
//!
//! Numbers are scaled here and not by `rand`'s distributions, which may change with its versions: the same seed must
//! give the same bytes in years to come.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// A stream of draws.
#[derive(Debug)]
pub(super) struct SeededDraw(ChaCha8Rng);

impl SeededDraw {
    pub(super) fn new(seme: u64, stream: u64) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&seme.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number from 0 to `end`, not included.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // The product is less than end × 2⁶⁴, so what is left of it is less than `end`.
        ((u128::from(self.0.next_u64()) * u128::from(end)) >> 64) as u64
    }
}
