//! Streams under way.

use std::{path::Path, time::Duration};

use omnia::{
    abilitazione::grants::{Azione, Orari},
    contract::proto::{
        ErrorReason, ExportDecreesRequest, ExportDecreesResponse, export_decrees_response::Parte,
    },
};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status, Streaming};

use super::step;
use crate::{
    abilitazione::new_request,
    errors::assert_error,
    export_stream::many_rows,
    model::NORMATIVE,
    server::{CallerClients, TestServer},
};

const TWO_SECONDS: Duration = Duration::from_secs(2);
const PROFILO: &str = "mlps-ammortizzatori";

/// A server with more rows than fit between it and a client who does not read.
async fn scene(change: impl FnOnce(&mut omnia::config::Settings)) -> TestServer {
    let servizio = TestServer::start_with(|settings| {
        settings.export.batch_rows = 50;
        change(settings);
    })
    .await;
    servizio.load(&many_rows(8_000), "2026-10-31").await;
    servizio
}

async fn export(cliente: &mut CallerClients) -> Streaming<ExportDecreesResponse> {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let mut stream = cliente
        .decreti
        .export_decrees(request)
        .await
        .unwrap()
        .into_inner();
    for _ in 0..3 {
        stream.message().await.unwrap().unwrap();
    }
    stream
}

/// Reads on to the end: the rows, and whether the chiusura came.
async fn read_rest(mut stream: Streaming<ExportDecreesResponse>) -> (usize, Result<bool, Status>) {
    let (mut righe, mut chiusa) = (0, false);
    loop {
        match stream.message().await {
            Err(status) => return (righe, Err(status)),
            Ok(None) => return (righe, Ok(chiusa)),
            Ok(Some(message)) => match message.parte.unwrap() {
                Parte::Lotto(lotto) => righe += lotto.decreti.len(),
                Parte::Chiusura(_) => chiusa = true,
                Parte::Intestazione(_) => {}
            },
        }
    }
}

/// Starts an export, does what is to end it, and sees it end so within two seconds.
async fn ends(servizio: &TestServer, soggetto: &str, reason: ErrorReason, fa: impl AsyncFnOnce()) {
    let mut cliente = servizio.slow_clients(soggetto);
    let stream = export(&mut cliente).await;
    fa().await;
    let begin = Instant::now();
    // It does not read for a while: what ends the stream is not the reading.
    sleep(Duration::from_millis(1500)).await;
    let (righe, esito) = timeout(TWO_SECONDS, read_rest(stream))
        .await
        .expect("the stream ends");
    assert!(begin.elapsed() < TWO_SECONDS, "{:?}", begin.elapsed());
    assert!(righe < 7_900, "it was not cut");
    assert_error(&esito.unwrap_err(), Code::PermissionDenied, reason);
}

#[tokio::test]
async fn a_grant_that_is_revoked_or_suspended_ends_its_streams_and_no_others() {
    let servizio = scene(|_| ()).await;
    let ambito = crate::server::whole_scope;
    let sospesa = servizio.grant_scope("sospesa", PROFILO, ambito()).await;
    let revocata = servizio.grant_scope("revocata", PROFILO, ambito()).await;
    servizio.grant_scope("altra", PROFILO, ambito()).await;
    let mut altra = servizio.slow_clients("altra");
    let stream = export(&mut altra).await;

    ends(
        &servizio,
        "sospesa",
        ErrorReason::GrantSuspended,
        async || {
            step(&servizio, sospesa, Azione::Sospensione).await;
        },
    )
    .await;
    ends(
        &servizio,
        "revocata",
        ErrorReason::GrantRevoked,
        async || {
            step(&servizio, revocata, Azione::Revoca).await;
        },
    )
    .await;

    let (righe, esito) = read_rest(stream).await;
    // Two lotti were read before.
    assert_eq!((righe, esito.unwrap()), (8_000 - 2 * 50, true));

    // The log says how each of them ended.
    let fini: Vec<(String, String, String)> = sqlx::query_as(
        "select soggetto, esito, coalesce(motivo, '') from audit_chiamata where tipo = 'FINE' order by soggetto",
    )
    .fetch_all(&servizio.stop().await.owner)
    .await
    .unwrap();
    let fini: Vec<_> = fini
        .iter()
        .map(|(s, c, m)| (&s[..], &c[..], &m[..]))
        .collect();
    assert_eq!(
        fini,
        [
            ("altra", "OK", ""),
            (
                "revocata",
                "PERMISSION_DENIED",
                "ERROR_REASON_GRANT_REVOKED"
            ),
            (
                "sospesa",
                "PERMISSION_DENIED",
                "ERROR_REASON_GRANT_SUSPENDED"
            ),
        ]
    );
}

