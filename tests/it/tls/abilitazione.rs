//! Grants that demand a client certificate.

use omnia::{
    abilitazione::grants::Certificati,
    config::ClientCertificate,
    contract::proto::{ErrorReason, GetMyAccessRequest},
    transport::canale::Certificato,
};
use rcgen::{SanType, date_time_ymd};
use tonic::{Code, Status, transport::Channel};

use super::{Cartella, Emesso, servizio};
use crate::{abilitazione::nuova, errore::assert_errore, servizio::Servizio};

async fn concedi(servizio: &Servizio, soggetto: &str, chiesti: &[&str]) {
    let mut richiesta = nuova(soggetto, "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.limiti.certificati = Certificati::parse(chiesti).unwrap();
    servizio.concedi(&richiesta).await;
}

async fn chiama(servizio: &Servizio, channel: &Channel, soggetto: &str) -> Result<(), Status> {
    let mut cliente = servizio.su(channel.clone(), Some(&servizio.token(soggetto)));
    let answer = cliente.accesso.get_my_access(GetMyAccessRequest {}).await;
    answer.map(drop)
}

#[track_caller]
fn assert_negata(answer: Result<(), Status>) {
    assert_errore(
        &answer.unwrap_err(),
        Code::PermissionDenied,
        ErrorReason::CertificateDenied,
    );
}

/// The certificate of one grant is no use with another, whatever the token: both must fit.
#[tokio::test]
async fn a_grant_is_used_with_its_certificate_and_with_no_other() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::Optional).await;
    let rgs = cartella.enti.rilascia_con("be.mef.example", |p| {
        let uri = "spiffe://mef/rgs".try_into().unwrap();
        p.subject_alt_names.push(SanType::URI(uri));
    });
    let lavoro = cartella.enti.rilascia("be.lavoro.example");
    // Another certificate of the same name: enough where the name is demanded, not where the fingerprint is.
    let renewed = cartella.enti.rilascia("be.mef.example");
    let impronta = |emesso: &Emesso| {
        let certificato = Certificato::from_der(&emesso.der).unwrap();
        certificato.impronta().to_owned()
    };
    concedi(&servizio, "impronta", &[&impronta(&rgs)]).await;
    concedi(&servizio, "dns", &["dns:be.mef.example"]).await;
    concedi(&servizio, "uri", &["uri:spiffe://mef/rgs"]).await;
    concedi(
        &servizio,
        "due",
        &[&impronta(&lavoro), "dns:be.mef.example"],
    )
    .await;
    for (shown, allowed) in [
        (Some(&rgs), &["impronta", "dns", "uri", "due", "be-rgs"][..]),
        (Some(&renewed), &["dns", "due", "be-rgs"]),
        (Some(&lavoro), &["due", "be-rgs"]),
        (None, &["be-rgs"]),
    ] {
        let channel = cartella.canale(&servizio, shown);
        for soggetto in ["impronta", "dns", "uri", "due", "be-rgs"] {
            let answer = chiama(&servizio, &channel, soggetto).await;
            if allowed.contains(&soggetto) {
                answer.unwrap();
            } else {
                assert_negata(answer);
            }
        }
    }
    servizio.ferma().await;
}

/// The handshake looks at the date once; the connection may last.
#[tokio::test]
async fn a_certificate_that_expires_under_an_open_connection_is_as_good_as_none() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::Required).await;
    concedi(&servizio, "dns", &["dns:be.mef.example"]).await;
    let short = cartella.enti.rilascia_con("be.mef.example", |p| {
        p.not_after = date_time_ymd(2026, 11, 24)
    });
    let channel = cartella.canale(&servizio, Some(&short));
    for instant in ["2026-11-23T09:00:00Z", "2026-11-24T00:00:00Z"] {
        servizio.orologio(instant);
        chiama(&servizio, &channel, "dns").await.unwrap();
    }
    servizio.orologio("2026-11-24T00:00:01Z");
    assert_negata(chiama(&servizio, &channel, "dns").await);
    // Still the same connection: a new one would not be opened.
    chiama(&servizio, &channel, "be-rgs").await.unwrap();
    servizio.ferma().await;
}
