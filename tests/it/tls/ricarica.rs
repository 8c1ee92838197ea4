//! Certificates that change under a running server.

use std::fs;

use omnia::{
    config::ClientCertificate,
    contract::proto::{ExportDecreesRequest, export_decrees_response::Parte},
    transport::canale::Certificato,
};
use tokio_rustls::rustls::version::TLS13;
use tonic_health::pb::health_check_response::ServingStatus;

use super::{
    Autorita, Cartella, Emesso, canale,
    canale::{cliente, connetti},
    chiama, servizio,
};
use crate::{
    modello::NORMATIVE,
    politica::{finche, salute},
    servizio::{Servizio, tutto},
};

fn impronta(emesso: &Emesso) -> String {
    let certificato = Certificato::from_der(&emesso.der).unwrap();
    certificato.impronta().to_owned()
}

/// The fingerprint that a new connection sees.
async fn servita(servizio: &Servizio, fidate: &[&Autorita]) -> String {
    let connector = cliente(fidate, &[&TLS13], &["h2"], None);
    let tls = connetti(&connector, servizio.address).await.unwrap();
    let chain = tls.get_ref().1.peer_certificates().unwrap();
    Certificato::from_der(&chain[0])
        .unwrap()
        .impronta()
        .to_owned()
}

#[tokio::test]
async fn new_connections_see_the_new_certificate_and_old_ones_go_on() {
    let cartella = Cartella::new();
    let imposta = cartella.imposta(ClientCertificate::No);
    let servizio = Servizio::avvia_con(|s| {
        imposta(s);
        s.export.batch_rows = 1;
    })
    .await;
    servizio
        .carica(&crate::flusso::molte(3000), "2026-10-31")
        .await;
    servizio
        .abilita("be-rgs", "mlps-ammortizzatori", tutto())
        .await;
    let old = cartella.canale(&servizio, None);
    let mut begun = servizio.su(old.clone(), Some(&servizio.token("be-rgs")));
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
    let other = Autorita::new("Nuova autorità dei server");
    let replaced = other.rilascia("localhost");
    cartella.metti(&replaced);
    let took = finche("the new certificate", async || {
        servita(&servizio, &[&cartella.autorita, &other]).await == impronta(&replaced)
    })
    .await;
    assert!(took.as_secs() < 3, "{took:?}");
    chiama(&servizio, &old).await.unwrap();
    assert!(
        chiama(&servizio, &cartella.canale(&servizio, None))
            .await
            .is_err()
    );
    chiama(&servizio, &canale(&servizio, &other, None))
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
    servizio.ferma().await;
}

#[tokio::test]
async fn a_bad_pair_is_refused_and_the_old_one_stays() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::No).await;
    let fidate = [&cartella.autorita];
    let first = servita(&servizio, &fidate).await;
    let channel = cartella.canale(&servizio, None);
    let is = async |status| salute(&channel, "tls").await == Some(status);
    finche("well", async || is(ServingStatus::Serving).await).await;

    // Half of a pair: a certificate without its key.
    let second = cartella.autorita.rilascia("localhost");
    cartella.scrivi("server.pem", &second.pem);
    finche("refused", async || is(ServingStatus::NotServing).await).await;
    assert_eq!(servita(&servizio, &fidate).await, first);
    chiama(&servizio, &cartella.canale(&servizio, None))
        .await
        .unwrap();
    assert_eq!(salute(&channel, "").await, Some(ServingStatus::Serving));

    // The other half.
    cartella.scrivi("server.key", &second.key);
    finche("well again", async || is(ServingStatus::Serving).await).await;
    assert_eq!(servita(&servizio, &fidate).await, impronta(&second));

    // Expired, missing, garbage: each is refused, each time what is in force stays.
    let expired = cartella.autorita.rilascia_con("localhost", |p| {
        p.not_after = rcgen::date_time_ymd(2026, 11, 1)
    });
    let file = cartella.dir.path().join("server.pem");
    let spoils: [&dyn Fn(); 3] = [
        &|| cartella.metti(&expired),
        &|| fs::remove_file(&file).unwrap(),
        &|| cartella.scrivi("server.pem", "garbage"),
    ];
    for spoil in spoils {
        spoil();
        finche("refused", async || is(ServingStatus::NotServing).await).await;
        assert_eq!(servita(&servizio, &fidate).await, impronta(&second));
        cartella.metti(&second);
        finche("well again", async || is(ServingStatus::Serving).await).await;
    }
    servizio.ferma().await;
}

#[tokio::test]
async fn the_authorities_of_clients_are_replaced_too() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::Required).await;
    let old = cartella.enti.rilascia("be.mef.example");
    let other = Autorita::new("Nuova autorità degli enti");
    let new = other.rilascia("be.mef.example");
    let connected = cartella.canale(&servizio, Some(&old));
    chiama(&servizio, &connected).await.unwrap();
    assert!(
        chiama(&servizio, &cartella.canale(&servizio, Some(&new)))
            .await
            .is_err()
    );

    cartella.scrivi("enti.pem", &other.pem);
    finche("the new authority", async || {
        chiama(&servizio, &cartella.canale(&servizio, Some(&new)))
            .await
            .is_ok()
    })
    .await;
    assert!(
        chiama(&servizio, &cartella.canale(&servizio, Some(&old)))
            .await
            .is_err()
    );
    // Open connections stay.
    chiama(&servizio, &connected).await.unwrap();
    servizio.ferma().await;
}
