//! TLS and mutual TLS (ModI's ID_AUTH_CHANNEL_01 and 02), with certificates that are replaced while the service runs.
//!
//! ```text
//! files ── TlsFiles ── ServerIdentity ──► in force (a Reloader keeps it so) ───┐ for new connections
//! TCP ─► Acceptor ─► handshake (bounded in time and number) ───────────────────┴─► Connection ─► HTTP/2 ─► ClientConnection::certificate
//!                        └──► failed: counted, logged (a few a minute), closed; the others do not notice
//! ```
//!
//! TLS 1.3 and 1.2, HTTP/2 only. A client certificate is verified in the handshake, against the authorities of
//! `tls.client_ca_file` and by the injected clock; whether this one is good enough for a grant is decided call by call
//! ([`CertificateInfo::matches`](crate::transport::connection::CertificateInfo::matches)).
//!
//! ```no_run
//! # async fn example() -> Result<(), omnia::error::Sentence> {
//! use omnia::{clock::Clock, config::Settings, transport::tls::{Acceptor, ServerTls}};
//! use tokio::net::TcpListener;
//!
//! let settings = Settings::read(None)?;
//! let tls = ServerTls::open(&settings.tls, Clock::system())?;
//! let acceptor = Acceptor::new(TcpListener::bind(settings.server.listen).await?, tls);
//! # drop(acceptor);
//! # Ok(())
//! # }
//! ```
//!
//! Connections that are open keep the certificates with which they were opened, the client's too, which counts for no grant once
//! it has expired. What must end at once is the grant, and that does.

mod acceptor;
mod failures;
mod file;
mod handshake;
mod on_disk;
mod server_identity;
mod settings;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio_rustls::rustls::ServerConfig;

pub use self::{
    acceptor::Acceptor,
    file::TlsError,
    on_disk::CertificatesOnDisk,
    settings::{ClientCertificateMode, TlsSettings},
};
use self::{file::TlsPaths, server_identity::ServerIdentity};
use crate::{
    clock::Clock,
    transport::{bounded_read::Reader, connection::CertificateInfo},
};

/// The certificates in force. Cheap to clone; all clones see new ones at the same moment.
#[derive(Clone)]
pub struct ServerTls(Arc<TlsInForce>);

struct TlsInForce {
    tls_paths: TlsPaths,
    limiti: HandshakeLimits,
    clock: Clock,
    material: ArcSwap<ServerIdentity>,
}

/// What handshakes may take.
#[derive(Debug, Clone, Copy)]
struct HandshakeLimits {
    lifetime: Duration,
    at_once: usize,
}

impl ServerTls {
    /// Puts the certificates of the settings in force. `None`: they name none, and the server speaks plain text.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn open(settings: &TlsSettings, clock: Clock) -> Result<Option<Self>, TlsError> {
        let Some(tls_paths) = TlsPaths::of(settings) else {
            return Ok(None);
        };
        let read = {
            let tls_paths = tls_paths.clone();
            Reader::default().run_blocking(move || tls_paths.read())
        };
        let reading = read.unwrap_or_else(|error| Err(tls_paths.error(&error.to_string())))?;
        let material = ServerIdentity::new(reading, tls_paths.client_required, &clock)?;
        Ok(Some(Self(Arc::new(TlsInForce {
            tls_paths,
            limiti: HandshakeLimits {
                lifetime: Duration::from_secs(settings.handshake_seconds),
                at_once: settings.max_handshakes,
            },
            clock,
            material: ArcSwap::from_pointee(material),
        }))))
    }

    /// The server's certificate.
    #[must_use]
    pub fn certificate(&self) -> CertificateInfo {
        self.0.material.load().certificate.clone()
    }

    /// The clock by which certificates are valid.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.material.load().config)
    }

    fn limits(&self) -> HandshakeLimits {
        self.0.limiti
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("percorsi", &self.0.tls_paths)
            .field("certificato", &self.certificate())
            .finish_non_exhaustive()
    }
}
