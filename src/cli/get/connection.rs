//! Where the service is, and as whom we ask: options, then `[client]` of the settings, then what the service of these
//! settings listens on.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use secrecy::ExposeSecret as _;
use tonic::transport::Endpoint;

use super::{
    super::secret_text::SecretText, failure::Failure, service_client::ServiceClient, tls::ClientTls,
};
use crate::{
    config::{ServerAddress, Settings},
    error::Sentence,
};

const CONNECT: Duration = Duration::from_secs(10);
/// A connection that died without a word is noticed by then.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// With the usual 64 KiB the service would wait for us.
const WINDOW: u32 = 4 * 1024 * 1024;
const FRAME: u32 = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct ConnectionArgs {
    /// The service: https://host:port. Without it `client.server`, else where the service of these settings listens.
    #[arg(long, global = true, value_name = "URL", help_heading = "Service")]
    server: Option<ServerAddress>,
    /// The token: `@FILE` (read again at every try), `-` for standard input, or the text, which others can see on a
    /// command line. Without it `client.token`. It must be bound to no key: there are no DPoP proofs here.
    #[arg(long, global = true, value_name = "TOKEN", help_heading = "Service")]
    token: Option<SecretText>,
    /// The authorities that the service's certificate may be of (PEM). Without it `client.ca_file`, else this machine's.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Service")]
    ca: Option<PathBuf>,
    /// The certificate to show the service (PEM). Without it `client.cert_file`, else none.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Service")]
    cert: Option<PathBuf>,
    /// Its key (PEM). Without it `client.key_file`.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Service")]
    key: Option<PathBuf>,
    /// Speak http:// to another machine: token and data can be read on the way.
    #[arg(long, global = true, help_heading = "Service")]
    in_chiaro: bool,
    /// Tries in a row, where the service or the connection to it is gone.
    #[arg(long, global = true, value_name = "N", default_value_t = 10, help_heading = "Service",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) tentativi: u32,
}

impl ConnectionArgs {
    /// Connects. That there is nothing to connect to ends the command at once: a wrong address is likelier than a service
    /// that is just coming up, and the command may be run again.
    ///
    /// # Errors
    /// The options do not go together, a file cannot be read, there is no connection.
    pub(super) async fn open(&self, settings: &Settings) -> Result<ServiceClient, Failure> {
        let client = &settings.client;
        let indirizzo = match self.server.as_ref().or(client.server.as_ref()) {
            Some(indirizzo) => indirizzo.clone(),
            None => local_address(settings)?,
        };
        if !indirizzo.tls() && !indirizzo.is_local() && !self.in_chiaro {
            return Err(format!(
                "{indirizzo} would send token and data in clear: use https://, or say --in-chiaro"
            )
            .into());
        }
        let token = match (&self.token, &client.token) {
            (Some(token), _) => token.clone(),
            (None, Some(token)) => token
                .expose_secret()
                .parse()
                .unwrap_or_else(|never| match never {}),
            (None, None) => {
                return Err(
                    "who asks? give --token @FILE, or client.token in the settings (OMNIA_CLIENT__TOKEN)"
                        .to_owned()
                        .into(),
                );
            }
        };
        let endpoint = endpoint(&indirizzo).map_err(Sentence::from)?;
        let tls = indirizzo.tls().then(|| self.tls(settings)).transpose()?;
        ServiceClient::connect(indirizzo, &endpoint, tls.as_ref(), token).await
    }

    fn tls(&self, settings: &Settings) -> Result<ClientTls, String> {
        let client = &settings.client;
        let ca = self.ca.as_ref().or(client.ca_file.as_ref());
        let cert = self.cert.as_ref().or(client.cert_file.as_ref());
        let key = self.key.as_ref().or(client.key_file.as_ref());
        let shown = match (cert, key) {
            (Some(cert), Some(key)) => Some((cert.as_path(), key.as_path())),
            (None, None) => None,
            _ => return Err("--cert and --key go together".to_owned()),
        };
        ClientTls::new(ca.map(PathBuf::as_path), shown)
    }
}

fn endpoint(indirizzo: &ServerAddress) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from(indirizzo.transport_uri())
        .origin(indirizzo.uri().clone())
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_frame_size(FRAME);
    endpoint.user_agent(concat!("omnia-get/", env!("CARGO_PKG_VERSION")))
}

/// Where the service of these settings is, from this machine.
fn local_address(settings: &Settings) -> Result<ServerAddress, String> {
    let listen = settings.server.listen;
    if listen.port() == 0 {
        return Err("server.listen has no port of its own: give --server".to_owned());
    }
    let tls = settings.tls.cert_file.is_some();
    let text = match (tls, listen.ip().is_unspecified()) {
        // Certificates have names rather than addresses.
        (true, _) if listen.ip().is_unspecified() || listen.ip().is_loopback() => {
            format!("https://localhost:{}", listen.port())
        }
        (true, _) => format!("https://{listen}"),
        (false, true) => format!("http://localhost:{}", listen.port()),
        (false, false) => format!("http://{listen}"),
    };
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_address_it_is_the_service_of_this_machine() {
        let at = |listen: &str, tls: bool| {
            let mut settings = Settings::default();
            settings.server.listen = listen.parse().unwrap();
            settings.tls.cert_file = tls.then(|| "c".into());
            local_address(&settings).map(|indirizzo| indirizzo.to_string())
        };
        for (listen, tls, expected) in [
            ("127.0.0.1:50051", false, "http://127.0.0.1:50051"),
            ("0.0.0.0:1", false, "http://localhost:1"),
            ("[::]:1", false, "http://localhost:1"),
            ("127.0.0.1:1", true, "https://localhost:1"),
            ("10.0.0.1:1", true, "https://10.0.0.1:1"),
        ] {
            assert_eq!(at(listen, tls).unwrap(), expected);
        }
        assert!(at("127.0.0.1:0", false).is_err());
    }
}
