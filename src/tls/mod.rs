//! TLS and mutual TLS (ModI's ID_AUTH_CHANNEL_01 and 02), with certificates that are replaced while the service runs.
//!
//! ```text
//!              files ── Lettura ── Materiale ──► in force ─────┐ for new connections
//! TCP ─► Ascolto ─► handshake (bounded in time and number) ────┴─► Flusso ─► HTTP/2 ─► Canale::certificato
//!                        └──► failed: counted, logged, closed; the others do not notice
//! ```
//!
//! TLS 1.3 and 1.2, HTTP/2 only. A client certificate is verified in the handshake, against the authorities of
//! `tls.client_ca_file` and by the injected clock; whether this one is good enough for a grant is decided call by call
//! ([`Certificato::corrisponde`](crate::canale::Certificato::corrisponde)).
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
//! Connections that are open keep the certificates with which they were opened.

mod ascolto;
mod file;
mod materiale;
mod stretta;

use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use tokio_rustls::rustls::ServerConfig;

pub use self::{ascolto::Ascolto, file::TlsError};
use self::{file::Lettura, materiale::Materiale};
use crate::{canale::Certificato, clock::Clock, config};

/// The certificates in force. Cheap to clone; all clones see new ones at the same moment.
#[derive(Debug, Clone)]
pub struct Tls(Arc<InVigore>);

#[derive(Debug)]
struct InVigore {
    settings: config::Tls,
    clock: Clock,
    materiale: ArcSwap<Materiale>,
}

impl Tls {
    /// Puts the certificates of the settings in force. `None`: they name none, and the server speaks plain text.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn apri(settings: &config::Tls, clock: Clock) -> Result<Option<Self>, TlsError> {
        let Some(lettura) = Lettura::leggi(settings)? else {
            return Ok(None);
        };
        let materiale = Materiale::new(&lettura, settings, &clock)?;
        Ok(Some(Self(Arc::new(InVigore {
            settings: settings.clone(),
            clock,
            materiale: ArcSwap::from_pointee(materiale),
        }))))
    }

    /// Reads the files again and puts them in force; what is in force stays where they are wrong, or the same.
    /// Whether they were others.
    ///
    /// # Errors
    /// As [`Tls::apri`].
    pub fn ricarica(&self) -> Result<bool, TlsError> {
        let InVigore {
            settings,
            clock,
            materiale,
        } = &*self.0;
        let Some(lettura) = Lettura::leggi(settings)? else {
            return Ok(false);
        };
        if lettura.impronta() == materiale.load().impronta {
            return Ok(false);
        }
        materiale.store(Arc::new(Materiale::new(&lettura, settings, clock)?));
        Ok(true)
    }

    /// The server's certificate.
    #[must_use]
    pub fn certificato(&self) -> Certificato {
        self.0.materiale.load().certificato.clone()
    }

    /// Its last instant.
    #[must_use]
    pub fn scadenza(&self) -> DateTime<Utc> {
        self.0.materiale.load().scadenza
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.materiale.load().config)
    }

    fn settings(&self) -> &config::Tls {
        &self.0.settings
    }
}
