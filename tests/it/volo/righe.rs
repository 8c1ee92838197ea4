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

use super::{biglietti, di_json, prendi};
use crate::{
    chiamate::drena,
    modello::{Criterio, Estratto, Filtro, NORMATIVE, data},
    mondi,
    servizio::{Cliente, Servizio},
};

fn mondo() -> impl Strategy<Value = (Estratto, Vec<Filtro>)> {
    (
        mondi::estratto(90),
        prop::collection::vec(mondi::filtro_decreti(), 4),
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
        cases: 8,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&mondo(), |(estratto, filtri)| {
            runtime.block_on(check(&estratto, &filtri));
            Ok(())
        })
        .unwrap();
}

async fn check(estratto: &Estratto, filtri: &[Filtro]) {
    // Small lotti: a flight has several endpoints, and each several batches.
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 2).await;
    servizio.carica(estratto, "2026-10-31").await;
    for profilo in ["mlps-ammortizzatori", "mef-rgs"] {
        let mut cliente = servizio.cliente(profilo).await;
        for normativa in NORMATIVE {
            let tutta = Filtro {
                normative: [normativa].into(),
                ..Filtro::default()
            };
            confronta(&mut cliente, &richiesta(&tutta)).await;
        }
        for filtro in filtri {
            // Nobody but the first may look for a company.
            if profilo == "mlps-ammortizzatori" || (filtro.cf, filtro.matricola) == (None, None) {
                confronta(&mut cliente, &richiesta(filtro)).await;
            }
        }
    }
    servizio.ferma().await;
}

async fn confronta(cliente: &mut Cliente, request: &ExportDecreesRequest) {
    let stream = cliente.decreti.export_decrees(request.clone()).await;
    let esportato = drena(stream.unwrap().into_inner()).await;
    let totali = esportato.esito.unwrap();

    let descriptor = FlightDescriptor::new_cmd(request.encode_to_vec());
    let info = cliente.volo.get_flight_info(descriptor).await.unwrap();
    let info = info.into_inner();
    assert_eq!(info.total_records, totali.righe);
    let app: serde_json::Value = serde_json::from_slice(&info.app_metadata).unwrap();
    assert_eq!(di_json(&app["totali"]), totali);

    let tickets = biglietti(&info);
    let readers = tickets.iter().map(|ticket| {
        let mut cliente = cliente.clone();
        async move { prendi(&mut cliente, ticket.as_str()).await.unwrap() }
    });
    let parti = futures_util::future::join_all(readers).await;
    let mut righe: Vec<DettaglioDecreto> = Vec::new();
    let mut somme = Vec::new();
    for parte in parti {
        // Each resumes after any of its batches, to its own end and no further.
        let middle = parte.riprese.get(parte.riprese.len() / 2);
        for (after, ripresa) in middle.into_iter().chain(parte.riprese.last()) {
            let resto = prendi(cliente, ripresa.as_str()).await.unwrap();
            assert_eq!(resto.righe, parte.righe[*after..]);
        }
        let schema = parte.schema.unwrap();
        assert_eq!(schema.metadata()["totali.righe"], totali.righe.to_string());
        somme.push(parte.esito.unwrap());
        righe.extend(parte.righe);
    }
    assert_eq!(righe, esportato.righe, "{request:?}");
    assert_eq!(somma(&somme), totali);
}

/// Adds up control totals; texts as the contract has them.
fn somma(parti: &[TotaliControllo]) -> TotaliControllo {
    let sum = |of: fn(&TotaliControllo) -> &String| {
        let cents = |text: &String| text.replace('.', "").parse::<i128>().unwrap();
        crate::modello::euro(parti.iter().map(|t| cents(of(t))).sum())
    };
    TotaliControllo {
        righe: parti.iter().map(|t| t.righe).sum(),
        ore_decretate: sum(|t| &t.ore_decretate),
        importi_autorizzati: sum(|t| &t.importi_autorizzati),
        importi_erogati: sum(|t| &t.importi_erogati),
    }
}

fn richiesta(filtro: &Filtro) -> ExportDecreesRequest {
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
                dal: dal.map(data).unwrap_or_default(),
                al: al.map(data).unwrap_or_default(),
                criterio: match criterio {
                    Criterio::Sovrapposizione => 1,
                    Criterio::InizioValidita => 2,
                },
            }),
        }),
        rilevazione: 0,
        resume_token: String::new(),
    }
}
