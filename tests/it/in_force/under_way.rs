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

/// What must come comes within this, or never: a machine with other work is slow.
const PATIENCE: Duration = Duration::from_secs(60);
const PROFILO: &str = "mlps-ammortizzatori";

/// A server with more rows than fit between it and a client who does not read.
async fn scene(change: impl FnOnce(&mut omnia::config::Settings)) -> TestServer {
    let service = TestServer::start_with(|settings| {
        settings.export.batch_rows = 50;
        change(settings);
    })
    .await;
    service.load(&many_rows(8_000), "2026-10-31").await;
    service
}

async fn export(client: &mut CallerClients) -> Streaming<ExportDecreesResponse> {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let mut stream = client
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
    let (mut righe, mut ended) = (0, false);
    loop {
        match stream.message().await {
            Err(status) => return (righe, Err(status)),
            Ok(None) => return (righe, Ok(ended)),
            Ok(Some(message)) => match message.parte.unwrap() {
                Parte::Lotto(lotto) => righe += lotto.decreti.len(),
                Parte::Chiusura(_) => ended = true,
                Parte::Intestazione(_) => {}
            },
        }
    }
}

/// Starts an export, does what is to end it, and sees it cut.
async fn ends(service: &TestServer, soggetto: &str, reason: ErrorReason, act: impl AsyncFnOnce()) {
    let mut client = service.slow_clients(soggetto);
    let stream = export(&mut client).await;
    act().await;
    // It does not read for a while: what ends the stream is not the reading, or the rest would come with it.
    sleep(Duration::from_millis(1500)).await;
    let (righe, esito) = timeout(PATIENCE, read_rest(stream))
        .await
        .expect("the stream ends");
    assert!(righe < 7_900, "it was not cut");
    assert_error(&esito.unwrap_err(), Code::PermissionDenied, reason);
}

#[tokio::test]
async fn a_grant_that_is_revoked_or_suspended_ends_its_streams_and_no_others() {
    let service = scene(|_| ()).await;
    let ambito = crate::server::whole_scope;
    let suspended = service.grant_scope("sospesa", PROFILO, ambito()).await;
    let revoked = service.grant_scope("revocata", PROFILO, ambito()).await;
    service.grant_scope("altra", PROFILO, ambito()).await;
    let mut other = service.slow_clients("altra");
    let stream = export(&mut other).await;

    ends(
        &service,
        "sospesa",
        ErrorReason::GrantSuspended,
        async || {
            step(&service, suspended, Azione::Sospensione).await;
        },
    )
    .await;
    ends(
        &service,
        "revocata",
        ErrorReason::GrantRevoked,
        async || {
            step(&service, revoked, Azione::Revoca).await;
        },
    )
    .await;

    let (righe, esito) = read_rest(stream).await;
    // Two lotti were read before.
    assert_eq!((righe, esito.unwrap()), (8_000 - 2 * 50, true));

    // The log says how each of them ended.
    let stream_ends: Vec<(String, String, String)> = sqlx::query_as(
        "select soggetto, esito, coalesce(motivo, '') from audit_chiamata where tipo = 'FINE' order by soggetto",
    )
    .fetch_all(&service.stop().await.owner)
    .await
    .unwrap();
    let stream_ends: Vec<_> = stream_ends
        .iter()
        .map(|(s, c, m)| (&s[..], &c[..], &m[..]))
        .collect();
    assert_eq!(
        stream_ends,
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
    let service = scene(|_| ()).await;
    let id = service
        .grant_scope("be", PROFILO, crate::server::whole_scope())
        .await;
    ends(&service, "be", ErrorReason::GrantRevoked, async || {
        let mut richiesta = new_request("be", "mef-rgs", "2026-01-01", "2026-12-31");
        richiesta.sostituisce = Some(id);
        service.grant(&richiesta).await;
    })
    .await;
}

#[tokio::test]
async fn hours_and_days_end_streams_by_themselves() {
    let service = scene(|_| ()).await;
    let mut richiesta = new_request("orari", PROFILO, "2026-01-01", "2026-12-31");
    richiesta.limiti.orari = Orari::parse(&["lun-ven 08:00-18:00"]).unwrap();
    service.grant(&richiesta).await;
    service
        .grant_scope("giorni", PROFILO, crate::server::whole_scope())
        .await;
    // A Monday.
    service.set_clock("2026-11-23T16:59:59Z");
    ends(&service, "orari", ErrorReason::HoursDenied, async || {
        service.set_clock("2026-11-23T17:00:00Z");
    })
    .await;
    service.set_clock("2026-12-31T22:59:59Z");
    ends(&service, "giorni", ErrorReason::GrantNotValid, async || {
        service.set_clock("2026-12-31T23:00:00Z");
    })
    .await;
}

/// Puts the shipped policy, and these rows, into a directory that is watched.
fn write_policy(dir: &Path, other: &str) {
    let policy = std::fs::read_to_string("policies/policy.csv").unwrap();
    let new = dir.join("new");
    std::fs::write(&new, policy + other).unwrap();
    std::fs::rename(new, dir.join("policy.csv")).unwrap();
}

#[tokio::test]
async fn a_policy_that_gives_less_ends_the_streams_that_have_more() {
    let dir = tempfile::tempdir().unwrap();
    write_policy(dir.path(), "");
    let service = scene(|s| s.access.policy_dir = Some(dir.path().to_owned())).await;
    service
        .grant_scope("be", PROFILO, crate::server::whole_scope())
        .await;
    service
        .grant_scope("altra", "mef-rgs", crate::server::whole_scope())
        .await;
    let mut other = service.slow_clients("altra");
    let stream = export(&mut other).await;
    ends(&service, "be", ErrorReason::CallDenied, async || {
        let mut changes = service.policy.changes();
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
    let service = scene(|s| s.export.max_concurrent = 1).await;
    let id = service
        .grant_scope("be", PROFILO, crate::server::whole_scope())
        .await;
    service
        .grant_scope("altra", PROFILO, crate::server::whole_scope())
        .await;
    let mut client = service.slow_clients("be");
    let _never_read = export(&mut client).await;
    step(&service, id, Azione::Revoca).await;
    let begin = Instant::now();
    let mut other = service.slow_clients("altra");
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    while other.decreti.export_decrees(request.clone()).await.is_err() {
        assert!(begin.elapsed() < PATIENCE, "its place is still taken");
        sleep(Duration::from_millis(20)).await;
    }
}
