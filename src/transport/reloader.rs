//! Keeps what is in force what is on disk, as long as that is good: the policy, the certificates.
//!
//! ```text
//! time to read ──► read ──► is it in force? ── yes ──► well
//!                             │ no
//!                             ▼
//!                           read again, until two readings are the same     (somebody may be writing)
//!                             ▼
//!                           check ── good ──► in force from now on; counted; well
//!                             │ bad
//!                             ▼
//!                           what was in force stays; the reason in the log; counted; not well
//! ```
//!
//! More than one file may make up a version, and a file may be written in pieces. So a reading counts only once a second one, a
//! moment later, finds the same.

#[cfg(test)]
mod tests;

use std::{fmt, io, path::PathBuf, time::Duration};

use tokio::time::sleep;

use super::file_watcher::{FileWatcher, WakeReason};
use crate::{
    clock::Clock,
    telemetry::{FailureLog, health_registry::ComponentHealth},
};

/// Between two readings that must be the same.
const INTERVAL: Duration = Duration::from_millis(100);
/// What has not come to rest after so many readings is left until the next look.
const MAX_READINGS: usize = 20;

/// Something on disk of which one good version is in force.
pub trait Reloadable: Send + Sync + 'static {
    /// What is on disk, or why it cannot be read.
    type Reading: PartialEq + Send;
    /// Why a reading was not put in force. Two that are equal are told in full once.
    type Refusal: PartialEq + fmt::Display + Send + Sync;

    /// What the log says where no two readings are the same, and once they are.
    const RESTLESS: [&'static str; 2];
    /// What the log says from time to time of what it has told in full, and once that is over.
    const STILL_REFUSED: [&'static str; 2];

    /// The directories that it is in.
    ///
    /// # Errors
    /// The system's: there is no current directory.
    fn directories(&self) -> io::Result<Vec<PathBuf>>;

    /// The version in force.
    fn version(&self) -> String;

    /// Reads what is on disk.
    fn read(&self) -> impl Future<Output = Self::Reading> + Send;

    /// Whether that is in force.
    fn is_in_force(&self, reading: &Self::Reading) -> bool;

    /// Whether it was refused before, and would be refused again. Not so where time alone may make it good.
    fn stays_refused(&self, _reading: &Self::Reading, _refusal: &Self::Refusal) -> bool {
        false
    }

    /// Checks a reading, puts it in force and says so in the log.
    ///
    /// # Errors
    /// It is not good: nothing has changed.
    fn replace(
        &self,
        reading: Self::Reading,
    ) -> impl Future<Output = Result<(), Self::Refusal>> + Send;

    /// Says in the log that what is on disk is in force.
    fn tell_in_force(&self);

    /// Says in the log, in full, why what is on disk is not.
    fn tell_refused(&self, refusal: &Self::Refusal);

    /// Called after each look, whatever it found.
    fn looked(&mut self) {}
}

/// Follows what is on disk.
#[derive(Debug)]
pub struct Reloader<T: Reloadable> {
    subject: T,
    health: ComponentHealth,
    clock: Clock,
    /// What was wrong at the last look.
    refusal: Option<T::Refusal>,
    /// Whether it kept changing at the last look.
    restless: bool,
    restless_log: FailureLog,
    refused_log: FailureLog,
}

/// What is on disk, compared with what is in force.
enum FoundOnDisk<R> {
    InForce,
    /// What was refused before.
    Refused,
    /// No two readings were the same.
    Restless,
    New(R),
}

impl<T: Reloadable> Reloader<T> {
    /// Of what is in force now.
    #[must_use]
    pub fn new(subject: T, mut health: ComponentHealth, clock: Clock) -> Self {
        health.in_force(&subject.version(), clock.now());
        let [restless, rests] = T::RESTLESS;
        let [refused, accepted] = T::STILL_REFUSED;
        Self {
            subject,
            health,
            clock,
            refusal: None,
            restless: false,
            restless_log: FailureLog::warning(restless, rests),
            refused_log: FailureLog::error(refused, accepted),
        }
    }

    /// Follows it for ever.
    ///
    /// # Errors
    /// The system's: nothing can be watched. Nothing is followed then.
    pub async fn follow(mut self) -> io::Result<impl Future<Output = ()> + Send> {
        let mut watcher = FileWatcher::new(self.subject.directories()?).await?;
        Ok(async move {
            // It may have changed since it was loaded.
            let mut reason = WakeReason::Round;
            loop {
                self.look(reason == WakeReason::Requested).await;
                reason = watcher.wait().await;
            }
        })
    }

    /// Compares once. `asked`: by an operator, to be answered in the log even where nothing has changed.
    async fn look(&mut self, asked: bool) {
        match self.find(asked).await {
            FoundOnDisk::InForce => {
                if asked || self.restless || self.refusal.is_some() {
                    self.subject.tell_in_force();
                    self.note_in_force();
                }
                self.settled(None);
            }
            FoundOnDisk::Refused => self.still_refused(),
            FoundOnDisk::Restless => {
                self.restless_log.failed("no two readings were the same");
                self.health.differs_on_disk();
                self.restless = true;
            }
            FoundOnDisk::New(reading) => match self.subject.replace(reading).await {
                Ok(()) => {
                    self.settled(None);
                    self.health.accepted();
                    self.note_in_force();
                }
                // Told in full; from then on that it is still so.
                Err(refusal) if !asked && self.refusal.as_ref() == Some(&refusal) => {
                    self.still_refused();
                }
                Err(refusal) => {
                    self.subject.tell_refused(&refusal);
                    self.refused_log.told();
                    self.health.refused();
                    self.settled(Some(refusal));
                }
            },
        }
        self.subject.looked();
    }

    /// What two readings find that are the same.
    async fn find(&self, asked: bool) -> FoundOnDisk<T::Reading> {
        let mut reading = self.subject.read().await;
        if let Some(refusal) = &self.refusal
            && !asked
            && self.subject.stays_refused(&reading, refusal)
        {
            return FoundOnDisk::Refused;
        }
        for _ in 0..MAX_READINGS {
            if self.subject.is_in_force(&reading) {
                return FoundOnDisk::InForce;
            }
            sleep(INTERVAL).await;
            let again = self.subject.read().await;
            if again == reading {
                return FoundOnDisk::New(again);
            }
            reading = again;
        }
        FoundOnDisk::Restless
    }

    fn settled(&mut self, refusal: Option<T::Refusal>) {
        self.refusal = refusal;
        self.restless = false;
    }

    fn still_refused(&self) {
        if let Some(refusal) = &self.refusal {
            self.refused_log.failed(refusal);
        }
    }

    fn note_in_force(&mut self) {
        self.health
            .in_force(&self.subject.version(), self.clock.now());
    }
}
