//! One selection, several ways to read it: blocks as they are, blocks filtered, rows. All give the same.

use omnia::contract::proto::{ExportDecreesResponse, FiltroDecreti, ListDecreesRequest};
use proptest::{
    strategy::Strategy as _,
    test_runner::{Config, TestRunner},
};

use super::{export, export_all, lotti};
use crate::{
    export_stream::many_rows,
    model::{CODIFICHE, ModelExtract, ModelFilter, NORMATIVE},
    model_messages::filtro_decreti,
    server::{CallerClients, TestServer},
    worlds,
};

/// From here on the service reads rows: there are no blocks of its size.
async fn without_blocks(service: &TestServer) {
    let done = sqlx::query("update serie set righe_per_blocco = righe_per_blocco + 1")
        .execute(&service.db.owner)
        .await
        .unwrap();
    assert!(done.rows_affected() > 0);
}

/// From here on the service cannot read a row.
async fn without_rows(service: &TestServer) {
    sqlx::query("revoke select on dettaglio_decreto from omnia_servizio")
        .execute(&service.db.owner)
        .await
        .unwrap();
}

fn periodo(dal: &str, al: &str) -> FiltroDecreti {
    FiltroDecreti {
        periodo: Some(omnia::contract::proto::Periodo {
            dal: dal.into(),
            al: al.into(),
            criterio: 0,
        }),
        ..Default::default()
    }
}

/// Rows and totals; where the lotti end is the source's own affair where there are filters.
fn content(
    messages: &[ExportDecreesResponse],
) -> (
    Vec<omnia::contract::proto::DettaglioDecreto>,
    ExportDecreesResponse,
) {
    let righe = lotti(messages).into_iter().flat_map(|l| l.decreti.clone());
    (righe.collect(), messages.last().unwrap().clone())
}

#[test]
fn every_way_gives_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: worlds::cases(6),
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    };
    let world = worlds::extract(60).prop_flat_map(|before| {
        let second = worlds::following(before.clone(), 30);
        let filtri = proptest::collection::vec(worlds::filtro_decreti(), 8);
        (proptest::strategy::Just(before), second, filtri)
    });
    TestRunner::new(config)
        .run(&world, |(before, second, filtri)| {
            runtime.block_on(check([before, second], &filtri));
            Ok(())
        })
        .unwrap();
}

async fn check(extracts: [ModelExtract; 2], filtri: &[ModelFilter]) {
    let service = TestServer::start_with(|s| s.export.batch_rows = 5).await;
    service.load(&extracts[0], "2026-09-30").await;
    service.load(&extracts[1], "2026-10-31").await;
    let mut clients = [
        service.clients_of("mlps-ammortizzatori").await,
        service.clients_of("mef-rgs").await,
    ];
    let blocchi = all_exports(&mut clients, filtri).await;
    without_blocks(&service).await;
    let righe = all_exports(&mut clients, filtri).await;
    assert_eq!(blocchi.len(), righe.len());
    for ((what, blocks), (_, rows)) in blocchi.iter().zip(&righe) {
        assert_eq!(content(blocks), content(rows), "{what}");
        for lotto in lotti(blocks) {
            assert!((1..=5).contains(&lotto.decreti.len()), "{what}");
        }
        if what.ends_with("whole") {
            // Message by message: lotti and resume tokens too.
            assert_eq!(blocks, rows, "{what}");
        }
    }
    service.stop().await;
}

/// Every norm whole, and every filter that the caller may use, on both rilevazioni.
async fn all_exports(
    clients: &mut [CallerClients; 2],
    filtri: &[ModelFilter],
) -> Vec<(String, Vec<ExportDecreesResponse>)> {
    let mut all = Vec::new();
    for (chi, client) in clients.iter_mut().enumerate() {
        for n in [1, 2] {
            for norm in NORMATIVE {
                let messages = export(client, norm, FiltroDecreti::default(), n, "").await;
                all.push((format!("{chi} {n} {norm} whole"), messages.unwrap()));
            }
            for filtro in filtri {
                let norm = *filtro.normative.first().unwrap();
                let mut sent = filtro_decreti(filtro);
                if chi == 1 {
                    sent.cf_azienda.clear();
                    sent.matricola_azienda.clear();
                }
                let messages = export(client, norm, sent.clone(), n, "").await.unwrap();
                all.push((format!("{chi} {n} {norm} {sent:?}"), messages));
            }
        }
    }
    all
}

