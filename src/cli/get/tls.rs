//! TLS to the service: whose certificate is taken, and which one is shown.
//!
//! In TLS 1.3 a client has shown its certificate before it learns whether that is good enough: a service that wants
//! another says so in an alert, after the handshake, and HTTP/2 loses it on the way to the caller. So the connection
//! is handed on once the service has spoken: every HTTP/2 server says its settings first, or waits for ours, for which it gets
//! [`SETTLE_PAUSE`].

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    },
};
use tower::{Service, service_fn};

const H2: &[u8] = b"h2";
const HTTPS: u16 = 443;
/// How long a service is waited for that lets us speak first.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);
/// No certificate is so long; a mistaken path may be.
const MAX_BYTES: u64 = 1024 * 1024;

/// A connection in TLS.
pub(super) type ClientTlsConnection = TokioIo<BufReader<TlsStream<TcpStream>>>;

/// Authorities, and a certificate of ours.
#[derive(Debug)]
pub(super) struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Takes the authorities of the file, or this machine's, and shows the certificate with its key.
    ///
    /// # Errors
    /// A file cannot be read or is not what it should be.
    pub(super) fn new(ca: Option<&Path>, shown: Option<(&Path, &Path)>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        match ca {
            Some(ca) => {
                for certificate in certificates(ca)? {
                    roots.add(certificate).map_err(|e| file_error(ca, &e))?;
                }
            }
            None => {
                // One that this machine has and this library cannot read is not missed until it is needed.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if roots.is_empty() {
                    return Err("this machine has no authorities: give --ca".to_owned());
                }
            }
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        let mut config = match shown {
            Some((cert, key)) => {
                let private = PrivateKeyDer::from_pem_slice(&read_file(key, true)?)
                    .map_err(|_| file_error(key, &"holds no private key in PEM"))?;
                builder
                    .with_client_auth_cert(certificates(cert)?, private)
                    .map_err(|error| file_error(key, &error))?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![H2.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// What connects to the service at `uri`, as often as it is asked to.
    ///
    /// # Errors
    /// No certificate can be for such a host.
    pub(super) fn connector(
        &self,
        uri: &Uri,
    ) -> Result<
        impl Service<Uri, Response = ClientTlsConnection, Error = io::Error, Future: Send>
        + Send
        + use<>,
        String,
    > {
        let host = uri.host().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = uri.port_u16().unwrap_or(HTTPS);
        let name = ServerName::try_from(host.clone()).map_err(|error| format!("{uri}: {error}"))?;
        let config = Arc::clone(&self.0);
        Ok(service_fn(move |_: Uri| {
            let connector = TlsConnector::from(Arc::clone(&config));
            let (host, name) = (host.clone(), name.clone());
            async move {
                let tcp = TcpStream::connect((host.as_str(), port)).await?;
                tcp.set_nodelay(true)?;
                heard(connector.connect(name, tcp).await?).await
            }
        }))
    }
}

/// A connection on which the service has spoken, if it does so first.
async fn heard(tls: TlsStream<TcpStream>) -> io::Result<ClientTlsConnection> {
    if tls.get_ref().1.alpn_protocol() != Some(H2) {
        return Err(io::Error::other("it does not speak HTTP/2 in TLS"));
    }
    let mut tls = BufReader::new(tls);
    if let Ok(spoken) = timeout(SETTLE_PAUSE, tls.fill_buf()).await
        && spoken?.is_empty()
    {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(TokioIo::new(tls))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&read_file(file, false)?).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => {
            Err(file_error(file, &"holds no certificate in PEM"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(file_error(file, &error)),
    }
}

fn read_file(file: &Path, secret: bool) -> Result<Vec<u8>, String> {
    let opened = File::open(file).map_err(|error| file_error(file, &error))?;
    let metadata = opened
        .metadata()
        .map_err(|error| file_error(file, &error))?;
    let mode = metadata.permissions().mode();
    if secret && mode & 0o007 != 0 {
        let who = format!(
            "anybody on this machine may reach the key (mode {:o}): chmod o= it",
            mode & 0o777
        );
        return Err(file_error(file, &who));
    }
    let mut bytes = Vec::new();
    let read = opened.take(MAX_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| file_error(file, &error))?;
    Ok(bytes)
}

fn file_error(file: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", file.display())
}
