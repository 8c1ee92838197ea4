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

use super::passo;
use crate::{
    abilitazione::nuova,
    errore::assert_errore,
    flusso::molte,
    modello::NORMATIVE,
    servizio::{Cliente, Servizio},
};

const DUE_SECONDI: Duration = Duration::from_secs(2);
const PROFILO: &str = "mlps-ammortizzatori";

/// A server with more rows than fit between it and a client who does not read.
async fn scena(change: impl FnOnce(&mut omnia::config::Settings)) -> Servizio {
    let servizio = Servizio::avvia_con(|settings| {
        settings.export.batch_rows = 50;
        change(settings);
    })
    .await;
    servizio.carica(&molte(8_000), "2026-10-31").await;
    servizio
}

async fn esporta(cliente: &mut Cliente) -> Streaming<ExportDecreesResponse> {
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
async fn resto(mut stream: Streaming<ExportDecreesResponse>) -> (usize, Result<bool, Status>) {
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
async fn finisce(servizio: &Servizio, soggetto: &str, reason: ErrorReason, fa: impl AsyncFnOnce()) {
    let mut cliente = servizio.lento(soggetto);
    let stream = esporta(&mut cliente).await;
    fa().await;
    let begin = Instant::now();
    // It does not read for a while: what ends the stream is not the reading.
    sleep(Duration::from_millis(1500)).await;
    let (righe, esito) = timeout(DUE_SECONDI, resto(stream))
        .await
        .expect("the stream ends");
    assert!(begin.elapsed() < DUE_SECONDI, "{:?}", begin.elapsed());
    assert!(righe < 7_900, "it was not cut");
    assert_errore(&esito.unwrap_err(), Code::PermissionDenied, reason);
}

#[tokio::test]
async fn a_grant_that_is_revoked_or_suspended_ends_its_streams_and_no_others() {
    let servizio = scena(|_| ()).await;
    let ambito = crate::servizio::tutto;
    let sospesa = servizio.abilita("sospesa", PROFILO, ambito()).await;
    let revocata = servizio.abilita("revocata", PROFILO, ambito()).await;
    servizio.abilita("altra", PROFILO, ambito()).await;
    let mut altra = servizio.lento("altra");
    let stream = esporta(&mut altra).await;

    finisce(
        &servizio,
        "sospesa",
        ErrorReason::GrantSuspended,
        async || {
            passo(&servizio, sospesa, Azione::Sospensione).await;
        },
    )
    .await;
    finisce(
        &servizio,
        "revocata",
        ErrorReason::GrantRevoked,
        async || {
            passo(&servizio, revocata, Azione::Revoca).await;
        },
    )
    .await;

    let (righe, esito) = resto(stream).await;
    // Two lotti were read before.
    assert_eq!((righe, esito.unwrap()), (8_000 - 2 * 50, true));

    // The log says how each of them ended.
    let fini: Vec<(String, String, String)> = sqlx::query_as(
        "select soggetto, esito, coalesce(motivo, '') from audit_chiamata where tipo = 'FINE' order by soggetto",
    )
    .fetch_all(&servizio.ferma().await.owner)
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
    let servizio = scena(|_| ()).await;
    let id = servizio
        .abilita("be", PROFILO, crate::servizio::tutto())
        .await;
    finisce(&servizio, "be", ErrorReason::GrantRevoked, async || {
        let mut richiesta = nuova("be", "mef-rgs", "2026-01-01", "2026-12-31");
        richiesta.sostituisce = Some(id);
        servizio.concedi(&richiesta).await;
    })
    .await;
}

#[tokio::test]
async fn hours_and_days_end_streams_by_themselves() {
    let servizio = scena(|_| ()).await;
    let mut richiesta = nuova("orari", PROFILO, "2026-01-01", "2026-12-31");
    richiesta.limiti.orari = Orari::parse(&["lun-ven 08:00-18:00"]).unwrap();
    servizio.concedi(&richiesta).await;
    servizio
        .abilita("giorni", PROFILO, crate::servizio::tutto())
        .await;
    // A Monday.
    servizio.orologio("2026-11-23T16:59:59Z");
    finisce(&servizio, "orari", ErrorReason::HoursDenied, async || {
        servizio.orologio("2026-11-23T17:00:00Z");
    })
    .await;
    servizio.orologio("2026-12-31T22:59:59Z");
    finisce(
        &servizio,
        "giorni",
        ErrorReason::GrantNotValid,
        async || {
            servizio.orologio("2026-12-31T23:00:00Z");
        },
    )
    .await;
}

/// Puts the shipped policy, and these rows, into a directory that is watched.
fn scrivi_politica(dir: &Path, altro: &str) {
    let policy = std::fs::read_to_string("policies/policy.csv").unwrap();
    let new = dir.join("new");
    std::fs::write(&new, policy + altro).unwrap();
    std::fs::rename(new, dir.join("policy.csv")).unwrap();
}

#[tokio::test]
async fn a_policy_that_gives_less_ends_the_streams_that_have_more() {
    let dir = tempfile::tempdir().unwrap();
    scrivi_politica(dir.path(), "");
    let servizio = scena(|s| s.access.policy_dir = Some(dir.path().to_owned())).await;
    servizio
        .abilita("be", PROFILO, crate::servizio::tutto())
        .await;
    servizio
        .abilita("altra", "mef-rgs", crate::servizio::tutto())
        .await;
    let mut altra = servizio.lento("altra");
    let stream = esporta(&mut altra).await;
    finisce(&servizio, "be", ErrorReason::CallDenied, async || {
        scrivi_politica(
            dir.path(),
            "p, senza-matricola, DecreeService/ExportDecrees, colonna, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/ExportDecrees, filtro, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/ListDecrees, filtro, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/CountDecrees, filtro, matricola_azienda, deny\n\
             p, senza-matricola, DecreeService/DownloadDecrees, filtro, matricola_azienda, deny\n\
             g, mlps-ammortizzatori, senza-matricola\n",
        );
    })
    .await;
    assert!(resto(stream).await.1.unwrap(), "what it has is not less");
}

#[tokio::test]
async fn the_end_of_a_stream_needs_no_reader() {
    // One export at a time, and its client never reads again.
    let servizio = scena(|s| s.export.max_concurrent = 1).await;
    let id = servizio
        .abilita("be", PROFILO, crate::servizio::tutto())
        .await;
    servizio
        .abilita("altra", PROFILO, crate::servizio::tutto())
        .await;
    let mut cliente = servizio.lento("be");
    let _never_read = esporta(&mut cliente).await;
    passo(&servizio, id, Azione::Revoca).await;
    let begin = Instant::now();
    let mut altra = servizio.lento("altra");
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    while altra.decreti.export_decrees(request.clone()).await.is_err() {
        assert!(begin.elapsed() < DUE_SECONDI, "its place is still taken");
        sleep(Duration::from_millis(20)).await;
    }
}
