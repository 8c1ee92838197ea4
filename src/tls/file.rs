//! The files of the settings, as they are on disk.

use std::{
    fmt,
    fs::File,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;

use crate::config;

/// No certificate is so long; a mistaken path may be.
const MAX_BYTES: u64 = 1024 * 1024;
/// Whoever is neither owner nor of the group.
const ALTRI: u32 = 0o007;

/// Certificates or key that cannot be used: which setting, which file, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsError {
    chiave: &'static str,
    file: PathBuf,
    perche: String,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            chiave,
            file,
            perche,
        } = self;
        write!(f, "{chiave} {}: {perche}", file.display())
    }
}

impl std::error::Error for TlsError {}

/// The bytes of one of them.
pub(super) struct Contenuto<'a> {
    chiave: &'static str,
    file: &'a Path,
    pub(super) byte: Vec<u8>,
}

impl<'a> Contenuto<'a> {
    fn leggi(chiave: &'static str, file: &'a Path, segreto: bool) -> Result<Self, TlsError> {
        let mut contenuto = Self {
            chiave,
            file,
            byte: Vec::new(),
        };
        let failed = |error: std::io::Error| TlsError {
            chiave,
            file: file.to_owned(),
            perche: error.to_string(),
        };
        let opened = File::open(file).map_err(failed)?;
        // Of what was opened, and not of what the path may lead to a moment later.
        let mode = opened.metadata().map_err(failed)?.permissions().mode();
        if segreto && mode & ALTRI != 0 {
            return Err(contenuto.errore(format!(
                "anybody on this machine may reach the key (mode {:o}): chmod o= it",
                mode & 0o777
            )));
        }
        let read = opened
            .take(MAX_BYTES + 1)
            .read_to_end(&mut contenuto.byte)
            .map_err(failed)?;
        if read as u64 > MAX_BYTES {
            return Err(contenuto.errore("is too long to be what it should be"));
        }
        Ok(contenuto)
    }

    pub(super) fn file(&self) -> &Path {
        self.file
    }

    /// What is wrong with it.
    pub(super) fn errore(&self, perche: impl Into<String>) -> TlsError {
        TlsError {
            chiave: self.chiave,
            file: self.file.to_owned(),
            perche: perche.into(),
        }
    }
}

/// All of them, read at one moment.
pub(super) struct Lettura<'a> {
    pub(super) cert: Contenuto<'a>,
    pub(super) key: Contenuto<'a>,
    pub(super) client_ca: Option<Contenuto<'a>>,
}

impl<'a> Lettura<'a> {
    /// Reads what the settings name. `None`: they name no certificate.
    ///
    /// # Errors
    /// A file cannot be read, or the key is for all to reach.
    pub(super) fn leggi(settings: &'a config::Tls) -> Result<Option<Self>, TlsError> {
        let (Some(cert), Some(key)) = (&settings.cert_file, &settings.key_file) else {
            return Ok(None);
        };
        let client_ca = settings.client_ca_file.as_deref();
        Ok(Some(Self {
            cert: Contenuto::leggi("tls.cert_file", cert, false)?,
            key: Contenuto::leggi("tls.key_file", key, true)?,
            client_ca: client_ca
                .map(|file| Contenuto::leggi("tls.client_ca_file", file, false))
                .transpose()?,
        }))
    }

    /// The same for the same bytes.
    pub(super) fn impronta(&self) -> Vec<u8> {
        let mut context = digest::Context::new(&digest::SHA256);
        for contenuto in [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()]
            .into_iter()
            .flatten()
        {
            // With its length, so that bytes that move from one file into the next count.
            context.update(&contenuto.byte.len().to_be_bytes());
            context.update(&contenuto.byte);
        }
        context.finish().as_ref().to_vec()
    }
}
