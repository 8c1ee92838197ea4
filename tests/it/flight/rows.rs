//! The same rows in the same order, and the same totals, as ExportDecrees: whatever is asked, however it is cut, read one
//! after the other or at once.

use arrow_flight::FlightDescriptor;
use omnia::contract::proto::{
    self, DettaglioDecreto, ExportDecreesRequest, FiltroDecreti, TotaliControllo,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use prost::Message as _;

use super::{from_json, take, tickets_of};
use crate::{
    calls::drain,
    model::{ModelCriterio, ModelExtract, ModelFilter, NORMATIVE, date_text},
    server::{CallerClients, TestServer},
    worlds,
};

fn world() -> impl Strategy<Value = (ModelExtract, Vec<ModelFilter>)> {
    (
        worlds::extract(90),
        prop::collection::vec(worlds::filtro_decreti(), 4),
    )
}

#[test]
fn as_an_export_gives_them() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: worlds::cases(8),
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&world(), |(extract, filtri)| {
            runtime.block_on(check(&extract, &filtri));
            Ok(())
        })
        .unwrap();
}

async fn check(extract: &ModelExtract, filtri: &[ModelFilter]) {
    // Small lotti: a flight has several endpoints, and each several batches.
    let service = TestServer::start_with(|s| s.export.batch_rows = 2).await;
    service.load(extract, "2026-10-31").await;
    for profilo in ["mlps-ammortizzatori", "mef-rgs"] {
        let mut client = service.clients_of(profilo).await;
        for normativa in NORMATIVE {
            let whole = ModelFilter {
                normative: [normativa].into(),
                ..ModelFilter::default()
            };
            compare(&mut client, &export_request(&whole)).await;
        }
        for filtro in filtri {
            // Only the first may look for a company.
            if profilo == "mlps-ammortizzatori" || (filtro.cf, filtro.matricola) == (None, None) {
                compare(&mut client, &export_request(filtro)).await;
            }
        }
    }
    service.stop().await;
}

async fn compare(client: &mut CallerClients, request: &ExportDecreesRequest) {
    let stream = client.decreti.export_decrees(request.clone()).await;
    let exported = drain(stream.unwrap().into_inner()).await;
    let totali = exported.outcome.unwrap();

    let descriptor = FlightDescriptor::new_cmd(request.encode_to_vec());
    let info = client.flight.get_flight_info(descriptor).await.unwrap();
    let info = info.into_inner();
    assert_eq!(info.total_records, totali.righe);
    let app: serde_json::Value = serde_json::from_slice(&info.app_metadata).unwrap();
    assert_eq!(from_json(&app["totali"]), totali);

    let tickets = tickets_of(&info);
    let readers = tickets.iter().map(|ticket| {
        let mut client = client.clone();
        async move { take(&mut client, ticket.as_str()).await.unwrap() }
    });
    let parts = futures_util::future::join_all(readers).await;
    let mut righe: Vec<DettaglioDecreto> = Vec::new();
    let mut sums = Vec::new();
    for parte in parts {
        // Each resumes after any of its batches, to its own end and no further.
        let middle = parte.resumes.get(parte.resumes.len() / 2);
        for (after, resume_point) in middle.into_iter().chain(parte.resumes.last()) {
            let rest = take(client, resume_point.as_str()).await.unwrap();
            assert_eq!(rest.rows, parte.rows[*after..]);
        }
        let schema = parte.schema.unwrap();
        assert_eq!(schema.metadata()["totali.righe"], totali.righe.to_string());
        sums.push(parte.outcome.unwrap());
        righe.extend(parte.rows);
    }
    assert_eq!(righe, exported.rows, "{request:?}");
    assert_eq!(sum_of(&sums), totali);
}

/// Adds up control totals; texts as the contract has them.
fn sum_of(parts: &[TotaliControllo]) -> TotaliControllo {
    let sum = |of: fn(&TotaliControllo) -> &String| {
        let cents = |text: &String| text.replace('.', "").parse::<i128>().unwrap();
        crate::model::euro(parts.iter().map(|t| cents(of(t))).sum())
    };
    TotaliControllo {
        righe: parts.iter().map(|t| t.righe).sum(),
        ore_decretate: sum(|t| &t.ore_decretate),
        importi_autorizzati: sum(|t| &t.importi_autorizzati),
        importi_erogati: sum(|t| &t.importi_erogati),
    }
}

fn export_request(filtro: &ModelFilter) -> ExportDecreesRequest {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let normativa = filtro.normative.first().unwrap();
    ExportDecreesRequest {
        normativa: (*normativa).into(),
        filtro: Some(FiltroDecreti {
            codifica_sistema_unico: text(filtro.codifica),
            numero_decreto: text(filtro.numero),
            cf_azienda: text(filtro.cf),
            matricola_azienda: text(filtro.matricola),
            periodo: filtro.periodo.map(|(dal, al, criterio)| proto::Periodo {
                dal: dal.map(date_text).unwrap_or_default(),
                al: al.map(date_text).unwrap_or_default(),
                criterio: match criterio {
                    ModelCriterio::Sovrapposizione => 1,
                    ModelCriterio::InizioValidita => 2,
                },
            }),
        }),
        rilevazione: 0,
        resume_token: String::new(),
    }
}
