//! Certificates that change under a running server.

use std::fs;

use omnia::{
    contract::proto::{ExportDecreesRequest, export_decrees_response::Parte},
    transport::connection::CertificateInfo,
    transport::tls::ClientCertificateMode,
};
use tokio_rustls::rustls::version::TLS13;
use tonic_health::pb::health_check_response::ServingStatus;

use super::{
    IssuedCertificate, TestAuthority, TlsDir, call, channel_to,
    connection::{client_config, connect},
    server,
};
use crate::{
    eventually::eventually,
    model::NORMATIVE,
    policy::health,
    server::{TestServer, whole_scope},
};

fn thumbprint(issued: &IssuedCertificate) -> String {
    let certificate = CertificateInfo::from_der(&issued.der).unwrap();
    certificate.fingerprint().to_owned()
}

/// The fingerprint that a new connection sees.
async fn served(service: &TestServer, trusted: &[&TestAuthority]) -> String {
    let connector = client_config(trusted, &[&TLS13], &["h2"], None);
    let tls = connect(&connector, service.address).await.unwrap();
    let chain = tls.get_ref().1.peer_certificates().unwrap();
    CertificateInfo::from_der(&chain[0])
        .unwrap()
        .fingerprint()
        .to_owned()
}

#[tokio::test]
async fn new_connections_see_the_new_certificate_and_old_ones_go_on() {
    let cartella = TlsDir::new();
    let settings = cartella.set_tls(ClientCertificateMode::No);
    let service = TestServer::start_with(|s| {
        settings(s);
        s.export.batch_rows = 1;
    })
    .await;
    service
        .load(&crate::export_stream::many_rows(3000), "2026-10-31")
        .await;
    service
        .grant_scope("be-rgs", "mlps-ammortizzatori", whole_scope())
        .await;
    let old = cartella.channel(&service, None);
    let mut begun = service.clients_over(old.clone(), Some(&service.token("be-rgs")));
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let mut stream = begun
        .decreti
        .export_decrees(request)
        .await
        .unwrap()
        .into_inner();
    assert!(stream.message().await.unwrap().is_some());

    // By another authority, which the old client does not trust: it cannot have connected again.
    let other = TestAuthority::new("Nuova autorità dei server");
    let replaced = other.issue("localhost");
    cartella.put(&replaced);
    let took = eventually("the new certificate", async || {
        served(&service, &[&cartella.authority, &other]).await == thumbprint(&replaced)
    })
    .await;
    assert!(took.as_secs() < 3, "{took:?}");
    call(&service, &old).await.unwrap();
    assert!(
        call(&service, &cartella.channel(&service, None))
            .await
            .is_err()
    );
    call(&service, &channel_to(&service, &other, None))
        .await
        .unwrap();

    let mut rows = 0;
    let mut closed = false;
    while let Some(message) = stream.message().await.unwrap() {
        match message.parte.unwrap() {
            Parte::Lotto(lotto) => rows += lotto.decreti.len(),
            Parte::Chiusura(_) => closed = true,
            Parte::Intestazione(_) => {}
        }
    }
    assert!(closed && rows == 3000, "{rows} rows");
    service.stop().await;
}

#[tokio::test]
async fn a_bad_pair_is_refused_and_the_old_one_stays() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::No).await;
    let trusted = [&cartella.authority];
    let first = served(&service, &trusted).await;
    let channel = cartella.channel(&service, None);
    let is = async |status| health(&channel, "tls").await == Some(status);
    eventually("well", async || is(ServingStatus::Serving).await).await;

    // Half of a pair: a certificate without its key.
    let second = cartella.authority.issue("localhost");
    cartella.write("server.pem", &second.pem);
    eventually("refused", async || is(ServingStatus::NotServing).await).await;
    assert_eq!(served(&service, &trusted).await, first);
    call(&service, &cartella.channel(&service, None))
        .await
        .unwrap();
    assert_eq!(health(&channel, "").await, Some(ServingStatus::Serving));

    // The other half.
    cartella.write("server.key", &second.key);
    eventually("well again", async || is(ServingStatus::Serving).await).await;
    assert_eq!(served(&service, &trusted).await, thumbprint(&second));

    // Expired, missing, garbage: each is refused, each time what is in force stays.
    let expired = cartella.authority.issue_with("localhost", |p| {
        p.not_after = rcgen::date_time_ymd(2026, 11, 1)
    });
    let file = cartella.dir.path().join("server.pem");
    let spoils: [&dyn Fn(); 3] = [
        &|| cartella.put(&expired),
        &|| fs::remove_file(&file).unwrap(),
        &|| cartella.write("server.pem", "garbage"),
    ];
    for spoil in spoils {
        spoil();
        eventually("refused", async || is(ServingStatus::NotServing).await).await;
        assert_eq!(served(&service, &trusted).await, thumbprint(&second));
        cartella.put(&second);
        eventually("well again", async || is(ServingStatus::Serving).await).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn the_authorities_of_clients_are_replaced_too() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::Required).await;
    let old = cartella.enti.issue("be.mef.example");
    let other = TestAuthority::new("Nuova autorità degli enti");
    let new = other.issue("be.mef.example");
    let connected = cartella.channel(&service, Some(&old));
    call(&service, &connected).await.unwrap();
    assert!(
        call(&service, &cartella.channel(&service, Some(&new)))
            .await
            .is_err()
    );

    cartella.write("enti.pem", &other.pem);
    eventually("the new authority", async || {
        call(&service, &cartella.channel(&service, Some(&new)))
            .await
            .is_ok()
    })
    .await;
    assert!(
        call(&service, &cartella.channel(&service, Some(&old)))
            .await
            .is_err()
    );
    // Open connections stay.
    call(&service, &connected).await.unwrap();
    service.stop().await;
}
