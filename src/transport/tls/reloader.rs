//! Keeps the certificates in force those on disk, as long as those are good.
//!
//! ```text
//! time to read ──► read ──► are they the ones in force? ── yes ──► well
//!                             │ no
//!                             ▼
//!                           read again, until two readings are the same     (somebody may be writing)
//!                             ▼
//!                           ServerIdentity::new ── good ──► in force for new connections; counted; well
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
    ServerTls, TlsInForce,
    file::{TlsError, TlsFiles, TlsPaths},
    server_identity::ServerIdentity,
};
use crate::{
    telemetry::{self, FailureLog, health_registry::ComponentHealth},
    transport::{
        bounded_read::Reader,
        file_watcher::{FileWatcher, WakeReason},
    },
};

/// Between two readings that must be the same.
const INTERVAL: Duration = Duration::from_millis(100);
/// What has not come to rest after so many readings is left until the next look.
const MAX_READINGS: usize = 20;

/// Follows the certificates on disk.
#[derive(Debug)]
pub struct TlsReloader {
    tls: ServerTls,
    componente: ComponentHealth,
    reader: Reader,
    /// What was wrong at the last look, so that it is not told at every look.
    rifiutato: Option<TlsError>,
    restless: FailureLog,
    refused: FailureLog,
    /// Whether they kept changing at the last look.
    inquieto: bool,
    scaduto: bool,
}

impl TlsReloader {
    /// Of these certificates.
    #[must_use]
    pub fn new(tls: ServerTls, mut componente: ComponentHealth) -> Self {
        let adesso = tls.0.clock.now();
        componente.in_force(tls.certificate().fingerprint(), adesso);
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
    pub async fn follow(self) -> io::Result<impl Future<Output = ()> + Send> {
        let mut sorveglianza = FileWatcher::new(self.tls.0.percorsi.directories()?).await?;
        let mut ricarica = self;
        Ok(async move {
            // They may have changed since they were loaded.
            let mut motivo = WakeReason::Round;
            loop {
                ricarica.look(motivo).await;
                motivo = sorveglianza.wait().await;
            }
        })
    }

    async fn look(&mut self, motivo: WakeReason) {
        let chiesto = motivo == WakeReason::Requested;
        match self.find_new().await {
            Ok(FoundOnDisk::Unchanged) => {
                if chiesto || self.inquieto || self.rifiutato.is_some() {
                    tracing::info!("the certificates on disk are those in force");
                    self.tell_in_force();
                }
                self.rifiutato = None;
                self.inquieto = false;
            }
            Ok(FoundOnDisk::Restless) => {
                self.restless.failed("no two readings were the same");
                self.componente.differs_on_disk();
                self.inquieto = true;
            }
            Ok(FoundOnDisk::New(materiale)) => {
                tracing::info!(
                    from = self.tls.certificate().fingerprint(),
                    to = materiale.certificate.fingerprint(),
                    expires = %materiale.certificate.not_after(),
                    "TLS certificates replaced, for new connections"
                );
                self.tls.0.materiale.store(materiale);
                self.rifiutato = None;
                self.inquieto = false;
                self.componente.accepted();
                self.tell_in_force();
            }
            // Told in full; from then on that it is still so.
            Err(error) if !chiesto && self.rifiutato.as_ref() == Some(&error) => {
                self.refused.failed(error);
            }
            Err(error) => {
                tracing::error!(
                    %error,
                    in_force = self.tls.certificate().fingerprint(),
                    "the certificates on disk are refused: those in force stay"
                );
                self.refused.told();
                self.componente.refused();
                self.rifiutato = Some(error);
                self.inquieto = false;
            }
        }
        self.tell_expiry();
    }

    fn tell_in_force(&mut self) {
        let adesso = self.tls.0.clock.now();
        self.componente
            .in_force(self.tls.certificate().fingerprint(), adesso);
    }

    /// Tells how long the certificate in force still holds.
    fn tell_expiry(&mut self) {
        let scadenza = self.tls.certificate().not_after();
        let resta = scadenza - self.tls.0.clock.now();
        telemetry::record_expiry(resta.num_seconds());
        let scaduto = resta.num_seconds() < 0;
        if scaduto && !self.scaduto {
            tracing::error!(expired = %scadenza, "the server's certificate has expired");
        }
        self.scaduto = scaduto;
    }

    /// What two readings find that are the same.
    async fn find_new(&self) -> Result<FoundOnDisk, TlsError> {
        let TlsInForce {
            percorsi,
            clock,
            materiale,
            ..
        } = &*self.tls.0;
        let mut prima = self.read(percorsi).await;
        for _ in 0..MAX_READINGS {
            let in_vigore = &materiale.load_full().files;
            if prima.as_ref().is_ok_and(|lettura| lettura == in_vigore) {
                return Ok(FoundOnDisk::Unchanged);
            }
            sleep(INTERVAL).await;
            let lettura = self.read(percorsi).await;
            if prima == lettura {
                let materiale = ServerIdentity::new(lettura?, percorsi.client_required, clock)?;
                return Ok(FoundOnDisk::New(Arc::new(materiale)));
            }
            prima = lettura;
        }
        Ok(FoundOnDisk::Restless)
    }

    async fn read(&self, percorsi: &TlsPaths) -> Result<TlsFiles, TlsError> {
        let read = percorsi.clone();
        self.reader
            .run(move || read.read())
            .await
            .unwrap_or_else(|error| Err(percorsi.error(&error.to_string())))
    }
}

/// What the files hold, compared with what is in force.
enum FoundOnDisk {
    Unchanged,
    Restless,
    New(Arc<ServerIdentity>),
}
