//! `[client]`

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use http::{Uri, uri::Scheme};
use secrecy::SecretString;
use serde::Deserialize;

use crate::setting::Checked;

/// `[client]`: where `omnia get` asks, and as whom. The service itself does not read it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientSettings {
    /// The service. Without it: where `server.listen` of these settings is.
    pub server: Option<ServerAddress>,
    /// The token: the text itself, or `@FILE`.
    pub token: Option<SecretString>,
    /// The authorities that the service's certificate may be of (PEM). Without it: those of this machine.
    pub ca_file: Option<PathBuf>,
    /// The certificate to show the service (PEM, with what leads from it to an authority).
    pub cert_file: Option<PathBuf>,
    /// Its key (PEM), which others than owner and group may not touch.
    pub key_file: Option<PathBuf>,
}

impl ClientSettings {
    pub(super) fn check(&self) -> Checked {
        match (&self.cert_file, &self.key_file) {
            (Some(_), None) => {
                Err("settings: client.cert_file is set but client.key_file is not".to_owned())
            }
            (None, Some(_)) => {
                Err("settings: client.key_file is set but client.cert_file is not".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Where a service is: `https://host:port`, or `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ServerAddress(Uri);

impl ServerAddress {
    /// As an URI without path.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.0
    }

    /// As one without TLS, for a transport that is given its TLS.
    #[must_use]
    pub fn transport_uri(&self) -> Uri {
        let mut parts = self.0.clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        // Of its parts one was replaced by another that is good.
        Uri::from_parts(parts).unwrap_or_else(|_| self.0.clone())
    }

    /// Whether it is spoken to in TLS.
    #[must_use]
    pub fn tls(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// Whether it is this very machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = self.0.host().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl FromStr for ServerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("must be like https://host:50051, not {text:?}");
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        let good = matches!(uri.scheme_str(), Some("http" | "https"))
            && !authority.host().is_empty()
            && !authority.as_str().contains('@')
            && (authority.port_u16().is_some() || authority.as_str() == authority.host())
            && uri.path() == "/"
            && uri.query().is_none();
        if good { Ok(Self(uri)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for ServerAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for (text, tls, locale) in [
            ("http://127.0.0.1:50051", false, true),
            ("http://127.0.0.1:50051/", false, true),
            ("https://localhost", true, true),
            ("http://[::1]:1", false, true),
            ("https://omnia.inps.example:443", true, false),
            ("http://10.0.0.1:50051", false, false),
        ] {
            let indirizzo: ServerAddress = text.parse().unwrap();
            assert_eq!(
                (indirizzo.tls(), indirizzo.is_local()),
                (tls, locale),
                "{text}"
            );
            assert_eq!(indirizzo.to_string(), text.trim_end_matches('/'));
            let (uri, transport) = (indirizzo.uri(), indirizzo.transport_uri());
            assert_eq!(transport.scheme_str(), Some("http"));
            assert_eq!(transport.authority(), uri.authority());
        }
        for text in [
            "",
            "localhost:50051",
            "127.0.0.1:50051",
            "ftp://localhost",
            "https://",
            "https://user:password@host",
            "https://host/path",
            "https://host/?query",
            "https://host:port",
        ] {
            assert!(text.parse::<ServerAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn certificate_and_key_go_together() {
        let mut client = ClientSettings {
            cert_file: Some("c".into()),
            ..ClientSettings::default()
        };
        assert!(client.check().unwrap_err().contains("client.key_file"));
        client.key_file = Some("k".into());
        assert!(client.check().is_ok());
        client.cert_file = None;
        assert!(client.check().unwrap_err().contains("client.cert_file"));
    }
}
