//! Which rilevazione is the latest: nobody who asks after a load is answered with the one before, at whichever instance.

use std::time::Duration;

use omnia::contract::proto::{
    CountDecreesRequest, ErrorReason, FiltroReport, GetReportSinteticoRequest,
};
use tokio::time::{Instant, sleep};
use tonic::Code;

use crate::{
    calls::extract,
    errors::assert_error,
    model::{ModelExtract, NORMATIVE, euro},
    server::{CallerClients, TestServer, channel_to},
};

/// The number of the latest, as the two reports see it, and what is authorised in it.
async fn latest(cliente: &mut CallerClients) -> (i32, String) {
    let report = cliente
        .report
        .get_report_sintetico(GetReportSinteticoRequest::default())
        .await
        .unwrap()
        .into_inner();
    let numero = report.rilevazione.unwrap().numero;
    let count = CountDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let count = cliente.decreti.count_decrees(count).await.unwrap();
    assert_eq!(count.into_inner().rilevazione.unwrap().numero, numero);
    (numero, report.totale.unwrap().importi_autorizzati)
}

/// The n-th extract, and what is authorised in it.
fn nth(n: u64) -> (ModelExtract, String) {
    let mut estratto = extract();
    estratto.rows[0].autorizzati += n;
    let sum = estratto.rows.iter().map(|r| i128::from(r.autorizzati));
    let sum = euro(sum.sum());
    (estratto, sum)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_is_seen_by_the_next_call_of_every_instance() {
    let servizio = TestServer::start().await;
    let mut a = servizio.clients_of("mlps-ammortizzatori").await;
    let altra = channel_to(servizio.another_instance().await);
    let token = servizio.token("cliente-mlps-ammortizzatori");
    let mut b = servizio.clients_over(altra, Some(&token));
    for cliente in [&mut a, &mut b] {
        let nothing = cliente
            .report
            .get_report_sintetico(GetReportSinteticoRequest::default())
            .await;
        let status = nothing.unwrap_err();
        assert_error(
            &status,
            Code::FailedPrecondition,
            ErrorReason::NoRilevazione,
        );
    }
    for n in 1..=4 {
        let (estratto, sum) = nth(n);
        let data = format!("2026-10-{n:02}");
        let numero = servizio.load(&estratto, &data).await;
        for cliente in [&mut a, &mut b] {
            assert_eq!(latest(cliente).await, (numero, sum.clone()));
        }
        // In the steady state, and before the next load.
        sleep(Duration::from_millis(150)).await;
        assert_eq!(latest(&mut a).await.0, numero);
    }
    servizio.stop().await;
}

/// Asked without a pause while loads commit, two instances in turn: the answer never goes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_never_contradict_each_other() {
    let servizio = TestServer::start().await;
    let (prima, _) = nth(1);
    servizio.load(&prima, "2026-10-01").await;
    let a = servizio.clients_of("mlps-ammortizzatori").await;
    let altra = channel_to(servizio.another_instance().await);
    let token = servizio.token("cliente-mlps-ammortizzatori");
    let b = servizio.clients_over(altra, Some(&token));
    let asking = tokio::spawn(async move {
        let (mut clienti, mut seen) = ([a, b], 1);
        let begin = Instant::now();
        while seen < 3 {
            for cliente in &mut clienti {
                let (numero, sum) = latest_of_report(cliente).await;
                assert!(numero >= seen, "{numero} after {seen}");
                assert_eq!(sum, nth(numero.cast_unsigned().into()).1);
                seen = numero;
            }
            assert!(begin.elapsed() < Duration::from_secs(60));
        }
    });
    for n in [2, 3] {
        servizio.load(&nth(n).0, &format!("2026-10-{n:02}")).await;
    }
    asking.await.unwrap();
    servizio.stop().await;
}

async fn latest_of_report(cliente: &mut CallerClients) -> (i32, String) {
    let answer = cliente
        .report
        .get_report_sintetico(GetReportSinteticoRequest::default());
    let answer = answer.await.unwrap().into_inner();
    let numero = answer.rilevazione.unwrap().numero;
    (numero, answer.totale.unwrap().importi_autorizzati)
}

/// A norm that comes with a load is known at once, though the catalogue was read before.
#[tokio::test]
async fn a_new_norm_is_known_at_once() {
    let servizio = TestServer::start().await;
    servizio.load(&extract(), "2026-10-31").await;
    let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
    let mut chiedi = async |normativa: &str| {
        let filtro = Some(FiltroReport {
            normativa: vec![normativa.to_owned(), NORMATIVE[0].to_owned()],
            ..Default::default()
        });
        let request = GetReportSinteticoRequest {
            filtro,
            rilevazione: 0,
        };
        let answer = cliente.report.get_report_sintetico(request).await;
        answer.map(|answer| answer.into_inner().voci.len())
    };
    let status = chiedi("NUOVA").await.unwrap_err();
    let errore = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(errore.metadata["valori"], "NUOVA");
    assert_eq!(chiedi(NORMATIVE[1]).await.unwrap(), 4);
    sqlx::query("insert into normativa values ('NUOVA', 'una norma')")
        .execute(&servizio.db.owner)
        .await
        .unwrap();
    assert_eq!(chiedi("NUOVA").await.unwrap(), 2);
    servizio.stop().await;
}