/// An export needs no row where there are blocks: whole, by periodo, by a codifica that is not rare.
#[tokio::test]
async fn blocks_are_used() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    service.load(&many_rows(1000), "2026-10-31").await;
    let mut client = service.clients_of("mlps-consultazione").await;
    let codifica = FiltroDecreti {
        codifica_sistema_unico: CODIFICHE[0].into(),
        ..Default::default()
    };
    let filtri = [
        FiltroDecreti::default(),
        periodo("2022-03-01", "2022-06-30"),
        codifica,
    ];
    let mut before = Vec::new();
    for filtro in &filtri {
        before.push(
            export(&mut client, NORMATIVE[0], filtro.clone(), 0, "")
                .await
                .unwrap(),
        );
    }
    without_rows(&service).await;
    for (filtro, before) in filtri.iter().zip(&before) {
        let now = export(&mut client, NORMATIVE[0], filtro.clone(), 0, "")
            .await
            .unwrap();
        assert_eq!(&now, before);
        // Resumed after each of its lotti, from blocks too.
        let mut seen = 0;
        let all = content(before).0;
        assert!(all.len() > 100);
        for lotto in lotti(before) {
            seen += lotto.decreti.len();
            let rest = export(
                &mut client,
                NORMATIVE[0],
                filtro.clone(),
                0,
                &lotto.resume_token,
            )
            .await
            .unwrap();
            assert_eq!(content(&rest).0, all[seen..]);
        }
    }
    // A filter by decree is its index's business, and there are no rows any more.
    let numero = FiltroDecreti {
        numero_decreto: "1".into(),
        ..Default::default()
    };
    assert!(
        export(&mut client, NORMATIVE[0], numero, 0, "")
            .await
            .is_err()
    );
    service.stop().await;
}

/// A position that is no block's end: that of a page.
#[tokio::test]
async fn an_export_goes_on_from_a_page() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    service.load(&many_rows(300), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let all = content(&export_all(&mut client).await.unwrap()).0;
    let page = client
        .decreti
        .list_decrees(ListDecreesRequest {
            normativa: NORMATIVE[0].into(),
            page_size: 33,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    let rest = export(
        &mut client,
        NORMATIVE[0],
        FiltroDecreti::default(),
        0,
        &page.next_page_token,
    )
    .await
    .unwrap();
    assert_eq!(content(&rest).0, all[33..]);
    service.stop().await;
}

/// Only the norms that a load changed get new blocks; and those who see natural persons masked read no list of them.
#[tokio::test]
async fn what_a_load_did_not_change_stays() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 10).await;
    let mut extract = many_rows(100);
    let mut other = many_rows(100);
    for riga in &mut other.rows {
        riga.normativa = NORMATIVE[1];
        riga.numero = "9/9";
    }
    extract.rows.extend(other.rows);
    service.load(&extract, "2026-09-30").await;
    extract.rows[0].erogati += 1;
    service.load(&extract, "2026-10-31").await;
    let series: Vec<(String, i32, i32, i32)> = sqlx::query_as(
        "select normativa, dal_rilevazione, al_rilevazione, blocchi from serie order by 1, 2",
    )
    .fetch_all(&service.db.owner)
    .await
    .unwrap();
    let open = i32::MAX;
    let expected = [
        (NORMATIVE[0], 1, 1, 10),
        (NORMATIVE[0], 2, open, 10),
        (NORMATIVE[1], 1, open, 10),
    ];
    assert_eq!(
        series,
        expected.map(|(n, dal, al, b)| (n.to_owned(), dal, al, b))
    );

    sqlx::raw_sql(
        "create policy senza_persone on pezzo to omnia_servizio using (cosa not like '%persone');
         alter table pezzo enable row level security",
    )
    .execute(&service.db.owner)
    .await
    .unwrap();
    let mut masked = service.clients_of("mef-rgs").await;
    let righe = content(&export_all(&mut masked).await.unwrap()).0;
    assert!(
        righe
            .iter()
            .any(|riga| riga.cf_azienda == crate::model::MASK)
    );
    let mut clear = service.clients_of("mlps-ammortizzatori").await;
    assert!(export_all(&mut clear).await.is_err());
    service.stop().await;
}
