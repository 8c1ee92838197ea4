//! `[tls]`

use std::path::PathBuf;

use serde::Deserialize;

use crate::setting::{Checked, within};

/// `[tls]`: without a certificate, the server speaks plain text, for a proxy beside it that ends TLS.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// The server's certificate and what leads from it to an authority (PEM, its own first).
    pub cert_file: Option<PathBuf>,
    /// The key of the certificate (PEM), which others than owner and group may not touch.
    pub key_file: Option<PathBuf>,
    /// The authorities whose client certificates are good (PEM).
    pub client_ca_file: Option<PathBuf>,
    /// Whether clients show a certificate.
    pub client_certificate: ClientCertificateMode,
    /// The longest that a handshake may last.
    pub handshake_seconds: u64,
    /// Handshakes at the same time. One more ends the one that has lasted longest.
    pub max_handshakes: usize,
}

/// Whether clients show a certificate (mutual TLS).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificateMode {
    /// They are not asked.
    #[default]
    No,
    /// They may, and then it must be good.
    Optional,
    /// Without a good one there is no connection.
    Required,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            cert_file: None,
            key_file: None,
            client_ca_file: None,
            client_certificate: ClientCertificateMode::No,
            handshake_seconds: 5,
            max_handshakes: 256,
        }
    }
}

impl TlsSettings {
    pub(crate) fn check(&self) -> Checked {
        within("tls.handshake_seconds", self.handshake_seconds, 1..=60)?;
        within("tls.max_handshakes", self.max_handshakes, 1..=10_000)?;
        let wrong = match (&self.cert_file, &self.key_file) {
            (Some(_), None) => "tls.cert_file is set but tls.key_file is not",
            (None, Some(_)) => "tls.key_file is set but tls.cert_file is not",
            (None, None) if self.asks() || self.client_ca_file.is_some() => {
                "tls.client_ca_file and tls.client_certificate need tls.cert_file and tls.key_file"
            }
            _ if self.asks() && self.client_ca_file.is_none() => {
                "tls.client_certificate needs tls.client_ca_file: the authorities to check it against"
            }
            _ if !self.asks() && self.client_ca_file.is_some() => {
                "tls.client_ca_file is set but clients are not asked: set tls.client_certificate to optional or required"
            }
            _ => return Ok(()),
        };
        Err(format!("settings: {wrong}"))
    }

    fn asks(&self) -> bool {
        self.client_certificate != ClientCertificateMode::No
    }
}
