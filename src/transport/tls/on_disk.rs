//! The certificates on disk, as they are followed ([`Reloader`](crate::transport::reloader::Reloader)).
//!
//! Certificate and key are two files, and between the writing of one and of the other they do not fit each other: that is
//! refused, and read again half a second later. So is a certificate that is not valid yet, which becomes good by itself.

use std::{io, path::PathBuf, sync::Arc};

use super::{
    ServerTls,
    file::{TlsError, TlsFiles},
    server_identity::ServerIdentity,
};
use crate::{
    telemetry,
    transport::{bounded_read::Reader, reloader::Reloadable},
};

/// The certificates of the settings, of which a good version is in force.
#[derive(Debug)]
pub struct CertificatesOnDisk {
    tls: ServerTls,
    reader: Reader,
    expired: bool,
}

impl CertificatesOnDisk {
    /// Of these.
    #[must_use]
    pub fn new(tls: ServerTls) -> Self {
        Self {
            tls,
            reader: Reader::default(),
            expired: false,
        }
    }
}

impl Reloadable for CertificatesOnDisk {
    type Reading = Result<TlsFiles, TlsError>;
    type Refusal = TlsError;

    const RESTLESS: [&'static str; 2] = [
        "the certificates on disk keep changing: they are read again later",
        "the certificates on disk have come to rest",
    ];
    const STILL_REFUSED: [&'static str; 2] = [
        "the certificates on disk are still refused: those in force stay",
        "the certificates on disk are no longer refused",
    ];

    fn directories(&self) -> io::Result<Vec<PathBuf>> {
        self.tls.0.tls_paths.directories()
    }

    fn version(&self) -> String {
        self.tls.certificate().fingerprint().to_owned()
    }

    async fn read(&self) -> Result<TlsFiles, TlsError> {
        let paths = self.tls.0.tls_paths.clone();
        let read = self.reader.run(move || paths.read()).await;
        read.unwrap_or_else(|error| Err(self.tls.0.tls_paths.error(&error.to_string())))
    }

    fn is_in_force(&self, reading: &Result<TlsFiles, TlsError>) -> bool {
        let in_force = self.tls.0.material.load();
        reading.as_ref().is_ok_and(|files| *files == in_force.files)
    }

    async fn replace(&self, reading: Result<TlsFiles, TlsError>) -> Result<(), TlsError> {
        let tls = &*self.tls.0;
        let identity = ServerIdentity::new(reading?, tls.tls_paths.client_required, &tls.clock)?;
        tracing::info!(
            from = self.tls.certificate().fingerprint(),
            to = identity.certificate.fingerprint(),
            expires = %identity.certificate.not_after(),
            "TLS certificates replaced, for new connections"
        );
        tls.material.store(Arc::new(identity));
        Ok(())
    }

    fn tell_in_force(&self) {
        tracing::info!("the certificates on disk are those in force");
    }

    fn tell_refused(&self, error: &TlsError) {
        tracing::error!(
            %error,
            in_force = self.tls.certificate().fingerprint(),
            "the certificates on disk are refused: those in force stay"
        );
    }

    /// Tells how long the certificate in force still holds.
    fn looked(&mut self) {
        let expires = self.tls.certificate().not_after();
        let left = expires - self.tls.0.clock.now();
        telemetry::record_expiry(left.num_seconds());
        let expired = left.num_seconds() < 0;
        if expired && !self.expired {
            tracing::error!(expired = %expires, "the server's certificate has expired");
        }
        self.expired = expired;
    }
}