#[tokio::test]
async fn a_grant_that_another_replaces_ends_its_streams() {
    let servizio = scene(|_| ()).await;
    let id = servizio
        .grant_scope("be", PROFILO, crate::server::whole_scope())
        .await;
    ends(&servizio, "be", ErrorReason::GrantRevoked, async || {
        let mut richiesta = new_request("be", "mef-rgs", "2026-01-01", "2026-12-31");
        richiesta.sostituisce = Some(id);
        servizio.grant(&richiesta).await;
    })
    .await;
}

#[tokio::test]
async fn hours_and_days_end_streams_by_themselves() {
    let servizio = scene(|_| ()).await;
    let mut richiesta = new_request("orari", PROFILO, "2026-01-01", "2026-12-31");
    richiesta.limiti.orari = Orari::parse(&["lun-ven 08:00-18:00"]).unwrap();
    servizio.grant(&richiesta).await;
    servizio
        .grant_scope("giorni", PROFILO, crate::server::whole_scope())
        .await;
    // A Monday.
    servizio.set_clock("2026-11-23T16:59:59Z");
    ends(&servizio, "orari", ErrorReason::HoursDenied, async || {
        servizio.set_clock("2026-11-23T17:00:00Z");
    })
    .await;
    servizio.set_clock("2026-12-31T22:59:59Z");
    ends(
        &servizio,
        "giorni",
        ErrorReason::GrantNotValid,
        async || {
            servizio.set_clock("2026-12-31T23:00:00Z");
        },
    )
    .await;
}

/// Puts the shipped policy, and these rows, into a directory that is watched.
fn write_policy(dir: &Path, altro: &str) {
    let policy = std::fs::read_to_string("policies/policy.csv").unwrap();
    let new = dir.join("new");
    std::fs::write(&new, policy + altro).unwrap();
    std::fs::rename(new, dir.join("policy.csv")).unwrap();
}

#[tokio::test]
async fn a_policy_that_gives_less_ends_the_streams_that_have_more() {
    let dir = tempfile::tempdir().unwrap();
    write_policy(dir.path(), "");
    let servizio = scene(|s| s.access.policy_dir = Some(dir.path().to_owned())).await;
    servizio
        .grant_scope("be", PROFILO, crate::server::whole_scope())
        .await;
    servizio
        .grant_scope("altra", "mef-rgs", crate::server::whole_scope())
        .await;
    let mut altra = servizio.slow_clients("altra");
    let stream = export(&mut altra).await;
    ends(&servizio, "be", ErrorReason::CallDenied, async || {
        let mut changes = servizio.policy.changes();
        write_policy(
            dir.path(),
            "p, senza-matricola, DecreeService/ExportDecrees, colonna, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/ExportDecrees, filtro, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/ListDecrees, filtro, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/CountDecrees, filtro, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/DownloadDecrees, filtro, matricola_azienda, deny\n\
             g, mlps-ammortizzatori, senza-matricola\n",
        );
        // What the reading of a policy takes is a matter of its own tests.
        let replaced = timeout(Duration::from_secs(60), changes.changed()).await;
        replaced.expect("the policy is in force").unwrap();
    })
    .await;
    assert!(
        read_rest(stream).await.1.unwrap(),
        "what it has is not less"
    );
}

#[tokio::test]
async fn the_end_of_a_stream_needs_no_reader() {
    // One export at a time, and its client never reads again.
    let servizio = scene(|s| s.export.max_concurrent = 1).await;
    let id = servizio
        .grant_scope("be", PROFILO, crate::server::whole_scope())
        .await;
    servizio
        .grant_scope("altra", PROFILO, crate::server::whole_scope())
        .await;
    let mut cliente = servizio.slow_clients("be");
    let _never_read = export(&mut cliente).await;
    step(&servizio, id, Azione::Revoca).await;
    let begin = Instant::now();
    let mut altra = servizio.slow_clients("altra");
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    while altra.decreti.export_decrees(request.clone()).await.is_err() {
        assert!(begin.elapsed() < TWO_SECONDS, "its place is still taken");
        sleep(Duration::from_millis(20)).await;
    }
}
