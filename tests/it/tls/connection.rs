//! What the accept loop tells of a connection.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, future::join};
use omnia::{
    clock::Clock,
    transport::tls::ClientCertificateMode,
    transport::{
        connection::{CertificateInfo, ConnectionInfo},
        tls::{Acceptor, ServerTls},
    },
};
use rcgen::SanType;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        version::{TLS12, TLS13},
    },
};
use tonic::Request;

use super::{IssuedCertificate, TestAuthority, TlsDir, tls_settings};
use crate::{
    port::{PATIENCE, connections},
    server::{TODAY, TestServer, whole_scope},
};

/// A client's configuration: whom it trusts, what it speaks and what it shows.
pub(super) fn client_config(
    authorities: &[&TestAuthority],
    versions: &[&'static tokio_rustls::rustls::SupportedProtocolVersion],
    alpn: &[&str],
    shows: Option<&IssuedCertificate>,
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for trusted in authorities {
        let root = CertificateDer::from_pem_slice(trusted.pem.as_bytes()).unwrap();
        roots.add(root).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shows {
        Some(issued) => builder
            .with_client_auth_cert(
                vec![issued.der.clone().into()],
                PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap(),
            )
            .unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

pub(super) fn connect(
    connector: &TlsConnector,
    acceptor: std::net::SocketAddr,
) -> impl Future<Output = std::io::Result<TlsStream<TcpStream>>> {
    let connector = connector.clone();
    async move {
        let tcp = TcpStream::connect(acceptor).await?;
        connector
            .connect("localhost".try_into().unwrap(), tcp)
            .await
    }
}

async fn open(cartella: &TlsDir, ask: ClientCertificateMode) -> (Acceptor, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::from_fn(|| TODAY.parse().unwrap());
    let tls = ServerTls::open(&tls_settings(cartella.dir.path(), ask), clock).unwrap();
    (Acceptor::new(listener, tls), address)
}

#[tokio::test]
async fn the_certificate_that_was_shown_is_known_of_the_connection() {
    let cartella = TlsDir::new();
    let (acceptor, address) = open(&cartella, ClientCertificateMode::Optional).await;
    let mut accepted = std::pin::pin!(acceptor.connections(connections(), PATIENCE));
    let shown = cartella.enti.issue_with("Be.MEF.example", |p| {
        let uri = "spiffe://mef/rgs".try_into().unwrap();
        p.subject_alt_names.push(SanType::URI(uri));
    });
    for version in [&TLS13, &TLS12] {
        for shows in [Some(&shown), None] {
            let connector = client_config(&[&cartella.authority], &[version], &["h2"], shows);
            let (client, stream) = join(connect(&connector, address), accepted.next()).await;
            let client = client.unwrap();
            let connection: ConnectionInfo = stream.unwrap().info().clone();
            assert_eq!(
                connection.peer,
                Some(client.get_ref().0.local_addr().unwrap())
            );
            let known = connection.certificate;
            let expected = shows.map(|m| CertificateInfo::from_der(&m.der).unwrap());
            assert_eq!(known.as_deref(), expected.as_ref());
            if let Some(known) = known {
                for asked in ["dns:be.mef.example", "uri:spiffe://mef/rgs"] {
                    assert!(known.matches(asked), "{asked}");
                }
                assert!(known.matches(known.fingerprint()));
            }
        }
    }
}

/// A connection without `h2` in its ALPN, or with none, is not in the stream, and the next good one is.
#[tokio::test]
async fn http_1_and_http_2_are_spoken_and_nothing_else() {
    let cartella = TlsDir::new();
    let (acceptor, address) = open(&cartella, ClientCertificateMode::No).await;
    let mut accepted = std::pin::pin!(acceptor.connections(connections(), PATIENCE));
    for version in [&TLS13, &TLS12] {
        let alpn = &["h3", "http/1.0"];
        let connector = client_config(&[&cartella.authority], &[version], alpn, None);
        let attempt = connect(&connector, address);
        let bad = async { timeout(Duration::from_millis(300), accepted.next()).await };
        let (_, got) = join(attempt, bad).await;
        assert!(got.is_err(), "{alpn:?} got a connection");
        // Who names none shows by its first bytes what it speaks.
        for (alpn, spoken) in [
            (&["http/1.1", "h2"][..], Some(&b"h2"[..])),
            (&["http/1.1"], Some(b"http/1.1")),
            (&[], None),
        ] {
            let connector = client_config(&[&cartella.authority], &[version], alpn, None);
            let (client, stream) = join(connect(&connector, address), accepted.next()).await;
            assert!(stream.is_some(), "{alpn:?}");
            assert_eq!(client.unwrap().get_ref().1.alpn_protocol(), spoken);
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_tls_its_header_counts() {
    let cartella = TlsDir::new();
    let settings = cartella.set_tls(ClientCertificateMode::No);
    let service = TestServer::start_with(|s| {
        settings(s);
        s.server.trusted_proxies = vec!["127.0.0.1".to_owned()];
    })
    .await;
    service
        .grant_scope("be-rgs", "mef-rgs", whole_scope())
        .await;
    let channel = cartella.channel(&service, None);
    let mut client = service.clients_over(channel, Some(&service.token("be-rgs")));
    let mut request = Request::new(omnia::contract::proto::GetMyAccessRequest {});
    request
        .metadata_mut()
        .insert("x-forwarded-for", "1.2.3.4, 198.51.100.9".parse().unwrap());
    client.access.get_my_access(request).await.unwrap();
    let record: String =
        sqlx::query_scalar("select record from audit_record where record like '%\"rpc\"%'")
            .fetch_one(&service.db.owner)
            .await
            .unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["indirizzo"], "198.51.100.9");
    service.stop().await;
}
