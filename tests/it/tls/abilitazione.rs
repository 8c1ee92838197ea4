//! Grants that demand a client certificate.

use omnia::{
    abilitazione::grants::Certificati,
    contract::proto::{ErrorReason, GetMyAccessRequest},
    transport::connection::CertificateInfo,
    transport::tls::ClientCertificateMode,
};
use rcgen::{SanType, date_time_ymd};
use tonic::{Code, Status, transport::Channel};

use super::{IssuedCertificate, TlsDir, server};
use crate::{abilitazione::new_request, errors::assert_error, server::TestServer};

async fn grant(service: &TestServer, soggetto: &str, asked: &[&str]) {
    let mut richiesta = new_request(soggetto, "mef-rgs", "2026-01-01", "2026-12-31");
    richiesta.limiti.certificati = Certificati::parse(asked).unwrap();
    service.grant(&richiesta).await;
}

async fn call(service: &TestServer, channel: &Channel, soggetto: &str) -> Result<(), Status> {
    let mut client = service.clients_over(channel.clone(), Some(&service.token(soggetto)));
    let answer = client.access.get_my_access(GetMyAccessRequest {}).await;
    answer.map(drop)
}

#[track_caller]
fn assert_denied(answer: Result<(), Status>) {
    assert_error(
        &answer.unwrap_err(),
        Code::PermissionDenied,
        ErrorReason::CertificateDenied,
    );
}

/// The certificate of one grant is no use with another, whatever the token: both must fit.
#[tokio::test]
async fn a_grant_is_used_with_its_certificate_and_with_no_other() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::Optional).await;
    let rgs = cartella.enti.issue_with("be.mef.example", |p| {
        let uri = "spiffe://mef/rgs".try_into().unwrap();
        p.subject_alt_names.push(SanType::URI(uri));
    });
    let lavoro_certificate = cartella.enti.issue("be.lavoro.example");
    // Another certificate of the same name: enough where the name is demanded, not where the fingerprint is.
    let renewed = cartella.enti.issue("be.mef.example");
    let impronta = |issued: &IssuedCertificate| {
        let certificate = CertificateInfo::from_der(&issued.der).unwrap();
        certificate.fingerprint().to_owned()
    };
    grant(&service, "impronta", &[&impronta(&rgs)]).await;
    grant(&service, "dns", &["dns:be.mef.example"]).await;
    grant(&service, "uri", &["uri:spiffe://mef/rgs"]).await;
    grant(
        &service,
        "due",
        &[&impronta(&lavoro_certificate), "dns:be.mef.example"],
    )
    .await;
    for (shown, allowed) in [
        (Some(&rgs), &["impronta", "dns", "uri", "due", "be-rgs"][..]),
        (Some(&renewed), &["dns", "due", "be-rgs"]),
        (Some(&lavoro_certificate), &["due", "be-rgs"]),
        (None, &["be-rgs"]),
    ] {
        let channel = cartella.channel(&service, shown);
        for soggetto in ["impronta", "dns", "uri", "due", "be-rgs"] {
            let answer = call(&service, &channel, soggetto).await;
            if allowed.contains(&soggetto) {
                answer.unwrap();
            } else {
                assert_denied(answer);
            }
        }
    }
    service.stop().await;
}

/// The handshake looks at the date once; the connection may last.
#[tokio::test]
async fn a_certificate_that_expires_under_an_open_connection_is_as_good_as_none() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::Required).await;
    grant(&service, "dns", &["dns:be.mef.example"]).await;
    let short = cartella.enti.issue_with("be.mef.example", |p| {
        p.not_after = date_time_ymd(2026, 11, 24)
    });
    let channel = cartella.channel(&service, Some(&short));
    for instant in ["2026-11-23T09:00:00Z", "2026-11-24T00:00:00Z"] {
        service.set_clock(instant);
        call(&service, &channel, "dns").await.unwrap();
    }
    service.set_clock("2026-11-24T00:00:01Z");
    assert_denied(call(&service, &channel, "dns").await);
    // Still the same connection: a new one would not be opened.
    call(&service, &channel, "be-rgs").await.unwrap();
    service.stop().await;
}
