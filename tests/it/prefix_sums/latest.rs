//! Which rilevazione is the latest: after a load, no instance answers with the one before.

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
async fn latest(client: &mut CallerClients) -> (i32, String) {
    let report = client
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
    let count = client.decreti.count_decrees(count).await.unwrap();
    assert_eq!(count.into_inner().rilevazione.unwrap().numero, numero);
    (numero, report.totale.unwrap().importi_autorizzati)
}

/// The n-th extract, and what is authorised in it.
fn nth(n: u64) -> (ModelExtract, String) {
    let mut model_extract = extract();
    model_extract.rows[0].autorizzati += n;
    let sum = model_extract.rows.iter().map(|r| i128::from(r.autorizzati));
    let sum = euro(sum.sum());
    (model_extract, sum)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_is_seen_by_the_next_call_of_every_instance() {
    let service = TestServer::start().await;
    let mut a = service.clients_of("mlps-ammortizzatori").await;
    let other = channel_to(service.another_instance().await);
    let token = service.token("cliente-mlps-ammortizzatori");
    let mut b = service.clients_over(other, Some(&token));
    for client in [&mut a, &mut b] {
        let nothing = client
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
        let (model_extract, sum) = nth(n);
        let data = format!("2026-10-{n:02}");
        let numero = service.load(&model_extract, &data).await;
        for client in [&mut a, &mut b] {
            assert_eq!(latest(client).await, (numero, sum.clone()));
        }
        // In the steady state, and before the next load.
        sleep(Duration::from_millis(150)).await;
        assert_eq!(latest(&mut a).await.0, numero);
    }
    service.stop().await;
}

/// Asked without a pause while loads commit, two instances in turn: the answer never goes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_never_contradict_each_other() {
    let service = TestServer::start().await;
    let (before, _) = nth(1);
    service.load(&before, "2026-10-01").await;
    let a = service.clients_of("mlps-ammortizzatori").await;
    let other = channel_to(service.another_instance().await);
    let token = service.token("cliente-mlps-ammortizzatori");
    let b = service.clients_over(other, Some(&token));
    let asking = tokio::spawn(async move {
        let (mut clients, mut seen) = ([a, b], 1);
        let begin = Instant::now();
        while seen < 3 {
            for client in &mut clients {
                let (numero, sum) = latest_of_report(client).await;
                assert!(numero >= seen, "{numero} after {seen}");
                assert_eq!(sum, nth(numero.cast_unsigned().into()).1);
                seen = numero;
            }
            assert!(begin.elapsed() < Duration::from_secs(60));
        }
    });
    for n in [2, 3] {
        service.load(&nth(n).0, &format!("2026-10-{n:02}")).await;
    }
    asking.await.unwrap();
    service.stop().await;
}

async fn latest_of_report(client: &mut CallerClients) -> (i32, String) {
    let answer = client
        .report
        .get_report_sintetico(GetReportSinteticoRequest::default());
    let answer = answer.await.unwrap().into_inner();
    let numero = answer.rilevazione.unwrap().numero;
    (numero, answer.totale.unwrap().importi_autorizzati)
}

/// A norm that comes with a load is known at once, though the catalogue was read before.
#[tokio::test]
async fn a_new_norm_is_known_at_once() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let mut ask = async |normativa: &str| {
        let filtro = Some(FiltroReport {
            normativa: vec![normativa.to_owned(), NORMATIVE[0].to_owned()],
            ..Default::default()
        });
        let request = GetReportSinteticoRequest {
            filtro,
            rilevazione: 0,
        };
        let answer = client.report.get_report_sintetico(request).await;
        answer.map(|answer| answer.into_inner().voci.len())
    };
    let status = ask("NUOVA").await.unwrap_err();
    let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(error.metadata["valori"], "NUOVA");
    assert_eq!(ask(NORMATIVE[1]).await.unwrap(), 4);
    sqlx::query("insert into normativa values ('NUOVA', 'una norma')")
        .execute(&service.db.owner)
        .await
        .unwrap();
    assert_eq!(ask("NUOVA").await.unwrap(), 2);
    service.stop().await;
}
