//! Whether the keys in force are those that their sources say: for the health of the component `keys`.

use futures_util::future::select_all;

use super::{Authenticator, KeySource, sha256::sha256};
use crate::{crypto::hex::hex, telemetry::health_registry::ComponentHealth};

impl Authenticator {
    /// Tells how the keys are, of all issuers and of the consumers, for as long as it runs. Well is: what every source said
    /// last is in force.
    pub async fn tell(&self, mut component: ComponentHealth) {
        let issuers = self.trusted_issuers.iter().map(|emittente| &emittente.keys);
        let consumers = self.evidences.iter().map(|evidences| evidences.keys());
        let all: Vec<&KeySource> = issuers.chain(consumers).collect();
        let mut readings: Vec<_> = all.iter().map(|keys| keys.reading()).collect();
        let mut before: Option<Vec<u64>> = None;
        loop {
            let now: Vec<_> = readings
                .iter_mut()
                .map(|reading| *reading.borrow_and_update())
                .collect();
            let good = now.iter().all(|reading| reading.good);
            let sets: Vec<u64> = now.iter().map(|reading| reading.generation).collect();
            if good && before.as_ref().is_some_and(|before| *before != sets) {
                component.accepted();
            }
            match good {
                true => component.in_force(&version(&all), self.clock.now()),
                false => component.refused(),
            }
            before = Some(sets);
            let changes = readings
                .iter_mut()
                .map(|reading| Box::pin(reading.changed()));
            let changes: Vec<_> = changes.collect();
            if changes.is_empty() || select_all(changes).await.0.is_err() {
                return;
            }
        }
    }
}

/// Twelve hexadecimal digits that change with any of the sets.
fn version(all: &[&KeySource]) -> String {
    let sets: Vec<u8> = all
        .iter()
        .flat_map(|keys| keys.digest().unwrap_or_default())
        .collect();
    hex(&sha256(&sets)[..6])
}
