//! What the accept loop tells of a connection.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, future::join};
use omnia::{
    clock::Clock,
    config::ClientCertificate,
    transport::{
        canale::{Certificato, Connessione},
        tls::{Ascolto, Tls},
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

use super::{Autorita, Cartella, Emesso, impostazioni};
use crate::{
    port::{PATIENCE, connections},
    servizio::{OGGI, Servizio, tutto},
};

/// A client's configuration: whom it trusts, what it speaks and what it shows.
pub(super) fn cliente(
    fidate: &[&Autorita],
    versions: &[&'static tokio_rustls::rustls::SupportedProtocolVersion],
    alpn: &[&str],
    mostra: Option<&Emesso>,
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for fidata in fidate {
        let root = CertificateDer::from_pem_slice(fidata.pem.as_bytes()).unwrap();
        roots.add(root).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match mostra {
        Some(emesso) => builder
            .with_client_auth_cert(
                vec![emesso.der.clone().into()],
                PrivateKeyDer::from_pem_slice(emesso.key.as_bytes()).unwrap(),
            )
            .unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

pub(super) fn connetti(
    connector: &TlsConnector,
    ascolto: std::net::SocketAddr,
) -> impl Future<Output = std::io::Result<TlsStream<TcpStream>>> {
    let connector = connector.clone();
    async move {
        let tcp = TcpStream::connect(ascolto).await?;
        connector
            .connect("localhost".try_into().unwrap(), tcp)
            .await
    }
}

async fn apri(cartella: &Cartella, ask: ClientCertificate) -> (Ascolto, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::from_fn(|| OGGI.parse().unwrap());
    let tls = Tls::apri(&impostazioni(cartella.dir.path(), ask), clock).unwrap();
    (Ascolto::new(listener, tls), address)
}

#[tokio::test]
async fn the_certificate_that_was_shown_is_known_of_the_connection() {
    let cartella = Cartella::new();
    let (ascolto, address) = apri(&cartella, ClientCertificate::Optional).await;
    let mut connessioni = std::pin::pin!(ascolto.connessioni(connections(), PATIENCE));
    let shown = cartella.enti.rilascia_con("Be.MEF.example", |p| {
        let uri = "spiffe://mef/rgs".try_into().unwrap();
        p.subject_alt_names.push(SanType::URI(uri));
    });
    for version in [&TLS13, &TLS12] {
        for mostra in [Some(&shown), None] {
            let connector = cliente(&[&cartella.autorita], &[version], &["h2"], mostra);
            let (client, flusso) = join(connetti(&connector, address), connessioni.next()).await;
            let client = client.unwrap();
            let connessione: Connessione = flusso.unwrap().connessione().clone();
            assert_eq!(
                connessione.peer,
                Some(client.get_ref().0.local_addr().unwrap())
            );
            let known = connessione.certificato;
            let expected = mostra.map(|m| Certificato::from_der(&m.der).unwrap());
            assert_eq!(known.as_deref(), expected.as_ref());
            if let Some(known) = known {
                for asked in ["dns:be.mef.example", "uri:spiffe://mef/rgs"] {
                    assert!(known.corrisponde(asked), "{asked}");
                }
                assert!(known.corrisponde(known.impronta()));
            }
        }
    }
}

/// A connection without `h2` in its ALPN, or with none, is not in the stream, and the next good one is.
#[tokio::test]
async fn only_http2_is_spoken() {
    let cartella = Cartella::new();
    let (ascolto, address) = apri(&cartella, ClientCertificate::No).await;
    let mut connessioni = std::pin::pin!(ascolto.connessioni(connections(), PATIENCE));
    for alpn in [&["http/1.1"][..], &["h3", "http/1.0"], &[]] {
        for version in [&TLS13, &TLS12] {
            let connector = cliente(&[&cartella.autorita], &[version], alpn, None);
            let attempt = connetti(&connector, address);
            let bad = async { timeout(Duration::from_millis(300), connessioni.next()).await };
            let (_, got) = join(attempt, bad).await;
            assert!(got.is_err(), "{alpn:?} got a connection");
        }
    }
    let connector = cliente(&[&cartella.autorita], &[&TLS13], &["http/1.1", "h2"], None);
    let (client, flusso) = join(connetti(&connector, address), connessioni.next()).await;
    assert!(flusso.is_some());
    assert_eq!(
        client.unwrap().get_ref().1.alpn_protocol(),
        Some(&b"h2"[..])
    );
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_tls_its_header_counts() {
    let cartella = Cartella::new();
    let imposta = cartella.imposta(ClientCertificate::No);
    let servizio = Servizio::avvia_con(|s| {
        imposta(s);
        s.server.trusted_proxies = vec!["127.0.0.1".to_owned()];
    })
    .await;
    servizio.abilita("be-rgs", "mef-rgs", tutto()).await;
    let channel = cartella.canale(&servizio, None);
    let mut cliente = servizio.su(channel, Some(&servizio.token("be-rgs")));
    let mut request = Request::new(omnia::contract::proto::GetMyAccessRequest {});
    request
        .metadata_mut()
        .insert("x-forwarded-for", "1.2.3.4, 198.51.100.9".parse().unwrap());
    cliente.accesso.get_my_access(request).await.unwrap();
    let record: String =
        sqlx::query_scalar("select record from audit_record where record like '%\"rpc\"%'")
            .fetch_one(&servizio.db.owner)
            .await
            .unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["indirizzo"], "198.51.100.9");
    servizio.ferma().await;
}
