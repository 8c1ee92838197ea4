//! Keeps the policy in force the one on disk, as long as that one is good.
//!
//! ```text
//! time to read ──► read ──► is it the one in force? ── yes ──► well
//!                             │ no
//!                             ▼
//!                           read again, until two readings are the same     (somebody may be writing)
//!                             ▼
//!                           DecisionTable::build ── good ──► in force for new calls; counted; well
//!                             │ bad
//!                             ▼
//!                           the old one stays; every error in the log with its line and column; counted; not well
//! ```
//!
//! `policy.csv` and `model.conf` are two files, and an editor may write either in pieces: the beginning of a policy can
//! be a good policy that gives less. So what was read counts only once a second reading, a moment later, finds the same.

use std::{path::PathBuf, time::Duration};

use tokio::time::sleep;

use super::{ActivePolicy, DecisionTable, PolicyError, PolicyErrors, PolicySource, RejectedPolicy};
use crate::{
    clock::Clock,
    contract::vocabulary::Vocabulary,
    telemetry::{FailureLog, health_registry::ComponentHealth},
    transport::{
        bounded_read::Reader,
        file_watcher::{FileWatcher, WakeReason},
    },
};

/// Between two readings that must be the same.
const INTERVAL: Duration = Duration::from_millis(100);
/// What has not come to rest after so many readings is left until the next look.
const MAX_READINGS: usize = 20;

/// What is on disk: the texts, or why they cannot be read.
type PolicyReading = Result<PolicySource, String>;

/// Follows the policy on disk.
#[derive(Debug)]
pub struct PolicyReloader {
    politica: ActivePolicy,
    dir: Option<PathBuf>,
    vocabulary: Vocabulary,
    componente: ComponentHealth,
    clock: Clock,
    pub(super) reader: Reader,
    /// What was refused last, so that it is not told at every look.
    rifiutato: Option<PolicyReading>,
    restless: FailureLog,
    refused: FailureLog,
    /// Whether it kept changing at the last look.
    inquieto: bool,
}

impl PolicyReloader {
    /// Of the policy in a directory; without one it is the one built in, and only SIGHUP is answered.
    #[must_use]
    pub fn new(
        politica: ActivePolicy,
        dir: Option<PathBuf>,
        vocabulary: Vocabulary,
        mut componente: ComponentHealth,
        clock: Clock,
    ) -> Self {
        componente.in_force(politica.table().version(), clock.now());
        Self {
            politica,
            dir,
            vocabulary,
            componente,
            clock,
            reader: Reader::default(),
            rifiutato: None,
            restless: FailureLog::warning(
                "the access policy on disk keeps changing: it is read again later",
                "the access policy on disk has come to rest",
            ),
            refused: FailureLog::error(
                "the access policy on disk is still refused: the one in force stays",
                "the access policy on disk is no longer refused",
            ),
            inquieto: false,
        }
    }

    /// Follows it for ever.
    pub async fn follow(mut self, mut sorveglianza: FileWatcher) {
        // It may have changed since it was loaded.
        let mut motivo = WakeReason::Round;
        loop {
            self.look(motivo).await;
            motivo = sorveglianza.wait().await;
        }
    }

    async fn look(&mut self, motivo: WakeReason) {
        let chiesto = motivo == WakeReason::Requested;
        let letto = self.read().await;
        if self.is_in_force(&letto) {
            if chiesto || self.inquieto || self.rifiutato.is_some() {
                let versione = self.politica.table().version().to_owned();
                tracing::info!(versione, "the access policy on disk is the one in force");
                self.componente.in_force(&versione, self.clock.now());
                self.politica.forget_rejected();
            }
            self.rifiutato = None;
            self.inquieto = false;
            return;
        }
        if !chiesto && self.rifiutato.as_ref() == Some(&letto) {
            self.refused.failed("it is the one that was refused before");
            return;
        }
        let Some(letto) = self.settled(letto).await else {
            self.restless.failed("no two readings were the same");
            self.componente.differs_on_disk();
            self.inquieto = true;
            return;
        };
        // It was written back meanwhile: the next look tells.
        if self.is_in_force(&letto) {
            return;
        }
        self.inquieto = false;
        let built = match &letto {
            Ok(sorgente) => {
                DecisionTable::build_apart(sorgente.clone(), self.vocabulary.clone()).await
            }
            Err(reason) => Err(not_read(reason.clone())),
        };
        match built {
            Ok(tabella) => {
                let versione = tabella.version().to_owned();
                self.politica.replace(tabella);
                self.rifiutato = None;
                self.componente.accepted();
                self.componente.in_force(&versione, self.clock.now());
            }
            Err(errors) => {
                self.reject(errors);
                self.rifiutato = Some(letto);
            }
        }
    }

    fn is_in_force(&self, letto: &PolicyReading) -> bool {
        letto
            .as_ref()
            .is_ok_and(|sorgente| sorgente.version() == self.politica.table().version())
    }

    /// Two readings that are the same.
    async fn settled(&self, mut letto: PolicyReading) -> Option<PolicyReading> {
        for _ in 0..MAX_READINGS {
            sleep(INTERVAL).await;
            let ancora = self.read().await;
            if ancora == letto {
                return Some(letto);
            }
            letto = ancora;
        }
        None
    }

    async fn read(&self) -> PolicyReading {
        let dir = self.dir.clone();
        let read = move || PolicySource::of_settings(dir.as_deref());
        let read = self.reader.run(read).await.flatten();
        read.map_err(|error| error.to_string())
    }

    fn reject(&self, errors: PolicyErrors) {
        for error in &errors.0 {
            tracing::error!(
                file = error.file,
                line = error.at.map(|(line, _)| line),
                column = error.at.map(|(_, column)| column),
                reason = error.reason,
                "error in the access policy"
            );
        }
        tracing::error!(
            dir = self.dir.as_ref().map(|dir| dir.display().to_string()),
            errors = errors.0.len(),
            in_force = self.politica.table().version(),
            "the access policy on disk is refused: the one in force stays"
        );
        self.politica.note_rejected(RejectedPolicy {
            at: self.clock.now(),
            errors,
        });
        self.refused.told();
        self.componente.refused();
    }
}

fn not_read(reason: String) -> PolicyErrors {
    PolicyErrors(vec![PolicyError {
        file: "policy.csv",
        at: None,
        reason,
    }])
}
