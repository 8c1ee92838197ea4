//! Keeps the policy in force the one on disk, as long as that one is good.
//!
//! ```text
//! time to read ──► read ──► is it the one in force? ── yes ──► well
//!                             │ no
//!                             ▼
//!                           read again, until two readings are the same     (somebody may be writing)
//!                             ▼
//!                           Tabella::build ── good ──► in force for new calls; counted; well
//!                             │ bad
//!                             ▼
//!                           the old one stays; every error in the log with its line and column; counted; not well
//! ```
//!
//! `policy.csv` and `model.conf` are two files, and an editor may write either in pieces: the beginning of a policy can
//! be a good policy that gives less. So what was read counts only once a second reading, a moment later, finds the same.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{PolicyError, PolicyErrors, Politica, Rifiuto, Sorgente, Tabella};
use crate::{
    clock::Clock,
    contract::vocabulary::Vocabulary,
    telemetry::{FailureLog, salute::Componente},
    transport::{
        bounded_read::Reader,
        sorveglianza::{Motivo, Sorveglianza},
    },
};

/// Between two readings that must be the same.
const INTERVALLO: Duration = Duration::from_millis(100);
/// What has not come to rest after so many readings is left until the next look.
const LETTURE: usize = 20;

/// What is on disk: the texts, or why they cannot be read.
type Letto = Result<Sorgente, String>;

/// Follows the policy on disk.
#[derive(Debug)]
pub struct Ricarica {
    politica: Politica,
    dir: Option<PathBuf>,
    vocabulary: Arc<Vocabulary>,
    componente: Componente,
    clock: Clock,
    pub(super) reader: Reader,
    /// What was refused last, so that it is not told at every look.
    rifiutato: Option<Letto>,
    restless: FailureLog,
    refused: FailureLog,
    /// Whether it kept changing at the last look.
    inquieto: bool,
}

impl Ricarica {
    /// Of the policy in a directory; without one it is the one built in, and only SIGHUP is answered.
    #[must_use]
    pub fn new(
        politica: Politica,
        dir: Option<PathBuf>,
        vocabulary: Vocabulary,
        mut componente: Componente,
        clock: Clock,
    ) -> Self {
        componente.in_vigore(politica.tabella().versione(), clock.now());
        Self {
            politica,
            dir,
            vocabulary: Arc::new(vocabulary),
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
    pub async fn segui(mut self, mut sorveglianza: Sorveglianza) {
        // It may have changed since it was loaded.
        let mut motivo = Motivo::Giro;
        loop {
            self.guarda(motivo).await;
            motivo = sorveglianza.attendi().await;
        }
    }

    async fn guarda(&mut self, motivo: Motivo) {
        let chiesto = motivo == Motivo::Chiesto;
        let letto = self.leggi().await;
        if self.is_in_vigore(&letto) {
            if chiesto || self.inquieto || self.rifiutato.is_some() {
                let versione = self.politica.tabella().versione().to_owned();
                tracing::info!(versione, "the access policy on disk is the one in force");
                self.componente.in_vigore(&versione, self.clock.now());
                self.politica.dimentica_rifiuto();
            }
            self.rifiutato = None;
            self.inquieto = false;
            return;
        }
        if !chiesto && self.rifiutato.as_ref() == Some(&letto) {
            self.refused.failed("it is the one that was refused before");
            return;
        }
        let Some(letto) = self.a_riposo(letto).await else {
            self.restless.failed("no two readings were the same");
            self.componente.altro_su_disco();
            self.inquieto = true;
            return;
        };
        // It was written back meanwhile: the next look tells.
        if self.is_in_vigore(&letto) {
            return;
        }
        self.inquieto = false;
        let built = match &letto {
            Ok(sorgente) => {
                Tabella::build_apart(sorgente.clone(), Arc::clone(&self.vocabulary)).await
            }
            Err(reason) => Err(not_read(reason.clone())),
        };
        match built {
            Ok(tabella) => {
                let versione = tabella.versione().to_owned();
                self.politica.sostituisci(tabella);
                self.rifiutato = None;
                self.componente.accettata();
                self.componente.in_vigore(&versione, self.clock.now());
            }
            Err(errors) => {
                self.rifiuta(errors);
                self.rifiutato = Some(letto);
            }
        }
    }

    fn is_in_vigore(&self, letto: &Letto) -> bool {
        letto
            .as_ref()
            .is_ok_and(|sorgente| sorgente.versione() == self.politica.tabella().versione())
    }

    /// Two readings that are the same.
    async fn a_riposo(&self, mut letto: Letto) -> Option<Letto> {
        for _ in 0..LETTURE {
            sleep(INTERVALLO).await;
            let ancora = self.leggi().await;
            if ancora == letto {
                return Some(letto);
            }
            letto = ancora;
        }
        None
    }

    async fn leggi(&self) -> Letto {
        let dir = self.dir.clone();
        let read = move || Sorgente::of_settings(dir.as_deref());
        let read = self.reader.run(read).await.flatten();
        read.map_err(|error| error.to_string())
    }

    fn rifiuta(&self, errors: PolicyErrors) {
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
            in_force = self.politica.tabella().versione(),
            "the access policy on disk is refused: the one in force stays"
        );
        self.politica.nota_rifiuto(Rifiuto {
            quando: self.clock.now(),
            errori: errors,
        });
        self.refused.told();
        self.componente.rifiutata();
    }
}

fn not_read(reason: String) -> PolicyErrors {
    PolicyErrors(vec![PolicyError {
        file: "policy.csv",
        at: None,
        reason,
    }])
}
