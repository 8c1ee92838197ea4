//! Where a JWK set is read from: a file, or a URL.
//!
//! A file is read as [`bounded_read`](crate::transport::bounded_read) reads: it has 2 seconds and 256 KiB, and must be one.
//!
//! A URL is https, or http to this very machine. What answers it is not trusted with more than keys: no redirect
//! is followed, nothing but a 200 counts, the answer has 5 seconds and 256 KiB.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{Client, Response, Url, redirect::Policy};
use serde::Deserialize;

use crate::{
    error::Sentence,
    transport::bounded_read::{Reader, regular_file},
};

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 256 * 1024;

/// A path, or a URL.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum KeyLocation {
    /// A file.
    File(PathBuf),
    /// An https URL; http for this very machine.
    Url(Url),
}

impl TryFrom<String> for KeyLocation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        Url::parse(&text)
            .ok()
            .filter(|url| match url.scheme() {
                "https" => url.has_host(),
                "http" => is_loopback(url),
                _ => false,
            })
            .map(Self::Url)
            .ok_or(format!(
                "a JWK set is a path or an https URL (http only for this very machine), not {text:?}"
            ))
    }
}

impl KeyLocation {
    /// Whether it is ours, and not what an endpoint answers.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The directory of a file.
    ///
    /// # Errors
    /// The system's: there is no current directory.
    pub(super) fn directory(&self) -> std::io::Result<Option<PathBuf>> {
        let Self::File(file) = self else {
            return Ok(None);
        };
        let absolute = std::path::absolute(file)?;
        Ok(Some(absolute.parent().unwrap_or(&absolute).to_owned()))
    }
}

impl fmt::Display for KeyLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

/// Whether a URL is of this very machine, which needs no encryption and no proxy.
pub(in crate::abilitazione) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

/// Reads a source, again and again.
#[derive(Debug)]
pub(super) struct KeyReader {
    source: KeyLocation,
    /// Only for a URL.
    client: Option<Client>,
    /// Only for a file.
    pub(super) reader: Reader,
}

impl KeyReader {
    pub(super) fn new(source: KeyLocation) -> Result<Self, Sentence> {
        let client = match &source {
            KeyLocation::File(_) => None,
            KeyLocation::Url(url) => {
                let mut client = Client::builder().redirect(Policy::none()).timeout(TIMEOUT);
                if is_loopback(url) {
                    client = client.no_proxy();
                }
                Some(client.build()?)
            }
        };
        Ok(Self {
            source,
            client,
            reader: Reader::default(),
        })
    }

    pub(super) fn location(&self) -> &KeyLocation {
        &self.source
    }

    /// The text of the set, as it is now.
    pub(super) async fn read(&self) -> Result<Vec<u8>, Sentence> {
        match (&self.source, &self.client) {
            (KeyLocation::Url(url), Some(client)) => get(client, url).await,
            (KeyLocation::File(path), _) => {
                let path = path.clone();
                let read = move || read(&path);
                Ok(self.reader.run(read).await.flatten()?)
            }
            (KeyLocation::Url(_), None) => Err("there is no client for this URL".into()),
        }
    }
}

/// The bytes of a file of keys. A disk that hangs holds it up.
pub(super) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    regular_file(path, MAX_BYTES as u64).map(|contents| contents.bytes)
}

async fn get(client: &Client, url: &Url) -> Result<Vec<u8>, Sentence> {
    let mut response = client.get(url.clone()).send().await?;
    if response.status() != http::StatusCode::OK {
        return Err(format!("answered with HTTP {}", response.status()).into());
    }
    bounded_body(&mut response).await
}

/// The body of an answer, of a size that can be held.
///
/// # Errors
/// A sentence: it breaks off, or is too long.
pub(in crate::abilitazione) async fn bounded_body(
    response: &mut Response,
) -> Result<Vec<u8>, Sentence> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err("the answer is longer than 256 KiB".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine() {
        let parse = |text: &str| KeyLocation::try_from(text.to_owned());
        for url in [
            "https://interop.pagopa.it/.well-known/jwks.json",
            "http://127.0.0.1:8080/jwks",
            "http://localhost/jwks",
            "http://[::1]:1/",
        ] {
            assert!(matches!(parse(url), Ok(KeyLocation::Url(_))), "{url}");
        }
        for path in ["/etc/omnia/jwks.json", "jwks.json"] {
            assert!(matches!(parse(path), Ok(KeyLocation::File(_))), "{path}");
        }
        for bad in [
            "http://interop.pagopa.it/jwks",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "https://",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
