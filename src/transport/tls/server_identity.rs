//! What the files hold, checked, and the TLS configuration made of it.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_rustls::rustls::{
    Error, InconsistentKeys, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject as _},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};

use super::file::{PemFile, TlsError, TlsFiles};
use crate::{clock::Clock, transport::connection::CertificateInfo};

/// HTTP/2, as ALPN names it.
const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";
/// A certificate that has less than this left is a warning.
const SOON: TimeDelta = TimeDelta::days(30);

/// Certificates that are good, and the configuration of new connections.
pub(super) struct ServerIdentity {
    pub(super) config: Arc<ServerConfig>,
    pub(super) certificate: CertificateInfo,
    /// What it was made of.
    pub(super) files: TlsFiles,
}

impl ServerIdentity {
    /// Checks what was read: the certificate is valid now, the key is its key, the authorities are certificates. With
    /// `required`, a client must show one of theirs.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(super) fn new(reading: TlsFiles, required: bool, clock: &Clock) -> Result<Self, TlsError> {
        let TlsFiles {
            cert,
            key,
            client_ca,
        } = &reading;
        let now = clock.now();
        let chain = certificates(cert)?;
        let own = chain
            .first()
            .ok_or_else(|| cert.error("holds no certificate in PEM"))?;
        let certificate = CertificateInfo::from_der(own)
            .map_err(|error| cert.error(format!("its certificate: {error}")))?;
        check_validity(&certificate, now).map_err(|error| cert.error(error))?;
        let private = PrivateKeyDer::from_pem_slice(&key.bytes)
            .map_err(|_| key.error("holds no private key in PEM"))?;

        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = client_ca
            .as_ref()
            .map(|ca| verifier(ca, required, &provider, now))
            .transpose()?;
        let rustls_clock = Arc::new(RustlsClock(clock.clone()));
        let builder = ServerConfig::builder_with_details(provider, rustls_clock)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| cert.error(error.to_string()))?;
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(chain, private)
            .map_err(|error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    key.error("is not the key of the certificate in tls.cert_file")
                }
                other => key.error(other.to_string()),
            })?;
        config.alpn_protocols = vec![H2.to_vec(), HTTP_1_1.to_vec()];
        // A session that is resumed is not verified again: not against the date, and not against the authorities.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        if certificate.not_after() - now < SOON {
            tracing::warn!(expires = %certificate.not_after(), "the server's certificate expires soon");
        }
        Ok(Self {
            config: Arc::new(config),
            certificate,
            files: reading,
        })
    }
}

fn certificates(contenuto: &PemFile) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(&contenuto.bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| contenuto.error(format!("is not PEM: {error}")))
}

fn verifier(
    ca: &PemFile,
    required: bool,
    provider: &Arc<CryptoProvider>,
    now: DateTime<Utc>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(ca)? {
        let bad = |error: String| ca.error(format!("one of its certificates: {error}"));
        // The dates of a root are not checked later on.
        let certificate = CertificateInfo::from_der(&authority).map_err(|e| bad(e.to_string()))?;
        match check_validity(&certificate, now) {
            Ok(()) => roots.add(authority).map_err(|e| bad(e.to_string()))?,
            Err(error) => {
                tracing::warn!(file = %ca.file.display(), error, "an authority is left out");
            }
        }
    }
    if roots.is_empty() {
        return Err(ca.error("holds no certificate (PEM) of an authority that is valid now"));
    }
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if required {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    builder.build().map_err(|error| ca.error(error.to_string()))
}

/// Whether a certificate is valid now; if not, why.
fn check_validity(certificate: &CertificateInfo, now: DateTime<Utc>) -> Result<(), String> {
    if certificate.is_valid_at(now) {
        return Ok(());
    }
    Err(if now < certificate.not_before() {
        format!(
            "its certificate is not valid before {}",
            certificate.not_before()
        )
    } else {
        format!("its certificate expired on {}", certificate.not_after())
    })
}

/// The clock that dates of client certificates are checked by.
#[derive(Debug)]
struct RustlsClock(Clock);

impl TimeProvider for RustlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().timestamp()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
