//! What is told, how often, and what is in force meanwhile.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use super::*;
use crate::telemetry::health_registry::HealthRegistry;

/// A number on disk, of which the even ones are good.
#[derive(Debug, Default)]
struct NumberOnDisk {
    on_disk: AtomicU32,
    in_force: AtomicU32,
    /// Whether an odd one may be good in time.
    patient: bool,
    told: Mutex<Vec<String>>,
    checks: AtomicU32,
}

impl NumberOnDisk {
    fn tell(&self, what: &str, number: u32) {
        self.told.lock().unwrap().push(format!("{what} {number}"));
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

impl Reloadable for Arc<NumberOnDisk> {
    type Reading = u32;
    type Refusal = u32;

    const RESTLESS: [&'static str; 2] = ["it keeps changing", "it rests"];
    const STILL_REFUSED: [&'static str; 2] = ["it is still odd", "it is even"];

    fn directories(&self) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn version(&self) -> String {
        self.in_force.load(Relaxed).to_string()
    }

    async fn read(&self) -> u32 {
        self.on_disk.load(Relaxed)
    }

    fn is_in_force(&self, number: &u32) -> bool {
        *number == self.in_force.load(Relaxed)
    }

    fn stays_refused(&self, number: &u32, refused: &u32) -> bool {
        !self.patient && number == refused
    }

    async fn replace(&self, number: u32) -> Result<(), u32> {
        self.checks.fetch_add(1, Relaxed);
        if number % 2 == 1 {
            return Err(number);
        }
        self.in_force.store(number, Relaxed);
        self.tell("replaced", number);
        Ok(())
    }

    fn tell_in_force(&self) {
        self.tell("in force", self.in_force.load(Relaxed));
    }

    fn tell_refused(&self, number: &u32) {
        self.tell("refused", *number);
    }
}

#[tokio::test]
async fn a_bad_version_is_told_once_and_a_good_one_replaces_what_was_in_force() {
    let numbers = Arc::new(NumberOnDisk::default());
    let registry = HealthRegistry::default();
    let health = registry.component("numbers");
    let mut reloader = Reloader::new(Arc::clone(&numbers), health, Clock::system());
    let components = registry.subscribe();
    for (on_disk, asked, told, well) in [
        (0, false, &[][..], true),
        (0, true, &["in force 0"], true),
        (1, false, &["refused 1"], false),
        (1, false, &[], false),
        (1, true, &["refused 1"], false),
        (3, false, &["refused 3"], false),
        (0, false, &["in force 0"], true),
        (2, false, &["replaced 2"], true),
        (2, false, &[], true),
    ] {
        numbers.on_disk.store(on_disk, Relaxed);
        reloader.look(asked).await;
        assert_eq!(numbers.told(), told, "{on_disk}");
        assert_eq!(components.borrow()["numbers"], well, "{on_disk}");
    }
}

#[tokio::test]
async fn what_stays_refused_is_checked_once_and_what_time_may_mend_again_and_again() {
    for (patient, checks) in [(false, 1), (true, 3)] {
        let numbers = Arc::new(NumberOnDisk {
            patient,
            on_disk: 1.into(),
            ..NumberOnDisk::default()
        });
        let health = HealthRegistry::default().component("numbers");
        let mut reloader = Reloader::new(Arc::clone(&numbers), health, Clock::system());
        for _ in 0..3 {
            reloader.look(false).await;
        }
        assert_eq!(numbers.checks.load(Relaxed), checks);
        assert_eq!(numbers.told(), ["refused 1"]);
    }
}
