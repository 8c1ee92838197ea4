//! The files of the settings, as they are on disk.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use super::settings::{ClientCertificateMode, TlsSettings};
use crate::transport::bounded_read::regular_file;

/// No certificate is so long; a mistaken path may be.
const MAX_BYTES: u64 = 1024 * 1024;
/// Users other than the owner and the group.
const OTHERS: u32 = 0o007;

/// Certificates or key that cannot be used: which setting, which file, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsError {
    key: &'static str,
    file: PathBuf,
    why: String,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, file, why } = self;
        write!(f, "{key} {}: {why}", file.display())
    }
}

impl std::error::Error for TlsError {}

/// Where the files are, and what the authorities are for.
#[derive(Debug, Clone)]
pub(super) struct TlsPaths {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is turned away.
    pub(super) client_required: bool,
}

impl TlsPaths {
    /// `None`: the settings name no certificate.
    pub(super) fn of(settings: &TlsSettings) -> Option<Self> {
        let ask = settings.client_certificate;
        Some(Self {
            cert: settings.cert_file.clone()?,
            key: settings.key_file.clone()?,
            client_ca: settings
                .client_ca_file
                .clone()
                .filter(|_| ask != ClientCertificateMode::No),
            client_required: ask == ClientCertificateMode::Required,
        })
    }

    /// The directories that they are in.
    ///
    /// # Errors
    /// The system's: there is no current directory.
    pub(super) fn directories(&self) -> io::Result<Vec<PathBuf>> {
        [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()]
            .into_iter()
            .flatten()
            .map(|file| {
                let absolute = std::path::absolute(file)?;
                Ok(absolute.parent().unwrap_or(&absolute).to_owned())
            })
            .collect()
    }

    /// What is wrong with all of them.
    pub(super) fn error(&self, why: &str) -> TlsError {
        TlsError {
            key: "tls.cert_file",
            file: self.cert.clone(),
            why: why.to_owned(),
        }
    }

    /// Reads them.
    ///
    /// # Errors
    /// A file cannot be read, is none or is too long, or the key is for all to reach.
    pub(super) fn read(&self) -> Result<TlsFiles, TlsError> {
        let client_ca = self.client_ca.as_deref();
        Ok(TlsFiles {
            cert: PemFile::read("tls.cert_file", &self.cert, false)?,
            key: PemFile::read("tls.key_file", &self.key, true)?,
            client_ca: client_ca
                .map(|file| PemFile::read("tls.client_ca_file", file, false))
                .transpose()?,
        })
    }
}

/// All of them, read at one moment. No `Debug`: it holds the key.
#[derive(PartialEq, Eq)]
pub struct TlsFiles {
    pub(super) cert: PemFile,
    pub(super) key: PemFile,
    pub(super) client_ca: Option<PemFile>,
}

/// The bytes of one of them.
#[derive(PartialEq, Eq)]
pub(super) struct PemFile {
    key: &'static str,
    pub(super) file: PathBuf,
    pub(super) bytes: Vec<u8>,
}

impl PemFile {
    fn read(key: &'static str, file: &Path, secret: bool) -> Result<Self, TlsError> {
        let read = regular_file(file, MAX_BYTES).map_err(|error| TlsError {
            key,
            file: file.to_owned(),
            why: error.to_string(),
        })?;
        let contenuto = Self {
            key,
            file: file.to_owned(),
            bytes: read.bytes,
        };
        if secret && read.mode & OTHERS != 0 {
            return Err(contenuto.error(format!(
                "anybody on this machine may reach the key (mode {:o}): chmod o= it",
                read.mode & 0o777
            )));
        }
        Ok(contenuto)
    }

    /// What is wrong with it.
    pub(super) fn error(&self, why: impl Into<String>) -> TlsError {
        TlsError {
            key: self.key,
            file: self.file.clone(),
            why: why.into(),
        }
    }
}
