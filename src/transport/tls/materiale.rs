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

use super::file::{Contenuto, Lettura, TlsError};
use crate::{clock::Clock, transport::canale::Certificato};

/// HTTP/2, as ALPN names it.
pub(super) const H2: &[u8] = b"h2";
/// A certificate that has less than this left is a warning.
const PRESTO: TimeDelta = TimeDelta::days(30);

/// Certificates that are good, and the configuration of new connections.
pub(super) struct Materiale {
    pub(super) config: Arc<ServerConfig>,
    pub(super) certificato: Certificato,
    /// What it was made of.
    pub(super) lettura: Lettura,
}

impl Materiale {
    /// Checks what was read: the certificate is valid now, the key is its key, the authorities are certificates. With
    /// `obbligo`, a client must show one of theirs.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(super) fn new(lettura: Lettura, obbligo: bool, clock: &Clock) -> Result<Self, TlsError> {
        let Lettura {
            cert,
            key,
            client_ca,
        } = &lettura;
        let now = clock.now();
        let chain = certificates(cert)?;
        let own = chain
            .first()
            .ok_or_else(|| cert.errore("holds no certificate in PEM"))?;
        let certificato = Certificato::from_der(own)
            .map_err(|error| cert.errore(format!("its certificate: {error}")))?;
        in_corso(&certificato, now).map_err(|error| cert.errore(error))?;
        let private = PrivateKeyDer::from_pem_slice(&key.byte)
            .map_err(|_| key.errore("holds no private key in PEM"))?;

        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = client_ca
            .as_ref()
            .map(|ca| verifier(ca, obbligo, &provider, now))
            .transpose()?;
        let orologio = Arc::new(Orologio(clock.clone()));
        let builder = ServerConfig::builder_with_details(provider, orologio)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| cert.errore(error.to_string()))?;
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(chain, private)
            .map_err(|error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    key.errore("is not the key of the certificate in tls.cert_file")
                }
                other => key.errore(other.to_string()),
            })?;
        config.alpn_protocols = vec![H2.to_vec()];
        // A session that is resumed is not verified again: not against the date, and not against the authorities.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        if certificato.scadenza() - now < PRESTO {
            tracing::warn!(expires = %certificato.scadenza(), "the server's certificate expires soon");
        }
        Ok(Self {
            config: Arc::new(config),
            certificato,
            lettura,
        })
    }
}

fn certificates(contenuto: &Contenuto) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(&contenuto.byte)
        .collect::<Result<_, _>>()
        .map_err(|error| contenuto.errore(format!("is not PEM: {error}")))
}

fn verifier(
    ca: &Contenuto,
    obbligo: bool,
    provider: &Arc<CryptoProvider>,
    now: DateTime<Utc>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(ca)? {
        let bad = |error: String| ca.errore(format!("one of its certificates: {error}"));
        // Nobody looks at the dates of a root later on.
        let certificato = Certificato::from_der(&authority).map_err(|e| bad(e.to_string()))?;
        match in_corso(&certificato, now) {
            Ok(()) => roots.add(authority).map_err(|e| bad(e.to_string()))?,
            Err(error) => {
                tracing::warn!(file = %ca.file.display(), error, "an authority is left out");
            }
        }
    }
    if roots.is_empty() {
        return Err(ca.errore("holds no certificate (PEM) of an authority that is valid now"));
    }
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if obbligo {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    builder
        .build()
        .map_err(|error| ca.errore(error.to_string()))
}

/// Whether a certificate is valid now; if not, why.
fn in_corso(certificato: &Certificato, now: DateTime<Utc>) -> Result<(), String> {
    if certificato.vale(now) {
        return Ok(());
    }
    Err(if now < certificato.valido_dal() {
        format!(
            "its certificate is not valid before {}",
            certificato.valido_dal()
        )
    } else {
        format!("its certificate expired on {}", certificato.scadenza())
    })
}

/// The clock that dates of client certificates are checked by.
#[derive(Debug)]
struct Orologio(Clock);

impl TimeProvider for Orologio {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().timestamp()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
