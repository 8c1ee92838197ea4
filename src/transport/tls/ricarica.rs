//! Keeps the certificates in force those on disk, as long as those are good.
//!
//! ```text
//! time to read ──► read ──► are they the ones in force? ── yes ──► well
//!                             │ no
//!                             ▼
//!                           read again, until two readings are the same     (somebody may be writing)
//!                             ▼
//!                           Materiale::new ── good ──► in force for new connections; counted; well
//!                             │ bad
//!                             ▼
//!                           the old ones stay; file and reason in the log; counted; not well
//! ```
//!
//! Certificate and key are two files, and between the writing of one and of the other they do not fit each other: that is
//! refused, and read again half a second later.

use std::{io, sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    InVigore, Tls,
    file::{Lettura, Percorsi, TlsError},
    materiale::Materiale,
};
use crate::{
    telemetry::{self, FailureLog, salute::Componente},
    transport::{
        bounded_read::Reader,
        sorveglianza::{Motivo, Sorveglianza},
    },
};

/// Between two readings that must be the same.
const INTERVALLO: Duration = Duration::from_millis(100);
/// What has not come to rest after so many readings is left until the next look.
const LETTURE: usize = 20;

/// Follows the certificates on disk.
#[derive(Debug)]
pub struct Ricarica {
    tls: Tls,
    componente: Componente,
    reader: Reader,
    /// What was wrong at the last look, so that it is not told at every look.
    rifiutato: Option<TlsError>,
    restless: FailureLog,
    refused: FailureLog,
    /// Whether they kept changing at the last look.
    inquieto: bool,
    scaduto: bool,
}

impl Ricarica {
    /// Of these certificates.
    #[must_use]
    pub fn new(tls: Tls, mut componente: Componente) -> Self {
        let adesso = tls.0.clock.now();
        componente.in_vigore(tls.certificato().impronta(), adesso);
        Self {
            tls,
            componente,
            reader: Reader::default(),
            rifiutato: None,
            restless: FailureLog::warning(
                "the certificates on disk keep changing: they are read again later",
                "the certificates on disk have come to rest",
            ),
            refused: FailureLog::error(
                "the certificates on disk are still refused: those in force stay",
                "the certificates on disk are no longer refused",
            ),
            inquieto: false,
            scaduto: false,
        }
    }

    /// Follows them for ever.
    ///
    /// # Errors
    /// The system's: nothing can be watched. Nothing is followed then.
    pub async fn segui(self) -> io::Result<impl Future<Output = ()> + Send> {
        let mut sorveglianza = Sorveglianza::new(self.tls.0.percorsi.cartelle()?).await?;
        let mut ricarica = self;
        Ok(async move {
            // They may have changed since they were loaded.
            let mut motivo = Motivo::Giro;
            loop {
                ricarica.guarda(motivo).await;
                motivo = sorveglianza.attendi().await;
            }
        })
    }

    async fn guarda(&mut self, motivo: Motivo) {
        let chiesto = motivo == Motivo::Chiesto;
        match self.nuovo().await {
            Ok(Nuovo::Nessuno) => {
                if chiesto || self.inquieto || self.rifiutato.is_some() {
                    tracing::info!("the certificates on disk are those in force");
                    self.in_vigore();
                }
                self.rifiutato = None;
                self.inquieto = false;
            }
            Ok(Nuovo::Inquieto) => {
                self.restless.failed("no two readings were the same");
                self.componente.altro_su_disco();
                self.inquieto = true;
            }
            Ok(Nuovo::Buono(materiale)) => {
                tracing::info!(
                    from = self.tls.certificato().impronta(),
                    to = materiale.certificato.impronta(),
                    expires = %materiale.certificato.scadenza(),
                    "TLS certificates replaced, for new connections"
                );
                self.tls.0.materiale.store(materiale);
                self.rifiutato = None;
                self.inquieto = false;
                self.componente.accettata();
                self.in_vigore();
            }
            // Told in full; from then on that it is still so.
            Err(error) if !chiesto && self.rifiutato.as_ref() == Some(&error) => {
                self.refused.failed(error);
            }
            Err(error) => {
                tracing::error!(
                    %error,
                    in_force = self.tls.certificato().impronta(),
                    "the certificates on disk are refused: those in force stay"
                );
                self.refused.told();
                self.componente.rifiutata();
                self.rifiutato = Some(error);
                self.inquieto = false;
            }
        }
        self.misura();
    }

    fn in_vigore(&mut self) {
        let adesso = self.tls.0.clock.now();
        self.componente
            .in_vigore(self.tls.certificato().impronta(), adesso);
    }

    /// Tells how long the certificate in force still holds.
    fn misura(&mut self) {
        let scadenza = self.tls.certificato().scadenza();
        let resta = scadenza - self.tls.0.clock.now();
        telemetry::record_expiry(resta.num_seconds());
        let scaduto = resta.num_seconds() < 0;
        if scaduto && !self.scaduto {
            tracing::error!(expired = %scadenza, "the server's certificate has expired");
        }
        self.scaduto = scaduto;
    }

    /// What two readings find that are the same.
    async fn nuovo(&self) -> Result<Nuovo, TlsError> {
        let InVigore {
            percorsi,
            clock,
            materiale,
            ..
        } = &*self.tls.0;
        let mut prima = self.leggi(percorsi).await;
        for _ in 0..LETTURE {
            let in_vigore = &materiale.load_full().lettura;
            if prima.as_ref().is_ok_and(|lettura| lettura == in_vigore) {
                return Ok(Nuovo::Nessuno);
            }
            sleep(INTERVALLO).await;
            let lettura = self.leggi(percorsi).await;
            if prima == lettura {
                let materiale = Materiale::new(lettura?, percorsi.obbligo, clock)?;
                return Ok(Nuovo::Buono(Arc::new(materiale)));
            }
            prima = lettura;
        }
        Ok(Nuovo::Inquieto)
    }

    async fn leggi(&self, percorsi: &Percorsi) -> Result<Lettura, TlsError> {
        let read = percorsi.clone();
        self.reader
            .run(move || read.leggi())
            .await
            .unwrap_or_else(|error| Err(percorsi.errore(&error.to_string())))
    }
}

/// What the files hold, compared with what is in force.
enum Nuovo {
    Nessuno,
    Inquieto,
    Buono(Arc<Materiale>),
}
