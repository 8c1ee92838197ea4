//! TLS and mutual TLS (ModI's ID_AUTH_CHANNEL_01 and 02), with certificates that are replaced while the service runs.
//!
//! ```text
//! files ── Lettura ── Materiale ──► in force (Ricarica keeps it so) ──┐ for new connections
//! TCP ─► Ascolto ─► handshake (bounded in time and number) ──────────┴─► Flusso ─► HTTP/2 ─► Canale::certificato
//!                        └──► failed: counted, logged (a few a minute), closed; the others do not notice
//! ```
//!
//! TLS 1.3 and 1.2, HTTP/2 only. A client certificate is verified in the handshake, against the authorities of
//! `tls.client_ca_file` and by the injected clock; whether this one is good enough for a grant is decided call by call
//! ([`Certificato::corrisponde`](crate::transport::canale::Certificato::corrisponde)).
//!
//! ```no_run
//! # async fn example() -> Result<(), omnia::error::Sentence> {
//! use omnia::{clock::Clock, config::Settings, tls::{Ascolto, Tls}};
//! use tokio::net::TcpListener;
//!
//! let settings = Settings::read(None)?;
//! let tls = Tls::apri(&settings.tls, Clock::system())?;
//! let ascolto = Ascolto::new(TcpListener::bind(settings.server.listen).await?, tls);
//! # drop(ascolto);
//! # Ok(())
//! # }
//! ```
//!
//! Connections that are open keep the certificates with which they were opened, the client's too, which counts for no grant once
//! it has expired. What must end at once is the grant, and that does.

mod ascolto;
mod failures;
mod file;
mod materiale;
mod ricarica;
mod stretta;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio_rustls::rustls::ServerConfig;

pub use self::{ascolto::Ascolto, file::TlsError, ricarica::Ricarica};
use self::{file::Percorsi, materiale::Materiale};
use crate::{
    clock::Clock,
    config,
    transport::{bounded_read::Reader, canale::Certificato},
};

/// The certificates in force. Cheap to clone; all clones see new ones at the same moment.
#[derive(Clone)]
pub struct Tls(Arc<InVigore>);

struct InVigore {
    percorsi: Percorsi,
    limiti: Limiti,
    clock: Clock,
    materiale: ArcSwap<Materiale>,
}

/// What handshakes may take.
#[derive(Debug, Clone, Copy)]
struct Limiti {
    durata: Duration,
    contemporanee: usize,
}

impl Tls {
    /// Puts the certificates of the settings in force. `None`: they name none, and the server speaks plain text.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn apri(settings: &config::Tls, clock: Clock) -> Result<Option<Self>, TlsError> {
        let Some(percorsi) = Percorsi::di(settings) else {
            return Ok(None);
        };
        let read = {
            let percorsi = percorsi.clone();
            Reader::default().run_blocking(move || percorsi.leggi())
        };
        let lettura = read.unwrap_or_else(|error| Err(percorsi.errore(&error.to_string())))?;
        let materiale = Materiale::new(lettura, percorsi.obbligo, &clock)?;
        Ok(Some(Self(Arc::new(InVigore {
            percorsi,
            limiti: Limiti {
                durata: Duration::from_secs(settings.handshake_seconds),
                contemporanee: settings.max_handshakes,
            },
            clock,
            materiale: ArcSwap::from_pointee(materiale),
        }))))
    }

    /// The server's certificate.
    #[must_use]
    pub fn certificato(&self) -> Certificato {
        self.0.materiale.load().certificato.clone()
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.materiale.load().config)
    }

    fn limiti(&self) -> Limiti {
        self.0.limiti
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("percorsi", &self.0.percorsi)
            .field("certificato", &self.certificato())
            .finish_non_exhaustive()
    }
}
